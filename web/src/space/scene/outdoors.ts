// Places under the open sky: the plaza of a city room, the lobby, the panorama.

import * as THREE from "three";
import { build, seeded } from "../../facade";
import type { Thing } from "../plan";
import { board, halo, Kit, type Paint, paint, texture, tint } from "./kit";
import { sign } from "./panel";
import type { Built, Builder } from "./place";
import { clouds, dome, orb, skyPaint, stars, town } from "./sky";

export function heaven(kit: Kit, seed: string): void {
  kit.add(dome(skyPaint(kit.night))).add(orb(kit.night));
  kit.add(kit.night ? stars(420, seed) : clouds(seed));
}

export function daylight(night: boolean): Pick<Built, "light" | "fog"> {
  const { low, mid } = skyPaint(night);
  return {
    fog: { color: low.clone().lerp(mid, 0.45), near: 45, far: 190 },
    light: night
      ? { sky: paint("#8d8fd8"), ground: paint("#3b2f52"), strength: 2.7, sun: paint("#c9c4ff"), sunStrength: 1.5, from: [-0.5, 0.8, -0.6] }
      : { sky: paint("#dcecff"), ground: paint("#cdb796"), strength: 2.1, sun: paint("#fff0d0"), sunStrength: 1.7, from: [-0.5, 0.9, 0.4] },
  };
}

export const plaza: Builder = (plan, { title, byline, hue }, night) => {
  const kit = new Kit(night);
  const stone = (l: number, c = 0.03) => tint(night ? l * 0.62 : l, c, hue);
  heaven(kit, plan.seed);
  kit.add(town(night, plan.seed));
  paving(kit, stone, hue);
  for (const thing of plan.things) furnish(kit, thing, hue, plan.seed);
  for (const thing of plan.things) if (thing.is === "lamp") lampLight(kit, thing);
  headSign(kit, title, byline, hue);
  const water = fountain(kit, plan.things[0] as Thing, hue);
  return { group: kit.done(), ...daylight(night), animate: (t) => ripple(water, t) };
};

function paving(kit: Kit, stone: (l: number, c?: number) => Paint, hue: number): void {
  kit.floor(0, 120, stone(0.6, 0.04), -0.06);
  kit.floor(0, 28.4, stone(0.78), 0);
  for (const [i, r] of [26, 20.5, 15, 9.4].entries()) kit.floor(r, r + (i % 2 ? 0.5 : 0.9), stone(0.66, 0.07), 0.012, { z: r < 20 ? -3 : 0 });
  for (let i = 0; i < 16; i++) {
    const a = (i / 16) * 2 * Math.PI;
    kit.within(Math.sin(a) * 16.3, Math.cos(a) * 16.3 - 1.5, a, () => kit.slab(0.55, 8.2, stone(0.69, 0.06), 0.014));
  }
  const star = tint(kit.night ? 0.55 : 0.62, 0.13, hue);
  for (let i = 0; i < 8; i++) {
    const a = (i / 8) * 2 * Math.PI;
    kit.within(Math.sin(a) * 6.4, Math.cos(a) * 6.4 - 3, a + Math.PI / 4, () => kit.slab(1.1, 1.1, star, 0.016));
  }
}

function furnish(kit: Kit, thing: Thing, hue: number, seed: string): void {
  kit.within(thing.x, thing.z, thing.turn, () => {
    switch (thing.is) {
      case "building":
        return house(kit, thing.n === 0 ? seed : `${seed} ${thing.n}`, thing.w, thing.n === 0 ? 15 : 7 + (thing.n % 4) * 1.7, thing.n === 0 ? hue : hue + ((thing.n * 47) % 70) - 35, thing.n === 0);
      case "lamp":
        return streetLamp(kit);
      case "tree":
        return tree(kit, thing.n, hue);
      case "bench":
        return bench(kit);
    }
  });
}

