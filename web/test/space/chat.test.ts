import { describe, expect, test } from "vitest";
import { addOlder, addThread, apply, type Chat, failed, giveUp, hasGap, loaded, mainLines, noChat, stored, threadLines, unread, write } from "../../src/space/chat";
import type { ChatEvent, Message } from "../../src/space/wire";

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id, clientId: `c${id}`, subject: "hive:alice", account: "alice", name: "alice", guest: false, type: "text", content: `line ${id}`,
  mentions: [], parent: 0, replyTo: 0, threadCount: 0, reactions: [], edited: false, deleted: false, at: id * 1000, ...more,
});
const event = (seq: number, m: Message, kind: ChatEvent["kind"] = "new"): ChatEvent => ({ seq, kind, message: m });
const ids = (chat: Chat) => mainLines(chat).map((m) => m.id);
const start = loaded(noChat, 10, [message(1), message(2)], true);
const line = { clientId: "mine", content: "hello", parent: 0, replyTo: 0, at: 0, fault: null };

describe("the chat of a space", () => {
  test("a change that came twice counts once", () => {
    const once = apply(start, [event(11, message(3))]);
    const twice = apply(once, [event(11, message(3)), event(12, message(4))]);
    expect(ids(twice)).toEqual([1, 2, 3, 4]);
    expect(twice.seq).toBe(12);
  });

  test("what comes too early waits for what is missing", () => {
    const early = apply(start, [event(13, message(5))]);
    expect([ids(early), hasGap(early), early.seq]).toEqual([[1, 2], true, 10]);
    const filled = apply(early, [event(12, message(4)), event(11, message(3))]);
    expect([ids(filled), hasGap(filled), filled.seq]).toEqual([[1, 2, 3, 4, 5], false, 13]);
  });

  test("changes that arrive before the lines do are applied to them", () => {
    const before = apply(noChat, [event(11, message(2, { content: "edited" }), "edited")]);
    const after = loaded(before, 10, [message(1), message(2)], false);
    expect(after.lines.get(2)?.content).toBe("edited");
    expect(after.seq).toBe(11);
  });

  test("an edit of a line that is not loaded is no line", () => {
    const chat = apply(start, [event(11, message(99, { content: "old" }), "edited")]);
    expect(ids(chat)).toEqual([1, 2]);
    expect(chat.seq).toBe(11);
  });

  test("a deletion leaves its place", () => {
    const chat = apply(start, [event(11, message(2, { content: "", deleted: true }), "deleted")]);
    expect(mainLines(chat).at(-1)).toMatchObject({ id: 2, deleted: true });
  });

  test("a reply in a thread raises its count once, acknowledged or heard first", () => {
    const reply = message(3, { parent: 1 });
    const heardFirst = stored(apply(start, [event(11, reply)]), reply);
    const ackFirst = apply(stored(start, reply), [event(11, reply)]);
    for (const chat of [heardFirst, ackFirst]) {
      expect(chat.lines.get(1)?.threadCount).toBe(1);
      expect(ids(chat)).toEqual([1, 2]);
      expect(threadLines(chat, 1).map((m) => m.id)).toEqual([3]);
    }
  });

  test("an opened thread corrects the count", () => {
    const chat = addThread(start, 1, [message(3, { parent: 1 }), message(4, { parent: 1 })], true);
    expect(chat.lines.get(1)?.threadCount).toBe(2);
  });

  test("older lines go before, and do not undo what is known", () => {
    const edited = apply(start, [event(11, message(1, { content: "new words" }), "edited")]);
    const chat = addOlder(edited, [message(-1), message(1)], false);
    expect(chat.lines.get(1)?.content).toBe("new words");
    expect(chat.hasOlder).toBe(false);
  });

  test("a line of our own is pending until it is stored, by answer or by event", () => {
    const pending = write(start, line);
    expect(pending.pending).toHaveLength(1);
    expect(stored(pending, message(3, { clientId: "mine" })).pending).toHaveLength(0);
    const byEvent = apply(pending, [event(11, message(3, { clientId: "mine" }))]);
    expect([byEvent.pending.length, ids(byEvent)]).toEqual([0, [1, 2, 3]]);
    expect(ids(stored(byEvent, message(3, { clientId: "mine" })))).toEqual([1, 2, 3]);
  });

  test("a failed line is kept with its reason, is sent again under its name, or given up", () => {
    const fault = { code: "invalid", field: "content", message: "too long", fix: "" };
    const chat = failed(write(start, line), "mine", fault);
    expect(chat.pending[0]?.fault).toEqual(fault);
    expect(write(chat, chat.pending[0] as typeof line).pending).toEqual([line]);
    expect(giveUp(chat, "mine").pending).toEqual([]);
  });

  test("unread are the others' lines since one looked", () => {
    const chat = apply(start, [event(11, message(3)), event(12, message(4, { subject: "me" })), event(13, message(5, { deleted: true }))]);
    expect(unread(chat, "me")).toBe(1);
  });
});
