// Our own body: where it stands and looks, how it walks, and what of it the
// others are told.

import { isFree, type Plan, settle } from "./plan";
import { distance, type Hand, type Pose, turn } from "./pose";

export const eyeHeight = 1.6;
const walking = 3.4; // metres per second
const running = 6.2;
const steepest = 1.35;

// Wish is what the controls ask for: ahead and aside from -1 to 1.
export interface Wish {
  ahead: number;
  aside: number;
  run: boolean;
}

export class Body {
  x = 0;
  z = 0;
  yaw = 0;
  pitch = 0;
  // What a headset knows better than yaw and pitch: head and hands as they are.
  tracked: Pose | null = null;
  private leapt = true; // the next pose told is no step but a jump
  private goal: { x: number; z: number } | null = null;

  constructor(private plan: Plan, random: () => number) {
    this.arrive(plan, random);
  }

  // arrive puts us at the entrance of a place.
  arrive(plan: Plan, random: () => number): void {
    this.plan = plan;
    this.teleport((random() - 0.5) * 2 * plan.start.spread, plan.start.z + (random() - 0.5) * 3);
    this.yaw = Math.atan2(this.x, this.z);
    this.pitch = 0;
  }

  look(left: number, up: number): void {
    this.yaw += left;
    this.pitch = Math.max(-steepest, Math.min(steepest, this.pitch + up));
  }

  teleport(x: number, z: number): void {
    this.goal = null;
    ({ x: this.x, z: this.z } = settle(this.plan, x, z));
    this.leapt = true;
  }

  // go walks to a point by itself, until somebody steers.
  go(x: number, z: number): void {
    this.goal = settle(this.plan, x, z);
  }

  canStand(x: number, z: number): boolean {
    return isFree(this.plan, x, z);
  }

  // step moves for dt seconds and reports whether anything moved.
  step(wish: Wish, dt: number): boolean {
    const size = Math.hypot(wish.ahead, wish.aside);
    if (size > 0.05) this.goal = null;
    const way = this.goal ? this.towards(this.goal) : size > 0.05 ? this.heading(wish, size) : null;
    if (!way) return false;
    const far = Math.min(way.most, (wish.run ? running : walking) * way.pace * dt);
    const before = { x: this.x, z: this.z };
    ({ x: this.x, z: this.z } = settle(this.plan, this.x + way.x * far, this.z + way.z * far));
    const moved = Math.hypot(this.x - before.x, this.z - before.z);
    if (moved < far / 4) this.goal = null; // something is in the way
    return moved > 0;
  }

  private towards(goal: { x: number; z: number }) {
    const [dx, dz] = [goal.x - this.x, goal.z - this.z];
    const most = Math.hypot(dx, dz);
    if (most < 0.05) {
      this.goal = null;
      return null;
    }
    this.yaw = Math.atan2(-dx, -dz);
    return { x: dx / most, z: dz / most, most, pace: 1 };
  }

  private heading(wish: Wish, size: number) {
    const [c, s] = [Math.cos(this.yaw), Math.sin(this.yaw)];
    const pace = Math.min(1, size);
    return { x: (wish.aside * c - wish.ahead * s) / size, z: (-wish.aside * s - wish.ahead * c) / size, most: Infinity, pace };
  }

  get pose(): Pose {
    return this.tracked ?? { p: { x: this.x, y: eyeHeight, z: this.z }, q: turn(this.yaw, this.pitch) };
  }

  // takeLeap tells once whether we jumped since it was asked last.
  takeLeap(): boolean {
    const { leapt } = this;
    this.leapt = false;
    return leapt;
  }
}

const sendEvery = 100;
const repeatEvery = 4_000;
const noticeable = 0.01; // metres
const turned = 0.0002; // of 1 - |dot|: about two degrees

// Teller says where we are, at most ten times a second, only when something
// changed, and now and then nevertheless: a frame may have been lost.
export class Teller {
  private told: Pose | null = null;
  private toldAt = -Infinity;

  constructor(private readonly send: (pose: Pose, teleport: boolean) => void) {}

  tell(body: Body, now: number): void {
    if (now - this.toldAt < sendEvery) return;
    const { pose } = body;
    if (this.told && !differs(this.told, pose) && now - this.toldAt < repeatEvery) return;
    this.told = pose;
    this.toldAt = now;
    this.send(pose, body.takeLeap());
  }
}

function differs(a: Pose, b: Pose): boolean {
  return handDiffers(a, b) || pairDiffers(a.left, b.left) || pairDiffers(a.right, b.right);
}

function pairDiffers(a: Hand | undefined, b: Hand | undefined): boolean {
  return a && b ? handDiffers(a, b) : a !== b;
}

function handDiffers(a: Hand, b: Hand): boolean {
  const dot = Math.abs(a.q.x * b.q.x + a.q.y * b.q.y + a.q.z * b.q.z + a.q.w * b.q.w);
  return distance(a.p, b.p) > noticeable || 1 - dot > turned;
}