// house is the front that /city draws for a room, with a body behind it.
export function house(kit: Kit, slug: string, w: number, h: number, hue: number, isOwn: boolean): void {
  const front = build(slug);
  const scale = w / front.w;
  const tall = h / front.h;
  const random = seeded(`${slug} lights`);
  const light = kit.night ? 0.4 : 0.74;
  for (const b of front.blocks) {
    const wall = tint(light + (b.tone - 0.7) * 0.045, 0.07, hue);
    const width = b.w * scale;
    const height = b.h * tall;
    const x = (b.x + b.w / 2 - front.w / 2) * scale;
    kit.box(width, height, 5 + b.tone, wall, { x, y: height / 2, z: -3.4 - b.tone / 2 }, 0.6);
    kit.box(width + 0.24, 0.28, 5.4 + b.tone, tint(light + 0.16, 0.08, hue), { x, y: height + 0.1, z: -3.4 - b.tone / 2 }, 1);
    if (b.roof === "gable" || b.roof === "dome") kit.ball(width * 0.32, tint(light + 0.06, 0.09, hue), { x, y: height, z: -3.4 }, 2, 0.7);
    if (b.roof === "mast") kit.tube(0.07, 0.07, 3, tint(light + 0.1, 0.05, hue), { x, y: height + 1.5, z: -3.4 }, 6);
    if (b.roof === "tank") kit.tube(0.8, 0.8, 1.3, tint(light - 0.05, 0.06, hue), { x, y: height + 1.1, z: -3.4 }, 10);
  }
  const warm = paint("#ffd27a");
  const dim = tint(kit.night ? 0.24 : 0.48, 0.05, hue);
  for (const [i, p] of front.windows.entries()) {
    const isLit = kit.night ? random() < (isOwn ? 0.46 : 0.24) : random() < 0.06;
    const at = { x: (p.x + 2.8 - front.w / 2) * scale, y: (front.h - p.y - 3.6) * tall, z: -0.86 };
    kit.glow("box", [5.6 * scale, 7.2 * tall, 0.08], isLit ? warm.clone().multiplyScalar(0.75 + ((i * 37) % 25) / 100) : dim, at);
  }
  kit.glow("box", [8 * scale, 2.5, 0.1], kit.night ? paint("#ffbf5e") : tint(0.42, 0.06, hue), { x: (front.door.x + front.door.w / 2 - front.w / 2) * scale, y: 1.25, z: -0.82 });
}

export function streetLamp(kit: Kit): void {
  const iron = paint(kit.night ? "#2c3058" : "#566089");
  kit.tube(0.24, 0.16, 0.35, iron, { y: 0.17 });
  kit.tube(0.07, 0.055, 3.6, iron, { y: 1.9 }, 8);
  kit.tube(0.2, 0.3, 0.14, iron, { y: 3.72 });
  kit.glow(new THREE.IcosahedronGeometry(0.27, 2), [1, 1, 1], paint(kit.night ? "#ffe3a6" : "#fff6df"), { y: 4.02 });
  kit.tube(0.3, 0.04, 0.2, iron, { y: 4.34 });
}

function lampLight(kit: Kit, thing: Thing): void {
  if (!kit.night) return;
  kit.pool(thing.x, thing.z, 4.6, paint("#ffc46b"), 0.34);
  kit.add(halo(thing.x, 4.02, thing.z, 2.6, paint("#ffcf84"), 0.6));
}

export function tree(kit: Kit, n: number, hue: number): void {
  const h = 2.6 + ((n * 7) % 5) * 0.34;
  const leaf = (d: number) => tint((kit.night ? 0.38 : 0.68) + d, 0.09, 150 + ((n * 29 + hue) % 40) - 20);
  kit.tube(0.17, 0.11, h, tint(kit.night ? 0.3 : 0.45, 0.05, 60), { y: h / 2 }, 7);
  kit.ball(1.35, leaf(0), { y: h + 0.6, turn: n }, 1, 0.92);
  kit.ball(0.95, leaf(0.05), { x: 0.75, y: h + 0.2, z: 0.2, turn: n * 2 }, 1);
  kit.ball(0.85, leaf(-0.04), { x: -0.7, y: h + 0.35, z: -0.25, turn: n * 3 }, 1);
  kit.floor(0, 0.95, tint(kit.night ? 0.3 : 0.52, 0.05, 70), 0.02);
}

export function bench(kit: Kit): void {
  const wood = paint(kit.night ? "#7d5a48" : "#b98a5f");
  const iron = paint(kit.night ? "#2c3058" : "#566089");
  for (const i of [-1, 0, 1]) kit.box(2.4, 0.06, 0.17, wood, { y: 0.46, z: i * 0.2 });
  for (const i of [0, 1]) kit.box(2.4, 0.16, 0.05, wood, { y: 0.66 + i * 0.2, z: 0.33 });
  for (const x of [-1, 1]) kit.box(0.08, 0.46, 0.55, iron, { x: x * 0.95, y: 0.23 });
}

