// The place from above: a map that needs no graphics card. Arrow keys or a tap
// move, and words say where everybody is.

import { useEffect, useRef } from "preact/hooks";
import { cssColor } from "../color";
import { isBusy } from "../keys";
import { arrange } from "../labels";
import { settle, type Thing } from "../plan";
import { initial } from "../text";
import { yawOf, type Vec } from "../pose";
import type { State } from "../state";
import { Strip } from "./strip";
import type { StageProps } from "./scene3d";

interface Props extends StageProps {
  pictures: readonly string[];
  night: boolean;
  title: string;
  state: State;
  isInside: boolean;
}

const keysOf: Record<string, [x: number, z: number]> = {
  ArrowUp: [0, -1],
  KeyW: [0, -1],
  ArrowDown: [0, 1],
  KeyS: [0, 1],
  ArrowLeft: [-1, 0],
  KeyA: [-1, 0],
  ArrowRight: [1, 0],
  KeyD: [1, 0],
};
const emoteFor = 2600;
// Pixels to a metre that people need to be told apart: houses around them may
// reach over the edge for it.
const roomy = 6;
const mostNames = 40;

export function Flat(props: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const newest = useRef(props);
  newest.current = props;

  useEffect(() => {
    const board = canvas.current as HTMLCanvasElement;
    const held = new Set<string>();
    const bubbles = new Map<string, number>();
    const stop = props.watchEmotes((session) => bubbles.set(session, performance.now()));
    let frame = 0;
    let last = performance.now();
    const step = (now: number) => {
      frame = requestAnimationFrame(step);
      const dt = Math.min(0.1, (now - last) / 1000);
      last = now;
      walk(newest.current, held, dt);
      newest.current.onStep();
      draw(board, newest.current, bubbles, now);
    };
    frame = requestAnimationFrame(step);
    const onKey = (e: KeyboardEvent) => {
      if (e.type === "keyup") held.delete(e.code);
      else if (e.code in keysOf && !isBusy(e.target) && !e.ctrlKey && !e.metaKey && !e.altKey) {
        held.add(e.code);
        e.preventDefault();
      }
    };
    addEventListener("keydown", onKey);
    addEventListener("keyup", onKey);
    return () => {
      stop();
      cancelAnimationFrame(frame);
      removeEventListener("keydown", onKey);
      removeEventListener("keyup", onKey);
    };
  }, []);

  const tap = (e: PointerEvent) => {
    const at = groundAt(e.currentTarget as HTMLCanvasElement, props.plan, e.offsetX, e.offsetY);
    props.body.go(at.x, at.z);
  };
  return (
    <div class="flat-host" data-scene="flat">
      <canvas ref={canvas} tabIndex={0} role="application" aria-label={`Map of ${props.title}. Arrow keys move you.`} aria-describedby="around" onPointerDown={tap} />
      {props.pictures.length > 0 && <Strip pictures={props.pictures} title={props.title} />}
    </div>
  );
}

function walk({ body, isInside }: Props, held: Set<string>, dt: number): void {
  let [x, z] = [0, 0];
  for (const code of held) {
    const [dx, dz] = keysOf[code] as [number, number];
    x += dx;
    z += dz;
  }
  if (!isInside) return;
  if (x !== 0 || z !== 0) {
    body.yaw = Math.atan2(-x, -z);
    body.step({ ahead: 1, aside: 0, run: false }, dt);
  } else {
    body.step({ ahead: 0, aside: 0, run: false }, dt);
  }
  body.pitch = 0;
}

interface View {
  scale: number; // pixels to a metre
  x: number; // pixels of the middle of the ground
  z: number;
}

function viewOf(width: number, height: number, plan: StageProps["plan"]): View {
  const half = (axis: "x" | "z", ground: number) => Math.max(ground / 2 + 3, ...plan.things.map((t) => Math.abs(t[axis]) + Math.max(t.w, t.d) / 2));
  const everything = Math.min(width / 2 / half("x", plan.w), height / 2 / half("z", plan.d));
  const ground = Math.min(width / (plan.w + 6), height / (plan.d + 6));
  const scale = Math.max(everything, Math.min(ground, roomy));
  return { scale, x: width / 2, z: height / 2 };
}

function groundAt(canvas: HTMLCanvasElement, plan: StageProps["plan"], px: number, py: number): { x: number; z: number } {
  const v = viewOf(canvas.clientWidth, canvas.clientHeight, plan);
  return settle(plan, (px - v.x) / v.scale, (py - v.z) / v.scale);
}

function draw(canvas: HTMLCanvasElement, props: Props, bubbles: Map<string, number>, now: number): void {
  const [w, h] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = Math.min(2, devicePixelRatio || 1);
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
  }
  const c = canvas.getContext("2d");
  if (!c) return;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, w, h);
  const view = viewOf(w, h, props.plan);
  const style = getComputedStyle(canvas);
  const color = (name: string) => style.getPropertyValue(name);
  drawGround(c, view, props.plan, color);
  const figures = figuresOf(props, color);
  for (const f of figures) {
    const age = (now - (bubbles.get(f.session) ?? -Infinity)) / emoteFor;
    drawPerson(c, view, f, color, age < 1 ? (props.isCalm ? 0.3 : age) : null);
  }
  drawNames(c, view, figures.reverse().slice(0, mostNames), color);
}

