// The slate that one holds inside a headset, see ../slate.

import * as THREE from "three";
import { hueOf } from "../color";
import { emotes } from "../emotes";
import { type Act, type Key, keyAt, keys, linesEnd, margin, side, type SlateLine, type Talk } from "../slate";
import { sheet, texture } from "./kit";
import { sans, shorten, wrap } from "./panel";

const size = 0.36; // metres
const rowHeight = 34;
const mostRows = 3; // of one line
const flashFor = 0.35; // seconds

export class Slate {
  readonly group = new THREE.Group();
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly face: THREE.Mesh<THREE.PlaneGeometry, THREE.MeshBasicMaterial>;
  private readonly mark: THREE.Mesh<THREE.PlaneGeometry, THREE.MeshBasicMaterial>;
  private readonly dot: THREE.Mesh;
  private talk: Talk = { lines: [], canWrite: false };
  private key: Key | null = null;
  private flash = 0;

  constructor() {
    [this.canvas, this.context] = sheet(side, side);
    const flat = { transparent: true, fog: false, depthWrite: false };
    this.face = new THREE.Mesh(new THREE.PlaneGeometry(size, size), new THREE.MeshBasicMaterial({ ...flat, map: texture(this.canvas) }));
    this.face.name = "slate";
    this.mark = new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial({ ...flat, color: 0xffd27a, opacity: 0.35 }));
    this.dot = new THREE.Mesh(new THREE.CircleGeometry(0.003, 20), new THREE.MeshBasicMaterial({ ...flat, color: 0xffd27a }));
    [this.face.renderOrder, this.mark.renderOrder, this.dot.renderOrder] = [3, 4, 5];
    this.mark.position.z = 0.001;
    this.group.add(this.face, this.mark, this.dot);
    this.group.visible = this.mark.visible = this.dot.visible = false;
    this.draw();
  }

  write(talk: Talk): void {
    this.talk = talk;
    this.draw();
  }

  // aim takes where a hand points, in the world, and says whether that is here.
  aim(ray: THREE.Raycaster): boolean {
    const hit = this.group.visible ? ray.intersectObject(this.face, false)[0] : undefined;
    if (!hit?.uv) return false;
    this.key = keyAt(hit.uv.x, 1 - hit.uv.y, this.talk.canWrite);
    this.dot.visible = true;
    this.dot.position.set((hit.uv.x - 0.5) * size, (hit.uv.y - 0.5) * size, 0.002);
    return true;
  }

  // leave is for when nobody points here any more.
  leave(): void {
    this.key = null;
    this.dot.visible = false;
  }

  press(): Act | null {
    if (this.key) this.flash = flashFor;
    return this.key?.act ?? null;
  }

  update(dt: number): void {
    this.flash = Math.max(0, this.flash - dt);
    this.mark.visible = this.key !== null;
    if (!this.key) return;
    const { x, y, w, h } = this.key;
    this.mark.scale.set((w / side) * size, (h / side) * size, 1);
    this.mark.position.set(((x + w / 2) / side - 0.5) * size, (0.5 - (y + h / 2) / side) * size, 0.001);
    this.mark.material.opacity = this.flash > 0 ? 0.8 : 0.35;
  }

  private draw(): void {
    const c = this.context;
    c.clearRect(0, 0, side, side);
    c.fillStyle = "rgba(16,19,46,0.94)";
    c.beginPath();
    c.roundRect(0, 0, side, side, 36);
    c.fill();
    c.textBaseline = "middle";
    this.drawLines();
    for (const key of keys) this.drawKey(key);
    (this.face.material.map as THREE.Texture).needsUpdate = true;
  }

  private drawLines(): void {
    const c = this.context;
    let y = linesEnd - 8;
    for (const line of [...this.talk.lines].reverse()) {
      const rows = rowsOf(c, line);
      y -= (rows.length + 1) * rowHeight + 6;
      if (y < margin - 14) break;
      drawLine(c, line, rows, y);
    }
    if (this.talk.lines.length > 0) return;
    c.direction = "ltr";
    c.textAlign = "center";
    c.font = `400 26px ${sans}`;
    c.fillStyle = "#b9bfe0";
    c.fillText("Nobody has written yet.", side / 2, linesEnd / 2);
  }

  private drawKey({ x, y, w, h, act }: Key): void {
    const c = this.context;
    c.globalAlpha = act.is === "say" && !this.talk.canWrite ? 0.35 : 1;
    c.fillStyle = "#2c3260";
    c.beginPath();
    c.roundRect(x, y, w, h, 18);
    c.fill();
    if (act.is === "emote") {
      c.save();
      c.translate(x + w / 2 - 24, y + h / 2 - 24);
      c.scale(2, 2);
      c.strokeStyle = "#f1f2ff";
      c.lineWidth = 1.7;
      c.lineCap = c.lineJoin = "round";
      c.stroke(new Path2D(emotes[act.emote].path));
      c.restore();
    } else {
      c.direction = "ltr";
      c.textAlign = "center";
      c.font = `600 21px ${sans}`;
      c.fillStyle = "#f1f2ff";
      c.fillText(act.text, x + w / 2, y + h / 2 + 1);
    }
    c.globalAlpha = 1;
  }
}

function rowsOf(c: CanvasRenderingContext2D, { text }: SlateLine): string[] {
  const wide = side - 2 * margin;
  c.font = `400 27px ${sans}`;
  const rows = wrap(c, text.replace(/\s+/g, " ").trim(), wide);
  const shown = rows.slice(0, mostRows);
  if (rows.length > mostRows) shown.push(`${shown.pop()} …`);
  return shown.map((row) => shorten(c, row, wide));
}

function drawLine(c: CanvasRenderingContext2D, { name, subject, text, note }: SlateLine, rows: string[], top: number): void {
  const isRtl = /^[^\p{L}]*[\u0590-\u08ff]/u.test(text);
  const x = isRtl ? side - margin : margin;
  c.direction = isRtl ? "rtl" : "ltr";
  c.textAlign = isRtl ? "right" : "left";
  c.font = `600 23px ${sans}`;
  c.fillStyle = `oklch(0.8 0.11 ${hueOf(subject).toFixed(1)})`;
  c.fillText(shorten(c, [name, note].filter((t) => t !== "").join(" · "), side - 2 * margin), x, top + rowHeight / 2);
  c.font = `400 27px ${sans}`;
  c.fillStyle = note === "" ? "#f1f2ff" : "#b9bfe0";
  for (const [i, row] of rows.entries()) c.fillText(row, x, top + (i + 1.5) * rowHeight);
}
