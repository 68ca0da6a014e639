// Places where worlds are made: the workshop of an A-Frame post and the
// cyberspace of a VRML one.

import * as THREE from "three";
import type { Thing } from "../plan";
import { board, halo, Kit, type Paint, paint, tint } from "./kit";
import { dayPaper, nightPaper, pages, sign } from "./panel";
import type { Builder } from "./place";
import { daylight, heaven } from "./outdoors";
import { dome, stars } from "./sky";

export const workshop: Builder = (plan, { title, byline, text, hue }, night) => {
  const kit = new Kit(night);
  const steel = (l: number) => tint(night ? l * 0.66 : l, 0.03, 250);
  const wood = (l: number) => tint(night ? l * 0.7 : l, 0.06, 60);
  heaven(kit, plan.seed);
  kit.floor(0, 120, tint(night ? 0.26 : 0.7, 0.05, 140), -0.3);
  blueprint(kit, plan.w, plan.d);
  kit.box(32.4, 5.4, 0.4, steel(0.72), { y: 2.7, z: -15.2 }, 0.8);
  for (const z of [-13, -4.5, 4, 12]) gantry(kit, z, steel);
  for (const thing of plan.things) if (thing.is !== "plinth") kit.within(thing.x, thing.z, thing.turn, () => tool(kit, thing, steel, wood, hue));
  const stage = new Kit(night);
  const [page] = pages(1, title, byline, text || "An A-Frame scene. What is being built here is up to those who meet here.", night ? nightPaper : dayPaper);
  kit.add(board(page as HTMLCanvasElement, 2.9, 3.6, { x: -4.9, y: 2.4, z: -14.96 }));
  kit.add(board(sign(title, byline, `oklch(0.36 0.11 255)`, "#eaf2ff", 1024, 300), 6.2, 1.82, { y: 3.4, z: -14.96 }));
  const plinths = plan.things.filter((t) => t.is === "plinth");
  for (const thing of plinths) stage.within(thing.x, thing.z, 0, () => tool(stage, thing, steel, wood, hue));
  const spinning = primitives(stage, plinths);
  const group = kit.add(stage.done()).done();
  return {
    group,
    ...daylight(night),
    stand(model) {
      stage.group.visible = false;
      group.add(onRing(model));
    },
    animate(t) {
      for (const [i, o] of spinning.entries()) {
        o.rotation.y = t * 0.4 + i;
        o.position.y = 2.0 + Math.sin(t * 0.9 + i * 2) * 0.12;
      }
    },
  };
};

// The ring on the floor of both places is where a model stands.
function onRing(model: THREE.Object3D): THREE.Object3D {
  model.position.set(0, 0.02, -2);
  return model;
}

function blueprint(kit: Kit, w: number, d: number): void {
  const deep = tint(kit.night ? 0.3 : 0.5, 0.09, 255);
  const line = tint(kit.night ? 0.5 : 0.74, 0.07, 250);
  kit.slab(w + 0.4, d + 0.4, deep, 0);
  for (let x = -w / 2; x <= w / 2; x++) kit.slab(x % 4 === 0 ? 0.05 : 0.018, d, line, 0.01, { x });
  for (let z = -d / 2; z <= d / 2; z++) kit.slab(w, z % 4 === 0 ? 0.05 : 0.018, line, 0.01, { z });
  kit.floor(4.4, 4.52, line, 0.014, { z: -2 }).floor(2.6, 2.66, line, 0.014, { z: -2 });
}

function gantry(kit: Kit, z: number, steel: (l: number) => Paint): void {
  for (const x of [-15.8, 15.8]) kit.box(0.4, 6.2, 0.4, steel(0.56), { x, y: 3.1, z });
  kit.box(32, 0.36, 0.3, steel(0.6), { y: 6.3, z }, 1);
  for (let i = 0; i < 16; i++) kit.box(0.1, 1.5, 0.1, steel(0.54), { x: -15 + i * 2, y: 6.9, z, tilt: 0 }, 1);
  kit.box(32, 0.2, 0.3, steel(0.6), { y: 7.6, z }, 1);
  for (const x of [-8, 0, 8]) {
    kit.glow("box", [2.6, 0.1, 0.26], paint(kit.night ? "#fff0cf" : "#ffffff"), { x, y: 6.05, z });
    if (kit.night) {
      kit.pool(x, z, 4.2, paint("#ffe0a6"), 0.2, 0.03);
      kit.add(halo(x, 6.05, z, 3.4, paint("#ffe6b8"), 0.3));
    }
  }
}

