// Inside a headset: the head and the hands are where they really are, a stick
// pushed forward or the trigger aims a leap, sideways turns by steps. The left
// hand holds the slate with the chat, and the right one points at it.

import * as THREE from "three";
import type { Body } from "../body";
import type { Hand, Pose } from "../pose";
import type { Emote } from "../emotes";
import type { Act, Talk } from "../slate";
import { paint } from "./kit";
import { Slate } from "./slate";

const turnStep = Math.PI / 6;
const deadZone = 0.6;
const gravity = 9.8;
const throwSpeed = 7.2;
const overHand = new THREE.Vector3(0, 0.22, 0);
const inFront = new THREE.Vector3(-0.22, -0.3, -0.55); // of the head, as the rig is turned

interface Controller {
  ray: THREE.Group; // where it points
  grip: THREE.Group; // where it is held
  source: XRInputSource | null;
  isAiming: boolean;
  isPulling: boolean; // the trigger
  hasPressed: boolean; // this pull was for the slate and aims no leap
  hasTurned: boolean;
  hasEmoted: boolean;
}

export interface Doing {
  onSay(text: string): void;
  onEmote(emote: Emote): void;
}

export class Headset {
  private readonly controllers: Controller[];
  private readonly arc: THREE.Line;
  private readonly ring: THREE.Mesh;
  private landing: THREE.Vector3 | null = null;
  private readonly slate = new Slate();

  constructor(
    private readonly rig: THREE.Object3D,
    private readonly renderer: THREE.WebGLRenderer,
    private readonly body: Body,
    private readonly doing: Doing,
    color: THREE.Color,
  ) {
    this.controllers = [0, 1].map((i) => this.controller(i, color));
    this.arc = new THREE.Line(new THREE.BufferGeometry(), new THREE.LineBasicMaterial({ color: 0xffd27a, fog: false }));
    this.arc.frustumCulled = false;
    this.ring = new THREE.Mesh(new THREE.RingGeometry(0.3, 0.4, 40).rotateX(-Math.PI / 2), new THREE.MeshBasicMaterial({ color: 0xffd27a, transparent: true, opacity: 0.9, side: THREE.DoubleSide, fog: false }));
    this.arc.visible = this.ring.visible = false;
    rig.add(this.slate.group);
  }

  write(talk: Talk): void {
    this.slate.write(talk);
  }

  // marks are drawn in the world, not in the hand.
  get marks(): THREE.Object3D[] {
    return [this.arc, this.ring];
  }

  private controller(i: number, color: THREE.Color): Controller {
    const ray = this.renderer.xr.getController(i);
    const grip = this.renderer.xr.getControllerGrip(i);
    const c: Controller = { ray, grip, source: null, isAiming: false, isPulling: false, hasPressed: false, hasTurned: false, hasEmoted: false };
    ray.addEventListener("connected", (e) => (c.source = (e as unknown as { data: XRInputSource }).data));
    ray.addEventListener("disconnected", () => (c.source = null));
    grip.add(glove(color));
    this.rig.add(ray, grip);
    return c;
  }

  // enter begins where the body stands; leave gives the body back.
  enter(): void {
    this.rig.position.set(this.body.x, 0, this.body.z);
    this.rig.rotation.y = this.body.yaw;
    this.slate.group.visible = true;
  }

  leave(camera: THREE.Object3D): void {
    const p = camera.getWorldPosition(new THREE.Vector3());
    this.body.tracked = null;
    this.body.teleport(p.x, p.z);
    this.arc.visible = this.ring.visible = false;
    this.slate.group.visible = false;
    for (const c of this.controllers) c.isAiming = false;
  }

  update(camera: THREE.Object3D, dt: number): void {
    this.rig.updateMatrixWorld(true);
    const holder = this.holdSlate(camera);
    this.slate.leave();
    for (const c of this.controllers) this.read(c, camera, c !== holder && c.source !== null && this.slate.aim(pointer(c.ray)));
    this.slate.update(dt);
    this.draw(this.controllers.find((c) => c.isAiming));
    this.rig.updateMatrixWorld(true);
    this.body.tracked = this.track(camera);
  }

  private track(camera: THREE.Object3D): Pose {
    const pose: Pose = place(camera);
    this.body.x = pose.p.x;
    this.body.z = pose.p.z;
    this.body.yaw = new THREE.Euler().setFromQuaternion(camera.getWorldQuaternion(new THREE.Quaternion()), "YXZ").y;
    for (const c of this.controllers) {
      if (c.source?.handedness === "left") pose.left = place(c.grip);
      if (c.source?.handedness === "right") pose.right = place(c.grip);
    }
    return pose;
  }

  // The slate is held over the left hand and turned to the eyes. Who has but one
  // hand to point with finds it standing in front.
  private holdSlate(camera: THREE.Object3D): Controller | undefined {
    const { group } = this.slate;
    const head = camera.getWorldPosition(new THREE.Vector3());
    const isOther = this.controllers.some((c) => c.source?.handedness === "right");
    const holder = isOther ? this.controllers.find((c) => c.source?.handedness === "left") : undefined;
    if (holder) group.position.copy(holder.grip.position).add(overHand);
    else group.position.copy(this.rig.worldToLocal(head.clone())).add(inFront);
    group.lookAt(head);
    group.updateMatrixWorld(true);
    return holder;
  }

