// The text frames of presence.space.v1, server to client. Whatever comes from
// outside goes through here once; the rest of the page trusts its types.

import type { Pose, Quat, Vec } from "./pose";

export interface Member {
  session: string;
  ref: number;
  subject: string;
  account: string; // empty for guests
  name: string;
  guest: boolean;
  door: string;
  voice: boolean;
  pose: Pose | null;
}

export interface Reaction {
  reaction: string;
  count: number;
  subjects: string[];
}

export interface Message {
  id: number;
  clientId: string;
  subject: string;
  account: string;
  name: string;
  guest: boolean;
  type: string;
  content: string; // empty once deleted
  mentions: string[];
  parent: number; // the thread's first line, 0 for none
  replyTo: number;
  threadCount: number;
  reactions: Reaction[];
  edited: boolean;
  deleted: boolean;
  at: number; // ms
}

export interface ChatEvent {
  seq: number;
  kind: "new" | "edited" | "deleted" | "reaction";
  message: Message;
}

export interface Joined {
  space: string;
  title: string;
  description: string;
  kind: string;
  owner: string;
  role: string;
  canWrite: boolean;
  self: { session: string; ref: number };
  members: Member[];
  chatSeq: number;
}

export interface Fault {
  code: string;
  field: string;
  message: string;
  fix: string;
}

export type Frame =
  | { type: "hello"; session: string; subject: string; name: string; guest: boolean }
  | ({ type: "joined" } & Joined)
  | { type: "waiting"; position: number; length: number; seats: number }
  | { type: "left"; reason: string }
  | { type: "member.joined"; member: Member }
  | { type: "member.left"; session: string; ref: number }
  | { type: "member.changed"; member: Member }
  | { type: "chat"; event: ChatEvent }
  | { type: "typing"; sessions: string[] }
  | { type: "emote"; from: string; emote: string }
  | { type: "ack"; id: number; body: Json }
  | { type: "error"; id: number | null; op: string; fault: Fault }
  | { type: "unknown"; name: string } // a newer server's frame: skipped, not a fault
  | { type: "bad"; reason: string };

class Malformed extends Error {}

export type Json = Record<string, unknown>;

export function parseFrame(data: string): Frame {
  try {
    return readFrame(object(JSON.parse(data), "frame"));
  } catch (e) {
    return { type: "bad", reason: e instanceof Malformed ? e.message : "not JSON" };
  }
}

function readFrame(f: Json): Frame {
  switch (f.type) {
    case "hello":
      return { type: "hello", session: text(f, "session"), subject: text(f, "subject"), name: optional(f, "name"), guest: f.guest === true };
    case "joined":
      return readJoined(f);
    case "waiting":
      return { type: "waiting", position: count(f, "position"), length: count(f, "length"), seats: count(f, "seats") };
    case "left":
      return { type: "left", reason: optional(f, "reason") };
    case "member.joined":
    case "member.changed":
      return { type: f.type, member: readMember(f.member) };
    case "member.left":
      return { type: "member.left", session: text(f, "session"), ref: count(f, "ref") };
    case "chat":
      return { type: "chat", event: readEvent(f.event) };
    case "typing":
      return { type: "typing", sessions: texts(f.sessions) };
    case "emote":
      return { type: "emote", from: text(f, "from"), emote: text(f, "emote") };
    case "ack":
      return { type: "ack", id: count(f, "id"), body: f };
    case "error":
      return { type: "error", id: typeof f.id === "number" ? f.id : null, op: optional(f, "op"), fault: readFault(f) };
    default:
      return { type: "unknown", name: text(f, "type") };
  }
}

function readJoined(f: Json): Frame {
  const self = object(f.self, "self");
  return {
    type: "joined",
    space: text(f, "space"),
    title: optional(f, "title"),
    description: optional(f, "description"),
    kind: optional(f, "kind"),
    owner: optional(f, "owner"),
    role: optional(f, "role"),
    canWrite: f.can_write === true,
    self: { session: text(self, "session"), ref: count(self, "ref") },
    members: each(f.members ?? [], "members", readMember),
    chatSeq: count(f, "chat_seq"),
  };
}

