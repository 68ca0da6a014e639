// The ground plans of the environments: what stands where, the same for the
// scene, for the map and for where people can walk. Metres; people arrive at
// the south end (+z) and look north (-z).

import { seeded } from "../facade";

export type Kind = "360" | "vrml" | "aframe" | "blog" | "art" | "game" | "document" | "lobby" | "city";

export interface Thing {
  is: "building" | "tree" | "bench" | "lamp" | "pool" | "column" | "shelf" | "wall" | "picture" | "page" | "plinth" | "table" | "stand" | "seat" | "rug" | "ring" | "arch" | "chair";
  x: number;
  z: number;
  w: number; // along x before it is turned; the diameter of round things
  d: number; // along z
  turn: number; // radians to the left
  round: boolean;
  solid: boolean; // people walk around it
  n: number; // which one of its kind
}

export interface Plan {
  kind: Kind;
  seed: string;
  round: boolean; // the shape of the ground
  w: number; // its size, within which people stay
  d: number;
  start: { z: number; spread: number };
  things: Thing[];
}

export const kinds: Record<Kind, string> = {
  "360": "Panorama",
  vrml: "Cyberspace",
  aframe: "Workshop",
  blog: "Reading room",
  art: "Gallery",
  game: "Arena",
  document: "Study",
  lobby: "Lobby",
  city: "Plaza",
};

export function kindOf(word: string): Kind {
  return word in kinds ? (word as Kind) : "lobby";
}

export function plan(kind: Kind, seed: string): Plan {
  return { kind, seed, ...layouts[kind](seeded(seed)) };
}

type Layout = Omit<Plan, "kind" | "seed">;