function fountain(kit: Kit, at: Thing, hue: number): THREE.Mesh {
  const rim = tint(kit.night ? 0.52 : 0.84, 0.03, hue);
  kit.within(at.x, at.z, 0, () => {
    kit.tube(3.75, 3.6, 0.55, rim, { y: 0.27 }, 40, 0.7);
    kit.tube(0.5, 0.34, 1.5, rim, { y: 0.9 }, 16);
    kit.tube(0.35, 1.5, 0.35, rim, { y: 1.7 }, 28);
    kit.tube(0.22, 0.14, 0.9, rim, { y: 2.2 }, 12);
    kit.ball(0.3, tint(kit.night ? 0.7 : 0.8, 0.12, hue), { y: 2.75 }, 2);
  });
  const water = new THREE.Mesh(new THREE.CircleGeometry(3.35, 48).rotateX(-Math.PI / 2), new THREE.MeshBasicMaterial({ color: tint(kit.night ? 0.5 : 0.78, 0.09, 235), transparent: true, opacity: 0.86 }));
  water.position.set(at.x, 0.57, at.z);
  kit.add(water);
  for (let i = 0; i < 6; i++) {
    const jet = new THREE.Mesh(new THREE.TubeGeometry(arcOf(i), 10, 0.035, 5), new THREE.MeshBasicMaterial({ color: kit.night ? 0xbfd4ff : 0xffffff, transparent: true, opacity: 0.55 }));
    jet.position.set(at.x, 0, at.z);
    kit.add(jet);
  }
  if (kit.night) kit.pool(at.x, at.z, 5.5, tint(0.75, 0.12, hue), 0.25, 0.6);
  return water;
}

function arcOf(i: number): THREE.CatmullRomCurve3 {
  const a = (i / 6) * 2 * Math.PI + 0.3;
  const at = (r: number, y: number) => new THREE.Vector3(Math.sin(a) * r, y, Math.cos(a) * r);
  return new THREE.CatmullRomCurve3([at(0.1, 2.7), at(0.6, 3.0), at(1.3, 2.3), at(1.9, 0.6)]);
}

function ripple(water: THREE.Mesh, t: number): void {
  water.position.y = 0.57 + Math.sin(t * 1.3) * 0.012;
}

// headSign hangs in front of the room's own house.
function headSign(kit: Kit, title: string, byline: string, hue: number): void {
  const ground = `oklch(${kit.night ? "0.24 0.06" : "0.32 0.09"} ${hue})`;
  const post = tint(kit.night ? 0.3 : 0.4, 0.05, hue);
  for (const x of [-4.4, 4.4]) kit.tube(0.12, 0.12, 5.6, post, { x, y: 2.8, z: -26.6 }, 10);
  kit.box(9.4, 2.6, 0.16, post, { y: 4.7, z: -26.7 }, 1);
  kit.add(board(sign(title, byline, ground, "#fff7e2"), 9, 2.25, { y: 4.7, z: -26.58 }));
  if (kit.night) kit.pool(0, -24.6, 5, paint("#ffc46b"), 0.3);
}

export const lobby: Builder = (plan, { title, byline }, night) => {
  const kit = new Kit(night);
  const hue = 285;
  const marble = (l: number, c = 0.018, h = 80) => tint(night ? l * 0.66 : l, c, night ? hue : h);
  heaven(kit, plan.seed);
  kit.add(town(night, plan.seed, 70));
  kit.floor(0, 130, tint(night ? 0.3 : 0.72, 0.05, night ? hue : 130), -0.08);
  kit.floor(0, 29.2, marble(0.86), 0);
  kit.floor(25, 25.6, tint(0.7, 0.12, 75), 0.012).floor(8.2, 9, tint(0.7, 0.12, 75), 0.014).floor(17.2, 17.5, marble(0.7), 0.012);
  for (let i = 0; i < 16; i++) {
    const a = (i / 16) * 2 * Math.PI;
    const isLong = i % 2 === 0;
    const needle = new THREE.CircleGeometry(isLong ? 7.6 : 4.6, 3).rotateX(-Math.PI / 2).scale(0.16, 1, 1).translate(0, 0, isLong ? 2.8 : 1.7);
    kit.shape(needle, isLong ? tint(night ? 0.56 : 0.5, 0.13, (hue + i * 22) % 360) : marble(0.64, 0.04), { turn: a, y: 0.02 }, 1);
    kit.within(Math.sin(a) * 21.2, Math.cos(a) * 21.2, a, () => kit.slab(0.4, 6.4, marble(0.74, 0.03), 0.013));
  }
  for (const thing of plan.things) kit.within(thing.x, thing.z, thing.turn, () => lobbyThing(kit, thing, marble));
  canopy(kit, marble);
  kit.add(board(sign(title, byline, "", night ? "#fff1cf" : "#3b2c86", 1024, 230), 11, 2.5, { y: 7.25, z: -18.1 }));
  const lanterns = drift(kit);
  return {
    group: kit.done(),
    ...daylight(night),
    animate(t) {
      for (const [i, lantern] of lanterns.entries()) lantern.position.y = 5.2 + (i % 3) * 0.9 + Math.sin(t * 0.5 + i * 1.7) * 0.35;
    },
  };
};

