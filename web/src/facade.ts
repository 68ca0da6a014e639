// A room's building: the same slug always gives the same house. One lit
// window is one person; what the windows mean is decided in light().

export interface Window {
  x: number;
  y: number;
}

export type Roof = "flat" | "parapet" | "gable" | "mast" | "tank" | "dome" | "saw" | "step";

export interface Block {
  x: number;
  y: number; // top of the wall
  w: number;
  h: number;
  roof: Roof;
  tone: 0 | 1 | 2; // darker or lighter than its neighbour
}

export interface Building {
  w: number; // units; the ground is at y = h
  h: number;
  blocks: Block[];
  windows: Window[]; // in the order they are lit
  door: { x: number; w: number };
}

const unitW = 112;
const unitH = 84;
const pitchX = 11;
const pitchY = 12;
export const paneW = 5.6;
export const paneH = 7.2;

const roofs: Roof[] = ["flat", "parapet", "gable", "mast", "tank", "dome", "saw", "step"];

export function build(slug: string, w = 1, h = 1): Building {
  const random = seeded(slug);
  const width = unitW * Math.min(w, 4);
  const height = unitH * Math.min(h, 3);
  const blocks = massing(width, height, Math.max(2, Math.min(w, 4) * 2 + (random() < 0.4 ? 1 : 0)), random);
  const windows = shuffle(blocks.flatMap((b) => panes(b, height)), random);
  const tallest = blocks.reduce((a, b) => (b.h > a.h ? b : a));
  return { w: width, h: height, blocks, windows, door: { x: tallest.x + tallest.w / 2 - 4, w: 8 } };
}

// massing puts a few towers side by side, never two of one height, the
// tallest somewhere in the middle.
function massing(width: number, height: number, n: number, random: () => number): Block[] {
  const roofRoom = 16;
  const floors = Math.floor((height - roofRoom - 8) / pitchY);
  const columns = Math.floor((width - 8) / pitchX);
  const shares = split(columns, n, random);
  const peak = Math.floor(n / 2 - (random() < 0.5 && n % 2 === 0 ? 1 : 0));
  let x = (width - columns * pitchX) / 2;
  return shares.map((share, i) => {
    const distance = Math.abs(i - peak);
    const level = Math.max(2, floors - distance - (distance > 0 ? Math.floor(random() * 2) : 0));
    const w = share * pitchX;
    const h = level * pitchY + 9;
    const roof = w < 3 * pitchX && i !== peak ? (random() < 0.6 ? "flat" : "parapet") : (roofs[Math.floor(random() * roofs.length)] as Roof);
    const block: Block = { x, y: height - h, w, h, roof, tone: (i === peak ? 1 : i % 2 === 0 ? 2 : 0) as 0 | 1 | 2 };
    x += w;
    return block;
  });
}

function split(total: number, n: number, random: () => number): number[] {
  const shares = Array.from({ length: n }, () => Math.floor(total / n));
  for (let rest = total - shares.reduce((a, b) => a + b, 0); rest > 0; rest--) {
    const i = Math.floor(random() * n);
    shares[i] = (shares[i] as number) + 1;
  }
  return shares;
}

function panes(b: Block, ground: number): Window[] {
  const found: Window[] = [];
  const columns = Math.round(b.w / pitchX);
  for (let y = b.y + 5; y + paneH < ground - 6; y += pitchY) {
    for (let c = 0; c < columns; c++) found.push({ x: b.x + c * pitchX + (pitchX - paneW) / 2, y });
  }
  return found;
}

export type Light = "active" | "idle" | "agent" | "dark";

// light says what each window shows: active people from the first window on,
// then the idle, and agents from the last one back, so that one more person
// lights one more window and moves no other. More of them than windows share
// the windows fairly, and whoever is there keeps at least one.
export function light(windows: number, active: number, idle: number, agents: number): Light[] {
  const [a, i, g] = share(windows, [active, idle, agents]) as [number, number, number];
  return Array.from({ length: windows }, (_, n) => {
    if (n < a) return "active";
    if (n < a + i) return "idle";
    return n >= windows - g ? "agent" : "dark";
  });
}

function share(windows: number, counts: number[]): number[] {
  const all = counts.reduce((sum, n) => sum + n, 0);
  if (all <= windows) return counts;
  const shares = counts.map((n) => (n === 0 ? 0 : Math.max(1, Math.floor((n * windows) / all))));
  const largest = shares.indexOf(Math.max(...shares));
  shares[largest] = (shares[largest] as number) + windows - shares.reduce((sum, n) => sum + n, 0);
  return shares;
}

export function seeded(text: string): () => number {
  let a = 2166136261;
  for (let i = 0; i < text.length; i++) a = Math.imul(a ^ text.charCodeAt(i), 16777619);
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle<T>(items: T[], random: () => number): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
