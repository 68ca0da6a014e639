// The building kit: simple shapes, painted by vertex, put together into one
// geometry, so that a whole place is drawn in a handful of calls.

import * as THREE from "three";
import { oklch } from "../color";

export type Paint = THREE.Color;

export function paint(hex: string): Paint {
  return new THREE.Color(hex);
}

export function tint(l: number, c: number, hue: number): Paint {
  return new THREE.Color(...oklch(l, c, hue));
}

class Heap {
  readonly positions: number[] = [];
  readonly normals: number[] = [];
  readonly colors: number[] = [];

  // foot is how dark a shape is where it stands on something.
  add(shape: THREE.BufferGeometry, where: THREE.Matrix4, color: Paint, foot: number): void {
    const g = (shape.index ? shape.toNonIndexed() : shape.clone()).applyMatrix4(where);
    g.computeBoundingBox();
    const { min, max } = g.boundingBox as THREE.Box3;
    const height = Math.max(1e-6, max.y - min.y);
    const p = g.getAttribute("position");
    const n = g.getAttribute("normal");
    for (let i = 0; i < p.count; i++) {
      const light = foot + ((1 - foot) * (p.getY(i) - min.y)) / height;
      this.positions.push(p.getX(i), p.getY(i), p.getZ(i));
      this.normals.push(n.getX(i), n.getY(i), n.getZ(i));
      this.colors.push(color.r * light, color.g * light, color.b * light);
    }
    g.dispose();
  }

  mesh(material: THREE.Material): THREE.Mesh {
    const g = new THREE.BufferGeometry();
    g.setAttribute("position", new THREE.Float32BufferAttribute(this.positions, 3));
    g.setAttribute("normal", new THREE.Float32BufferAttribute(this.normals, 3));
    g.setAttribute("color", new THREE.Float32BufferAttribute(this.colors, 3));
    return new THREE.Mesh(g, material);
  }
}

const unitBox = new THREE.BoxGeometry(1, 1, 1);
const cylinders = new Map<number, THREE.CylinderGeometry>();

export interface At {
  x?: number;
  y?: number; // of the middle of the shape
  z?: number;
  turn?: number;
  tilt?: number;
}

export class Kit {
  readonly group = new THREE.Group();
  private readonly matte = new Heap();
  private readonly lit = new Heap();
  private frame = new THREE.Matrix4();

  constructor(readonly night: boolean) {}

  // within builds things in the coordinates of a place on the ground.
  within(x: number, z: number, turn: number, build: () => void): void {
    const before = this.frame.clone();
    this.frame.multiply(new THREE.Matrix4().makeRotationY(turn).setPosition(x, 0, z));
    build();
    this.frame = before;
  }

  box(w: number, h: number, d: number, color: Paint, at: At = {}, foot = 0.82): this {
    return this.shape(unitBox, color, at, foot, new THREE.Vector3(w, h, d));
  }

  // tube is a cylinder, cone or stump.
  tube(bottom: number, top: number, h: number, color: Paint, at: At = {}, sides = 12, foot = 0.82): this {
    if (bottom === top) {
      let g = cylinders.get(sides);
      if (!g) cylinders.set(sides, (g = new THREE.CylinderGeometry(1, 1, 1, sides)));
      return this.shape(g, color, at, foot, new THREE.Vector3(bottom, h, bottom));
    }
    return this.shape(new THREE.CylinderGeometry(top, bottom, h, sides), color, at, foot);
  }

  ball(r: number, color: Paint, at: At = {}, detail = 1, squash = 1): this {
    return this.shape(new THREE.IcosahedronGeometry(r, detail), color, at, 0.72, new THREE.Vector3(1, squash, 1));
  }

  hoop(r: number, thick: number, color: Paint, at: At = {}, arc = Math.PI * 2): this {
    return this.shape(new THREE.TorusGeometry(r, thick, 8, 48, arc), color, at, 1);
  }

  shape(g: THREE.BufferGeometry, color: Paint, at: At, foot = 0.82, scale = new THREE.Vector3(1, 1, 1)): this {
    this.matte.add(g, this.where(at, scale), color, foot);
    return this;
  }

  // glow is a shape that shines by itself and takes no shade.
  glow(g: "box" | THREE.BufferGeometry, size: [number, number, number], color: Paint, at: At): this {
    this.lit.add(g === "box" ? unitBox : g, this.where(at, new THREE.Vector3(...size)), color, 1);
    return this;
  }

  // floor is a disc or a ring on the ground, a little above what lies below.
  floor(inner: number, outer: number, color: Paint, y: number, at: At = {}, sides = 72): this {
    const g = inner === 0 ? new THREE.CircleGeometry(outer, sides) : new THREE.RingGeometry(inner, outer, sides);
    return this.shape(g.rotateX(-Math.PI / 2), color, { ...at, y }, 1);
  }

