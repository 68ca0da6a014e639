import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Feed, type Socket } from "../src/feed";
import type { Event } from "../src/state";
import { type Token, TokenRefused, type Tokens } from "../src/tokens";
import { presence, snapshot } from "./sample";

class FakeSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: string[] = [];
  closed = false;
  constructor(readonly protocols: string[]) {}
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  says(...frames: unknown[]) {
    for (const f of frames) this.onmessage?.({ data: typeof f === "string" ? f : JSON.stringify(f) });
  }
  ends(code: number, reason = "") {
    this.onclose?.({ code, reason });
  }
}

function setUp() {
  const sockets: FakeSocket[] = [];
  const events: Event[] = [];
  const world = { online: true, hidden: false, own: false, refusesSocket: false, accepts: true, token: async (): Promise<string> => "guest" };
  const refused: Token[] = [];
  const tokens = {
    obtain: async () => ({ text: await world.token(), own: world.own }),
    refused: (t: Token) => void refused.push(t),
    accepts: async () => world.accepts,
  } as unknown as Tokens;
  const feed = new Feed({
    dispatch: (e) => void events.push(e),
    tokens,
    connect: (protocols) => {
      if (world.refusesSocket) throw new SyntaxError("bad subprotocol");
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      return socket;
    },
    isOnline: () => world.online,
    isHidden: () => world.hidden,
    now: Date.now,
    random: () => 1,
  });
  const last = () => events.at(-1);
  const socket = () => sockets.at(-1) as FakeSocket;
  const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const live = async () => {
    feed.start();
    await pass();
    socket().says(snapshot);
  };
  return { feed, world, sockets, events, refused, last, socket, pass, live };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Feed", () => {
  test("offers the version and the token, and delivers the snapshot at once", async () => {
    const t = setUp();
    await t.live();
    expect(t.socket().protocols).toEqual(["presence.city.v2", "bearer.guest"]);
    expect(t.last()).toMatchObject({ type: "frames", frames: [{ type: "snapshot" }] });
  });

  test("a burst is delivered together; a hidden page takes its time", async () => {
    const t = setUp();
    await t.live();
    const before = t.events.length;
    for (let seq = 42; seq < 142; seq++) t.socket().says({ type: "city.room", seq, slug: "general", presence });
    await t.pass(20);
    expect(t.events.length).toBe(before + 1);
    expect(t.last()).toMatchObject({ frames: { length: 100 } });
    t.world.hidden = true;
    t.socket().says({ type: "city.room", seq: 200, slug: "general", presence });
    await t.pass(900);
    expect(t.events.length).toBe(before + 1);
    await t.pass(200);
    expect(t.events.length).toBe(before + 2);
  });

  test("what arrived before the end is not lost", async () => {
    const t = setUp();
    await t.live();
    t.socket().says({ type: "city.room", seq: 42, slug: "general", presence });
    t.socket().ends(1006);
    await t.pass();
    expect(t.events.at(-2)).toMatchObject({ type: "frames", frames: [{ seq: 42 }] });
    expect(t.last()).toMatchObject({ type: "waiting" });
  });

  test("waits longer each time, and from the start again after a snapshot", async () => {
    const t = setUp();
    await t.live();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      t.socket().ends(1006);
      await t.pass();
      const e = t.last() as Extract<Event, { type: "waiting" }>;
      waits.push(e.retryAt - Date.now());
      await t.pass(e.retryAt - Date.now());
    }
    expect(waits).toEqual([800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
    t.socket().says(snapshot);
    t.socket().ends(1001);
    await t.pass();
    expect(t.last()).toEqual({ type: "waiting", retryAt: Date.now() + 800, reason: "The server is restarting" });
  });

  test("an expired token is replaced at once, but not in a circle", async () => {
    const t = setUp();
    await t.live();
    t.socket().ends(4401);
    await t.pass();
    expect(t.refused).toEqual([{ text: "guest", own: false }]);
    expect(t.sockets.length).toBe(2);
    t.socket().ends(4401);
    await t.pass();
    expect(t.sockets.length).toBe(2);
    expect(t.last()).toMatchObject({ type: "waiting", reason: "The server refuses our token" });
  });

  test("a token refused before the socket opened is told apart from a broken network", async () => {
    const t = setUp();
    t.world.accepts = false;
    t.feed.start();
    await t.pass();
    t.socket().ends(1006);
    await t.pass();
    expect(t.refused.length).toBe(1);
    t.world.accepts = true;
    t.socket().ends(1006);
    await t.pass();
    expect(t.refused.length).toBe(1);
    expect(t.last()).toMatchObject({ type: "waiting", reason: "The connection was lost" });
  });

  test("one's own token is never replaced behind one's back", async () => {
    const t = setUp();
    t.world.own = true;
    await t.live();
    t.socket().ends(4401, "expired");
    await t.pass(60_000);
    expect(t.last()).toEqual({ type: "refused", reason: "expired" });
    expect(t.sockets.length).toBe(1);
  });

  test("text that cannot be a subprotocol is a refused token", async () => {
    const t = setUp();
    t.world.own = t.world.refusesSocket = true;
    t.feed.start();
    await t.pass();
    expect(t.last()).toEqual({ type: "refused", reason: "That is not a token." });
  });

  test("forbidden is final until somebody asks again", async () => {
    const t = setUp();
    await t.live();
    t.socket().ends(4403);
    await t.pass(60_000);
    expect(t.last()).toMatchObject({ type: "refused" });
    t.feed.wake();
    await t.pass();
    expect(t.sockets.length).toBe(1);
    t.feed.start();
    await t.pass();
    expect(t.sockets.length).toBe(2);
  });

  test("after a flood it stays away for a while", async () => {
    const t = setUp();
    await t.live();
    t.socket().ends(4429);
    await t.pass();
    expect((t.last() as { retryAt: number }).retryAt - Date.now()).toBe(10_000);
  });

  test("no token, no socket: refused for good, or tried again", async () => {
    const t = setUp();
    t.world.token = () => Promise.reject(new TokenRefused("closed club"));
    t.feed.start();
    await t.pass(60_000);
    expect(t.last()).toEqual({ type: "refused", reason: "closed club" });
    t.world.token = () => Promise.reject(new TypeError("Failed to fetch"));
    t.feed.start();
    await t.pass();
    expect(t.last()).toMatchObject({ type: "waiting", reason: "The server does not answer" });
    t.world.token = async () => "guest";
    await t.pass(1_000);
    expect(t.sockets.length).toBe(1);
  });

  test("silence is questioned, and an unanswered question ends the socket", async () => {
    const t = setUp();
    await t.live();
    await t.pass(20_000);
    expect(t.socket().sent).toEqual(["ping"]);
    t.socket().says("pong");
    await t.pass(20_000);
    expect(t.socket().sent.length).toBe(2);
    await t.pass(10_000);
    expect(t.sockets[0]?.closed).toBe(true);
    expect(t.last()).toMatchObject({ type: "waiting", reason: "The server went silent" });
  });

  test("a socket without a snapshot is given up", async () => {
    const t = setUp();
    t.feed.start();
    await t.pass(10_000);
    expect(t.sockets[0]?.closed).toBe(true);
    expect(t.last()).toMatchObject({ type: "waiting" });
  });

  test("looking at the page again tries at once, or asks whether the socket lives", async () => {
    const t = setUp();
    await t.live();
    t.feed.wake();
    expect(t.socket().sent).toEqual(["ping"]);
    t.feed.wake();
    expect(t.socket().sent.length).toBe(1);
    t.socket().ends(1006);
    await t.pass();
    t.feed.wake();
    await t.pass();
    expect(t.sockets.length).toBe(2);
  });

  test("offline waits for the network, not for the clock", async () => {
    const t = setUp();
    await t.live();
    t.world.online = false;
    t.feed.wentOffline();
    await t.pass(120_000);
    expect(t.last()).toEqual({ type: "offline" });
    expect(t.sockets.length).toBe(1);
    t.world.online = true;
    t.feed.start();
    await t.pass();
    expect(t.sockets.length).toBe(2);
  });

  test("stop leaves no timer and no socket, even while a token is on its way", async () => {
    const t = setUp();
    let give = (_: string) => {};
    t.world.token = () => new Promise((resolve) => (give = resolve));
    t.feed.start();
    t.feed.stop();
    give("late");
    await t.pass();
    expect(t.sockets.length).toBe(0);
    t.world.token = async () => "guest";
    await t.live();
    t.feed.stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(t.socket().closed).toBe(true);
  });
});