function tool(kit: Kit, thing: Thing, steel: (l: number) => Paint, wood: (l: number) => Paint, hue: number): void {
  switch (thing.is) {
    case "table":
      kit.box(thing.w, 0.12, thing.d, wood(0.6), { y: 0.92 }, 1);
      for (const x of [-1, 1]) kit.box(0.3, 0.88, thing.d - 0.2, steel(0.5), { x: x * (thing.w / 2 - 0.3), y: 0.44 });
      for (let i = 0; i < 6; i++) {
        const c = tint(kit.night ? 0.56 : 0.66, 0.13, hue + i * 60 + thing.n * 23);
        const at = { x: -1.8 + i * 0.72, y: 1.14, z: ((i * 3 + thing.n) % 3) * 0.36 - 0.36 };
        if (i % 3 === 0) kit.box(0.3, 0.3, 0.3, c, { ...at, turn: i });
        else if (i % 3 === 1) kit.ball(0.18, c, at, 2);
        else kit.tube(0.17, 0, 0.36, c, at, 12);
      }
      return;
    case "stand":
      kit.box(thing.w, 3, 0.2, wood(0.5), { y: 1.7, z: -0.3 });
      for (let i = 0; i < 10; i++) kit.box(0.12 + (i % 3) * 0.08, 0.5 + (i % 4) * 0.18, 0.08, i % 2 ? steel(0.78) : tint(0.6, 0.14, 30 + i * 12), { x: -2.4 + i * 0.54, y: 2.2, z: -0.16 });
      kit.box(thing.w, 0.14, 0.9, steel(0.6), { y: 0.9 });
      return;
    case "plinth":
      kit.tube(0.85, 0.8, 0.5, steel(0.8), { y: 0.25 }, 32).tube(0.6, 0.6, 0.06, tint(0.8, 0.13, 75), { y: 0.53 }, 32);
      return;
    case "column":
      kit.tube(0.4, 0.4, 2.4, tint(kit.night ? 0.5 : 0.66, 0.13, 55), { y: 1.2 }, 16);
      return;
  }
}

// The box, the ball and the cylinder that everybody's first scene begins with.
function primitives(kit: Kit, plinths: Thing[]): THREE.Mesh[] {
  const shapes = [new THREE.BoxGeometry(0.85, 0.85, 0.85), new THREE.SphereGeometry(0.62, 32, 24), new THREE.CylinderGeometry(0.46, 0.46, 0.95, 32)];
  const colors = [0x4cc3d9, 0xef2d5e, 0xffc65d];
  return plinths.slice(0, 3).map((at, i) => {
    const mesh = new THREE.Mesh(shapes[i], new THREE.MeshLambertMaterial({ color: colors[i] as number }));
    mesh.position.set(at.x, 2, at.z);
    kit.add(mesh);
    kit.pool(at.x, at.z, 2.2, new THREE.Color(colors[i] as number), 0.3, 0.03);
    return mesh;
  });
}

