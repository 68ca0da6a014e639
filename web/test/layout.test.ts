import { describe, expect, test } from "vitest";
import { seeded } from "../src/facade";
import { plan, step } from "../src/layout";
import type { Rect, Room } from "../src/wire";

const at = (slug: string, x: number, y: number, w = 1, h = 1, zone = "central"): Room =>
  ({ slug, zone, map: { x, y, w, h } }) as Room;

function cells(r: Rect): string[] {
  const found: string[] = [];
  for (let x = r.x; x < r.x + r.w; x++) for (let y = r.y; y < r.y + r.h; y++) found.push(`${x},${y}`);
  return found;
}

describe("plan", () => {
  test("keeps places and the width of the grid", () => {
    const p = plan([at("a", 0, 0, 2), at("b", 5, 2)], { w: 6, h: 3 });
    expect(p.places.get("a")).toEqual({ x: 0, y: 0, w: 2, h: 1 });
    expect(p.size).toEqual({ w: 6, h: 3 });
  });

  test("a room on top of another, or without a place, gets a free cell", () => {
    const p = plan([at("a", 0, 0, 2), at("b", 1, 0), at("c", 0, 0, 0, 0)], { w: 4, h: 1 });
    expect(p.places.get("b")).toEqual({ x: 2, y: 0, w: 1, h: 1 });
    expect(p.places.get("c")).toEqual({ x: 3, y: 0, w: 1, h: 1 });
  });

  test("no overlaps, whatever the rooms ask for, and the same every time", () => {
    for (let round = 0; round < 200; round++) {
      const random = seeded(`round ${round}`);
      const n = (max: number) => Math.floor(random() * max);
      const rooms = Array.from({ length: 1 + n(40) }, (_, i) => at(`r${i}`, n(8), n(8), n(4), n(4), `z${n(3)}`));
      const p = plan(rooms, { w: n(8), h: n(8) });
      const all = [...p.places.values()].flatMap(cells);
      expect(new Set(all).size).toBe(all.length);
      expect(p.places.size).toBe(rooms.length);
      expect(plan([...rooms].reverse(), { w: p.size.w, h: 0 }).places).toEqual(plan(rooms, { w: p.size.w, h: 0 }).places);
    }
  });

  test("neighbours of one zone are one district with one sign", () => {
    const p = plan([at("a", 0, 0, 2), at("b", 0, 1), at("c", 3, 1), at("d", 2, 0, 1, 1, "east")], { w: 4, h: 2 });
    expect(p.districts).toEqual([
      { zone: "central", sign: { x: 0, y: 0, span: 2 } },
      { zone: "east", sign: { x: 2, y: 0, span: 1 } },
      { zone: "central", sign: { x: 3, y: 1, span: 1 } },
    ]);
  });

  test("an empty city has a plan", () => {
    expect(plan([], { w: 0, h: 0 })).toEqual({ size: { w: 4, h: 1 }, places: new Map(), districts: [] });
  });
});

describe("step", () => {
  const { places } = plan([at("a", 0, 0), at("b", 1, 0), at("c", 3, 0), at("d", 0, 1), at("e", 3, 2), at("wide", 1, 1, 2)], { w: 4, h: 3 });
  test.each([
    ["a", 1, 0, "b"],
    ["b", 1, 0, "c"],
    ["c", -1, 0, "b"],
    ["a", 0, 1, "d"],
    ["d", 1, 0, "wide"],
    ["c", 0, 1, "e"],
    ["a", -1, 0, null],
    ["a", 0, -1, null],
    ["nowhere", 1, 0, null],
  ])("from %s by (%i, %i) to %s", (from, dx, dy, to) => {
    expect(step(places, from, dx, dy)).toBe(to);
  });
});
