// Numbers and times as people read them. Language follows the page, which is
// English; the clock follows the visitor.

import type { Seen } from "./life";
import type { Room } from "./wire";

const number = new Intl.NumberFormat("en");

export function digits(n: number): string {
  return number.format(n);
}

export function plural(n: number, one: string, many: string): string {
  return `${digits(n)} ${n === 1 ? one : many}`;
}

export function people(n: number): string {
  return plural(n, "person", "people");
}

// clock is "14:05", or "24 Nov, 14:05" when that was not today.
export function clock(ms: number, now: number): string {
  const then = new Date(ms);
  const time = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === new Date(now).toDateString()) return time;
  return `${then.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

export function asOf(ms: number, now: number): string {
  return ms > 0 ? `as of ${clock(ms, now)}` : "time unknown";
}

export function ago(ms: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  if (seconds < 10) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return clock(ms, now);
}

// spoken is a room's name for a screen reader: "General, 3 people online, 1 in
// VR, 1 typing, 2 agents".
export function spoken(room: Room, seen: Seen | null, now: number): string {
  const parts = [room.name];
  if (!room.isPublic) parts.push("private room");
  if (!seen) return [...parts, "number of people unknown"].join(", ");
  parts.push(`${people(seen.online)} online`);
  if (seen.vr > 0) parts.push(`${digits(seen.vr)} in VR`);
  if (seen.typing > 0) parts.push(`${digits(seen.typing)} typing`);
  if (seen.agents > 0) parts.push(plural(seen.agents, "agent", "agents"));
  if (seen.stale) parts.push(asOf(seen.asOf, now));
  return parts.join(", ");
}

export function title(online: number | null, stale: boolean): string {
  if (online === null) return "The city";
  return `${digits(online)} ${stale ? "were online" : "online"} · The city`;
}

// zoneName turns a zone's slug into words: "old-town" is "Old town".
export function zoneName(zone: string): string {
  const words = zone.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