// cyberspace is how 1997 dreamt of it: a grid to the horizon, simple solids
// that turn, and stars below as well as above.
export const cyberspace: Builder = (plan, { title, byline }, night) => {
  const kit = new Kit(night);
  const sky = night ? { top: paint("#02020f"), mid: paint("#0a1040"), low: paint("#5a1f8f") } : { top: paint("#2f5fd0"), mid: paint("#6fb4ff"), low: paint("#e9d6ff") };
  const teal = tint(night ? 0.74 : 0.62, 0.13, 195);
  const pink = tint(night ? 0.7 : 0.62, 0.2, 340);
  kit.add(dome(sky)).add(stars(600, plan.seed));
  kit.floor(0, 150, night ? paint("#0a0b2a") : paint("#3b56b8"), -0.02);
  for (let i = -30; i <= 30; i++) {
    const bright = (i % 5 === 0 ? 0.95 : 0.42) * (night ? 1 : 0.9);
    kit.glow("box", [0.05, 0.01, 240], teal.clone().multiplyScalar(bright), { x: i * 4, y: 0 });
    kit.glow("box", [240, 0.01, 0.05], teal.clone().multiplyScalar(bright), { y: 0, z: i * 4 });
  }
  kit.floor(0, 4.6, tint(night ? 0.24 : 0.5, 0.1, 285), 0.01, { z: -2 }).add(setting(pink));
  for (const thing of plan.things) if (thing.is === "column") kit.within(thing.x, thing.z, 0, () => pylon(kit, thing, teal, pink));
  const solids = plan.things.filter((t) => t.is === "plinth").map((t) => solid(kit, t, teal, pink));
  kit.add(board(sign(title, byline, "", night ? "#9ff3ff" : "#ffffff"), 14, 3.5, { y: 9, z: -27 }));
  const group = kit.done();
  return {
    group,
    stand: (model) => group.add(onRing(model)),
    fog: { color: sky.low, near: 50, far: 150 },
    light: daylight(night).light,
    animate(t) {
      for (const [i, s] of solids.entries()) s.rotation.set(Math.sin(t * 0.3 + i) * 0.4, t * 0.5 + i, 0);
    },
  };
};

function setting(pink: Paint): THREE.Group {
  const sun = new THREE.Group();
  for (let i = 0; i < 9; i++) {
    const band = new THREE.Mesh(new THREE.CircleGeometry(34, 64, 0.03 + i * 0.17, Math.PI - 0.06 - i * 0.34), new THREE.MeshBasicMaterial({ color: pink.clone().lerp(paint("#ffd27a"), i / 9), fog: false, transparent: true, opacity: 0.9, depthWrite: false }));
    band.renderOrder = i;
    sun.add(band);
  }
  sun.position.set(0, -2, -140);
  return sun;
}

function pylon(kit: Kit, thing: Thing, teal: Paint, pink: Paint): void {
  const color = thing.n % 2 ? teal : pink;
  kit.tube(0.6, 0, 4.2, tint(kit.night ? 0.4 : 0.6, 0.12, thing.n % 2 ? 195 : 330), { y: 2.1 }, 4);
  kit.glow(new THREE.OctahedronGeometry(0.4), [1, 1, 1], color, { y: 4.7 });
  kit.add(halo(thing.x, 4.7, thing.z, 3.2, color, 0.5));
}

function solid(kit: Kit, at: Thing, teal: Paint, pink: Paint): THREE.Group {
  const shapes = [new THREE.BoxGeometry(1.3, 1.3, 1.3), new THREE.ConeGeometry(0.9, 1.6, 24), new THREE.SphereGeometry(0.85, 20, 14), new THREE.CylinderGeometry(0.7, 0.7, 1.4, 20), new THREE.TorusGeometry(0.75, 0.28, 12, 30), new THREE.DodecahedronGeometry(0.95)];
  const g = shapes[at.n % shapes.length] as THREE.BufferGeometry;
  const group = new THREE.Group();
  const hue = at.n * 60;
  group.add(new THREE.Mesh(g, new THREE.MeshLambertMaterial({ color: tint(0.66, 0.17, hue), flatShading: true })));
  group.add(new THREE.LineSegments(new THREE.EdgesGeometry(g, 20), new THREE.LineBasicMaterial({ color: at.n % 2 ? teal : pink })));
  group.position.set(at.x, 2.1, at.z);
  kit.add(group);
  kit.within(at.x, at.z, 0, () => kit.tube(1, 0.8, 0.5, tint(kit.night ? 0.34 : 0.6, 0.1, 270), { y: 0.25 }, 6));
  kit.pool(at.x, at.z, 2.6, tint(0.7, 0.17, hue), 0.4, 0.04);
  return group;
}
