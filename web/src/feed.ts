// The connection to the city: its frames are gathered and handed on; what they
// mean is decided elsewhere.

import { forbidden } from "./closes";
import * as links from "./link";
import type { Event } from "./state";
import { type Frame, parseFrame } from "./wire";

export interface Socket extends links.Socket {
  send(text: string): void;
}

export interface Surroundings extends links.Surroundings {
  dispatch(event: Event): void;
  connect(protocols: string[]): Socket;
  isHidden(): boolean;
}

// Frames of one burst are applied together; a hidden page needs its title only.
const gatherFor = 16;
const gatherHidden = 1_000;

export class Feed {
  private gathered: Frame[] = [];
  private readonly link: links.Link<Socket>;

  constructor(private readonly world: Surroundings) {
    this.link = new links.Link(world, {
      dial: (token) => world.connect(["presence.city.v2", `bearer.${token.text}`]),
      receive: (data) => this.receive(parseFrame(data)),
      ping: () => this.link.socket?.send("ping"),
      tell: (standing) => this.tell(standing),
      ended: () => this.flush(),
      isFinal: (code, reason) => {
        if (code !== forbidden) return false;
        world.dispatch({ type: "refused", reason: reason || "This page may not open the feed here." });
        return true;
      },
    });
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.stop();
  }

  wake(): void {
    this.link.wake();
  }

  wentOffline(): void {
    this.link.stop();
    this.world.dispatch({ type: "offline" });
  }

  private tell(standing: links.Standing): void {
    switch (standing.is) {
      case "waiting":
        return this.world.dispatch({ type: "waiting", retryAt: standing.retryAt, reason: standing.reason });
      case "refused":
        return this.world.dispatch({ type: "refused", reason: standing.reason });
      default:
        return this.world.dispatch({ type: standing.is });
    }
  }

  private receive(frame: Frame): void {
    if (frame.type === "pong") return;
    this.gathered.push(frame);
    if (frame.type === "snapshot") {
      this.link.succeeded();
      this.flush();
    } else if (!this.link.timers.has("flush")) {
      this.link.timers.set("flush", this.world.isHidden() ? gatherHidden : gatherFor, () => this.flush());
    }
  }

  private flush(): void {
    this.link.timers.cancel("flush");
    if (this.gathered.length === 0) return;
    const frames = this.gathered;
    this.gathered = [];
    this.world.dispatch({ type: "frames", frames, at: this.world.now() });
  }
}
