// Text on walls and signs, drawn on a canvas: any script the browser can show,
// and no font file from anywhere.

import { sheet } from "./kit";

const serif = 'ui-serif, "New York", "Iowan Old Style", Palatino, P052, "Noto Serif", Georgia, serif';
export const sans = 'Inter, -apple-system, "Segoe UI", Roboto, "Noto Sans", system-ui, sans-serif';

export interface PageStyle {
  paper: string;
  ink: string;
  faint: string;
}

export const dayPaper: PageStyle = { paper: "#fffaf0", ink: "#232842", faint: "#8a7f70" };
export const nightPaper: PageStyle = { paper: "#f3e6cd", ink: "#2a2440", faint: "#86765f" };

// plain takes the marks out of Markdown and HTML and keeps the words.
export function plain(text: string): string {
  return text
    .replace(/<[^>]*>/g, " ")
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/https?:\/\/\S+/g, "")
    .replace(/^\s*#{1,6}\s*/gm, "")
    .replace(/[*_`~]{1,3}/g, "")
    .replace(/[ \t]+/g, " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

// pages sets a text on as many sheets as are there; what does not fit ends in
// an ellipsis on the last one.
export function pages(count: number, title: string, byline: string, text: string, style: PageStyle): HTMLCanvasElement[] {
  const rest = { words: plain(text).split("\n").flatMap((line) => [...line.split(" ").filter((w) => w !== ""), "\n"]) };
  const more = () => rest.words.some((w) => w !== "\n");
  let written = 0;
  const sheets = Array.from({ length: count }, (_, i) => {
    if (i === 0 || more()) written++;
    return onePage(i, count, title, byline, rest, style);
  });
  // A short text stands in the middle, where people look when they come in.
  if (written === 1) sheets.splice(count >> 1, 0, ...sheets.splice(0, 1));
  return sheets;
}

function onePage(i: number, count: number, title: string, byline: string, rest: { words: string[] }, style: PageStyle): HTMLCanvasElement {
  const [canvas, c] = sheet(768, 960);
  const isBlank = i > 0 && rest.words.every((w) => w === "\n");
  c.fillStyle = style.paper;
  c.fillRect(0, 0, 768, 960);
  const isRtl = /[\u0590-\u08ff]/.test(rest.words[0] ?? title);
  c.direction = isRtl ? "rtl" : "ltr";
  const x = isRtl ? 768 - 64 : 64;
  let y = 100;
  c.fillStyle = style.ink;
  if (i === 0) {
    c.font = `600 52px ${serif}`;
    for (const line of wrap(c, title, 640).slice(0, 3)) {
      c.fillText(line, x, y);
      y += 60;
    }
    c.font = `italic 26px ${serif}`;
    c.fillStyle = style.faint;
    c.fillText(byline, x, y);
    y += 66;
  }
  c.font = `27px ${serif}`;
  c.fillStyle = style.ink;
  while (y < 890 && rest.words.length > 0) {
    const line = takeLine(c, rest.words, 640);
    const isEnd = y + 41 >= 890 && i === count - 1 && rest.words.some((w) => w !== "\n");
    c.fillText(isEnd ? `${line} …` : line, x, y);
    y += line === "" ? 20 : 41;
  }
  if (isBlank) return canvas;
  c.fillStyle = style.faint;
  c.font = `22px ${serif}`;
  c.textAlign = "center";
  c.fillText(`${i + 1}`, 384, 930);
  return canvas;
}

function takeLine(c: CanvasRenderingContext2D, words: string[], width: number): string {
  let line = "";
  while (words.length > 0) {
    const word = words[0] as string;
    if (word === "\n") {
      words.shift();
      return line;
    }
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && c.measureText(longer).width > width) return line;
    line = longer;
    words.shift();
  }
  return line;
}

export function wrap(c: CanvasRenderingContext2D, text: string, width: number): string[] {
  const words = text.split(" ");
  const lines: string[] = [];
  while (words.length > 0) lines.push(takeLine(c, words, width));
  return lines;
}

// sign is one or two lines of large type on a coloured ground.
export function sign(title: string, below: string, ground: string, ink: string, w = 1024, h = 256): HTMLCanvasElement {
  const [canvas, c] = sheet(w, h);
  if (ground !== "") {
    c.fillStyle = ground;
    c.beginPath();
    c.roundRect(0, 0, w, h, 28);
    c.fill();
  }
  c.fillStyle = ink;
  c.textAlign = "center";
  c.textBaseline = "middle";
  fit(c, title, w - 80, h * 0.42, 600, serif);
  c.fillText(title, w / 2, below ? h * 0.4 : h / 2);
  if (below) {
    c.globalAlpha = 0.75;
    fit(c, below, w - 80, h * 0.17, 500, sans);
    c.fillText(below, w / 2, h * 0.76);
  }
  return canvas;
}

function fit(c: CanvasRenderingContext2D, text: string, width: number, size: number, weight: number, family: string): void {
  c.font = `${weight} ${size}px ${family}`;
  const wide = c.measureText(text).width;
  if (wide > width) c.font = `${weight} ${(size * width) / wide}px ${family}`;
}

const tagHeight = 80;

// tag is the name over somebody's head, as wide as it needs to be; a guest's
// says so.
export function tag(name: string, guest: boolean, night: boolean): HTMLCanvasElement {
  const [canvas, c] = sheet(512, tagHeight);
  c.font = `600 44px ${sans}`;
  const short = shorten(c, name, 330);
  const nameWide = c.measureText(short).width;
  c.font = `500 30px ${sans}`;
  const markWide = guest ? c.measureText("guest").width + 40 : 0;
  const wide = Math.ceil(nameWide + markWide + 56);
  canvas.width = wide;
  c.fillStyle = night ? "rgba(11,14,36,0.74)" : "rgba(255,253,249,0.86)";
  c.beginPath();
  c.roundRect(0, 0, wide, tagHeight, tagHeight / 2);
  c.fill();
  c.textBaseline = "middle";
  c.fillStyle = night ? "#f1f2ff" : "#1b2140";
  c.font = `600 44px ${sans}`;
  c.fillText(short, 28, 42);
  if (guest) {
    c.font = `500 30px ${sans}`;
    c.fillStyle = night ? "#b9bfe0" : "#5f6784";
    c.fillText("guest", 28 + nameWide + 18, 43);
  }
  return canvas;
}

export function shorten(c: CanvasRenderingContext2D, text: string, width: number): string {
  if (c.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && c.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}