const layouts: Record<Kind, (random: () => number) => Layout> = {
  city(random) {
    const things: Thing[] = [round("pool", 0, -3, 7.5, true)];
    // The room's own house stands at the head of the square, others around.
    const houses = 15;
    for (let i = 0; i < houses; i++) {
      const a = (i / houses) * 2 * Math.PI;
      const r = 33 + (i % 2) * 2.5;
      if (Math.abs(Math.atan2(Math.sin(a - Math.PI), Math.cos(a - Math.PI))) < 0.2) continue;
      things.push(box("building", Math.sin(a) * -r, Math.cos(a) * -r, i === 0 ? 18 : 9 + random() * 4, 7, a, i));
    }
    for (const [n, a] of spokes(8, Math.PI / 8)) things.push({ ...round("lamp", Math.sin(a) * 14, Math.cos(a) * 14 - 3, 0.5, true), n });
    for (const [n, a] of spokes(6, 0)) things.push({ ...box("bench", Math.sin(a) * 9.5, Math.cos(a) * 9.5 - 3, 2.4, 0.7, a + Math.PI, n, true) });
    for (const [n, a] of spokes(14, 0.2)) if (n % 7 !== 6) things.push({ ...round("tree", Math.sin(a) * (21 + random() * 3), Math.cos(a) * (21 + random() * 3), 1.1, true), n });
    return { round: true, w: 56, d: 56, start: { z: 11, spread: 4 }, things };
  },
  lobby() {
    const things: Thing[] = [round("ring", 0, 0, 9, false)];
    for (const [n, a] of spokes(16, Math.PI / 16)) things.push({ ...round("column", Math.sin(a) * 19, Math.cos(a) * 19, 1.3, true), n });
    for (const [n, a] of spokes(4, Math.PI / 4)) things.push(box("arch", Math.sin(a) * 24.5, Math.cos(a) * 24.5, 6, 1.4, a, n, true));
    for (const [n, a] of spokes(8, 0)) if (n !== 0) things.push({ ...box("bench", Math.sin(a) * 15.4, Math.cos(a) * 15.4, 2.6, 0.7, a + Math.PI, n, true) });
    for (const [n, a] of spokes(4, 0)) things.push({ ...round("tree", Math.sin(a) * 11.4, Math.cos(a) * 11.4, 1.4, true), n });
    return { round: true, w: 58, d: 58, start: { z: 8, spread: 6 }, things };
  },
  blog() {
    const things: Thing[] = [box("rug", 0, 1, 9, 7, 0, 0)];
    for (const side of [-1, 1]) for (let i = 0; i < 5; i++) things.push(box("shelf", side * 10.6, -8 + i * 4, 3.4, 0.8, side < 0 ? Math.PI / 2 : -Math.PI / 2, i + (side < 0 ? 0 : 5), true));
    for (let i = 0; i < 3; i++) things.push(box("page", (i - 1) * 5.2, -9.6, 4.6, 0.2, 0, i, true));
    for (const [i, x] of [-2.6, 2.6].entries()) things.push({ ...round("chair", x, 0, 1.2, true), turn: x > 0 ? 0.6 : -0.6, n: i });
    for (const [i, x] of [-6.4, 6.4].entries()) things.push({ ...round("table", x, 5, 1.8, true), n: i }, { ...round("chair", x - 1.6, 5.4, 1.1, true), turn: -1.2, n: 2 + i });
    for (const [i, x] of [-4.6, 4.6].entries()) things.push({ ...round("lamp", x, -2.4, 0.4, true), n: i });
    return { round: false, w: 22, d: 22, start: { z: 7, spread: 3 }, things };
  },
  art() {
    const things: Thing[] = [];
    for (let i = 0; i < 4; i++) things.push(box("picture", -9 + i * 6, -13.7, 4, 0.3, 0, i, true));
    for (const side of [-1, 1]) for (let i = 0; i < 4; i++) things.push(box("picture", side * 14.7, -9 + i * 6, 4, 0.3, side < 0 ? Math.PI / 2 : -Math.PI / 2, 4 + i + (side < 0 ? 0 : 4), true));
    things.push(box("wall", -6, 1, 0.5, 9, 0, 0, true), box("wall", 6, 1, 0.5, 9, 0, 1, true));
    for (const [i, [x, turn]] of ([[-5.6, Math.PI / 2], [-6.4, -Math.PI / 2], [5.6, -Math.PI / 2], [6.4, Math.PI / 2]] as const).entries()) things.push(box("picture", x, 1, 5, 0.2, turn, 12 + i));
    for (const [i, z] of [-4, 6].entries()) things.push(box("bench", 0, z, 2.6, 0.9, 0, i, true));
    things.push({ ...round("plinth", -10.5, -8, 1.3, true), n: 0 }, { ...round("plinth", 10.5, -8, 1.3, true), n: 1 });
    return { round: false, w: 30, d: 28, start: { z: 11, spread: 3 }, things };
  },
  game() {
    const things: Thing[] = [round("ring", 0, 0, 12, false)];
    for (const [n, a] of spokes(6, 0)) things.push(box("seat", Math.sin(a) * 31, Math.cos(a) * 31, 26, 6, a, n, true));
    for (const [n, a] of spokes(6, Math.PI / 6)) things.push({ ...round("column", Math.sin(a) * 25, Math.cos(a) * 25, 1.6, true), n });
    for (const [n, a] of spokes(3, Math.PI / 3)) things.push(box("plinth", Math.sin(a) * 10, Math.cos(a) * 10, 3.2, 1.2, a, n, true));
    return { round: true, w: 50, d: 50, start: { z: 16, spread: 6 }, things };
  },
  aframe() {
    return { round: false, w: 32, d: 30, start: { z: 11, spread: 4 }, things: workshop() };
  },
  vrml() {
    const things: Thing[] = [];
    for (const [n, a] of spokes(6, 0)) things.push({ ...round("plinth", Math.sin(a) * 9, Math.cos(a) * 9 - 2, 2, true), n });
    for (const [n, a] of spokes(12, 0.26)) things.push({ ...round("column", Math.sin(a) * 24, Math.cos(a) * 24, 1.2, true), n });
    return { round: true, w: 54, d: 54, start: { z: 13, spread: 5 }, things };
  },
  "360"() {
    return { round: true, w: 22, d: 22, start: { z: 5, spread: 4 }, things: [round("ring", 0, 0, 20, false), round("pool", 0, 0, 3, false)] };
  },
  document() {
    const things: Thing[] = [box("rug", 0, 0, 13, 10, 0, 0), { ...box("table", 0, 0, 5.4, 2.4, 0, 0, true) }];
    for (const [n, a] of spokes(8, Math.PI / 8)) things.push({ ...round("chair", Math.sin(a) * 3.9, Math.cos(a) * 2.5, 0.8, true), turn: a, n });
    for (let i = 0; i < 5; i++) {
      const a = (i - 2) * 0.42;
      things.push(box("page", Math.sin(a) * 11.5, -Math.cos(a) * 11.5 + 2, 4, 0.2, -a, i, true));
    }
    for (const side of [-1, 1]) for (let i = 0; i < 3; i++) things.push(box("shelf", side * 12.4, -1 + i * 4, 3.4, 0.8, side < 0 ? Math.PI / 2 : -Math.PI / 2, i + (side < 0 ? 0 : 3), true));
    for (const [n, x] of [-7.5, 7.5].entries()) things.push({ ...round("lamp", x, 3, 0.5, true), n });
    return { round: false, w: 26, d: 24, start: { z: 8.5, spread: 3 }, things };
  },
};

