// The connection of a page: one socket at a time, opened with a token, watched,
// and opened again after it was lost. What is said on it is its owner's affair.

import { backoff } from "./backoff";
import { explain, flood, tokenEnded } from "./closes";
import { Timers } from "./timers";
import { type Token, TokenRefused, type Tokens } from "./tokens";

export interface Socket {
  onmessage: ((e: { data: unknown }) => void) | null;
  onclose: ((e: { code: number; reason: string }) => void) | null;
  close(code?: number): void;
}

export interface Surroundings {
  tokens: Tokens;
  isOnline(): boolean;
  now(): number;
  random(): number;
}

export type Standing =
  | { is: "connecting" }
  | { is: "offline" }
  | { is: "waiting"; retryAt: number; reason: string } // tries again by itself
  | { is: "refused"; reason: string; isOwn: boolean }; // the visitor's own token, or a guest's; only a person can go on

export interface Owner<S extends Socket> {
  // dial opens a socket; a token with characters no subprotocol may have makes
  // the browser throw.
  dial(token: Token): S;
  receive(data: unknown): void;
  // ping asks the server for any message at all.
  ping(): void;
  tell(standing: Standing): void;
  // ended is called when there is no socket any more, before anything is told.
  ended(): void;
  // isFinal deals with an end that trying again does not mend.
  isFinal(code: number, reason: string): boolean;
}

const answerWithin = 10_000;
const pingEvery = 20_000;

export class Link<S extends Socket> {
  socket: S | null = null;
  // Of this connection: all end with it.
  readonly timers = new Timers();
  // An answer to an older attempt is nobody's.
  generation = 0;
  private attempt = 0;
  private refusals = 0; // tokens refused in a row without success between

  constructor(
    private readonly world: Surroundings,
    private readonly owner: Owner<S>,
  ) {}

  start(): void {
    this.succeeded();
    void this.open();
  }

  // succeeded is for the owner to say when the server let us in.
  succeeded(): void {
    this.attempt = this.refusals = 0;
  }

  stop(): void {
    this.generation++;
    this.timers.cancelAll();
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.owner.ended();
  }

  // wake is called when the page is looked at again or the network is back: a
  // waiting attempt is made now, and a quiet socket has to prove it lives.
  wake(): void {
    if (this.timers.has("retry")) void this.open();
    else if (this.socket) this.ping();
  }

  lost(reason: string): void {
    this.stop();
    this.later(reason);
  }

  // later tries again after a while, the longer the more often it was in vain.
  private later(reason: string, atLeast = 0): void {
    if (!this.world.isOnline()) return this.owner.tell({ is: "offline" });
    const wait = Math.max(atLeast, backoff(this.attempt++, this.world.random));
    this.timers.set("retry", wait, () => void this.open());
    this.owner.tell({ is: "waiting", retryAt: this.world.now() + wait, reason });
  }

  private async open(): Promise<void> {
    this.stop();
    const { generation } = this;
    if (!this.world.isOnline()) return this.owner.tell({ is: "offline" });
    this.owner.tell({ is: "connecting" });
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
    if (e instanceof TokenRefused) return this.owner.tell({ is: "refused", reason: said || "The server takes no guests.", isOwn: false });
    this.later(e instanceof TypeError ? "The server does not answer" : said);
  }

  private dial(token: Token): void {
    let socket: S;
    try {
      socket = this.owner.dial(token);
    } catch {
      return this.tokenRefused(token, "That is not a token.");
    }
    this.socket = socket;
    let greeted = false;
    socket.onmessage = (e) => {
      greeted = true;
      this.heard();
      this.owner.receive(e.data);
    };
    socket.onclose = (e) => void this.closed(token, greeted, e.code, e.reason);
    this.timers.set("silence", answerWithin, () => this.lost("The server does not answer"));
  }

  // Browsers cannot send WebSocket pings, and a socket whose network vanished
  // stays open for minutes: silence is answered with a question.
  private heard(): void {
    this.timers.cancel("silence");
    this.timers.set("quiet", pingEvery, () => this.ping());
  }

  private ping(): void {
    if (this.timers.has("silence")) return;
    this.timers.set("silence", answerWithin, () => this.lost("The server went silent"));
    this.owner.ping();
  }

  private async closed(token: Token, greeted: boolean, code: number, reason: string): Promise<void> {
    this.stop();
    const { generation } = this;
    if (this.owner.isFinal(code, reason)) return;
    const refused = code === tokenEnded || (!greeted && !(await this.world.tokens.accepts(token)));
    if (generation !== this.generation) return;
    if (refused) return this.tokenRefused(token, reason);
    this.later(explain(code), code === flood ? 10_000 : 0);
  }

  // A guest and a login get a new token at once, but a server that refuses
  // every token must not be asked in a circle.
  private tokenRefused(token: Token, reason: string): void {
    this.world.tokens.refused(token);
    this.refusals++;
    if (token.own) return this.owner.tell({ is: "refused", reason: reason || "Your token has expired or is not valid here.", isOwn: true });
    if (this.refusals === 1) void this.open();
    else this.later("The server refuses our token");
  }
}
