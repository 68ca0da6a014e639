// The city feed as it arrives: version 2 frames, text JSON. Whatever comes
// from outside goes through here once; the rest of the page trusts its types.

export type StateWord = "live" | "stale" | "unknown";
export type Source = "matrix" | "inferred" | "mixed";

export interface Status {
  state: StateWord;
  sync: string;
  asOf: number; // ms, 0 when never
  presence: string; // supported, disabled or unknown
  source: Source;
  message: string;
}

export interface Totals {
  online: number;
  active: number;
  idle: number;
  agents: number;
  typing: number;
  roomsOnline: number;
}

export interface ZoneTotals {
  zone: string;
  totals: Totals;
}

export interface Agent {
  name: string;
  status: string; // online, busy or offline
}

export interface Presence {
  online: number;
  active: number;
  idle: number;
  typing: number;
  agentCount: number;
  agents: Agent[];
  members: number;
  source: Source;
  stale: boolean;
  asOf: number; // ms
  lastEvent: number; // ms, 0 when never
  vr: number; // of online: people in the room's space
}

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Room {
  slug: string;
  id: string;
  name: string;
  description: string;
  zone: string;
  kind: string;
  icon: string;
  color: string; // "#rrggbb" or empty
  isPublic: boolean;
  roomId: string;
  alias: string;
  map: Rect;
  presence: Presence | null; // null is unknown, never zero
}

export interface Size {
  w: number;
  h: number;
}

export type Frame =
  | { type: "snapshot"; seq: number; ts: number; status: Status; totals: Totals | null; zones: ZoneTotals[]; grid: Size; rooms: Room[]; skipped: number }
  | { type: "room"; seq: number; slug: string; presence: Presence | null }
  | { type: "link"; seq: number; room: Room }
  | { type: "gone"; seq: number; slug: string }
  | { type: "totals"; seq: number; totals: Totals | null; zones: ZoneTotals[] }
  | { type: "status"; seq: number; status: Status }
  | { type: "pong" }
  | { type: "error"; code: string; detail: string }
  | { type: "unknown"; name: string } // a newer server's frame: skipped, not a fault
  | { type: "bad"; reason: string };

class Malformed extends Error {}

type Json = Record<string, unknown>;

export function parseFrame(text: unknown): Frame {
  if (typeof text !== "string") return { type: "bad", reason: "not text" };
  if (text === "pong") return { type: "pong" };
  try {
    return readFrame(object(JSON.parse(text), "frame"));
  } catch (e) {
    return { type: "bad", reason: e instanceof Malformed ? e.message : "not JSON" };
  }
}

function readFrame(f: Json): Frame {
  switch (f.type) {
    case "city.snapshot":
      return readSnapshot(f);
    case "city.room":
      return { type: "room", seq: seq(f), slug: text(f, "slug"), presence: readPresence(f.presence) };
    case "city.link":
      return { type: "link", seq: seq(f), room: readRoom(f.room) };
    case "city.gone":
      return { type: "gone", seq: seq(f), slug: text(f, "slug") };
    case "city.totals":
      return { type: "totals", seq: seq(f), totals: readTotals(f.totals), zones: readZones(f.zones) };
    case "city.status":
      return { type: "status", seq: seq(f), status: readStatus(f.status) };
    case "error":
      return { type: "error", code: optional(f, "code"), detail: optional(f, "detail") };
    default:
      return { type: "unknown", name: text(f, "type") };
  }
}

// One malformed room must not cost the visitor the whole city.
function readSnapshot(f: Json): Frame {
  const rooms: Room[] = [];
  let skipped = 0;
  for (const raw of list(f.rooms, "rooms")) {
    try {
      rooms.push(readRoom(raw));
    } catch {
      skipped++;
    }
  }
  const grid = object(f.grid, "grid");
  return {
    type: "snapshot",
    seq: seq(f),
    ts: count(f, "ts"),
    status: readStatus(f.status),
    totals: readTotals(f.totals),
    zones: readZones(f.zones),
    grid: { w: count(grid, "w"), h: count(grid, "h") },
    rooms,
    skipped,
  };
}

