// The connection: one socket at a time, opened with a token, watched, and
// opened again after it was lost. It knows nothing of what frames mean.

import { backoff } from "./backoff";
import { explain, flood, forbidden, tokenEnded } from "./closes";
import type { Event } from "./state";
import { Timers } from "./timers";
import { type Token, TokenRefused, type Tokens } from "./tokens";
import { type Frame, parseFrame } from "./wire";

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((e: { data: unknown }) => void) | null;
  onclose: ((e: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Surroundings {
  dispatch(event: Event): void;
  tokens: Tokens;
  connect(protocols: string[]): Socket;
  isOnline(): boolean;
  isHidden(): boolean;
  now(): number;
  random(): number;
}

const firstFrameWithin = 10_000;
const pingEvery = 25_000;
const pongWithin = 10_000;
// Frames of one burst are applied together; a hidden page needs its title only.
const gatherFor = 16;
const gatherHidden = 1_000;

export class Feed {
  private socket: Socket | null = null;
  private attempt = 0;
  private refusals = 0; // tokens refused in a row without a snapshot between
  private gathered: Frame[] = [];
  private readonly timers = new Timers();
  private generation = 0; // an answer to an older attempt is nobody's

  constructor(private readonly world: Surroundings) {}

  start(): void {
    this.attempt = 0;
    this.refusals = 0;
    this.open();
  }

  stop(): void {
    this.generation++;
    this.timers.cancelAll();
    this.flush();
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  // wake is called when the page is looked at again or the network is back: a
  // waiting attempt is made now, and a quiet socket has to prove it lives.
  wake(): void {
    if (this.timers.has("retry")) this.open();
    else if (this.socket) this.ping();
  }

  wentOffline(): void {
    this.stop();
    this.world.dispatch({ type: "offline" });
  }

  private async open(): Promise<void> {
    this.stop();
    const generation = this.generation;
    if (!this.world.isOnline()) return this.world.dispatch({ type: "offline" });
    this.world.dispatch({ type: "connecting" });
    let token: Token;
    try {
      token = await this.world.tokens.obtain();
    } catch (e) {
      if (generation === this.generation) this.noToken(e);
      return;
    }
    if (generation === this.generation) this.dial(token);
  }

  private noToken(e: unknown): void {
    const said = e instanceof Error ? e.message : "";
    if (e instanceof TokenRefused) {
      return this.world.dispatch({ type: "refused", reason: said || "The server takes no guests." });
    }
    this.later(e instanceof TypeError ? "The server does not answer" : said);
  }

  private dial(token: Token): void {
    const socket = this.connect(token);
    if (!socket) return this.tokenRefused(token, "That is not a token.");
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (e) => this.receive(parseFrame(e.data));
    socket.onclose = (e) => this.closed(token, opened, e.code, e.reason);
    this.timers.set("silence", firstFrameWithin, () => this.lost("The server did not send the city"));
  }

  // A token with characters no subprotocol may have makes the browser throw.
  private connect(token: Token): Socket | null {
    try {
      return this.world.connect(["presence.city.v2", `bearer.${token.text}`]);
    } catch {
      return null;
    }
  }

  private receive(frame: Frame): void {
    this.heard();
    if (frame.type === "pong") return;
    if (frame.type === "snapshot") this.attempt = this.refusals = 0;
    this.gathered.push(frame);
    if (frame.type === "snapshot") this.flush();
    else if (!this.timers.has("flush")) this.timers.set("flush", this.world.isHidden() ? gatherHidden : gatherFor, () => this.flush());
  }

  private flush(): void {
    this.timers.cancel("flush");
    if (this.gathered.length === 0) return;
    const frames = this.gathered;
    this.gathered = [];
    this.world.dispatch({ type: "frames", frames, at: this.world.now() });
  }

  // Browsers cannot send WebSocket pings, and a socket whose network vanished
  // stays open for minutes: silence is answered with a question.
  private heard(): void {
    this.timers.cancel("silence");
    this.timers.set("quiet", pingEvery, () => this.ping());
  }

  private ping(): void {
    if (this.timers.has("silence")) return;
    this.socket?.send("ping");
    this.timers.set("silence", pongWithin, () => this.lost("The server went silent"));
  }

  private lost(reason: string): void {
    this.stop();
    this.later(reason);
  }

  private async closed(token: Token, opened: boolean, code: number, reason: string): Promise<void> {
    this.stop();
    const generation = this.generation;
    if (code === forbidden) return this.world.dispatch({ type: "refused", reason: reason || "This page may not open the feed here." });
    const refused = code === tokenEnded || (!opened && !(await this.world.tokens.accepts(token)));
    if (generation !== this.generation) return;
    if (refused) return this.tokenRefused(token, reason);
    this.later(explain(code), code === flood ? 10_000 : 0);
  }

  // A guest gets a new token at once, but a server that refuses every token
  // must not be asked in a circle.
  private tokenRefused(token: Token, reason: string): void {
    this.world.tokens.refused(token);
    this.refusals++;
    if (token.own) return this.world.dispatch({ type: "refused", reason: reason || "Your token has expired or is not valid here." });
    if (this.refusals === 1) void this.open();
    else this.later("The server refuses our guest token");
  }

  private later(reason: string, atLeast = 0): void {
    if (!this.world.isOnline()) return this.world.dispatch({ type: "offline" });
    const wait = Math.max(atLeast, backoff(this.attempt++, this.world.random));
    this.timers.set("retry", wait, () => void this.open());
    this.world.dispatch({ type: "waiting", retryAt: this.world.now() + wait, reason });
  }
}
