// What the slate in one's hand shows and offers inside a headset, where nobody
// has a keyboard: the newest lines of the chat, phrases to say, gestures to make.

import { type Chat, mainLines } from "./chat";
import { type Emote, emotes } from "./emotes";

export const phrases = ["Hello!", "Yes", "No", "Thank you!", "One moment", "Follow me", "Where are you?", "Goodbye!"] as const;

export interface SlateLine {
  name: string; // empty for what the system says
  subject: string;
  text: string;
  note: string; // what became of one's own line; empty once it is stored
}

export interface Talk {
  lines: readonly SlateLine[]; // oldest first
  canWrite: boolean;
}

const mostLines = 12; // more than there is room for

export function talkOf(chat: Chat, own: { name: string; subject: string }, canWrite: boolean): Talk {
  const stored = mainLines(chat)
    .filter((m) => !m.deleted)
    .slice(-mostLines)
    .map((m) => ({ name: m.type === "system" ? "" : m.name, subject: m.subject, text: m.content, note: "" }));
  const coming = chat.pending.filter((p) => p.parent === 0).map((p) => ({ ...own, text: p.content, note: p.fault ? `not sent: ${p.fault.message}` : "sending" }));
  return { lines: [...stored, ...coming].slice(-mostLines), canWrite };
}

export type Act = { is: "say"; text: string } | { is: "emote"; emote: Emote };

export interface Key {
  x: number; // of its corner, in pixels of a slate
  y: number;
  w: number;
  h: number;
  act: Act;
}

export const side = 768; // pixels of a slate, which is square
export const margin = 24;
export const linesEnd = 474;

const gap = 10;
const keyHeight = 76;

export const keys: readonly Key[] = [
  ...row(phrases.slice(0, 4).map((text) => ({ is: "say", text })), linesEnd + 16),
  ...row(phrases.slice(4).map((text) => ({ is: "say", text })), linesEnd + 16 + keyHeight + gap),
  ...row(Object.keys(emotes).map((emote) => ({ is: "emote", emote: emote as Emote })), linesEnd + 16 + 2 * (keyHeight + gap)),
];

function row(acts: Act[], y: number): Key[] {
  const w = (side - 2 * margin - (acts.length - 1) * gap) / acts.length;
  return acts.map((act, i) => ({ x: margin + i * (w + gap), y, w, h: keyHeight, act }));
}

// keyAt finds the key at a point, which is in shares of the side from the upper
// left corner. Phrases are no keys for who may not write.
export function keyAt(u: number, v: number, canWrite: boolean): Key | null {
  const [x, y] = [u * side, v * side];
  const key = keys.find((k) => x >= k.x && x <= k.x + k.w && y >= k.y && y <= k.y + k.h);
  return key && (canWrite || key.act.is === "emote") ? key : null;
}
