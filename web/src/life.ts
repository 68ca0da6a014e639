// What may be shown of what is known: fresh numbers, last known numbers with
// their time, or the word "unknown". The only place that decides it.

import type { State } from "./state";
import type { Presence, Room, Source, Totals } from "./wire";

// Without a connection the last numbers are worth showing for as long as the
// server itself would keep them (the lifetime of a room on its bus).
export const lifetime = 5 * 60_000;

export type Freshness =
  | { is: "none" } // nothing was ever heard
  | { is: "live" }
  | { is: "stale"; asOf: number } // ms, 0 when nobody knows
  | { is: "unknown" };

export function freshness(state: State, now: number): Freshness {
  if (!state.known || !state.status) return { is: "none" };
  if (state.connection.phase !== "live") {
    const asOf = state.status.state === "stale" ? state.status.asOf : state.heardAt;
    return now - state.heardAt > lifetime ? { is: "unknown" } : { is: "stale", asOf };
  }
  if (state.status.state === "stale") return { is: "stale", asOf: state.status.asOf };
  return { is: state.status.state };
}

export interface Numbers {
  online: number;
  active: number;
  idle: number;
  typing: number;
  agents: number;
  vr: number;
}

export interface Seen extends Numbers {
  stale: boolean;
  asOf: number;
  source: Source;
  presence: Presence;
}

// look is null when the room's count is unknown. Typing lasts seconds, so a
// stale room shows none.
export function look(room: Room, fresh: Freshness): Seen | null {
  const p = room.presence;
  if (!p || fresh.is === "none" || fresh.is === "unknown") return null;
  const stale = p.stale || fresh.is === "stale";
  return {
    online: p.online,
    active: p.active,
    idle: p.idle,
    typing: stale ? 0 : p.typing,
    agents: p.agentCount,
    vr: p.vr,
    stale,
    asOf: p.asOf,
    source: p.source,
    presence: p,
  };
}

export function lookTotals(totals: Totals | null, fresh: Freshness): Totals | null {
  if (!totals || fresh.is === "none" || fresh.is === "unknown") return null;
  return fresh.is === "stale" ? { ...totals, typing: 0 } : totals;
}

// liveliness orders rooms by life. Somebody typing weighs more than somebody
// idling; an unknown room comes after every known one.
export function liveliness(seen: Seen | null): number {
  if (!seen) return -1;
  return seen.active * 4 + seen.idle * 2 + seen.typing * 5 + seen.agents * 0.5;
}

export function isAlive(seen: Seen | null): boolean {
  return seen !== null && seen.online + seen.typing > 0;
}

export type Sort = "life" | "name" | "zone";
export type Filter = "all" | "alive" | "agents" | "private";

export interface Wish {
  query: string;
  zone: string; // empty is every zone
  filter: Filter;
}

export function matches(room: Room, seen: Seen | null, wish: Wish): boolean {
  if (wish.zone && room.zone !== wish.zone) return false;
  if (wish.filter === "alive" && !isAlive(seen)) return false;
  if (wish.filter === "agents" && (seen?.agents ?? 0) === 0) return false;
  if (wish.filter === "private" && room.isPublic) return false;
  const words = fold(wish.query).split(/\s+/).filter(Boolean);
  // Without its server, which every alias has and would fit every room.
  const alias = room.alias.split(":", 1)[0];
  const text = fold([room.name, room.slug, room.description, alias, room.zone].join(" "));
  return words.every((w) => text.includes(w));
}

// Diacritics and case do not matter to somebody who searches.
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

export function compare(sort: Sort, fresh: Freshness): (a: Room, b: Room) => number {
  const byName = (a: Room, b: Room) => a.name.localeCompare(b.name) || (a.slug < b.slug ? -1 : 1);
  if (sort === "name") return byName;
  if (sort === "zone") return (a, b) => a.zone.localeCompare(b.zone) || byName(a, b);
  return (a, b) => liveliness(look(b, fresh)) - liveliness(look(a, fresh)) || byName(a, b);
}
