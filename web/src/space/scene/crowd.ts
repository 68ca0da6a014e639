// Everybody else: figures drawn by instance, so that hundreds cost a handful of
// draw calls; far ones lose their details, and the nearest have names.

import * as THREE from "three";
import { hueOf } from "../color";
import { type Emote, emotes, isEmote } from "../emotes";
import { arrange } from "../labels";
import type { Motion } from "../motion";
import { type Pose, type Vec, yawOf } from "../pose";
import type { Member } from "../wire";
import { sheet, texture, tint } from "./kit";
import { tag } from "./panel";

export interface Person {
  member: Member;
  isTyping: boolean;
}

const detailWithin = 26; // metres
const detailInCrowd = 14;
const crowdFrom = 100; // people
const roundWithin = 9; // who is further away is drawn with few corners
const tooNear = 0.55; // who stands inside us would be all we see
const namesWithin = 40;
const mostNames = 24;
const mostBubbles = 40;
const emoteFor = 2.8; // seconds
const namesEvery = 0.25;
const nameSize = 0.25; // metres, of somebody six metres away
const overHead = 0.3;
const mostLift = 2.2; // of its own heights

// Part is one piece of every figure.
class Part {
  mesh: THREE.InstancedMesh;
  private used = 0;

  constructor(
    private readonly parent: THREE.Object3D,
    private readonly geometry: THREE.BufferGeometry,
    private readonly material: THREE.Material,
    private readonly isColored = true,
  ) {
    this.mesh = this.make(64);
  }

  private make(size: number): THREE.InstancedMesh {
    const mesh = new THREE.InstancedMesh(this.geometry, this.material, size);
    mesh.frustumCulled = false;
    mesh.instanceMatrix.setUsage(THREE.DynamicDrawUsage);
    if (this.isColored) mesh.instanceColor = new THREE.InstancedBufferAttribute(new Float32Array(size * 3), 3);
    this.parent.add(mesh);
    return mesh;
  }

  begin(size: number): void {
    this.used = 0;
    if (size <= this.mesh.instanceMatrix.count) return;
    this.parent.remove(this.mesh);
    this.mesh.dispose();
    this.mesh = this.make(Math.ceil(size * 1.5));
  }

  put(matrix: THREE.Matrix4, color: THREE.Color): void {
    this.mesh.setMatrixAt(this.used, matrix);
    if (this.isColored) this.mesh.setColorAt(this.used, color);
    this.used++;
  }

  end(): void {
    this.mesh.count = this.used;
    this.mesh.instanceMatrix.needsUpdate = true;
    if (this.mesh.instanceColor) this.mesh.instanceColor.needsUpdate = true;
  }
}

interface Figure {
  person: Person;
  color: THREE.Color;
  pale: THREE.Color;
  at: THREE.Vector3; // of the head, as drawn last
  speed: number;
  lean: number;
}

interface Name {
  sprite: THREE.Sprite;
  of: string; // session and what was written
  ratio: number; // width to height
  lift: number; // above its place, as a share of the distance
}

export class Crowd {
  readonly group = new THREE.Group();
  private figures = new Map<string, Figure>();
  private readonly parts: Record<"body" | "head" | "farBody" | "farHead" | "face" | "eyes" | "collar" | "hand" | "shadow", Part>;
  private names: Name[] = [];
  private namedAt = -1;
  private bubbles: { sprite: THREE.Sprite; session: string; from: number }[] = [];
  private shown = new Map<Emote, THREE.Texture>();
  private time = 0;

  constructor(
    private readonly motion: Motion,
    private readonly night: boolean,
    private readonly isCalm: boolean,
  ) {
    const matte = () => new THREE.MeshLambertMaterial();
    const part = (g: THREE.BufferGeometry, m: THREE.Material, isColored = true) => new Part(this.group, g, m, isColored);
    this.parts = {
      body: part(robe(20, 18), matte()),
      head: part(new THREE.SphereGeometry(0.2, 24, 18).scale(1, 1.04, 1), matte()),
      farBody: part(robe(9, 8), matte()),
      farHead: part(new THREE.SphereGeometry(0.2, 10, 8).scale(1, 1.04, 1), matte()),
      face: part(visor(), new THREE.MeshLambertMaterial({ color: 0x191b38 }), false),
      eyes: part(eyes(), new THREE.MeshBasicMaterial({ color: 0xffe09a }), false),
      collar: part(new THREE.TorusGeometry(0.135, 0.03, 6, 16).rotateX(Math.PI / 2), new THREE.MeshLambertMaterial({ color: 0xffd27a }), false),
      hand: part(new THREE.SphereGeometry(0.075, 12, 10).scale(0.8, 0.8, 1.15), matte()),
      shadow: part(new THREE.CircleGeometry(0.4, 20).rotateX(-Math.PI / 2), new THREE.MeshBasicMaterial({ color: 0x000010, transparent: true, opacity: night ? 0.34 : 0.2, depthWrite: false }), false),
    };
  }

