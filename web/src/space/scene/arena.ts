// The arena of a game post: a dark field with lines of light, tiers around it
// and a board that names the match.

import * as THREE from "three";
import type { Thing } from "../plan";
import { board, halo, Kit, type Paint, tint } from "./kit";
import { sign } from "./panel";
import type { Builder } from "./place";
import { daylight, heaven } from "./outdoors";

export const arena: Builder = (plan, { title, byline, hue }, night) => {
  const kit = new Kit(night);
  const neon = tint(0.74, 0.17, hue);
  const other = tint(0.74, 0.17, hue + 150);
  const ground = tint(night ? 0.26 : 0.5, 0.05, hue);
  heaven(kit, plan.seed);
  kit.floor(0, 140, tint(night ? 0.2 : 0.66, 0.04, hue), -0.1).floor(0, 27, ground, 0, {}, 6);
  field(kit, neon, other);
  for (const thing of plan.things) kit.within(thing.x, thing.z, thing.turn, () => piece(kit, thing, neon, other));
  const scores = scoreboard(kit, title, byline, hue, neon);
  const hoops = Array.from({ length: 4 }, (_, i) => hoop(kit, i, i % 2 ? other : neon));
  return {
    group: kit.done(),
    ...daylight(night),
    animate(t) {
      scores.rotation.y = t * 0.12;
      for (const [i, ring] of hoops.entries()) {
        ring.position.y = 6 + i * 1.5 + Math.sin(t * 0.7 + i) * 0.5;
        ring.rotation.set(Math.PI / 2 + Math.sin(t * 0.4 + i) * 0.14, 0, t * 0.2);
      }
    },
  };
};

function field(kit: Kit, neon: Paint, other: Paint): void {
  const line = (w: number, d: number, color: Paint, x: number, z: number, turn = 0) => kit.glow("box", [w, 0.02, d], color, { x, y: 0.02, z, turn });
  const soft = (c: Paint) => c.clone().multiplyScalar(0.45);
  for (let i = -10; i <= 10; i++) {
    const reach = 40 - Math.abs(i) * 2.2;
    line(0.035, reach, soft(neon), i * 2, 0);
    line(reach, 0.035, soft(neon), 0, i * 2);
  }
  line(44, 0.14, neon, 0, 0);
  for (const [r, color] of [[6, other], [12, neon]] as const) kit.glow(new THREE.TorusGeometry(r, 0.07, 4, 96).rotateX(Math.PI / 2), [1, 1, 1], color, { y: 0.03 });
  for (let i = 0; i < 6; i++) {
    const a = (i / 6) * 2 * Math.PI + Math.PI / 6;
    const b = a + Math.PI / 3;
    const [x, z] = [(Math.sin(a) + Math.sin(b)) * 13.3, (Math.cos(a) + Math.cos(b)) * 13.3];
    line(26.4, 0.16, i % 2 ? other : neon, x, z, Math.atan2(x, z));
  }
  kit.pool(0, 0, 13, neon, 0.22, 0.05);
}

function piece(kit: Kit, thing: Thing, neon: Paint, other: Paint): void {
  const color = thing.n % 2 ? other : neon;
  const dark = (l: number) => tint(kit.night ? l * 0.6 : l, 0.05, 275);
  switch (thing.is) {
    case "seat":
      for (let row = 0; row < 5; row++) {
        kit.box(27 + row * 2.2, 1.1 + row * 1.1, 1.5, dark(0.5 + row * 0.04), { y: (1.1 + row * 1.1) / 2, z: -2.4 + row * 1.5 }, 0.7);
        kit.glow("box", [27 + row * 2.2, 0.05, 0.06], color.clone().multiplyScalar(0.5 + row * 0.1), { y: 1.12 + row * 1.1, z: -3.16 + row * 1.5 });
      }
      return;
    case "column":
      kit.tube(0.8, 0.6, 0.6, dark(0.6), { y: 0.3 }, 6).tube(0.42, 0.3, 9, dark(0.54), { y: 5 }, 6);
      for (const y of [2.5, 5, 7.5]) kit.glow(new THREE.CylinderGeometry(0.44, 0.44, 0.14, 6), [1, 1, 1], color, { y });
      kit.glow(new THREE.OctahedronGeometry(0.6), [1, 1.4, 1], color, { y: 10.3 });
      kit.add(halo(thing.x, 10.3, thing.z, kit.night ? 5 : 2.6, color, 0.55));
      return;
    case "plinth":
      kit.box(thing.w, 1.05, thing.d, dark(0.55), { y: 0.52 });
      kit.glow("box", [thing.w + 0.04, 0.08, thing.d + 0.04], color, { y: 1.05 });
      return;
  }
}

function scoreboard(kit: Kit, title: string, byline: string, hue: number, neon: Paint): THREE.Group {
  const group = new THREE.Group();
  const canvas = sign(title, byline, `oklch(0.2 0.06 ${hue})`, `oklch(0.92 0.1 ${hue})`, 1024, 300);
  for (let i = 0; i < 4; i++) {
    const a = (i / 4) * 2 * Math.PI;
    group.add(board(canvas, 7, 2.05, { x: Math.sin(a) * 3.5, z: Math.cos(a) * 3.5, turn: a }));
  }
  for (const y of [-1.15, 1.15]) {
    const edge = new THREE.Mesh(new THREE.BoxGeometry(7.1, 0.14, 7.1), new THREE.MeshBasicMaterial({ color: neon }));
    edge.position.y = y;
    group.add(edge);
  }
  group.position.y = 8.2;
  group.rotation.y = 0.2;
  kit.add(group);
  return group;
}

function hoop(kit: Kit, i: number, color: Paint): THREE.Mesh {
  const ring = new THREE.Mesh(new THREE.TorusGeometry(15 + i * 2.4, 0.07, 6, 120), new THREE.MeshBasicMaterial({ color, transparent: true, opacity: 0.75 - i * 0.14 }));
  ring.position.y = 6 + i * 1.5;
  ring.rotation.x = Math.PI / 2;
  kit.add(ring);
  return ring;
}