interface Figure {
  session: string;
  p: Vec;
  yaw: number;
  fill: string;
  name: string; // its initial stands in the middle
  label: string;
}

// figuresOf lists everybody, the farthest first and oneself last, on top.
function figuresOf(props: Props, color: (name: string) => string): Figure[] {
  const { body, state, motion, people } = props;
  const far = (f: Figure) => Math.hypot(f.p.x - body.x, f.p.z - body.z);
  const figures = people.flatMap(({ member, isTyping }): Figure[] => {
    const pose = motion.pose(member.ref);
    const label = `${member.name}${member.guest ? " · guest" : ""}${isTyping ? " …" : ""}`;
    return pose ? [{ session: member.session, p: pose.p, yaw: yawOf(pose.q), fill: cssColor(member.subject, member.guest), name: member.name, label }] : [];
  });
  figures.sort((a, b) => far(b) - far(a));
  if (props.isInside) figures.push({ session: state.session, p: body.pose.p, yaw: body.yaw, fill: color("--accent"), name: "", label: "You" });
  return figures;
}

const dotSize = 11; // radius in pixels
const lineHeight = 16;

// drawNames writes under everybody who they are, unless a nearer name is there.
function drawNames(c: CanvasRenderingContext2D, v: View, nearestFirst: Figure[], color: (name: string) => string): void {
  c.save();
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.font = `550 12.5px ${color("--text")}`;
  c.lineWidth = 4;
  c.lineJoin = "round";
  c.strokeStyle = color("--plan-ground");
  c.fillStyle = color("--ink");
  const at = nearestFirst.map((f) => ({ x: v.x + f.p.x * v.scale, y: -(v.z + f.p.z * v.scale + dotSize + 13), w: c.measureText(f.label).width + 6, h: lineHeight }));
  // A name over another's head would be taken for theirs: none is lifted.
  for (const [i, lift] of arrange(at, 0).entries()) {
    if (lift === null) continue;
    const { x, y } = at[i] as (typeof at)[number];
    c.strokeText((nearestFirst[i] as Figure).label, x, -y);
    c.fillText((nearestFirst[i] as Figure).label, x, -y);
  }
  c.restore();
}

function drawGround(c: CanvasRenderingContext2D, v: View, plan: StageProps["plan"], color: (name: string) => string): void {
  c.fillStyle = color("--plan-ground");
  c.strokeStyle = color("--plan-line");
  c.lineWidth = 2;
  c.beginPath();
  if (plan.round) c.arc(v.x, v.z, (plan.w / 2) * v.scale, 0, 7);
  else c.roundRect(v.x - (plan.w / 2) * v.scale, v.z - (plan.d / 2) * v.scale, plan.w * v.scale, plan.d * v.scale, 10);
  c.fill();
  c.stroke();
  for (const thing of plan.things) drawThing(c, v, thing, color);
}

const tones: Partial<Record<Thing["is"], string>> = { pool: "--plan-water", tree: "--plan-green", lamp: "--plan-light", rug: "--plan-rug", ring: "--plan-rug", picture: "--plan-mark", page: "--plan-mark", arch: "--plan-mark" };

function drawThing(c: CanvasRenderingContext2D, v: View, thing: Thing, color: (name: string) => string): void {
  const least = thing.is === "lamp" ? 4 : 3;
  c.save();
  c.translate(v.x + thing.x * v.scale, v.z + thing.z * v.scale);
  c.rotate(-thing.turn);
  c.fillStyle = color(tones[thing.is] ?? "--plan-thing");
  c.beginPath();
  if (thing.round) c.arc(0, 0, Math.max(least, (thing.w / 2) * v.scale * (thing.is === "tree" ? 1.6 : 1)), 0, 7);
  else c.roundRect((-thing.w / 2) * v.scale, (-thing.d / 2) * v.scale, thing.w * v.scale, Math.max(least, thing.d * v.scale), 3);
  c.fill();
  c.restore();
}

// drawPerson draws a dot that looks somewhere, and the ring of a gesture, which
// is from 0 to 1 done.
function drawPerson(c: CanvasRenderingContext2D, v: View, { p, yaw, fill, name }: Figure, color: (name: string) => string, gesture: number | null): void {
  const [x, y, r] = [v.x + p.x * v.scale, v.z + p.z * v.scale, dotSize];
  c.save();
  c.translate(x, y);
  c.fillStyle = fill;
  c.beginPath();
  c.moveTo(-Math.sin(yaw) * (r + 7), -Math.cos(yaw) * (r + 7));
  c.arc(0, 0, r + 1, Math.PI * 1.5 - yaw - 0.5, Math.PI * 1.5 - yaw + 0.5);
  c.fill();
  c.beginPath();
  c.arc(0, 0, r, 0, 7);
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = color("--plan-ground");
  c.stroke();
  if (gesture !== null) {
    c.strokeStyle = fill;
    c.globalAlpha = 1 - gesture;
    c.beginPath();
    c.arc(0, 0, r + 4 + gesture * 26, 0, 7);
    c.stroke();
    c.globalAlpha = 1;
  }
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.fillStyle = "#14172e";
  c.font = `650 12px ${color("--text")}`;
  if (name) c.fillText(initial(name), 0, 0.5);
  c.restore();
}