  show(people: readonly Person[]): void {
    const here = new Set(people.map((p) => p.member.session));
    for (const session of this.figures.keys()) if (!here.has(session)) this.figures.delete(session);
    for (const person of people) {
      const known = this.figures.get(person.member.session);
      if (known) known.person = person;
      else this.figures.set(person.member.session, newFigure(person));
    }
    this.namedAt = -1;
  }

  emote(session: string, word: string): void {
    if (!isEmote(word) || this.bubbles.length >= mostBubbles) return;
    const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map: this.picture(word), transparent: true, depthWrite: false, fog: false }));
    this.group.add(sprite);
    this.bubbles.push({ sprite, session, from: this.time });
  }

  // update draws everybody as they are now; eye is where the visitor looks from,
  // view the way they look.
  update(dt: number, eye: THREE.Vector3, view: THREE.Vector3): void {
    this.time += dt;
    for (const part of Object.values(this.parts)) part.begin(this.figures.size * 2);
    for (const figure of this.figures.values()) {
      const pose = this.motion.pose(figure.person.member.ref);
      if (pose) this.draw(figure, pose, eye, dt);
    }
    for (const part of Object.values(this.parts)) part.end();
    if (this.time - this.namedAt > namesEvery || this.namedAt < 0) this.rename(eye);
    this.placeNames(eye, view, dt);
    this.floatBubbles(eye);
  }

  private draw(figure: Figure, pose: Pose, eye: THREE.Vector3, dt: number): void {
    const step = Math.hypot(pose.p.x - figure.at.x, pose.p.z - figure.at.z);
    const speed = dt > 0 && step < 1 ? Math.min(6, step / dt) : 0;
    figure.speed += (speed - figure.speed) * Math.min(1, dt * 8);
    figure.lean = this.isCalm ? 0 : Math.min(0.16, figure.speed * 0.035);
    const bob = this.isCalm ? 0 : Math.sin(this.time * 9 + figure.person.member.ref) * 0.018 * Math.min(3, figure.speed);
    figure.at.set(pose.p.x, pose.p.y + bob, pose.p.z);
    const far = figure.at.distanceTo(eye);
    if (far < tooNear) return;
    const isNear = far < (this.figures.size > crowdFrom ? detailInCrowd : detailWithin);
    const isRound = far < roundWithin;
    this.drawBody(figure, pose, isNear, isRound);
    this.drawHead(figure, pose, isNear, isRound);
    for (const hand of [pose.left, pose.right]) if (hand && isNear) this.parts.hand.put(matrix(hand.p, quaternion(hand.q)), figure.color);
  }

  private drawBody(figure: Figure, pose: Pose, isNear: boolean, isRound: boolean): void {
    const tall = Math.max(0.5, figure.at.y - 0.28);
    const turn = new THREE.Quaternion().setFromEuler(new THREE.Euler(-figure.lean, yawOf(pose.q), 0, "YXZ"));
    const breath = this.isCalm ? 1 : 1 + Math.sin(this.time * 1.8 + figure.person.member.ref) * 0.012;
    const m = matrix({ x: figure.at.x, y: 0, z: figure.at.z }, turn, new THREE.Vector3(breath, tall / 1.32, breath));
    this.parts[isRound ? "body" : "farBody"].put(m, figure.person.member.guest ? figure.pale : figure.color);
    if (!isNear) return;
    this.parts.shadow.put(matrix({ x: figure.at.x, y: 0.025, z: figure.at.z }, new THREE.Quaternion()), figure.color);
    if (!figure.person.member.guest) this.parts.collar.put(matrix({ x: figure.at.x, y: tall - 0.02, z: figure.at.z }, turn), figure.color);
  }

  private drawHead(figure: Figure, pose: Pose, isNear: boolean, isRound: boolean): void {
    const m = matrix(figure.at, quaternion(pose.q));
    this.parts[isRound ? "head" : "farHead"].put(m, figure.pale);
    if (!isNear) return;
    this.parts.face.put(m, figure.color);
    this.parts.eyes.put(m, figure.color);
  }

  // The nearest get names; a sprite whose owner stays keeps what is written.
  private rename(eye: THREE.Vector3): void {
    this.namedAt = this.time;
    const near = [...this.figures.values()]
      .map((f) => ({ f, far: f.at.distanceTo(eye) }))
      .filter(({ f, far }) => far < namesWithin && f.at.y !== 0)
      .sort((a, b) => a.far - b.far)
      .slice(0, mostNames);
    const wanted = new Map(near.map(({ f }) => [labelOf(f.person), f.person]));
    const free: Name[] = [];
    for (const name of this.names) {
      if (wanted.has(name.of)) wanted.delete(name.of);
      else free.push(name);
    }
    for (const [label, person] of wanted) {
      const name = free.pop() ?? this.newName();
      write(name, label, person, this.night);
    }
    for (const name of free) this.drop(name);
  }

  private newName(): Name {
    const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ transparent: true, depthWrite: false, fog: false }));
    sprite.renderOrder = 2;
    this.group.add(sprite);
    const name = { sprite, of: "", ratio: 1, lift: 0 };
    this.names.push(name);
    return name;
  }

  private drop(name: Name): void {
    this.group.remove(name.sprite);
    name.sprite.material.map?.dispose();
    name.sprite.material.dispose();
    this.names.splice(this.names.indexOf(name), 1);
  }

  // Names neither fill the view from near nor vanish from far, nor cover one
  // another: they are arranged by where they are seen, in shares of the distance.
  private placeNames(eye: THREE.Vector3, view: THREE.Vector3, dt: number): void {
    const seen = this.names
      .map((name) => ({ name, figure: this.figures.get(name.of.slice(0, name.of.indexOf(" "))) }))
      .map(({ name, figure }) => ({ name, figure, far: figure ? Math.hypot(figure.at.x - eye.x, figure.at.z - eye.z) : 0 }))
      .sort((a, b) => a.far - b.far);
    const labels = seen.map(({ name, figure, far }) => {
      if (!figure || far <= tooNear) return { x: 0, y: -1e6, w: 0, h: 0 };
      const size = nameSize * sizeFrom(far);
      const [dx, dz] = [figure.at.x - eye.x, figure.at.z - eye.z];
      const x = Math.atan2(view.x * dz - view.z * dx, view.x * dx + view.z * dz); // from straight ahead
      return { x, y: (figure.at.y + overHead + size / 2 - eye.y) / far, w: (size * name.ratio) / far, h: size / far };
    });
    const lifts = arrange(labels, mostLift);
    for (const [i, { name, figure, far }] of seen.entries()) {
      const lift = lifts[i] ?? null;
      name.sprite.visible = figure !== undefined && far > tooNear && lift !== null;
      if (!figure || lift === null) continue;
      name.lift += (lift - name.lift) * (this.isCalm ? 1 : Math.min(1, dt * 10));
      const size = nameSize * sizeFrom(far);
      name.sprite.scale.set(size * name.ratio, size, 1);
      name.sprite.position.set(figure.at.x, figure.at.y + overHead + size / 2 + name.lift * far, figure.at.z);
    }
  }

  private floatBubbles(eye: THREE.Vector3): void {
    this.bubbles = this.bubbles.filter(({ sprite, session, from }) => {
      const age = (this.time - from) / emoteFor;
      const figure = this.figures.get(session);
      if (age >= 1 || !figure) {
        this.group.remove(sprite);
        sprite.material.dispose();
        return false;
      }
      const size = sizeFrom(figure.at.distanceTo(eye));
      sprite.scale.setScalar(size * 0.72);
      sprite.position.set(figure.at.x, figure.at.y + 0.3 + size * 0.6 + (this.isCalm ? 0.1 : age * 0.5), figure.at.z);
      sprite.material.opacity = age > 0.7 ? (1 - age) / 0.3 : Math.min(1, age * 10);
      return true;
    });
  }

  private picture(emote: Emote): THREE.Texture {
    let known = this.shown.get(emote);
    if (!known) this.shown.set(emote, (known = texture(emotePicture(emote))));
    return known;
  }

  dispose(): void {
    for (const part of Object.values(this.parts)) part.mesh.dispose();
    for (const name of [...this.names]) this.drop(name);
  }
}

