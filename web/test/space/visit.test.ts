import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Motion } from "../../src/space/motion";
import { digest } from "../../src/space/news";
import { turn } from "../../src/space/pose";
import { mainLines } from "../../src/space/chat";
import { initial, reduce } from "../../src/space/state";
import { type Socket, Visit } from "../../src/space/visit";
import { Store } from "../../src/store";
import { type Token, TokenRefused, type Tokens } from "../../src/tokens";

type Sent = Record<string, unknown> & { type: string; id?: number };

class FakeSocket implements Socket {
  binaryType = "";
  readyState = 1;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: Sent[] = [];
  binary = 0;
  constructor(readonly protocols: string[]) {}
  send(data: string | ArrayBuffer) {
    if (typeof data === "string") this.sent.push(JSON.parse(data) as Sent);
    else this.binary++;
  }
  close() {
    this.readyState = 3;
  }
  says(...frames: unknown[]) {
    for (const f of frames) this.onmessage?.({ data: JSON.stringify(f) });
  }
  ends(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
  last(type: string): Sent {
    return this.sent.findLast((m) => m.type === type) as Sent;
  }
  count(type: string): number {
    return this.sent.filter((m) => m.type === type).length;
  }
}

const hello = { type: "hello", session: "s1", subject: "guest:1", name: "Guest Fox", guest: true };
const member = (session: string, ref: number) => ({ session, ref, subject: `hive:${session}`, account: session, name: session, guest: false, door: "native" });
const joined = (chatSeq: number) => ({
  type: "joined", space: "global:lobby:main", title: "Lobby", kind: "lobby", role: "guest", can_write: true,
  self: { session: "s1", ref: 1 }, members: [member("s1", 1), member("bob", 2)], chat_seq: chatSeq,
});
const message = (id: number, clientId = `c${id}`) => ({ id, client_id: clientId, subject: "hive:bob", name: "bob", content: `line ${id}`, created_at: "2026-01-01T00:00:00Z" });
const event = (seq: number) => ({ seq, kind: "new", message: message(seq) });

function setUp() {
  const sockets: FakeSocket[] = [];
  const refused: Token[] = [];
  const store = new Store(initial, reduce);
  const world = { online: true, own: false, accepts: true, token: async (): Promise<string> => "guest" };
  const visit = new Visit({
    space: "global:lobby:main",
    state: () => store.state,
    dispatch: store.dispatch,
    onEmote: () => undefined,
    motion: new Motion(Date.now),
    tokens: { obtain: async () => ({ text: await world.token(), own: world.own }), refused: (t: Token) => void refused.push(t), accepts: async () => world.accepts } as unknown as Tokens,
    connect: (protocols) => {
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      return socket;
    },
    pose: () => ({ p: { x: 1, y: 1.6, z: 2 }, q: turn(0) }),
    isOnline: () => world.online,
    now: Date.now,
    random: () => 1,
    newId: (() => {
      let n = 0;
      return () => `client-${++n}`;
    })(),
  });
  const socket = () => sockets.at(-1) as FakeSocket;
  const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const greet = async () => {
    await pass();
    socket().says(hello);
    await pass();
  };
  const enter = async (chatSeq = 3) => {
    visit.enter();
    await greet();
    socket().says(joined(chatSeq), { type: "ack", id: socket().last("join").id });
    await pass();
  };
  const inside = async (chatSeq = 3) => {
    await enter(chatSeq);
    socket().says({ type: "ack", id: socket().last("chat.history").id, messages: [message(1), message(2), message(3)], has_more: false });
    await pass();
  };
  const ids = () => mainLines(store.state.chat).map((m) => m.id);
  return { visit, store, world, sockets, refused, socket, pass, greet, enter, inside, ids };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("entering", () => {
  test("offers the protocol and the token, joins where we stand, and reads the chat", async () => {
    const t = setUp();
    await t.inside();
    expect(t.socket().protocols).toEqual(["presence.space.v1", "bearer.guest"]);
    expect(t.socket().last("join")).toMatchObject({ space: "global:lobby:main", pose: { p: [1, 1.6, 2] } });
    expect(t.store.state.phase).toEqual({ is: "inside" });
    expect([...t.store.state.members.keys()]).toEqual(["s1", "bob"]);
    expect(t.ids()).toEqual([1, 2, 3]);
  });

  test("waits in line as long as it takes, then comes in by itself", async () => {
    const t = setUp();
    t.visit.enter();
    await t.greet();
    t.socket().says({ type: "waiting", position: 3, length: 9, seats: 50 });
    expect(t.store.state.phase).toEqual({ is: "waiting", position: 3, length: 9, seats: 50 });
    for (let i = 0; i < 10; i++) {
      await t.pass(20_000);
      const ping = t.socket().last("ping");
      if (ping) t.socket().says({ type: "ack", id: ping.id });
    }
    expect(t.sockets).toHaveLength(1);
    t.socket().says(joined(0));
    expect(t.store.state.phase.is).toBe("inside");
  });

  test.each([
    ["forbidden", "", "refused"],
    ["forbidden", "nsfw", "nsfw"],
    ["unauthenticated", "", "signin"],
    ["not_found", "", "missing"],
  ])("a refusal with %s %s ends in %s and is not repeated", async (code, field, why) => {
    const t = setUp();
    t.visit.enter();
    await t.greet();
    t.socket().says({ type: "error", id: t.socket().last("join").id, op: "join", code, field, message: "no", fix: "do this" });
    await t.pass(120_000);
    expect(t.store.state.phase).toEqual({ is: "out", why, reason: "no", fix: "do this" });
    expect(t.sockets).toHaveLength(1);
  });

  test("a fault on the server's side is tried again later", async () => {
    const t = setUp();
    t.visit.enter();
    await t.greet();
    t.socket().says({ type: "error", id: t.socket().last("join").id, op: "join", code: "unavailable", message: "the store does not answer" });
    await t.pass();
    expect(t.store.state.phase).toMatchObject({ is: "lost", reason: "the store does not answer" });
    await t.pass(2_000);
    expect(t.sockets).toHaveLength(2);
  });

  test("without a token there is no socket, and the reason is told", async () => {
    const t = setUp();
    t.world.token = async () => Promise.reject(new TokenRefused("No guests today."));
    t.visit.enter();
    await t.pass();
    expect(t.store.state.phase).toMatchObject({ is: "out", why: "signin", reason: "No guests today." });
    expect(t.sockets).toHaveLength(0);
  });
});

describe("coming back", () => {
  test("asks for what it missed, and shows everything once and in order", async () => {
    const t = setUp();
    await t.inside();
    t.socket().says({ type: "chat", event: event(4) });
    t.socket().ends();
    await t.pass();
    expect(t.store.state.phase.is).toBe("lost");
    await t.pass(2_000);
    await t.greet();
    t.socket().says(joined(7), { type: "ack", id: t.socket().last("join").id });
    await t.pass();
    expect(t.socket().last("chat.since")).toMatchObject({ seq: 4 });
    // A live line overtakes the answer, and the answer comes in two parts.
    t.socket().says({ type: "chat", event: event(8) });
    t.socket().says({ type: "ack", id: t.socket().last("chat.since").id, events: [event(5), event(6)], next: 6, more: true, reset: false });
    await t.pass();
    t.socket().says({ type: "ack", id: t.socket().last("chat.since").id, events: [event(6), event(7), event(8)], next: 8, more: false, reset: false });
    await t.pass();
    expect(t.ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(t.socket().count("chat.history")).toBe(0);
  });

  test("starts the chat anew when what it missed is no longer kept", async () => {
    const t = setUp();
    await t.inside();
    t.socket().ends();
    await t.pass(2_000);
    await t.greet();
    t.socket().says(joined(900));
    await t.pass();
    t.socket().says({ type: "ack", id: t.socket().last("chat.since").id, events: [], next: 900, more: false, reset: true });
    await t.pass();
    t.socket().says({ type: "ack", id: t.socket().last("chat.history").id, messages: [message(899), message(900)], has_more: true });
    await t.pass();
    expect(t.ids()).toEqual([899, 900]);
    expect(t.store.state.chat).toMatchObject({ seq: 900, hasOlder: true });
  });

  test("a gap in live lines is closed at once", async () => {
    const t = setUp();
    await t.inside();
    t.socket().says({ type: "chat", event: event(6) });
    await t.pass();
    expect(t.socket().last("chat.since")).toMatchObject({ seq: 3 });
    t.socket().says({ type: "ack", id: t.socket().last("chat.since").id, events: [event(4), event(5), event(6)], next: 6, more: false });
    await t.pass();
    expect(t.ids()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a line on its way is sent again under the same name", async () => {
    const t = setUp();
    await t.inside();
    t.visit.say("hello");
    t.socket().ends();
    await t.pass(2_000);
    expect(t.store.state.chat.pending).toMatchObject([{ clientId: "client-1", fault: null }]);
    await t.greet();
    t.socket().says(joined(3));
    await t.pass();
    expect(t.socket().last("chat.send")).toMatchObject({ client_id: "client-1", content: "hello" });
    t.socket().says({ type: "ack", id: t.socket().last("chat.send").id, message: message(4, "client-1") });
    await t.pass();
    expect([t.store.state.chat.pending.length, t.ids()]).toEqual([0, [1, 2, 3, 4]]);
  });

  test("waits longer every time, and at once when looked at", async () => {
    const t = setUp();
    t.visit.enter();
    await t.pass();
    for (let i = 0; i < 4; i++) {
      t.socket().ends();
      await t.pass(30_000);
    }
    t.socket().ends();
    await t.pass();
    expect(t.store.state.phase).toMatchObject({ is: "lost" });
    const before = t.sockets.length;
    t.visit.wake();
    await t.pass();
    expect(t.sockets.length).toBe(before + 1);
  });

  test("a silent server is left", async () => {
    const t = setUp();
    await t.inside();
    await t.pass(20_000);
    expect(t.socket().count("ping")).toBe(1);
    await t.pass(10_000);
    expect(t.store.state.phase).toMatchObject({ is: "lost", reason: "The server went silent" });
  });

  test("offline is told and ends with the network's return", async () => {
    const t = setUp();
    await t.inside();
    t.world.online = false;
    t.visit.wentOffline();
    expect(t.store.state.phase).toEqual({ is: "offline" });
    t.world.online = true;
    t.visit.wentOnline();
    await t.pass();
    expect(t.sockets).toHaveLength(2);
  });
});

describe("being put out", () => {
  test("a kick is told and not undone by coming back", async () => {
    const t = setUp();
    await t.inside();
    t.socket().says({ type: "left", space: "global:lobby:main", reason: "kicked: shouting" });
    await t.pass(120_000);
    expect(t.store.state.phase).toMatchObject({ is: "out", why: "kicked", reason: "kicked: shouting" });
    expect([t.sockets.length, t.store.state.members.size]).toEqual([1, 0]);
  });

  test("a guest whose token ended gets another and comes back; a refused one's own token asks for its owner", async () => {
    const t = setUp();
    await t.inside();
    t.socket().ends(4401, "the token has expired");
    await t.pass();
    expect([t.refused.length, t.sockets.length]).toEqual([1, 2]);
    t.world.own = true;
    await t.enter();
    t.socket().ends(4401, "this login was ended; log in again");
    await t.pass(60_000);
    expect(t.store.state.phase).toMatchObject({ is: "out", why: "signin", reason: "this login was ended; log in again" });
  });

  test("leaving says so and opens nothing again", async () => {
    const t = setUp();
    await t.inside();
    const socket = t.socket();
    t.visit.leave();
    await t.pass(60_000);
    expect([socket.count("leave"), t.sockets.length, t.store.state.phase.is]).toEqual([1, 1, "outside"]);
  });
});

test("the server's no to a line is kept with its words until the writer decides", async () => {
  const t = setUp();
  await t.inside();
  t.visit.say("bad word");
  t.socket().says({ type: "error", id: t.socket().last("chat.send").id, op: "chat.send", code: "invalid", field: "content", message: "no", fix: "say it otherwise" });
  await t.pass();
  expect(t.store.state.chat.pending).toMatchObject([{ fault: { message: "no", fix: "say it otherwise" } }]);
  t.visit.resend("client-1");
  expect(t.socket().last("chat.send")).toMatchObject({ client_id: "client-1" });
});

test("poses go out only inside", async () => {
  const t = setUp();
  const pose = { p: { x: 0, y: 1.6, z: 0 }, q: turn(0) };
  t.visit.move(pose, false);
  await t.inside();
  t.visit.move(pose, false);
  expect(t.socket().binary).toBe(1);
});

test("who comes, goes and speaks is said for those who listen", async () => {
  const t = setUp();
  await t.inside();
  t.socket().says({ type: "member.joined", member: member("carol", 3) }, { type: "chat", event: event(4) }, { type: "member.left", session: "bob", ref: 2 });
  expect(digest(t.store.state.news)).toEqual(["You are in Lobby with 1 other.", "carol came in", "bob left", "bob says: line 4"]);
});
