import { expect, test } from "vitest";
import { type Entry, note, sentence } from "../src/journal";
import { type Frame, parseFrame, type Presence, type Room } from "../src/wire";
import { room as rawRoom } from "./sample";

const general = (parseFrame(JSON.stringify({ type: "city.link", seq: 1, room: rawRoom })) as Extract<Frame, { type: "link" }>).room;

function run(...steps: [at: number, online: number | null, stale?: boolean][]): string[] {
  let journal: readonly Entry[] = [];
  let room: Room = { ...general, presence: null };
  for (const [at, online, stale = false] of steps) {
    const presence: Presence | null = online === null ? null : { ...(general.presence as Presence), online, stale };
    journal = note(journal, new Map([[room.slug, room]]), { type: "room", seq: at, slug: room.slug, presence }, at);
    room = { ...room, presence };
  }
  return journal.map(sentence);
}

test("people arrive and leave", () => {
  expect(run([0, 3], [1, 5])).toEqual(["2 joined"]);
  expect(run([0, 3], [1, 2])).toEqual(["1 left"]);
  expect(run([0, 0], [1, 1])).toEqual(["woke up: 1 joined"]);
  expect(run([0, 2], [1, 0])).toEqual(["went quiet"]);
});

test("what was unknown or stale says nothing about people", () => {
  expect(run([0, null], [1, 5])).toEqual([]);
  expect(run([0, 5], [1, null], [2, 7])).toEqual([]);
  expect(run([0, 5], [1, 7, true], [2, 6])).toEqual([]);
});

test("changes close together are one line, and cancel out", () => {
  expect(run([0, 0], [1_000, 1], [2_000, 3])).toEqual(["woke up: 3 joined"]);
  expect(run([0, 2], [1_000, 3], [2_000, 2])).toEqual([]);
  expect(run([0, 2], [1_000, 3], [60_000, 4])).toEqual(["1 joined", "1 joined"]);
});

test("it stays short", () => {
  expect(run(...Array.from({ length: 90 }, (_, i): [number, number] => [i * 60_000, i % 2 ? 5 : 3])).length).toBe(24);
});
