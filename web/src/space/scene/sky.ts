// What is above and far away: a sky by day or night, stars, the moon or the
// sun, clouds, and a town on the horizon, as on the page of the city.

import * as THREE from "three";
import { seeded } from "../../facade";
import { halo, Kit, type Paint, paint, sheet, texture } from "./kit";

export interface SkyPaint {
  top: Paint;
  mid: Paint;
  low: Paint;
}

export function skyPaint(night: boolean): SkyPaint {
  return night
    ? { top: paint("#080b1e"), mid: paint("#1b1e4b"), low: paint("#6a3a74") }
    : { top: paint("#6fa8e2"), mid: paint("#bcdaf2"), low: paint("#fde6c8") };
}

const radius = 190;

export function dome(colors: SkyPaint): THREE.Mesh {
  const g = new THREE.SphereGeometry(radius, 32, 40);
  const p = g.getAttribute("position");
  const painted: number[] = [];
  const c = new THREE.Color();
  for (let i = 0; i < p.count; i++) {
    const up = p.getY(i) / radius;
    if (up < 0) c.copy(colors.low);
    else if (up < 0.22) c.copy(colors.low).lerp(colors.mid, up / 0.22);
    else c.copy(colors.mid).lerp(colors.top, Math.min(1, (up - 0.22) / 0.55));
    painted.push(c.r, c.g, c.b);
  }
  g.setAttribute("color", new THREE.Float32BufferAttribute(painted, 3));
  return new THREE.Mesh(g, new THREE.MeshBasicMaterial({ vertexColors: true, side: THREE.BackSide, fog: false, depthWrite: false }));
}

export function stars(count: number, seed: string): THREE.Points {
  const random = seeded(seed);
  const at: number[] = [];
  for (let i = 0; i < count; i++) {
    const a = random() * 2 * Math.PI;
    const up = 0.08 + random() ** 1.2 * 0.9;
    const r = Math.sqrt(1 - Math.min(1, up) ** 2);
    at.push(Math.sin(a) * r * 180, up * 180, Math.cos(a) * r * 180);
  }
  const g = new THREE.BufferGeometry();
  g.setAttribute("position", new THREE.Float32BufferAttribute(at, 3));
  return new THREE.Points(g, new THREE.PointsMaterial({ color: 0xffffff, size: 1.7, sizeAttenuation: false, transparent: true, opacity: 0.75, fog: false, depthWrite: false }));
}

// orb is the moon or the sun.
export function orb(night: boolean, x = -52, y = 66, z = -130): THREE.Group {
  const group = new THREE.Group();
  // A sprite, because a wide view would stretch a disc to an egg.
  const disc = new THREE.Sprite(new THREE.SpriteMaterial({ map: texture(fullDisc()), color: night ? 0xf9efd3 : 0xfff6d8, transparent: true, depthWrite: false, fog: false }));
  disc.position.set(x, y, z);
  disc.scale.setScalar(night ? 16 : 20);
  // Behind the disc, or the two would cut each other.
  group.add(halo(x * 1.12, y * 1.12, z * 1.12, night ? 70 : 110, paint(night ? "#a99bff" : "#fff1bd"), night ? 0.5 : 0.42), disc);
  return group;
}

function fullDisc(): HTMLCanvasElement {
  const [canvas, c] = sheet(256, 256);
  c.fillStyle = "#fff";
  c.beginPath();
  c.arc(128, 128, 126, 0, 7);
  c.fill();
  return canvas;
}

// town is a ring of houses far away with a light here and there.
export function town(night: boolean, seed: string, near = 62): THREE.Group {
  const random = seeded(seed);
  const kit = new Kit(night);
  const rows = [
    { r: near + 40, low: 12, high: 40, color: paint(night ? "#2b2558" : "#a9c0dc"), lights: 0 },
    { r: near, low: 6, high: 22, color: paint(night ? "#1a1a40" : "#8aa3c6"), lights: 0.5 },
  ];
  for (const row of rows) {
    for (let a = 0; a < 2 * Math.PI; ) {
      const w = 5 + random() * 7;
      const h = row.low + random() ** 1.7 * (row.high - row.low);
      const r = row.r + random() * 6;
      kit.within(Math.sin(a) * r, Math.cos(a) * r, a, () => {
        kit.glow("box", [w, h, 3], row.color, { y: h / 2 - 1 });
        if (night && random() < row.lights) kit.glow("box", [0.7, 0.9, 0.1], paint("#ffcf84"), { x: (random() - 0.5) * (w - 1.5), y: 2 + random() * (h - 4), z: -1.6 });
      });
      a += (w * (0.9 + random() * 0.25)) / r;
    }
  }
  return kit.done();
}

export function clouds(seed: string): THREE.Group {
  const random = seeded(seed);
  const group = new THREE.Group();
  const material = new THREE.MeshBasicMaterial({ color: 0xffffff, transparent: true, opacity: 0.72, fog: false });
  for (let i = 0; i < 9; i++) {
    const a = random() * 2 * Math.PI;
    const cloud = new THREE.Group();
    for (let j = 0; j < 4; j++) {
      const puff = new THREE.Mesh(new THREE.IcosahedronGeometry(4 + random() * 5, 2), material);
      puff.position.set((j - 1.5) * 6.5, random() * 2.5, random() * 3);
      puff.scale.y = 0.5;
      cloud.add(puff);
    }
    cloud.position.set(Math.sin(a) * 140, 46 + random() * 40, Math.cos(a) * 140);
    cloud.lookAt(0, cloud.position.y, 0);
    group.add(cloud);
  }
  return group;
}
