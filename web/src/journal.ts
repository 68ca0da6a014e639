// The few words about what just happened, derived from two known counts of
// one room. A change from or to unknown or stale says nothing about people.

import type { Frame, Presence, Room } from "./wire";

export type Happening = "arrived" | "left" | "woke" | "slept" | "opened" | "closed";

export interface Entry {
  key: number;
  at: number; // ms
  slug: string;
  name: string;
  happening: Happening;
  people: number; // how many arrived or left; 0 otherwise
}

const limit = 24;
// People come in twos and threes: what happens in one room within this time is
// one line.
const mergeWithin = 12_000;

export function note(journal: readonly Entry[], rooms: ReadonlyMap<string, Room>, frame: Frame, at: number): readonly Entry[] {
  switch (frame.type) {
    case "room": {
      const room = rooms.get(frame.slug);
      return room ? noteCounts(journal, room, frame.presence, at) : journal;
    }
    case "link":
      return rooms.has(frame.room.slug) ? journal : add(journal, frame.room, "opened", 0, at);
    case "gone": {
      const room = rooms.get(frame.slug);
      return room ? add(journal, room, "closed", 0, at) : journal;
    }
    default:
      return journal;
  }
}

function noteCounts(journal: readonly Entry[], room: Room, now: Presence | null, at: number): readonly Entry[] {
  const before = room.presence;
  if (!before || !now || before.stale || now.stale || before.online === now.online) return journal;
  const difference = now.online - before.online;
  const recent = journal.find((e) => e.slug === room.slug && at - e.at < mergeWithin && isCount(e));
  const sum = difference + (recent ? signed(recent) : 0);
  const rest = recent ? journal.filter((e) => e !== recent) : journal;
  if (sum === 0) return rest;
  return add(rest, room, word(now.online, sum), Math.abs(sum), at);
}

function word(online: number, sum: number): Happening {
  if (sum > 0) return online === sum ? "woke" : "arrived";
  return online === 0 ? "slept" : "left";
}

function isCount(e: Entry): boolean {
  return e.people > 0;
}

function signed(e: Entry): number {
  return e.happening === "arrived" || e.happening === "woke" ? e.people : -e.people;
}

function add(journal: readonly Entry[], room: Room, happening: Happening, people: number, at: number): readonly Entry[] {
  const key = journal.reduce((max, e) => Math.max(max, e.key), 0) + 1;
  return [{ key, at, slug: room.slug, name: room.name, happening, people }, ...journal].slice(0, limit);
}

export function sentence(e: Entry): string {
  switch (e.happening) {
    case "arrived":
      return `${e.people} joined`;
    case "left":
      return `${e.people} left`;
    case "woke":
      return e.people === 1 ? "woke up: 1 joined" : `woke up: ${e.people} joined`;
    case "slept":
      return "went quiet";
    case "opened":
      return "was added";
    case "closed":
      return "was removed";
  }
}
