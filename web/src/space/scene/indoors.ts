// Places with walls: the reading room of a blog post, the gallery of an art
// post, the study of a document.

import * as THREE from "three";
import { seeded } from "../../facade";
import { board, halo, Kit, type Paint, paint, sheet, texture, tint } from "./kit";
import { painting } from "./paintings";
import { dayPaper, nightPaper, pages, sign } from "./panel";
import type { Built, Builder } from "./place";
import { clouds, dome, orb, skyPaint, stars, town } from "./sky";

function lamplight(night: boolean): Pick<Built, "light" | "fog"> {
  return {
    fog: null,
    light: night
      ? { sky: paint("#ffd9ad"), ground: paint("#4a3144"), strength: 2.2, sun: paint("#ffcf9a"), sunStrength: 1.1, from: [0.3, 1, 0.5] }
      : { sky: paint("#fff6e6"), ground: paint("#c9b296"), strength: 2.2, sun: paint("#fff3d8"), sunStrength: 1.2, from: [0.3, 1, 0.5] },
  };
}

export const readingRoom: Builder = (plan, { title, byline, text, hue }, night) => {
  const kit = new Kit(night);
  const wall = tint(night ? 0.34 : 0.82, 0.045, hue);
  const wood = (l: number) => tint(night ? l * 0.72 : l, 0.06, 55);
  outside(kit, plan.seed);
  boards(kit, 22.6, 22.6, wood);
  for (const side of [-1, 1]) {
    kit.box(0.3, 4.6, 22.6, wall, { x: side * 11.3, y: 2.3 }, 0.8);
    for (const z of [-6, -2, 2, 6]) beam(kit, side * 11.05, z, wood(0.42));
  }
  windowWall(kit, 22.6, 11.3, wall, wood(0.42));
  kit.box(22.6, 4.6, 0.3, wall, { y: 2.3, z: -11.3 }, 0.8);
  kit.box(22.9, 0.9, 0.4, wood(0.45), { y: 0.45, z: -11.2 });
  roof(kit, wood);
  const sheets = pages(3, title, byline, text || "Nothing is written here yet. Be the first to talk about it.", night ? nightPaper : dayPaper);
  const random = seeded(plan.seed);
  for (const thing of plan.things) {
    kit.within(thing.x, thing.z, thing.turn, () => {
      switch (thing.is) {
        case "shelf":
          return shelf(kit, thing.w, wood, hue, random);
        case "page":
          return easel(kit, thing.w, wood);
        case "rug":
          return rug(kit, thing.w, thing.d, hue);
        case "chair":
          return armchair(kit, thing.w, tint(night ? 0.44 : 0.56, 0.11, hue + thing.n * 60));
        case "table":
          return sideTable(kit, thing.w, wood);
        case "lamp":
          return floorLamp(kit);
      }
    });
    if (thing.is === "page") kit.add(board(sheets[thing.n] as HTMLCanvasElement, 3.2, 4, { x: thing.x, y: 2.35, z: thing.z + 0.14 }));
    if (thing.is === "lamp") shine(kit, thing.x, thing.z);
  }
  return { group: kit.done(), ...lamplight(night) };
};

function outside(kit: Kit, seed: string): void {
  kit.add(dome(skyPaint(kit.night))).add(orb(kit.night, 30, 40, 140)).add(town(kit.night, seed, 55));
  kit.add(kit.night ? stars(260, seed) : clouds(seed));
  kit.floor(0, 120, tint(kit.night ? 0.28 : 0.72, 0.05, 140), -0.4);
}

function boards(kit: Kit, w: number, d: number, wood: (l: number) => Paint): void {
  const plank = 0.56;
  for (let i = 0; i * plank < w; i++) {
    const x = -w / 2 + (i + 0.5) * plank;
    const cut = ((i * 7) % 11) / 11;
    kit.slab(plank - 0.015, d * cut, wood(0.6 + ((i * 13) % 5) * 0.014), 0, { x, z: -d / 2 + (d * cut) / 2 });
    kit.slab(plank - 0.015, d * (1 - cut) - 0.02, wood(0.62 + ((i * 5) % 4) * 0.014), 0, { x, z: d / 2 - (d * (1 - cut)) / 2 });
  }
  kit.slab(w, d, wood(0.4), -0.01);
}

function beam(kit: Kit, x: number, z: number, color: Paint): void {
  kit.box(0.24, 4.6, 0.3, color, { x, y: 2.3, z }, 0.85);
}

