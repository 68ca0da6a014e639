// Which pictures of a post its place shows. What a post names is somebody
// else's: an address is only ever the source of an image.

import type { Kind } from "./plan";
import type { Json } from "./wire";

const most = 12; // a gallery has sixteen places, and each picture costs a texture

const image = /\.(avif|gif|jpe?g|png|webp)$/i;
const drawing = /\.svg$/i; // only ours: nobody can say how long another's takes to draw

// picturesOf reads the environment that the REST interface tells: the one
// picture around everybody, or those that hang in a gallery. Own is our origin,
// which may be without TLS.
export function picturesOf(kind: Kind, environment: unknown, own: string): string[] {
  if (typeof environment !== "object" || environment === null) return [];
  const { sky, links } = environment as Json;
  if (kind === "360") return safe(sky, own).map((u) => u.href);
  if (kind !== "art" || !Array.isArray(links)) return [];
  const found = links.flatMap((link) => safe(link, own)).filter((u) => image.test(u.pathname) || (u.origin === own && drawing.test(u.pathname)));
  return [...new Set(found.map((u) => u.href))].slice(0, most);
}

// safe reads an address of somebody else's; none is an empty list.
export function safe(address: unknown, own: string): URL[] {
  if (typeof address !== "string" || address === "" || !URL.canParse(address, own)) return [];
  const url = new URL(address, own);
  const isOurs = url.origin === own && url.protocol === "http:";
  return (url.protocol === "https:" || isOurs) && url.username === "" ? [url] : [];
}

// Progress is how many of the pictures, or of one model, are there already, and how many will
// not come.
export interface Progress {
  of: number;
  shown: number;
  failed: number;
}

export function stateOf({ of, shown, failed }: Progress): "none" | "loading" | "shown" | "failed" {
  if (of === 0) return "none";
  if (shown + failed < of) return "loading";
  return failed > 0 ? "failed" : "shown";
}

export function wordsOf(kind: Kind, progress: Progress): string {
  const { of, failed } = progress;
  switch (stateOf(progress)) {
    case "loading":
      if (isModelled(kind)) return "Loading the model…";
      return of === 1 ? "Loading the picture…" : "Loading the pictures…";
    case "failed":
      if (isModelled(kind)) return "The model of this place could not be loaded. You see a drawn place instead.";
      if (kind === "360") return "The picture of this place could not be loaded. You see a drawn sky instead.";
      return `${failed} of ${of} ${of === 1 ? "picture" : "pictures"} could not be loaded. Drawn ones hang there instead.`;
    default:
      return "";
  }
}

// isModelled tells which places show a model, and no pictures.
export function isModelled(kind: Kind): boolean {
  return kind === "vrml" || kind === "aframe";
}