function lobbyThing(kit: Kit, thing: Thing, marble: (l: number, c?: number, h?: number) => Paint): void {
  switch (thing.is) {
    case "column":
      kit.tube(0.95, 0.85, 0.4, marble(0.8), { y: 0.2 }, 20).tube(0.58, 0.48, 5.6, marble(0.9), { y: 3.2 }, 20, 0.7).tube(0.5, 0.9, 0.5, marble(0.84), { y: 6.2 }, 20);
      if (kit.night) {
        kit.glow(new THREE.IcosahedronGeometry(0.17, 1), [1, 1.5, 1], paint("#ffd98f"), { y: 3, z: -0.72 });
        kit.pool(thing.x * 0.94, thing.z * 0.94, 2.6, paint("#ffc46b"), 0.26);
      }
      return;
    case "arch": {
      const hue = [45, 165, 235, 330][thing.n % 4] as number;
      for (const x of [-2.6, 2.6]) kit.box(0.9, 4.2, 1.2, marble(0.8), { x, y: 2.1 }, 0.7);
      kit.shape(new THREE.TorusGeometry(2.6, 0.48, 10, 28, Math.PI), marble(0.84), { y: 4.2 }, 1);
      kit.glow(new THREE.CircleGeometry(2.2, 32, 0, Math.PI), [1, 1, 1], tint(kit.night ? 0.62 : 0.84, 0.12, hue), { y: 4.2, turn: Math.PI });
      kit.glow("box", [4.4, 4.2, 0.06], tint(kit.night ? 0.56 : 0.8, 0.12, hue), { y: 2.1 });
      kit.pool(thing.x * 0.9, thing.z * 0.9, 4, tint(0.7, 0.14, hue), kit.night ? 0.35 : 0.2);
      return;
    }
    case "bench":
      return bench(kit);
    case "tree":
      kit.tube(0.6, 0.78, 0.8, marble(0.76, 0.05), { y: 0.4 }, 18);
      return tree(kit, thing.n + 2, 285);
  }
}

// canopy is the ring that the columns carry, open to the sky in the middle.
function canopy(kit: Kit, marble: (l: number, c?: number) => Paint): void {
  const ring = new THREE.LatheGeometry([[17.7, 6.45], [20.4, 6.45], [20.6, 7.0], [19.4, 8.1], [17.4, 8.5], [17.7, 6.45]].map(([x, y]) => new THREE.Vector2(x, y)), 64);
  kit.shape(ring, marble(0.88), {}, 0.86);
  kit.shape(new THREE.TorusGeometry(17.6, 0.09, 6, 96).rotateX(Math.PI / 2), tint(0.72, 0.13, 75), { y: 6.6 }, 1);
}

function drift(kit: Kit): THREE.Object3D[] {
  return Array.from({ length: 9 }, (_, i) => {
    const a = (i / 9) * 2 * Math.PI + 0.2;
    const r = 4 + (i % 3) * 3.4;
    const lantern = new THREE.Group();
    const color = paint(["#ffd27a", "#ffb38a", "#c9b8ff"][i % 3] as string);
    lantern.add(new THREE.Mesh(new THREE.IcosahedronGeometry(0.26, 2), new THREE.MeshBasicMaterial({ color })), halo(0, 0, 0, kit.night ? 2.4 : 1.2, color, kit.night ? 0.7 : 0.4));
    lantern.position.set(Math.sin(a) * r, 5, Math.cos(a) * r);
    kit.add(lantern);
    return lantern;
  });
}