function readRoom(raw: unknown): Room {
  const r = object(raw, "room");
  const m = object(r.map ?? {}, "map");
  const slug = text(r, "slug");
  return {
    slug,
    id: optional(r, "id"),
    name: optional(r, "name") || slug,
    description: optional(r, "description"),
    zone: optional(r, "zone") || "central",
    kind: optional(r, "room_type"),
    icon: optional(r, "icon"),
    color: /^#[0-9a-f]{6}$/i.test(optional(r, "color")) ? optional(r, "color") : "",
    isPublic: r.is_public === true,
    roomId: optional(r, "matrix_room_id"),
    alias: optional(r, "matrix_room_alias"),
    map: { x: cell(m, "x"), y: cell(m, "y"), w: cell(m, "w"), h: cell(m, "h") },
    presence: readPresence(r.presence),
  };
}

function readPresence(raw: unknown): Presence | null {
  if (raw === null || raw === undefined) return null;
  const p = object(raw, "presence");
  return {
    online: count(p, "online_count"),
    active: count(p, "active_count"),
    idle: count(p, "idle_count"),
    typing: count(p, "typing_count"),
    agentCount: count(p, "agent_count"),
    agents: list(p.agents ?? [], "agents").map(readAgent),
    members: count(p, "member_count"),
    source: readSource(p.source),
    stale: p.stale === true,
    asOf: count(p, "as_of"),
    lastEvent: count(p, "last_event_ts"),
    vr: p.vr_count === undefined ? 0 : count(p, "vr_count"), // a gateway from before it
  };
}

function readAgent(raw: unknown): Agent {
  const a = object(raw, "agent");
  return { name: text(a, "display_name"), status: optional(a, "status") || "online" };
}

function readTotals(raw: unknown): Totals | null {
  if (raw === null || raw === undefined) return null;
  const t = object(raw, "totals");
  return {
    online: count(t, "online_count"),
    active: count(t, "active_count"),
    idle: count(t, "idle_count"),
    agents: count(t, "agent_count"),
    typing: count(t, "typing_count"),
    roomsOnline: count(t, "rooms_online"),
  };
}

function readZones(raw: unknown): ZoneTotals[] {
  return list(raw ?? [], "zones").map((z) => {
    const zone = text(object(z, "zone"), "zone");
    return { zone, totals: readTotals(z) as Totals };
  });
}

function readStatus(raw: unknown): Status {
  const s = object(raw, "status");
  const state = s.state;
  if (state !== "live" && state !== "stale" && state !== "unknown") throw new Malformed("status.state");
  return {
    state,
    sync: optional(s, "sync"),
    asOf: count(s, "as_of"),
    presence: optional(s, "presence") || "unknown",
    source: readSource(s.source),
    message: optional(s, "message"),
  };
}

function readSource(raw: unknown): Source {
  return raw === "inferred" || raw === "mixed" ? raw : "matrix";
}

function object(raw: unknown, name: string): Json {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new Malformed(name);
  return raw as Json;
}

function list(raw: unknown, name: string): unknown[] {
  if (!Array.isArray(raw)) throw new Malformed(name);
  return raw;
}

function seq(f: Json): number {
  return count(f, "seq");
}

function text(o: Json, key: string): string {
  const v = o[key];
  if (typeof v !== "string" || v === "") throw new Malformed(key);
  return v;
}

function optional(o: Json, key: string): string {
  const v = o[key];
  return typeof v === "string" ? v : "";
}

// A count that is missing or odd makes its frame malformed: reading it as 0
// would show a number nobody observed.
function count(o: Json, key: string): number {
  const v = o[key];
  if (typeof v !== "number" || !Number.isSafeInteger(v) || v < 0) throw new Malformed(key);
  return v;
}

// A place that makes no sense is no place; the map finds the room a free cell.
function cell(o: Json, key: string): number {
  const v = o[key];
  return typeof v === "number" && Number.isInteger(v) && v >= 0 && v <= 1000 ? v : 0;
}
