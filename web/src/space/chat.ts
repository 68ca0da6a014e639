// The chat of a space as this page knows it. Every change has a number in a
// row without gaps: what is applied in that order is complete, what came
// before is skipped, and what came too early waits until the gap is filled.

import type { ChatEvent, Fault, Message } from "./wire";

export interface Pending {
  clientId: string; // the same on every attempt, which makes a resend harmless
  content: string;
  parent: number;
  replyTo: number;
  at: number; // ms
  fault: Fault | null; // why it failed; null while it is on its way
}

export interface Chat {
  seq: number; // every change up to this one is applied
  known: boolean; // the newest lines were loaded
  lines: ReadonlyMap<number, Message>; // by id, replies in threads among them
  oldest: number; // id from which on every line outside threads is known
  hasOlder: boolean;
  early: readonly ChatEvent[];
  pending: readonly Pending[];
  seen: number; // id of the newest line that the visitor has seen
}

export const noChat: Chat = { seq: 0, known: false, lines: new Map(), oldest: 0, hasOlder: false, early: [], pending: [], seen: 0 };

// loaded takes the newest lines, as history gives them, for a page that knows
// none; seq is the last change that is in them for sure.
export function loaded(chat: Chat, seq: number, messages: readonly Message[], hasOlder: boolean): Chat {
  const lines = new Map(messages.map((m) => [m.id, m]));
  const fresh: Chat = { ...noChat, seq, known: true, lines, oldest: messages[0]?.id ?? 0, hasOlder, pending: chat.pending, early: chat.early, seen: Math.max(chat.seen, messages.at(-1)?.id ?? 0) };
  return apply(withoutPending(fresh, messages), [], false);
}

export function addOlder(chat: Chat, messages: readonly Message[], hasOlder: boolean): Chat {
  const lines = new Map([...messages.map((m) => [m.id, m] as const), ...chat.lines]);
  return { ...chat, lines, oldest: messages[0]?.id ?? chat.oldest, hasOlder };
}

// addThread takes all replies of a line; their number corrects its count.
export function addThread(chat: Chat, parent: number, messages: readonly Message[], isWhole: boolean): Chat {
  const lines = new Map(chat.lines);
  for (const m of messages) lines.set(m.id, m);
  const first = lines.get(parent);
  if (first && isWhole) lines.set(parent, { ...first, threadCount: messages.length });
  return { ...chat, lines };
}

// apply takes changes in any order, live or caught up with.
export function apply(chat: Chat, events: readonly ChatEvent[], countsThreads = true): Chat {
  const waiting = [...chat.early, ...events].sort((a, b) => a.seq - b.seq);
  if (!chat.known) return { ...chat, early: waiting };
  let { seq } = chat;
  const lines = new Map(chat.lines);
  const early: ChatEvent[] = [];
  const applied: Message[] = [];
  for (const event of waiting) {
    if (event.seq <= seq) continue;
    if (event.seq > seq + 1) {
      early.push(event);
      continue;
    }
    seq = event.seq;
    change(lines, event, countsThreads);
    applied.push(event.message);
  }
  return withoutPending({ ...chat, seq, lines, early }, applied);
}

function change(lines: Map<number, Message>, { kind, message }: ChatEvent, countsThreads: boolean): void {
  const before = lines.get(message.id);
  if (kind === "new") {
    if (!before && countsThreads) raiseCount(lines, message.parent);
    lines.set(message.id, before ?? message);
  } else if (before) {
    lines.set(message.id, message);
  }
}

function raiseCount(lines: Map<number, Message>, parent: number): void {
  const first = lines.get(parent);
  if (first) lines.set(parent, { ...first, threadCount: first.threadCount + 1 });
}

// hasGap reports that changes are missing which came to others.
export function hasGap(chat: Chat): boolean {
  return chat.known && chat.early.length > 0;
}

export function write(chat: Chat, line: Pending): Chat {
  return { ...chat, pending: [...chat.pending.filter((p) => p.clientId !== line.clientId), { ...line, fault: null }] };
}

// stored takes the acknowledged line, which its own event may have preceded.
export function stored(chat: Chat, message: Message): Chat {
  const lines = new Map(chat.lines);
  if (!lines.has(message.id)) {
    raiseCount(lines, message.parent);
    lines.set(message.id, message);
  }
  return withoutPending({ ...chat, lines }, [message]);
}

// changed takes the answer to one's own edit, deletion or reaction.
export function changed(chat: Chat, message: Message): Chat {
  if (!chat.lines.has(message.id)) return chat;
  return { ...chat, lines: new Map(chat.lines).set(message.id, message) };
}

export function failed(chat: Chat, clientId: string, fault: Fault): Chat {
  return { ...chat, pending: chat.pending.map((p) => (p.clientId === clientId ? { ...p, fault } : p)) };
}

export function giveUp(chat: Chat, clientId: string): Chat {
  return { ...chat, pending: chat.pending.filter((p) => p.clientId !== clientId) };
}

function withoutPending(chat: Chat, messages: readonly Message[]): Chat {
  const done = new Set(messages.map((m) => m.clientId));
  if (!chat.pending.some((p) => done.has(p.clientId))) return chat;
  return { ...chat, pending: chat.pending.filter((p) => !done.has(p.clientId)) };
}

export function see(chat: Chat, id: number): Chat {
  return id > chat.seen ? { ...chat, seen: id } : chat;
}

// mainLines are the lines outside threads, oldest first.
export function mainLines(chat: Chat): Message[] {
  return sorted(chat, (m) => m.parent === 0 && m.id >= chat.oldest);
}

export function threadLines(chat: Chat, parent: number): Message[] {
  return sorted(chat, (m) => m.parent === parent);
}

export function newestId(chat: Chat): number {
  return [...chat.lines.keys()].reduce((a, b) => Math.max(a, b), 0);
}

export function unread(chat: Chat, subject: string): number {
  return [...chat.lines.values()].filter((m) => m.id > chat.seen && m.subject !== subject && !m.deleted).length;
}

function sorted(chat: Chat, wanted: (m: Message) => boolean): Message[] {
  return [...chat.lines.values()].filter(wanted).sort((a, b) => a.id - b.id);
}