function newFigure(person: Person): Figure {
  const { subject, guest } = person.member;
  const hue = hueOf(subject);
  return { person, color: guest ? tint(0.7, 0.08, hue) : tint(0.64, 0.15, hue), pale: tint(0.86, guest ? 0.03 : 0.055, hue), at: new THREE.Vector3(), speed: 0, lean: 0 };
}

function sizeFrom(far: number): number {
  return Math.max(0.26, Math.min(2, far / 6));
}

function labelOf({ member, isTyping }: Person): string {
  return `${member.session} ${member.name}${member.guest ? " guest" : ""}${isTyping ? " …" : ""}`;
}

function write(name: Name, label: string, { member, isTyping }: Person, night: boolean): void {
  const canvas = tag(isTyping ? `${member.name} …` : member.name, member.guest, night);
  name.of = label;
  name.ratio = canvas.width / canvas.height;
  name.sprite.material.map?.dispose();
  name.sprite.material.map = texture(canvas);
  name.sprite.material.needsUpdate = true;
}

const one = new THREE.Vector3(1, 1, 1);

function matrix(p: Vec, q: THREE.Quaternion, scale = one): THREE.Matrix4 {
  return new THREE.Matrix4().compose(new THREE.Vector3(p.x, p.y, p.z), q, scale);
}

