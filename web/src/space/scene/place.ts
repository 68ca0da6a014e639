// A place to stand in, built from its plan. Each kind has a builder of its own.

import type * as THREE from "three";
import type { Kind, Plan } from "../plan";
import { cyberspace, workshop } from "./making";
import { gallery, readingRoom, study } from "./indoors";
import { lobby, panorama, plaza } from "./outdoors";
import { arena } from "./arena";

// Content is what a place shows of the post, document or room it belongs to.
export interface Content {
  title: string;
  byline: string;
  text: string;
  hue: number; // of the city's zone, or one that fits the seed
  pictures: readonly string[]; // addresses of images; the builder draws its own until they come
  model: string; // address of a model, likewise; empty for none
}

export interface Built {
  group: THREE.Object3D;
  fog: { color: THREE.Color; near: number; far: number } | null;
  light: { sky: THREE.Color; ground: THREE.Color; strength: number; sun: THREE.Color; sunStrength: number; from: [number, number, number] };
  // animate is called with seconds; absent where nothing moves.
  animate?(time: number): void;
  // hang shows the picture of that number once it came; absent where none is.
  hang?(picture: HTMLCanvasElement, n: number): void;
  // stand puts the model up once it came; absent where none stands.
  stand?(model: THREE.Object3D): void;
}

export type Builder = (plan: Plan, content: Content, night: boolean) => Built;

const builders: Record<Kind, Builder> = {
  city: plaza,
  lobby,
  blog: readingRoom,
  art: gallery,
  document: study,
  game: arena,
  aframe: workshop,
  vrml: cyberspace,
  "360": panorama,
};

export function buildPlace(plan: Plan, content: Content, night: boolean): Built {
  return builders[plan.kind](plan, content, night);
}