// panorama stands in the middle of a picture that goes all around: the post's
// own, or ranges of hills one behind the other, above clouds.
export const panorama: Builder = (plan, { title, byline, hue }, night) => {
  const kit = new Kit(night);
  const random = seeded(plan.seed);
  const colors = night
    ? { top: paint("#05071a"), mid: tint(0.34, 0.1, hue), low: tint(0.62, 0.15, hue - 60) }
    : { top: tint(0.66, 0.11, 245), mid: tint(0.86, 0.06, 230), low: tint(0.93, 0.07, 70) };
  const far = new THREE.Group().add(dome(colors), orb(night, -40, 44, -150), night ? stars(700, plan.seed) : clouds(plan.seed));
  for (let i = 0; i < 6; i++) far.add(range(150 - i * 18, 46 - i * 6.6, colors.low.clone().lerp(tint(night ? 0.15 : 0.5, 0.07, hue), (i + 1) / 7), random));
  far.add(mist(colors.low));
  kit.add(far);
  kit.floor(0, 11.2, tint(night ? 0.4 : 0.86, 0.03, hue), 0).floor(10.6, 11.2, tint(0.72, 0.12, 75), 0.02).floor(5.8, 6, tint(0.72, 0.1, 75), 0.02);
  kit.tube(11.2, 9.4, 1.2, tint(night ? 0.3 : 0.7, 0.04, hue), { y: -0.62 }, 64);
  for (let i = 0; i < 24; i++) {
    const a = (i / 24) * 2 * Math.PI;
    kit.tube(0.05, 0.05, 1, tint(0.72, 0.12, 75), { x: Math.sin(a) * 11, y: 0.5, z: Math.cos(a) * 11 }, 6);
  }
  kit.shape(new THREE.TorusGeometry(11, 0.06, 6, 96).rotateX(Math.PI / 2), tint(0.76, 0.13, 75), { y: 1 }, 1);
  kit.floor(0, 1.5, tint(night ? 0.6 : 0.7, 0.13, hue), 0.02);
  far.add(board(sign(title, byline, "", night ? "#fff4de" : "#2a2f57"), 9, 2.25, { y: 4.6, z: -14 }));
  return {
    group: kit.done(),
    ...daylight(night),
    fog: null,
    hang(picture) {
      far.visible = false;
      kit.add(around(picture));
    },
  };
};

// around is a picture of everything in every direction (equirectangular), with
// its middle where people look when they arrive.
function around(picture: HTMLCanvasElement): THREE.Mesh {
  const map = texture(picture);
  // Without smaller copies: they show as a seam behind the visitor.
  map.generateMipmaps = false;
  map.minFilter = THREE.LinearFilter;
  const ball = new THREE.SphereGeometry(180, 64, 40).scale(-1, 1, 1).rotateY(-Math.PI / 2);
  const mesh = new THREE.Mesh(ball, new THREE.MeshBasicMaterial({ map, fog: false, depthWrite: false, toneMapped: false }));
  mesh.position.y = 1.6; // the camera that took it was held at a person's height
  mesh.renderOrder = -1;
  return mesh;
}

function range(r: number, height: number, color: THREE.Color, random: () => number): THREE.Mesh {
  const steps = 160;
  const waves = Array.from({ length: 5 }, (_, i) => ({ n: 2 + i * 3 + Math.floor(random() * 3), p: random() * 6.3, a: 0.5 / (i + 1) }));
  const at: number[] = [];
  const index: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const a = (i / steps) * 2 * Math.PI;
    const top = height * (0.35 + waves.reduce((sum, w) => sum + w.a * (0.5 + 0.5 * Math.sin(a * w.n + w.p)), 0) * 0.62);
    at.push(Math.sin(a) * r, -40, Math.cos(a) * r, Math.sin(a) * r, top - 6, Math.cos(a) * r);
    if (i < steps) index.push(i * 2, i * 2 + 1, i * 2 + 2, i * 2 + 1, i * 2 + 3, i * 2 + 2);
  }
  const g = new THREE.BufferGeometry();
  g.setAttribute("position", new THREE.Float32BufferAttribute(at, 3));
  g.setIndex(index);
  return new THREE.Mesh(g, new THREE.MeshBasicMaterial({ color, side: THREE.DoubleSide, fog: false }));
}

function mist(color: Paint): THREE.Group {
  const group = new THREE.Group();
  for (let i = 0; i < 3; i++) {
    const disc = new THREE.Mesh(new THREE.RingGeometry(12 + i * 14, 170, 64).rotateX(-Math.PI / 2), new THREE.MeshBasicMaterial({ color, transparent: true, opacity: 0.32, fog: false, depthWrite: false }));
    disc.position.y = -9 - i * 3;
    group.add(disc);
  }
  return group;
}
