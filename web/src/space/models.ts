// Which model of a post its place shows, and what is said about one that no
// page can show.

import { isModelled, safe } from "./pictures";
import type { Kind } from "./plan";
import type { Json } from "./wire";

// modelOf reads the environment that the REST interface tells; empty for none.
// Own is our origin, which may be without TLS.
export function modelOf(kind: Kind, environment: unknown, own: string): string {
  const { model } = environmentOf(environment);
  return isModelled(kind) ? (safe(model, own).find((u) => /\.(glb|gltf)$/i.test(u.pathname))?.href ?? "") : "";
}

// isOldModel tells that a post brings VRML itself. The reader that three.js has
// for it knows no bounds: a grid that claims a million rows stops the page.
export function isOldModel(kind: Kind, environment: unknown, own: string): boolean {
  const { links } = environmentOf(environment);
  return kind === "vrml" && Array.isArray(links) && links.some((link) => safe(link, own).some((u) => /\.(wrl|wrz|vrml)(\.gz)?$/i.test(u.pathname)));
}

export const oldModelNote = "This post brings a VRML file, which cannot be shown here. You see a drawn place instead.";

function environmentOf(raw: unknown): Json {
  return typeof raw === "object" && raw !== null ? (raw as Json) : {};
}
