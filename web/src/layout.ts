// Where rooms stand on the map. The server's layout has no overlaps; this
// keeps the picture whole even if two rooms claim a cell or a room has none.

import type { Rect, Room, Size } from "./wire";

export interface Plan {
  size: Size;
  places: Map<string, Rect>;
  districts: District[];
}

// A district is a connected patch of one zone: its cells, and the cell whose
// corner carries the name.
export interface District {
  zone: string;
  sign: { x: number; y: number; span: number };
}

const minWidth = 4;

export function plan(rooms: Iterable<Room>, grid: Size): Plan {
  const sorted = [...rooms].sort((a, b) => (a.slug < b.slug ? -1 : 1));
  const width = Math.max(grid.w, minWidth, ...sorted.map((r) => r.map.x + r.map.w));
  const taken = new Set<string>();
  const places = new Map<string, Rect>();
  const homeless: Room[] = [];
  for (const room of sorted) {
    if (isPlaced(room.map) && isFree(taken, room.map)) {
      occupy(taken, room.map);
      places.set(room.slug, room.map);
    } else {
      homeless.push(room);
    }
  }
  for (const room of homeless) {
    const rect = firstFree(taken, width);
    occupy(taken, rect);
    places.set(room.slug, rect);
  }
  const height = Math.max(1, ...[...places.values()].map((r) => r.y + r.h));
  return { size: { w: width, h: height }, places, districts: districts(sorted, places) };
}

function isPlaced(r: Rect): boolean {
  return r.w > 0 && r.h > 0;
}

function cells(r: Rect): string[] {
  const keys: string[] = [];
  for (let y = r.y; y < r.y + r.h; y++) for (let x = r.x; x < r.x + r.w; x++) keys.push(`${x},${y}`);
  return keys;
}

function isFree(taken: Set<string>, r: Rect): boolean {
  return cells(r).every((c) => !taken.has(c));
}

function occupy(taken: Set<string>, r: Rect): void {
  for (const c of cells(r)) taken.add(c);
}

function firstFree(taken: Set<string>, width: number): Rect {
  for (let y = 0; ; y++) {
    for (let x = 0; x < width; x++) if (!taken.has(`${x},${y}`)) return { x, y, w: 1, h: 1 };
  }
}

function districts(rooms: Room[], places: Map<string, Rect>): District[] {
  const zoneAt = new Map<string, string>();
  for (const room of rooms) for (const c of cells(places.get(room.slug) as Rect)) zoneAt.set(c, room.zone);
  const seen = new Set<string>();
  const found: District[] = [];
  for (const start of [...zoneAt.keys()].sort(byRow)) {
    if (seen.has(start)) continue;
    const zone = zoneAt.get(start) as string;
    flood(start, zone, zoneAt, seen);
    const [x, y] = at(start);
    found.push({ zone, sign: { x, y, span: run(x, y, zone, zoneAt) } });
  }
  return found;
}

function flood(start: string, zone: string, zoneAt: Map<string, string>, seen: Set<string>): void {
  const open = [start];
  for (let c = open.pop(); c !== undefined; c = open.pop()) {
    if (seen.has(c) || zoneAt.get(c) !== zone) continue;
    seen.add(c);
    const [x, y] = at(c);
    open.push(`${x + 1},${y}`, `${x - 1},${y}`, `${x},${y + 1}`, `${x},${y - 1}`);
  }
}

// run is how many cells of the zone follow in the sign's row: the room there
// is for the name.
function run(x: number, y: number, zone: string, zoneAt: Map<string, string>): number {
  let span = 1;
  while (zoneAt.get(`${x + span},${y}`) === zone) span++;
  return span;
}

function at(key: string): [number, number] {
  const [x, y] = key.split(",").map(Number);
  return [x as number, y as number];
}

function byRow(a: string, b: string): number {
  const [ax, ay] = at(a);
  const [bx, by] = at(b);
  return ay - by || ax - bx;
}

// readingOrder is the order in which a map is read.
export function readingOrder(a: Rect, b: Rect): number {
  return a.y - b.y || a.x - b.x;
}

// step finds the room in a direction from another: the nearest whose middle
// lies that way, sideways distance counting double.
export function step(places: Map<string, Rect>, from: string, dx: number, dy: number): string | null {
  const origin = places.get(from);
  if (!origin) return null;
  let best: string | null = null;
  let bestCost = Infinity;
  for (const [slug, rect] of places) {
    const x = middle(rect.x, rect.w) - middle(origin.x, origin.w);
    const y = middle(rect.y, rect.h) - middle(origin.y, origin.h);
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    const cost = along + 2 * aside;
    if (slug !== from && along > 0.4 && aside <= along * 2 && cost < bestCost) [best, bestCost] = [slug, cost];
  }
  return best;
}

function middle(start: number, length: number): number {
  return start + length / 2;
}