  private do(act: Act): void {
    if (act.is === "say") this.doing.onSay(act.text);
    else this.doing.onEmote(act.emote);
  }

  private read(c: Controller, camera: THREE.Object3D, isOnSlate: boolean): void {
    const pad = c.source?.gamepad;
    if (!pad) return void (c.isAiming = false);
    const isPulling = pad.buttons[0]?.pressed === true;
    if (isPulling && !c.isPulling && isOnSlate) {
      c.hasPressed = true;
      const act = this.slate.press();
      if (act) this.do(act);
    }
    if (!isPulling) c.hasPressed = false;
    c.isPulling = isPulling;
    const x = pad.axes[2] ?? pad.axes[0] ?? 0;
    const y = pad.axes[3] ?? pad.axes[1] ?? 0;
    const wantsAim = y < -deadZone || (isPulling && !c.hasPressed);
    if (c.isAiming && !wantsAim && this.landing) this.leap(this.landing, camera);
    c.isAiming = wantsAim;
    if (Math.abs(x) < deadZone) c.hasTurned = false;
    else if (!c.hasTurned && !wantsAim) {
      c.hasTurned = true;
      this.turn(x > 0 ? -turnStep : turnStep, camera);
    }
    const greets = pad.buttons[4]?.pressed === true;
    if (greets && !c.hasEmoted) this.doing.onEmote("wave");
    c.hasEmoted = greets;
  }

  // The head lands on the mark, wherever in the room it is.
  private leap(to: THREE.Vector3, camera: THREE.Object3D): void {
    const head = camera.getWorldPosition(new THREE.Vector3());
    this.body.teleport(to.x, to.z);
    this.rig.position.x += this.body.x - head.x;
    this.rig.position.z += this.body.z - head.z;
    this.landing = null;
  }

  private turn(angle: number, camera: THREE.Object3D): void {
    const head = camera.getWorldPosition(new THREE.Vector3());
    const from = this.rig.position.clone().sub(head).applyAxisAngle(new THREE.Vector3(0, 1, 0), angle);
    this.rig.position.set(head.x + from.x, this.rig.position.y, head.z + from.z);
    this.rig.rotation.y += angle;
  }

  private draw(aiming: Controller | undefined): void {
    this.arc.visible = this.ring.visible = false;
    this.landing = null;
    if (!aiming) return;
    const points = flight(aiming.ray);
    const end = points.at(-1) as THREE.Vector3;
    const canLand = end.y <= 0.01 && this.body.canStand(end.x, end.z);
    this.arc.geometry.dispose();
    this.arc.geometry = new THREE.BufferGeometry().setFromPoints(points);
    (this.arc.material as THREE.LineBasicMaterial).color = paint(canLand ? "#ffd27a" : "#ff8f9e");
    this.arc.visible = true;
    this.ring.visible = canLand;
    this.ring.position.set(end.x, 0.04, end.z);
    if (canLand) this.landing = end;
  }
}

function pointer(ray: THREE.Object3D): THREE.Raycaster {
  const way = new THREE.Vector3(0, 0, -1).applyQuaternion(ray.getWorldQuaternion(new THREE.Quaternion()));
  return new THREE.Raycaster(ray.getWorldPosition(new THREE.Vector3()), way, 0, 2);
}

function flight(ray: THREE.Object3D): THREE.Vector3[] {
  const from = ray.getWorldPosition(new THREE.Vector3());
  const way = new THREE.Vector3(0, 0, -1).applyQuaternion(ray.getWorldQuaternion(new THREE.Quaternion())).multiplyScalar(throwSpeed);
  const points = [from];
  for (let t = 0.05; t < 2; t += 0.05) {
    const p = new THREE.Vector3(from.x + way.x * t, from.y + way.y * t - (gravity * t * t) / 2, from.z + way.z * t);
    points.push(p);
    if (p.y <= 0) {
      p.y = 0;
      break;
    }
  }
  return points;
}

function place(o: THREE.Object3D): Hand {
  const p = o.getWorldPosition(new THREE.Vector3());
  const q = o.getWorldQuaternion(new THREE.Quaternion());
  return { p: { x: p.x, y: p.y, z: p.z }, q: { x: q.x, y: q.y, z: q.z, w: q.w } };
}

function glove(color: THREE.Color): THREE.Group {
  const glove = new THREE.Group();
  const palm = new THREE.Mesh(new THREE.SphereGeometry(0.05, 16, 12).scale(0.8, 0.7, 1.3), new THREE.MeshLambertMaterial({ color }));
  const cuff = new THREE.Mesh(new THREE.TorusGeometry(0.038, 0.012, 8, 20), new THREE.MeshLambertMaterial({ color: 0xffd27a }));
  cuff.position.z = 0.062;
  glove.add(palm, cuff);
  return glove;
}