  slab(w: number, d: number, color: Paint, y: number, at: At = {}): this {
    return this.shape(new THREE.PlaneGeometry(w, d).rotateX(-Math.PI / 2), color, { ...at, y }, 1);
  }

  // pool is light that falls on the floor.
  pool(x: number, z: number, r: number, color: Paint, strength: number, y = 0.05): this {
    this.group.add(glowDisc(x, y, z, r, color, strength));
    return this;
  }

  add(object: THREE.Object3D): this {
    this.group.add(object);
    return this;
  }

  private where(at: At, scale: THREE.Vector3): THREE.Matrix4 {
    const turn = new THREE.Quaternion().setFromEuler(new THREE.Euler(at.tilt ?? 0, at.turn ?? 0, 0, "YXZ"));
    return this.frame.clone().multiply(new THREE.Matrix4().compose(new THREE.Vector3(at.x ?? 0, at.y ?? 0, at.z ?? 0), turn, scale));
  }

  done(): THREE.Group {
    this.group.add(this.matte.mesh(new THREE.MeshLambertMaterial({ vertexColors: true })));
    this.group.add(this.lit.mesh(new THREE.MeshBasicMaterial({ vertexColors: true })));
    return this.group;
  }
}

let softDisc: THREE.Texture | null = null;

function soft(): THREE.Texture {
  if (softDisc) return softDisc;
  const [canvas, c] = sheet(128, 128);
  const g = c.createRadialGradient(64, 64, 0, 64, 64, 64);
  g.addColorStop(0, "rgba(255,255,255,1)");
  g.addColorStop(0.4, "rgba(255,255,255,0.42)");
  g.addColorStop(1, "rgba(255,255,255,0)");
  c.fillStyle = g;
  c.fillRect(0, 0, 128, 128);
  softDisc = texture(canvas);
  return softDisc;
}

function glowDisc(x: number, y: number, z: number, r: number, color: Paint, strength: number): THREE.Mesh {
  const disc = new THREE.Mesh(
    new THREE.PlaneGeometry(r * 2, r * 2).rotateX(-Math.PI / 2),
    new THREE.MeshBasicMaterial({ map: soft(), color, opacity: strength, transparent: true, depthWrite: false, blending: THREE.AdditiveBlending, fog: false }),
  );
  disc.position.set(x, y, z);
  return disc;
}

// halo is the shine around a lamp, turned to whoever looks.
export function halo(x: number, y: number, z: number, size: number, color: Paint, strength: number): THREE.Sprite {
  const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map: soft(), color, opacity: strength, transparent: true, depthWrite: false, blending: THREE.AdditiveBlending, fog: false }));
  sprite.position.set(x, y, z);
  sprite.scale.setScalar(size);
  sprite.onBeforeRender = (_renderer, _scene, camera) => nearer(sprite, camera);
  return sprite;
}

// A halo through the middle of its lamp would be cut by it: it is drawn a
// little nearer to whoever looks.
function nearer(sprite: THREE.Sprite, camera: THREE.Camera): void {
  const at = sprite.parent ? sprite.position.clone().applyMatrix4(sprite.parent.matrixWorld) : sprite.position.clone();
  const way = new THREE.Vector3().setFromMatrixPosition(camera.matrixWorld).sub(at);
  sprite.matrixWorld.setPosition(at.add(way.setLength(Math.min(0.6, way.length() / 2))));
}

export function sheet(w: number, h: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = w;
  canvas.height = h;
  return [canvas, canvas.getContext("2d") as CanvasRenderingContext2D];
}

export function texture(canvas: HTMLCanvasElement): THREE.CanvasTexture {
  const t = new THREE.CanvasTexture(canvas);
  t.colorSpace = THREE.SRGBColorSpace;
  t.anisotropy = 4;
  return t;
}

// board is a flat picture that stands in the place and needs no light.
export function board(canvas: HTMLCanvasElement, w: number, h: number, at: At): THREE.Mesh {
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(w, h), new THREE.MeshBasicMaterial({ map: texture(canvas), transparent: true }));
  mesh.position.set(at.x ?? 0, at.y ?? 0, at.z ?? 0);
  mesh.rotation.set(at.tilt ?? 0, at.turn ?? 0, 0, "YXZ");
  return mesh;
}

// dispose frees what a group holds on the graphics card.
export function dispose(root: THREE.Object3D): void {
  root.traverse((o) => {
    const mesh = o as THREE.Mesh;
    mesh.geometry?.dispose();
    for (const m of [mesh.material].flat() as (THREE.MeshBasicMaterial | undefined)[]) {
      if (!m) continue;
      if (m.map && m.map !== softDisc) m.map.dispose();
      m.dispose();
    }
  });
}