// windowWall is the south side: tall panes to the evening outside.
function windowWall(kit: Kit, w: number, z: number, wall: Paint, frame: Paint): void {
  kit.box(w, 0.8, 0.3, wall, { y: 0.4, z });
  kit.box(w, 0.7, 0.3, wall, { y: 4.25, z });
  for (let i = 0; i <= 8; i++) kit.box(0.22, 3.1, 0.34, frame, { x: -w / 2 + (i * w) / 8, y: 2.35, z });
  kit.box(w, 0.12, 0.34, frame, { y: 2.6, z });
  const glass = new THREE.Mesh(new THREE.PlaneGeometry(w, 3.1), new THREE.MeshBasicMaterial({ color: kit.night ? 0x8a8fe0 : 0xffffff, transparent: true, opacity: 0.1, side: THREE.DoubleSide, depthWrite: false }));
  glass.position.set(0, 2.35, z);
  kit.add(glass);
}

function roof(kit: Kit, wood: (l: number) => Paint): void {
  for (const side of [-1, 1]) {
    const slope = new THREE.BoxGeometry(12.4, 0.2, 22.8).rotateZ(side * -0.34);
    kit.shape(slope, wood(kit.night ? 0.72 : 0.62), { x: side * 5.75, y: 6.5 }, 1);
  }
  for (const z of [-11.3, 11.3]) {
    const gable = new THREE.Shape([new THREE.Vector2(-11.4, 4.6), new THREE.Vector2(11.4, 4.6), new THREE.Vector2(0, 8.5)]);
    kit.shape(new THREE.ShapeGeometry(gable), wood(0.55), { z: z - Math.sign(z) * 0.05, turn: z > 0 ? Math.PI : 0 }, 1);
  }
  for (const z of [-6, -2, 2, 6]) {
    kit.box(22.4, 0.26, 0.26, wood(0.42), { y: 4.6, z }, 1);
    kit.box(0.22, 3.6, 0.22, wood(0.42), { y: 6.4, z }, 1);
    kit.glow(new THREE.IcosahedronGeometry(0.2, 2), [1, 1, 1], paint("#ffe2a8"), { y: 3.9, z });
    kit.tube(0.02, 0.02, 0.7, wood(0.3), { y: 4.3, z }, 4);
    if (kit.night) kit.add(halo(0, 3.9, z, 2.2, paint("#ffcf84"), 0.5));
  }
}

function shelf(kit: Kit, w: number, wood: (l: number) => Paint, hue: number, random: () => number): void {
  const h = 3.6;
  kit.box(w, h, 0.12, wood(0.34), { y: h / 2, z: -0.34 });
  for (const x of [-1, 1]) kit.box(0.1, h, 0.72, wood(0.45), { x: (x * (w - 0.1)) / 2, y: h / 2 });
  for (let row = 0; row <= 5; row++) kit.box(w, 0.08, 0.72, wood(0.47), { y: 0.1 + row * 0.68 }, 1);
  for (let row = 0; row < 5; row++) {
    for (let x = -w / 2 + 0.14; x < w / 2 - 0.3; ) {
      const thick = 0.08 + random() * 0.12;
      const tall = 0.36 + random() * 0.2;
      if (random() < 0.9) {
        const book = tint((kit.night ? 0.36 : 0.5) + random() * 0.16, 0.05 + random() * 0.08, random() < 0.5 ? hue + random() * 50 - 25 : random() * 360);
        kit.box(thick - 0.012, tall, 0.44, book, { x: x + thick / 2, y: 0.14 + row * 0.68 + tall / 2, z: 0.02 }, 0.7);
      }
      x += thick;
    }
  }
}

function easel(kit: Kit, w: number, wood: (l: number) => Paint): void {
  kit.box(w - 1.1, 4.3, 0.12, wood(0.4), { y: 2.35, z: 0.05 }, 1);
  kit.box(w - 0.9, 0.16, 0.34, wood(0.46), { y: 0.24, z: 0.1 });
}

function rug(kit: Kit, w: number, d: number, hue: number): void {
  const l = kit.night ? 0.4 : 0.62;
  kit.slab(w, d, tint(l, 0.1, hue), 0.012).slab(w - 0.5, d - 0.5, tint(l + 0.2, 0.05, hue + 40), 0.016).slab(w - 0.8, d - 0.8, tint(l - 0.02, 0.09, hue), 0.02);
  for (const i of [-1, 0, 1]) kit.slab(1.4, 1.4, tint(l + 0.16, 0.07, hue + 40), 0.024, { x: (i * w) / 4, turn: Math.PI / 4 }).slab(0.9, 0.9, tint(l - 0.06, 0.11, hue), 0.028, { x: (i * w) / 4, turn: Math.PI / 4 });
}

