// What a space is before one enters it, as the REST interface tells.

import { seeded } from "../facade";
import type { Tokens } from "../tokens";
import { apiPath, type Place } from "./address";
import { isOldModel, modelOf } from "./models";
import { picturesOf } from "./pictures";
import { type Kind, kindOf } from "./plan";
import { type Json, object, optional, readFault } from "./wire";

export interface Info {
  title: string;
  description: string;
  content: string; // the text of a post or document
  kind: Kind;
  owner: string;
  zone: string; // of a city room
  pictures: string[]; // of a post, to be shown in its place
  model: string; // likewise; empty for none
  isOldModel: boolean; // it has one that no page can show
  isNSFW: boolean;
  inside: number | null; // people now; null when nobody can tell
  names: string[]; // of some of them
  seats: number;
  obstacle: string; // why one may not enter; empty when one may
}

export type Look = { is: "loading" } | { is: "known"; info: Info } | { is: "missing"; reason: string } | { is: "away"; reason: string };

export async function lookUp(place: Place, tokens: Tokens, fetch: typeof globalThis.fetch): Promise<Look> {
  try {
    const token = await tokens.obtain();
    const answer = await fetch(`${apiPath(place)}?subspace=${encodeURIComponent(place.subspace)}&nsfw=true`, { headers: { Authorization: `Bearer ${token.text}` } });
    const body = (await answer.json().catch(() => ({}))) as Json;
    if (answer.ok) return { is: "known", info: readInfo(body, place, location.origin) };
    if (answer.status === 401) tokens.refused(token);
    const { message } = readFault(body);
    return answer.status >= 500 || answer.status === 401 || answer.status === 429 ? { is: "away", reason: message } : { is: "missing", reason: message };
  } catch {
    return { is: "away", reason: "The server does not answer" };
  }
}

export function readInfo(body: Json, place: Place, own: string): Info {
  const space = object(body.space ?? body, "space");
  const inside = space.active_users;
  const kind = kindOf(optional(space, "kind") || place.type);
  const hasAccess = body.has_access !== false;
  const people = Array.isArray(space.connected_users) ? space.connected_users : [];
  return {
    title: optional(space, "title") || optional(space, "display_name") || place.id,
    description: optional(space, "description"),
    content: optional(space, "content"),
    kind,
    owner: optional(space, "owner").replace(/^hive:/, ""),
    zone: optional(space, "zone"),
    pictures: hasAccess ? picturesOf(kind, space.environment, own) : [],
    model: hasAccess ? modelOf(kind, space.environment, own) : "",
    isOldModel: isOldModel(kind, space.environment, own),
    isNSFW: space.nsfw === true,
    inside: typeof inside === "number" && inside >= 0 ? inside : null,
    names: people.flatMap(nameIn),
    seats: typeof space.max_users === "number" ? space.max_users : 0,
    obstacle: hasAccess ? "" : optional(body, "reason") || "You may not enter this space.",
  };
}

function nameIn(raw: unknown): string[] {
  if (typeof raw === "string" && raw !== "") return [raw];
  if (typeof raw !== "object" || raw === null) return [];
  const user = raw as Json;
  const name = optional(user, "name") || optional(user, "user_account") || optional(user, "account");
  return name ? [name] : [];
}

// byline is the line under the title on signs and panels.
export function byline(info: Info): string {
  if (info.kind === "city") return info.zone ? `${info.zone.charAt(0).toUpperCase()}${info.zone.slice(1)} district` : "A room of the city";
  if (info.kind === "lobby") return "Everybody's place";
  return info.owner ? `by @${info.owner}` : "";
}

const zoneHues: Record<string, number> = { central: 288, north: 245, south: 32, east: 168, west: 355 };

export function hueOfPlace(info: Info, place: Place): number {
  return zoneHues[info.zone] ?? Math.floor(seeded(place.id)() * 360);
}
