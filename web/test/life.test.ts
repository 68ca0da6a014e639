import { describe, expect, test } from "vitest";
import { compare, freshness, lifetime, look, lookTotals, matches, type Freshness } from "../src/life";
import { initial, reduce, type State } from "../src/state";
import { parseFrame, type Presence, type Room } from "../src/wire";
import { spoken, title } from "../src/words";
import { snapshot, status } from "./sample";

const start = (over: object = {}): State => reduce(initial, { type: "frames", frames: [parseFrame(JSON.stringify({ ...snapshot, ...over }))], at: 1_000_000 });
const live: Freshness = { is: "live" };
const stale: Freshness = { is: "stale", asOf: 5 };
const roomOf = (s: State) => s.rooms.get("general") as Room;
const room = (over: Partial<Room>, counts: Partial<Presence> | null = {}): Room => {
  const base = roomOf(start());
  return { ...base, ...over, presence: counts && { ...(base.presence as Presence), ...counts } };
};

describe("freshness", () => {
  test("follows the server while connected", () => {
    expect(freshness(initial, 0)).toEqual({ is: "none" });
    expect(freshness(start(), 1_000_000)).toEqual({ is: "live" });
    expect(freshness(start({ status: { ...status, state: "stale", as_of: 77 } }), 1_000_000)).toEqual({ is: "stale", asOf: 77 });
    expect(freshness(start({ status: { ...status, state: "unknown" } }), 1_000_000)).toEqual({ is: "unknown" });
  });

  test("without a connection numbers are stale, then unknown, never zero", () => {
    for (const lost of [reduce(start(), { type: "waiting", retryAt: 0, reason: "" }), reduce(start(), { type: "connecting" }), reduce(start(), { type: "offline" })]) {
      const soon = freshness(lost, 1_000_000 + lifetime);
      expect(soon).toEqual({ is: "stale", asOf: 1_000_000 });
      expect(look(roomOf(lost), soon)).toMatchObject({ online: 3, stale: true, typing: 0 });
      const late = freshness(lost, 1_000_001 + lifetime);
      expect(late).toEqual({ is: "unknown" });
      expect(look(roomOf(lost), late)).toBeNull();
      expect(lookTotals(lost.totals, late)).toBeNull();
    }
  });
});

describe("look", () => {
  test("unknown is not zero", () => {
    expect(look(room({}, null), live)).toBeNull();
    expect(look(room({}, { online: 0 }), live)?.online).toBe(0);
    expect(title(null, false)).toBe("The city");
    expect(title(0, false)).toBe("0 online · The city");
    expect(title(7, true)).toBe("7 were online · The city");
  });

  test("nobody types in a stale room", () => {
    expect(look(room({}, { typing: 2 }), live)?.typing).toBe(2);
    expect(look(room({}, { typing: 2, stale: true }), live)?.typing).toBe(0);
    expect(lookTotals(start().totals, stale)?.typing).toBe(0);
  });
});

test("rooms are spoken as sentences", () => {
  const say = (r: Room, fresh: Freshness = live) => spoken(r, look(r, fresh), 5);
  expect(say(room({}, { online: 3, typing: 1, agentCount: 0 }))).toBe("General, 3 people online, 1 in VR, 1 typing");
  expect(say(room({}, { online: 1, typing: 0, agentCount: 1, vr: 0 }))).toBe("General, 1 person online, 1 agent");
  expect(say(room({ isPublic: false }, { online: 0, typing: 0, agentCount: 0, vr: 0 }))).toBe("General, private room, 0 people online");
  expect(say(room({}, null))).toBe("General, number of people unknown");
  expect(say(room({}, { online: 2, agentCount: 0, vr: 0, asOf: 0 }), stale)).toBe("General, 2 people online, time unknown");
});

test("search folds case and accents and wants every word", () => {
  const r = room({ name: "Café Zürich", description: "Kaffee am See", zone: "old-town" });
  const fits = (query: string) => matches(r, null, { query, zone: "", filter: "all" });
  expect(["cafe", "ZURICH cafe", "see kaffee", "old", "city_general", ""].map(fits)).toEqual(Array(6).fill(true));
  expect(["cafe berlin", "example"].map(fits)).toEqual([false, false]);
});

test("filters", () => {
  const wish = { query: "", zone: "" };
  const quiet = room({}, { online: 0, typing: 0, agentCount: 0 });
  const lively = room({ isPublic: false }, { online: 1, agentCount: 1 });
  const see = (r: Room) => look(r, live);
  for (const filter of ["alive", "agents", "private"] as const) {
    expect(matches(quiet, see(quiet), { ...wish, filter })).toBe(false);
    expect(matches(lively, see(lively), { ...wish, filter })).toBe(true);
  }
  expect(matches(lively, null, { ...wish, filter: "alive" })).toBe(false);
  expect(matches(quiet, null, { ...wish, filter: "all", zone: "north" })).toBe(false);
});

test("sorting: life first, unknown last, names decide between equals", () => {
  const rooms = [
    room({ slug: "u", name: "U" }, null),
    room({ slug: "b", name: "B", zone: "west" }, { online: 0, active: 0, idle: 0, typing: 0, agentCount: 0 }),
    room({ slug: "a", name: "A", zone: "west" }, { online: 0, active: 0, idle: 0, typing: 0, agentCount: 0 }),
    room({ slug: "busy", name: "Z" }, { online: 2, active: 2, idle: 0, typing: 1 }),
  ];
  const order = (sort: "life" | "name" | "zone") => [...rooms].sort(compare(sort, live)).map((r) => r.slug);
  expect(order("life")).toEqual(["busy", "a", "b", "u"]);
  expect(order("name")).toEqual(["a", "b", "u", "busy"]);
  expect(order("zone")).toEqual(["u", "busy", "a", "b"]);
});