function armchair(kit: Kit, size: number, color: Paint): void {
  const s = size / 1.2;
  kit.box(1.0 * s, 0.34, 0.95 * s, color, { y: 0.36 });
  kit.box(1.0 * s, 0.85, 0.22, color, { y: 0.8, z: 0.42 * s, tilt: 0.12 });
  for (const x of [-1, 1]) kit.box(0.2, 0.5, 0.95 * s, color, { x: x * 0.52 * s, y: 0.46 });
}

function sideTable(kit: Kit, size: number, wood: (l: number) => Paint): void {
  kit.tube(size / 2, size / 2, 0.07, wood(0.5), { y: 0.72 }, 28, 1).tube(0.3, 0.07, 0.7, wood(0.4), { y: 0.36 }, 12);
  kit.tube(0.09, 0.11, 0.12, paint("#f5efe2"), { x: 0.25, y: 0.82, z: 0.1 }, 12);
  kit.box(0.34, 0.06, 0.24, tint(0.55, 0.12, 25), { x: -0.2, y: 0.79, z: -0.1, turn: 0.5 });
}

export function floorLamp(kit: Kit): void {
  kit.tube(0.2, 0.18, 0.05, paint("#3a3550"), { y: 0.03 }, 18).tube(0.025, 0.025, 1.7, paint("#8a744e"), { y: 0.88 }, 6);
  kit.glow(new THREE.CylinderGeometry(0.17, 0.34, 0.42, 20, 1), [1, 1, 1], paint("#ffd796"), { y: 1.86 });
}

function shine(kit: Kit, x: number, z: number): void {
  kit.add(halo(x, 1.9, z, kit.night ? 3.4 : 1.6, paint("#ffcf84"), kit.night ? 0.5 : 0.25));
  if (kit.night) kit.pool(x, z, 3.2, paint("#ffb85c"), 0.34, 0.04);
}

export const gallery: Builder = (plan, { title, byline, hue, pictures }, night) => {
  const kit = new Kit(night);
  const wall = night ? paint("#5d5e88") : paint("#f7f3ea");
  const trim = night ? paint("#23244a") : paint("#d9d0bf");
  kit.add(dome(skyPaint(night)));
  kit.add(night ? stars(240, plan.seed) : clouds(plan.seed));
  const polish = (l: number) => tint(night ? l * 0.62 : l, 0.014, night ? 280 : 80);
  for (let i = 0; i < 10; i++) for (let j = 0; j < 10; j++) kit.slab(3.06, 2.86, polish(0.8 + ((i + j) % 2) * 0.035), 0, { x: -13.8 + i * 3.06, z: -12.9 + j * 2.87 });
  kit.box(30.6, 5.4, 0.4, wall, { y: 2.7, z: -14.1 }, 0.86).box(30.6, 5.4, 0.4, wall, { y: 2.7, z: 14.1 }, 0.86);
  for (const side of [-1, 1]) kit.box(0.4, 5.4, 28.6, wall, { x: side * 15.1, y: 2.7 }, 0.86);
  for (const z of [-13.88, 13.88]) kit.box(30.2, 0.22, 0.08, trim, { y: 0.11, z }, 1);
  for (const x of [-14.88, 14.88]) kit.box(0.08, 0.22, 28.2, trim, { x, y: 0.11 }, 1);
  skylight(kit, trim);
  const hung: THREE.Mesh[] = [];
  for (const thing of plan.things) {
    const place = thing.is === "picture" ? placeOf(thing.n, pictures.length) : 0;
    if (place < 0) continue;
    kit.within(thing.x, thing.z, thing.turn, () => {
      switch (thing.is) {
        case "picture":
          return frame(kit, thing.w, thing.n);
        case "wall":
          kit.box(thing.w, 4, thing.d, wall, { y: 2 }, 0.86);
          return;
        case "bench":
          kit.box(thing.w, 0.14, thing.d, tint(night ? 0.4 : 0.58, 0.06, 55), { y: 0.45 }).box(thing.w * 0.8, 0.4, 0.1, trim, { y: 0.2 });
          return;
        case "plinth":
          return sculpture(kit, thing.n, hue);
      }
    });
    if (thing.is === "picture") hung[place] = hang(kit, plan.seed, thing, hue);
  }
  kit.add(board(sign(title, byline, "", night ? "#fff1cf" : "#2a2f57"), 10, 2.5, { y: 4.2, z: 13.85, turn: Math.PI }));
  kit.add(board(sign(title, byline, "", night ? "#fff1cf" : "#2a2f57", 1024, 180), 9, 1.58, { y: 4.55, z: -13.86 }));
  return {
    group: kit.done(),
    ...lamplight(night),
    hang(picture, n) {
      const mesh = hung[n] as THREE.Mesh<THREE.PlaneGeometry, THREE.MeshBasicMaterial>;
      const { width, height } = mesh.geometry.parameters;
      mesh.material.map?.dispose();
      mesh.material.map = texture(mount(picture, width / height));
    },
  };
};

