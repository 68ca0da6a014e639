import { describe, expect, test } from "vitest";
import { digest, type News } from "../../src/space/news";
import { initial, reduce, type State } from "../../src/space/state";
import type { Member } from "../../src/space/wire";

let key = 0;
const item = (is: News["is"], who: string, text = ""): News => ({ key: ++key, is, who, text });
const member = (n: number): Member => ({ session: `s${n}`, ref: n, subject: `guest:${n}`, account: "", name: `Guest ${n}`, guest: true, door: "native", voice: false, pose: null });

describe("what is told of what happens", () => {
  test("one after the other, in words", () => {
    expect(digest([item("came", "Ann"), item("line", "Ann", "hello"), item("gesture", "Bob", "wave"), item("left", "Bob"), item("place", "", "You are in Lobby.")])).toEqual(["You are in Lobby.", "Ann came in", "Bob left", "Bob: wave", "Ann says: hello"]);
  });

  test("a crowd in one sentence", () => {
    const crowd = Array.from({ length: 300 }, (_, i) => [item("came", `Guest ${i}`), item("gesture", `Guest ${i}`, "wave"), item("line", `Guest ${i}`, `line ${i}`)]).flat();
    expect(digest(crowd)).toEqual(["300 people came in", "300 gestures", "297 more lines in the chat", "Guest 297 says: line 297", "Guest 298 says: line 298", "Guest 299 says: line 299"]);
    expect(digest([item("left", "Ann"), item("left", "Bob")])).toEqual(["Ann and Bob left"]);
    expect(digest([])).toEqual([]);
  });

  test("the newest are kept, however many there are", () => {
    let state: State = initial;
    for (let n = 1; n <= 500; n++) state = reduce(state, { type: "member", member: member(n), isNew: true });
    expect(state.news.length).toBeLessThanOrEqual(200);
    expect(state.news.at(-1)).toEqual({ key: 500, is: "came", who: "Guest 500", text: "" });
    state = reduce(state, { type: "member", member: member(500), isNew: false });
    expect(state.news.at(-1)?.key).toBe(500);
  });
});
