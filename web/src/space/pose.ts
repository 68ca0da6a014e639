// The binary pose frames of presence.space.v1, little endian: the twin of the
// Go codec in gateway/wire, tested against the same vectors.

export interface Vec {
  x: number;
  y: number;
  z: number;
}

export interface Quat extends Vec {
  w: number;
}

export interface Hand {
  p: Vec;
  q: Quat;
}

// Pose is a head, and hands when somebody has tracked ones.
export interface Pose {
  p: Vec; // metres
  q: Quat; // a unit quaternion
  left?: Hand;
  right?: Hand;
}

export interface Mover {
  ref: number;
  pose: Pose;
}

const clientPose = 0x01;
const serverPoses = 0x02;
const record = 10; // bytes of a head or a hand
const hasLeft = 1;
const hasRight = 2;
const isTeleport = 4;
const refMask = 0x3fff;
const cm = 100;
const mm = 1000;

export function encodePose(pose: Pose, teleport = false): ArrayBuffer {
  const hands = [pose.left, pose.right].filter((h) => h !== undefined);
  const view = new DataView(new ArrayBuffer(2 + record * (1 + hands.length)));
  view.setUint8(0, clientPose);
  view.setUint8(1, (pose.left ? hasLeft : 0) | (pose.right ? hasRight : 0) | (teleport ? isTeleport : 0));
  write(view, 2, pose.p, pose.q, cm);
  hands.forEach((h, i) => write(view, 2 + record * (i + 1), minus(h.p, pose.p), h.q, mm));
  return view.buffer as ArrayBuffer;
}

// decodePoses returns null for what is no whole frame of poses. The tick is the
// low 32 bits of Unix milliseconds.
export function decodePoses(data: ArrayBuffer): { tick: number; movers: Mover[] } | null {
  const view = new DataView(data);
  if (data.byteLength < 6 || view.getUint8(0) !== serverPoses || view.getUint8(1) !== 0) return null;
  const movers: Mover[] = [];
  for (let at = 6; at < data.byteLength; ) {
    if (at + 2 > data.byteLength) return null;
    const word = view.getUint16(at, true);
    const hands = ((word >> 14) & 1) + (word >> 15);
    const end = at + 2 + record * (1 + hands);
    if (end > data.byteLength) return null;
    movers.push({ ref: word & refMask, pose: readMover(view, at + 2, (word & 0x4000) !== 0, (word & 0x8000) !== 0) });
    at = end;
  }
  return { tick: view.getUint32(2, true), movers };
}

function readMover(view: DataView, at: number, left: boolean, right: boolean): Pose {
  const pose: Pose = { p: readPoint(view, at, cm), q: unpack(view.getUint32(at + 6, true)) };
  if (left) pose.left = readHand(view, at + record, pose.p);
  if (right) pose.right = readHand(view, at + record * (left ? 2 : 1), pose.p);
  return pose;
}

function readHand(view: DataView, at: number, head: Vec): Hand {
  return { p: plus(readPoint(view, at, mm), head), q: unpack(view.getUint32(at + 6, true)) };
}

function readPoint(view: DataView, at: number, unit: number): Vec {
  return { x: view.getInt16(at, true) / unit, y: view.getInt16(at + 2, true) / unit, z: view.getInt16(at + 4, true) / unit };
}

function write(view: DataView, at: number, p: Vec, q: Quat, unit: number): void {
  view.setInt16(at, int16(p.x * unit), true);
  view.setInt16(at + 2, int16(p.y * unit), true);
  view.setInt16(at + 4, int16(p.z * unit), true);
  view.setUint32(at + 6, pack(q), true);
}

function int16(n: number): number {
  return Math.max(-32768, Math.min(32767, round(n)));
}

// Halves go up, as in the Go codec.
function round(n: number): number {
  return Math.floor(n + 0.5);
}

// pack keeps the three smallest parts of a rotation: the largest is found again
// from the others.
export function pack(q: Quat): number {
  const size = Math.hypot(q.x, q.y, q.z, q.w) || 1;
  const parts = [q.x / size, q.y / size, q.z / size, q.w / size];
  let drop = 0;
  parts.forEach((c, i) => {
    if (Math.abs(c) > Math.abs(parts[drop] as number)) drop = i;
  });
  const sign = (parts[drop] as number) < 0 ? -1 : 1;
  let bits = drop;
  parts.forEach((c, i) => {
    if (i !== drop) bits = bits * 1024 + Math.max(0, Math.min(1023, round((c * sign * Math.SQRT2 * 0.5 + 0.5) * 1023)));
  });
  return bits;
}

export function unpack(bits: number): Quat {
  const drop = bits >>> 30;
  const small = [20, 10, 0].map((shift) => ((((bits >>> shift) & 1023) / 1023 - 0.5) * 2) / Math.SQRT2);
  const rest = Math.sqrt(Math.max(0, 1 - small.reduce((sum, c) => sum + c * c, 0)));
  small.splice(drop, 0, rest);
  const [x, y, z, w] = small as [number, number, number, number];
  return { x, y, z, w };
}

// fullTick gives a tick its high bits back: the moment nearest to now.
export function fullTick(low: number, now: number): number {
  const span = 2 ** 32;
  return low + Math.round((now - low) / span) * span;
}

export function plus(a: Vec, b: Vec): Vec {
  return { x: a.x + b.x, y: a.y + b.y, z: a.z + b.z };
}

export function minus(a: Vec, b: Vec): Vec {
  return { x: a.x - b.x, y: a.y - b.y, z: a.z - b.z };
}

export function distance(a: Vec, b: Vec): number {
  return Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

// turn is the rotation of somebody who looks yaw to the left and pitch up
// (radians); no turn at all looks along -z.
export function turn(yaw: number, pitch = 0): Quat {
  const [cy, sy, cp, sp] = [Math.cos(yaw / 2), Math.sin(yaw / 2), Math.cos(pitch / 2), Math.sin(pitch / 2)];
  return { x: sp * cy, y: cp * sy, z: -sp * sy, w: cp * cy };
}

export function yawOf(q: Quat): number {
  return Math.atan2(2 * (q.x * q.z + q.w * q.y), 1 - 2 * (q.x * q.x + q.y * q.y));
}