function workshop(): Thing[] {
  const things: Thing[] = [round("ring", 0, -2, 9, false)];
  for (const [i, x] of [-2.4, 0, 2.4].entries()) things.push({ ...round("plinth", x, -2 - (i === 1 ? 1.2 : 0), 1.6, true), n: i });
  for (const side of [-1, 1]) for (let i = 0; i < 3; i++) things.push(box("table", side * 11.5, -7 + i * 6.5, 4.6, 1.5, Math.PI / 2, i + (side < 0 ? 0 : 3), true));
  things.push(box("stand", -8, -13.5, 6, 1, 0, 0, true), box("stand", 8, -13.5, 6, 1, 0, 1, true), box("page", 0, -13.6, 6.4, 0.2, 0, 0, true));
  for (const [n, [x, z]] of ([[-14, 12], [14, 12], [-14, -13], [14, -13]] as const).entries()) things.push({ ...round("column", x, z, 0.8, true), n });
  return things;
}

function* spokes(count: number, first: number): Generator<[number, number]> {
  for (let i = 0; i < count; i++) yield [i, first + (i / count) * 2 * Math.PI];
}

function box(is: Thing["is"], x: number, z: number, w: number, d: number, turn: number, n: number, solid = false): Thing {
  return { is, x, z, w, d, turn, round: false, solid, n };
}

function round(is: Thing["is"], x: number, z: number, size: number, solid: boolean): Thing {
  return { is, x, z, w: size, d: size, turn: 0, round: true, solid, n: 0 };
}

const elbow = 0.35; // how near to a thing the middle of a person comes

// settle moves a point out of solid things and back onto the ground.
export function settle(plan: Plan, x: number, z: number): { x: number; z: number } {
  let at = { x, z };
  for (const thing of plan.things) if (thing.solid) at = around(thing, at);
  return onGround(plan, at);
}

export function isFree(plan: Plan, x: number, z: number): boolean {
  const at = settle(plan, x, z);
  return Math.hypot(at.x - x, at.z - z) < 0.01;
}

function onGround(plan: Plan, at: { x: number; z: number }): { x: number; z: number } {
  if (!plan.round) return { x: clamp(at.x, plan.w / 2 - elbow), z: clamp(at.z, plan.d / 2 - elbow) };
  const r = Math.hypot(at.x, at.z);
  const most = plan.w / 2 - elbow;
  return r <= most ? at : { x: (at.x / r) * most, z: (at.z / r) * most };
}

function around(thing: Thing, at: { x: number; z: number }): { x: number; z: number } {
  const dx = at.x - thing.x;
  const dz = at.z - thing.z;
  if (thing.round) {
    const r = Math.hypot(dx, dz);
    const least = thing.w / 2 + elbow;
    if (r >= least) return at;
    if (r < 1e-6) return { x: thing.x, z: thing.z + least };
    return { x: thing.x + (dx / r) * least, z: thing.z + (dz / r) * least };
  }
  const [c, s] = [Math.cos(thing.turn), Math.sin(thing.turn)];
  let u = dx * c - dz * s;
  let v = dx * s + dz * c;
  const [hu, hv] = [thing.w / 2 + elbow, thing.d / 2 + elbow];
  if (Math.abs(u) >= hu || Math.abs(v) >= hv) return at;
  if (hu - Math.abs(u) < hv - Math.abs(v)) u = (u < 0 ? -1 : 1) * hu;
  else v = (v < 0 ? -1 : 1) * hv;
  return { x: thing.x + u * c + v * s, z: thing.z - u * s + v * c };
}

function clamp(n: number, most: number): number {
  return Math.max(-most, Math.min(most, n));
}
