import { describe, expect, test } from "vitest";
import { failed, loaded, noChat, write } from "../../src/space/chat";
import { emotes } from "../../src/space/emotes";
import { keyAt, keys, linesEnd, phrases, side, talkOf } from "../../src/space/slate";
import type { Message } from "../../src/space/wire";

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id, clientId: `c${id}`, subject: "hive:alice", account: "alice", name: "alice", guest: false, type: "text", content: `line ${id}`,
  mentions: [], parent: 0, replyTo: 0, threadCount: 0, reactions: [], edited: false, deleted: false, at: id * 1000, ...more,
});
const me = { name: "bob", subject: "hive:bob" };
const line = (clientId: string, parent = 0) => ({ clientId, content: "mine", parent, replyTo: 0, at: 0, fault: null });

describe("what the slate shows", () => {
  test("the newest lines, without threads and deleted ones", () => {
    const chat = loaded(noChat, 9, [...Array.from({ length: 20 }, (_, i) => message(i + 1)), message(21, { parent: 3 }), message(22, { deleted: true, content: "" }), message(23, { type: "system", content: "the room moved" })], false);
    const { lines } = talkOf(chat, me, true);
    expect(lines.length).toBe(12);
    expect(lines.at(-1)).toEqual({ name: "", subject: "hive:alice", text: "the room moved", note: "" });
    expect(lines.at(-2)?.text).toBe("line 20");
  });

  test("one's own lines on their way, and why one was refused", () => {
    const known = loaded(noChat, 1, [message(1)], false);
    const sending = write(write(known, line("a")), line("b", 1));
    expect(talkOf(sending, me, true).lines.map((l) => [l.name, l.note])).toEqual([["alice", ""], ["bob", "sending"]]);
    const refused = failed(sending, "a", { code: "invalid", field: "", message: "too fast", fix: "" });
    expect(talkOf(refused, me, true).lines.at(-1)?.note).toBe("not sent: too fast");
  });
});

describe("the keys of the slate", () => {
  test("are there for every phrase and gesture, on the slate and apart", () => {
    expect(keys.map((k) => (k.act.is === "say" ? k.act.text : k.act.emote))).toEqual([...phrases, ...Object.keys(emotes)]);
    for (const [i, k] of keys.entries()) {
      expect(k.x).toBeGreaterThan(0);
      expect(k.y).toBeGreaterThan(linesEnd);
      expect(k.x + k.w).toBeLessThan(side);
      expect(k.y + k.h).toBeLessThan(side);
      for (const other of keys.slice(i + 1)) expect(k.x + k.w <= other.x || other.x + other.w <= k.x || k.y + k.h <= other.y || other.y + other.h <= k.y).toBe(true);
    }
  });

  test("are found by where a hand points", () => {
    for (const k of keys) expect(keyAt((k.x + k.w / 2) / side, (k.y + k.h / 2) / side, true)).toBe(k);
    expect(keyAt(0.5, 0.2, true)).toBeNull();
    expect(keyAt(0.001, 0.999, true)).toBeNull();
  });

  test("say nothing for who may not write, but wave", () => {
    const mid = (n: number) => keys[n] as (typeof keys)[number];
    const at = (n: number) => keyAt((mid(n).x + mid(n).w / 2) / side, (mid(n).y + mid(n).h / 2) / side, false);
    expect(at(0)).toBeNull();
    expect(at(phrases.length)?.act).toEqual({ is: "emote", emote: "wave" });
  });
});