export function readFault(f: Json): Fault {
  return { code: optional(f, "code"), field: optional(f, "field"), message: optional(f, "message") || optional(f, "detail") || "the server refused", fix: optional(f, "fix") };
}

function readMember(raw: unknown): Member {
  const m = object(raw, "member");
  return {
    session: text(m, "session"),
    ref: count(m, "ref"),
    subject: text(m, "subject"),
    account: optional(m, "account"),
    name: optional(m, "name") || optional(m, "account") || "Somebody",
    guest: m.guest === true,
    door: optional(m, "door"),
    voice: m.voice === true,
    pose: readPose(m.pose),
  };
}

function readPose(raw: unknown): Pose | null {
  if (raw === null || raw === undefined) return null;
  const { p, r } = object(raw, "pose");
  const [x, y, z] = numbers(p, 3);
  const [qx, qy, qz, qw] = numbers(r, 4);
  return { p: { x, y, z } as Vec, q: { x: qx, y: qy, z: qz, w: qw } as Quat };
}

export function readEvent(raw: unknown): ChatEvent {
  const e = object(raw, "event");
  const kind = e.kind;
  if (kind !== "new" && kind !== "edited" && kind !== "deleted" && kind !== "reaction") throw new Malformed("event.kind");
  return { seq: count(e, "seq"), kind, message: readMessage(e.message) };
}

export function readEvents(raw: unknown): ChatEvent[] {
  return each(raw ?? [], "events", readEvent);
}

export function readMessages(raw: unknown): Message[] {
  return each(raw ?? [], "messages", readMessage);
}

export function readMessage(raw: unknown): Message {
  const m = object(raw, "message");
  return {
    id: count(m, "id"),
    clientId: optional(m, "client_id"),
    subject: text(m, "subject"),
    account: optional(m, "account"),
    name: optional(m, "name") || optional(m, "account") || "Somebody",
    guest: m.guest === true,
    type: optional(m, "type") || "text",
    content: optional(m, "content"),
    mentions: texts(m.mentions),
    parent: numberOr0(m.parent_id),
    replyTo: numberOr0(m.reply_to),
    threadCount: numberOr0(m.thread_count),
    reactions: each(m.reactions ?? [], "reactions", readReaction),
    edited: m.edited === true,
    deleted: m.deleted === true,
    at: Date.parse(optional(m, "created_at")) || 0,
  };
}

function readReaction(raw: unknown): Reaction {
  const r = object(raw, "reaction");
  return { reaction: text(r, "reaction"), count: count(r, "count"), subjects: texts(r.subjects) };
}

// One malformed entry must not cost the visitor the others.
function each<T>(raw: unknown, name: string, read: (raw: unknown) => T): T[] {
  if (!Array.isArray(raw)) throw new Malformed(name);
  return raw.flatMap((item) => {
    try {
      return [read(item)];
    } catch {
      return [];
    }
  });
}

export function object(raw: unknown, name: string): Json {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new Malformed(name);
  return raw as Json;
}

function text(o: Json, key: string): string {
  const v = o[key];
  if (typeof v !== "string" || v === "") throw new Malformed(key);
  return v;
}

export function optional(o: Json, key: string): string {
  const v = o[key];
  return typeof v === "string" ? v : "";
}

function texts(raw: unknown): string[] {
  return Array.isArray(raw) ? raw.filter((t): t is string => typeof t === "string") : [];
}

export function count(o: Json, key: string): number {
  const v = o[key];
  if (typeof v !== "number" || !Number.isSafeInteger(v) || v < 0) throw new Malformed(key);
  return v;
}

function numberOr0(v: unknown): number {
  return typeof v === "number" && Number.isSafeInteger(v) && v > 0 ? v : 0;
}

function numbers(raw: unknown, n: number): number[] {
  if (!Array.isArray(raw) || raw.length !== n || !raw.every((v) => typeof v === "number" && Number.isFinite(v))) throw new Malformed("pose");
  return raw as number[];
}