// The places of a gallery in the order in which pictures of a post take them:
// what one sees on arriving first.
const bestPlaces = [1, 2, 13, 14, 0, 3, 12, 15, 6, 10, 5, 9, 7, 11, 4, 8];

// placeOf numbers the place n for so many pictures; -1 leaves it empty. A post
// without pictures fills all of them.
function placeOf(n: number, pictures: number): number {
  const place = bestPlaces.indexOf(n);
  return pictures === 0 || place < pictures ? place : -1;
}

const margin = 1.07;

// mount puts a picture of any shape whole onto card of a frame's shape.
function mount(picture: HTMLCanvasElement, ratio: number): HTMLCanvasElement {
  const w = Math.max(picture.width, picture.height * ratio) * margin;
  const [canvas, c] = sheet(Math.round(w), Math.round(w / ratio));
  c.fillStyle = "#f6f2e8";
  c.fillRect(0, 0, canvas.width, canvas.height);
  c.drawImage(picture, (canvas.width - picture.width) / 2, (canvas.height - picture.height) / 2);
  return canvas;
}

function skylight(kit: Kit, trim: Paint): void {
  const roofPaint = kit.night ? paint("#2c2d50") : paint("#efe9dc");
  for (const side of [-1, 1]) kit.box(9, 0.2, 28.6, roofPaint, { x: side * 10.8, y: 5.45 }, 1);
  for (const z of [-13, 13]) kit.box(13, 0.2, 3, roofPaint, { y: 5.45, z }, 1);
  for (let i = 0; i <= 6; i++) kit.box(13, 0.2, 0.14, trim, { y: 5.5, z: -11.4 + i * 3.8 }, 1);
  for (const x of [-6.4, 0, 6.4]) kit.box(0.16, 0.24, 23, trim, { x, y: 5.5 }, 1);
}

const pictureHeight = 2.3;

function frame(kit: Kit, w: number, n: number): void {
  const gilt = n % 3 === 0 ? paint(kit.night ? "#a98345" : "#c9a25c") : n % 3 === 1 ? paint("#2a2740") : paint(kit.night ? "#8d8aa8" : "#ffffff");
  kit.box(w * 0.72 + 0.28, pictureHeight + 0.28, 0.1, gilt, { y: 2.3, z: 0.12 }, 1);
  kit.box(0.5, 0.26, 0.02, paint(kit.night ? "#c9c6dd" : "#ffffff"), { x: w * 0.36 + 0.6, y: 1.5, z: 0.12 }, 1);
  kit.box(0.9, 0.06, 0.12, paint("#3a3550"), { y: 3.95, z: 0.36 }, 1);
}

function hang(kit: Kit, seed: string, thing: { x: number; z: number; w: number; turn: number; n: number }, hue: number): THREE.Mesh {
  const [s, c] = [Math.sin(thing.turn), Math.cos(thing.turn)];
  const picture = board(painting(`${seed} ${thing.n}`, hue), thing.w * 0.72, pictureHeight, { x: thing.x + s * 0.19, y: 2.3, z: thing.z + c * 0.19, turn: thing.turn });
  kit.add(picture);
  const light = paint(kit.night ? "#ffdca0" : "#fff6dd");
  kit.pool(thing.x + s * 1.5, thing.z + c * 1.5, 1.9, light, kit.night ? 0.4 : 0.12, 0.03);
  if (kit.night) kit.add(halo(thing.x + s * 0.5, 3.4, thing.z + c * 0.5, 3.2, light, 0.16));
  return picture;
}