function quaternion(q: Pose["q"]): THREE.Quaternion {
  return new THREE.Quaternion(q.x, q.y, q.z, q.w);
}

// robe is a bell that floats a little above the ground; 1.32 m tall.
function robe(points: number, sides: number): THREE.BufferGeometry {
  const line: [number, number][] = [[0.02, 0.1], [0.2, 0.11], [0.285, 0.17], [0.3, 0.26], [0.265, 0.52], [0.215, 0.82], [0.2, 1.05], [0.17, 1.2], [0.1, 1.3], [0.02, 1.32]];
  const spline = new THREE.SplineCurve(line.map(([x, y]) => new THREE.Vector2(x, y)));
  return new THREE.LatheGeometry(spline.getPoints(points), sides);
}

function visor(): THREE.BufferGeometry {
  return new THREE.SphereGeometry(0.205, 16, 6, Math.PI * 1.5 - 0.92, 1.84, Math.PI * 0.355, Math.PI * 0.25).scale(1, 1.04, 1);
}

function eyes(): THREE.BufferGeometry {
  const both = new THREE.BufferGeometry();
  const eye = new THREE.SphereGeometry(0.024, 8, 6).scale(1, 1.35, 0.6);
  const [l, r] = [eye.clone().translate(-0.062, 0.014, -0.196), eye.clone().translate(0.062, 0.014, -0.196)];
  const n = l.getAttribute("position").count;
  const join = (key: string) => new THREE.Float32BufferAttribute([...l.getAttribute(key).array, ...r.getAttribute(key).array], 3);
  both.setAttribute("position", join("position"));
  both.setAttribute("normal", join("normal"));
  const index = [...(l.getIndex() as THREE.BufferAttribute).array];
  both.setIndex([...index, ...index.map((i) => i + n)]);
  return both;
}

function emotePicture(emote: Emote): HTMLCanvasElement {
  const [canvas, c] = sheet(160, 160);
  c.fillStyle = "rgba(255,253,249,0.95)";
  c.beginPath();
  c.arc(80, 80, 74, 0, 7);
  c.fill();
  c.translate(26, 26);
  c.scale(4.5, 4.5);
  c.strokeStyle = emote === "heart" ? "#d6336c" : "#3b2c86";
  c.lineWidth = 1.9;
  c.lineCap = c.lineJoin = "round";
  c.stroke(new Path2D(emotes[emote].path));
  return canvas;
}
