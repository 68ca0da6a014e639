// The pictures of a gallery: made from the seed, so that a post always shows
// the same ones.

import { seeded } from "../../facade";
import { sheet } from "./kit";

const w = 400;
const h = 320;

type Painter = (c: CanvasRenderingContext2D, random: () => number, color: (l: number, c: number, turn?: number) => string) => void;

export function painting(seed: string, hue: number): HTMLCanvasElement {
  const random = seeded(seed);
  const [canvas, c] = sheet(w, h);
  const base = hue + Math.floor(random() * 5) * 47;
  const color = (l: number, chroma: number, turn = 0) => `oklch(${l.toFixed(2)} ${chroma} ${(base + turn).toFixed(0)})`;
  (painters[Math.floor(random() * painters.length)] as Painter)(c, random, color);
  return canvas;
}

const painters: Painter[] = [
  function hills(c, random, color) {
    const g = c.createLinearGradient(0, 0, 0, h);
    g.addColorStop(0, color(0.5, 0.12, 200));
    g.addColorStop(1, color(0.9, 0.09, 40));
    c.fillStyle = g;
    c.fillRect(0, 0, w, h);
    c.fillStyle = color(0.93, 0.1, 60);
    c.beginPath();
    c.arc(w * (0.25 + random() * 0.5), h * 0.42, 34 + random() * 26, 0, 7);
    c.fill();
    for (let i = 0; i < 5; i++) {
      c.fillStyle = color(0.68 - i * 0.11, 0.09, i * 14);
      c.beginPath();
      c.moveTo(0, h);
      const [p, q] = [random() * 6, 1.5 + random() * 2];
      for (let x = 0; x <= w; x += 8) c.lineTo(x, h * (0.5 + i * 0.1) + Math.sin((x / w) * q * 3 + p) * 22 + Math.sin(x / 19 + p) * 4);
      c.lineTo(w, h);
      c.fill();
    }
  },
  function circles(c, random, color) {
    c.fillStyle = color(0.93, 0.03);
    c.fillRect(0, 0, w, h);
    for (let i = 0; i < 26; i++) {
      const [x, y, r] = [random() * w, random() * h, 12 + random() ** 2 * 90];
      c.globalAlpha = 0.75;
      c.fillStyle = color(0.45 + random() * 0.4, 0.14, Math.floor(random() * 4) * 60);
      c.beginPath();
      c.arc(x, y, r, 0, 7);
      c.fill();
      c.globalAlpha = 1;
      c.strokeStyle = color(0.3, 0.06);
      c.lineWidth = 1.5;
      c.beginPath();
      c.arc(x, y, r * 0.6, 0, 7);
      c.stroke();
    }
  },
  function tiles(c, random, color) {
    const n = 8;
    const size = w / n;
    for (let x = 0; x < n; x++) {
      for (let y = 0; y < 7; y++) {
        c.fillStyle = color(0.55 + random() * 0.38, 0.1, Math.floor(random() * 3) * 80);
        c.fillRect(x * size, y * size, size, size);
        c.fillStyle = color(0.3 + random() * 0.3, 0.12, Math.floor(random() * 3) * 80);
        c.beginPath();
        const corner = Math.floor(random() * 4);
        c.moveTo((x + (corner % 2)) * size, (y + (corner >> 1)) * size);
        c.arc((x + (corner % 2)) * size, (y + (corner >> 1)) * size, size, 0, 7);
        c.save();
        c.clip();
        c.fillRect(x * size, y * size, size, size);
        c.restore();
      }
    }
  },
  function strokes(c, random, color) {
    c.fillStyle = color(0.22, 0.05, 180);
    c.fillRect(0, 0, w, h);
    for (let i = 0; i < 70; i++) {
      c.strokeStyle = color(0.5 + random() * 0.42, 0.14, random() * 120);
      c.globalAlpha = 0.7;
      c.lineWidth = 2 + random() * 12;
      c.lineCap = "round";
      c.beginPath();
      const y = random() * h;
      c.moveTo(-20, y);
      c.bezierCurveTo(w * 0.3, y + (random() - 0.5) * 260, w * 0.6, y + (random() - 0.5) * 260, w + 20, random() * h);
      c.stroke();
    }
    c.globalAlpha = 1;
  },
  function city(c, random, color) {
    const g = c.createLinearGradient(0, 0, 0, h);
    g.addColorStop(0, color(0.24, 0.09));
    g.addColorStop(1, color(0.66, 0.13, 60));
    c.fillStyle = g;
    c.fillRect(0, 0, w, h);
    for (let row = 0; row < 3; row++) {
      for (let x = -10; x < w; ) {
        const [bw, bh] = [22 + random() * 36, 60 + random() * (190 - row * 50)];
        c.fillStyle = color(0.44 - row * 0.12, 0.07, 20);
        c.fillRect(x, h - bh, bw, bh);
        c.fillStyle = "#ffd27a";
        for (let i = 0; i < 5; i++) if (random() < 0.5) c.fillRect(x + 4 + random() * (bw - 9), h - bh + 8 + random() * (bh - 14), 4, 6);
        x += bw + random() * 6;
      }
    }
  },
];