function sculpture(kit: Kit, n: number, hue: number): void {
  kit.box(1.1, 1.1, 1.1, kit.night ? paint("#565781") : paint("#ffffff"), { y: 0.55 });
  const bronze = tint(kit.night ? 0.58 : 0.62, 0.12, hue + n * 120);
  if (n === 0) kit.shape(new THREE.TorusKnotGeometry(0.42, 0.13, 90, 10), bronze, { y: 1.85 }, 0.6);
  else for (let i = 0; i < 9; i++) kit.box(0.5 - i * 0.03, 0.13, 0.5 - i * 0.03, bronze, { y: 1.2 + i * 0.16, turn: i * 0.35 }, 0.8);
}

export const study: Builder = (plan, { title, byline, text, hue }, night) => {
  const kit = new Kit(night);
  const wood = (l: number) => tint(night ? l * 0.7 : l, 0.045, 60);
  const wall = tint(night ? 0.33 : 0.86, 0.03, 165);
  outside(kit, plan.seed);
  boards(kit, 26.6, 24.6, wood);
  kit.box(26.8, 4.8, 0.3, wall, { y: 2.4, z: -12.3 }, 0.8);
  for (const side of [-1, 1]) kit.box(0.3, 4.8, 24.8, wall, { x: side * 13.3, y: 2.4 }, 0.8);
  windowWall(kit, 26.8, 12.3, wall, wood(0.4));
  for (const z of [-9, -4.5, 0, 4.5, 9]) kit.box(26.8, 0.3, 0.3, wood(0.4), { y: 4.75, z }, 1);
  const sheets = pages(5, title, byline, text || "This document is empty.", night ? nightPaper : dayPaper);
  const random = seeded(plan.seed);
  for (const thing of plan.things) {
    kit.within(thing.x, thing.z, thing.turn, () => {
      switch (thing.is) {
        case "shelf":
          return shelf(kit, thing.w, wood, 165, random);
        case "rug":
          return rug(kit, thing.w, thing.d, hue);
        case "table":
          return bigTable(kit, thing.w, thing.d, wood);
        case "chair":
          return officeChair(kit, tint(night ? 0.42 : 0.55, 0.08, hue));
        case "lamp":
          return floorLamp(kit);
        case "page":
          return easel(kit, 4.3, wood);
      }
    });
    if (thing.is === "lamp") shine(kit, thing.x, thing.z);
    if (thing.is === "page") {
      const at = { x: thing.x + Math.sin(thing.turn) * 0.14, y: 2.3, z: thing.z + Math.cos(thing.turn) * 0.14, turn: thing.turn };
      kit.add(board(sheets[thing.n] as HTMLCanvasElement, 3.1, 3.88, at));
    }
  }
  kit.add(halo(0, 3.2, 0, night ? 5 : 2, paint("#ffd796"), night ? 0.5 : 0.25));
  kit.glow(new THREE.CylinderGeometry(0.5, 1, 0.4, 28), [1, 1, 1], paint("#ffe2a8"), { y: 3.3 });
  kit.tube(0.02, 0.02, 1.3, wood(0.3), { y: 4.1 }, 4);
  if (night) kit.pool(0, 0, 4, paint("#ffc46b"), 0.3, 0.05);
  return { group: kit.done(), ...lamplight(night) };
};

function bigTable(kit: Kit, w: number, d: number, wood: (l: number) => Paint): void {
  kit.box(w, 0.1, d, wood(0.56), { y: 0.76 }, 1);
  for (const x of [-1, 1]) for (const z of [-1, 1]) kit.box(0.14, 0.72, 0.14, wood(0.4), { x: x * (w / 2 - 0.2), y: 0.36, z: z * (d / 2 - 0.2) });
  const paper = paint(kit.night ? "#e8dcc4" : "#fffdf6");
  for (let i = 0; i < 7; i++) kit.box(0.34, 0.012, 0.46, paper, { x: -2.1 + i * 0.7, y: 0.82, z: ((i * 5) % 3) * 0.5 - 0.5, turn: i * 1.3 }, 1);
  kit.box(0.5, 0.2, 0.38, tint(0.5, 0.1, 25), { x: 1.9, y: 0.92, z: 0.5, turn: 0.3 });
}

function officeChair(kit: Kit, color: Paint): void {
  kit.box(0.6, 0.09, 0.58, color, { y: 0.48 }).box(0.6, 0.62, 0.08, color, { y: 0.85, z: 0.3, tilt: 0.1 });
  kit.tube(0.04, 0.04, 0.44, paint("#3a3550"), { y: 0.22 }, 6).tube(0.3, 0.26, 0.05, paint("#3a3550"), { y: 0.03 }, 12);
}
