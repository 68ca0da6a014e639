// What the page knows, and how a frame or a change of the connection changes
// it. Pure: no clock, no network, no DOM; `at` comes with every event.

import { note, type Entry } from "./journal";
import type { Frame, Room, Size, Status, Totals, ZoneTotals } from "./wire";

export type Connection =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "waiting"; retryAt: number; reason: string } // between two attempts
  | { phase: "offline" } // the browser itself has no network
  | { phase: "refused"; reason: string }; // a person has to decide

export interface State {
  connection: Connection;
  known: boolean; // a snapshot was received at least once
  seq: number;
  heardAt: number; // ms; the last frame that was applied
  status: Status | null;
  totals: Totals | null;
  zones: ZoneTotals[];
  grid: Size;
  rooms: ReadonlyMap<string, Room>;
  journal: readonly Entry[]; // newest first
  dropped: number; // frames (or rooms within one) that could not be read
  repeated: number; // frames whose number was not newer than the last
}

export type Event =
  | { type: "frames"; frames: Frame[]; at: number }
  | { type: "connecting" }
  | { type: "waiting"; retryAt: number; reason: string }
  | { type: "offline" }
  | { type: "refused"; reason: string };

export const initial: State = {
  connection: { phase: "connecting" },
  known: false,
  seq: 0,
  heardAt: 0,
  status: null,
  totals: null,
  zones: [],
  grid: { w: 0, h: 0 },
  rooms: new Map(),
  journal: [],
  dropped: 0,
  repeated: 0,
};

// reduce never takes numbers away when the connection does: they stay, and
// what is shown of them is decided where they are shown (life.ts).
export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "frames":
      return applyFrames(state, event.frames, event.at);
    case "connecting":
    case "offline":
      return { ...state, connection: { phase: event.type } };
    case "waiting":
      return { ...state, connection: { phase: "waiting", retryAt: event.retryAt, reason: event.reason } };
    case "refused":
      return { ...state, connection: { phase: "refused", reason: event.reason } };
  }
}

// Frames that arrived together are applied together: one copy of the room
// table and one rendering, however many there were.
function applyFrames(state: State, frames: Frame[], at: number): State {
  const next = { ...state, rooms: new Map(state.rooms) };
  let journal = state.journal;
  for (const frame of frames) {
    if (frame.type === "bad") next.dropped++;
    if (!("seq" in frame) || !isNews(next, frame)) continue;
    journal = note(journal, next.rooms, frame, at);
    next.seq = frame.seq;
    next.heardAt = at;
    apply(next, frame);
  }
  next.journal = journal;
  return next;
}

type Numbered = Extract<Frame, { seq: number }>;
type Draft = Omit<State, "rooms"> & { rooms: Map<string, Room> };

// Every connection starts with a snapshot; until it came, deltas belong to a
// table we do not have. Numbers only grow, but not by one: a room that changed
// twice while the socket was busy is sent once.
function isNews(state: Draft, frame: Numbered): boolean {
  if (frame.type === "snapshot") return true;
  if (state.connection.phase !== "live") return false;
  if (frame.seq > state.seq) return true;
  state.repeated++;
  return false;
}

function apply(next: Draft, frame: Numbered): void {
  switch (frame.type) {
    case "snapshot":
      next.connection = { phase: "live" };
      next.known = true;
      next.status = frame.status;
      next.totals = frame.totals;
      next.zones = frame.zones;
      next.grid = frame.grid;
      next.rooms = new Map(frame.rooms.map((r) => [r.slug, r]));
      next.dropped += frame.skipped;
      return;
    case "room": {
      const room = next.rooms.get(frame.slug);
      if (room) next.rooms.set(frame.slug, { ...room, presence: frame.presence });
      return;
    }
    case "link":
      next.rooms.set(frame.room.slug, frame.room);
      return;
    case "gone":
      next.rooms.delete(frame.slug);
      return;
    case "totals":
      next.totals = frame.totals;
      next.zones = frame.zones;
      return;
    case "status":
      next.status = frame.status;
  }
}
