// A line of chat as pieces to show: words, mentions and links; and what servers
// say as sentences for people.

import { clock } from "../words";

export type Piece = { is: "text"; text: string } | { is: "mention"; text: string; isMe: boolean } | { is: "link"; text: string; href: string };

const special = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])|(@[\p{L}\p{N}][\p{L}\p{N}._:-]*[\p{L}\p{N}]|@[\p{L}\p{N}])/gu;

export function pieces(content: string, mentions: readonly string[], me: readonly string[]): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of content.matchAll(special)) {
    const word = match[0];
    const piece = match[1] ? linkTo(word) : mentionOf(word, mentions, me);
    if (!piece) continue;
    if (match.index > at) found.push({ is: "text", text: content.slice(at, match.index) });
    found.push(piece);
    at = match.index + word.length;
  }
  if (at < content.length) found.push({ is: "text", text: content.slice(at) });
  return found;
}

function linkTo(word: string): Piece | null {
  return URL.canParse(word) ? { is: "link", text: word, href: word } : null;
}

// The server knows which words name somebody; a word it did not list is text,
// unless it is our own name.
function mentionOf(word: string, mentions: readonly string[], me: readonly string[]): Piece | null {
  const name = word.slice(1).toLowerCase();
  const same = (other: string) => other.replace(/^@/, "").toLowerCase() === name;
  const isMe = me.some(same);
  return isMe || mentions.some(same) ? { is: "mention", text: word, isMe } : null;
}

export function isForMe(mentions: readonly string[], me: readonly string[]): boolean {
  return mentions.some((m) => me.includes(m));
}

// initial is the letter in somebody's dot.
export function initial(name: string): string {
  return [...name.replace(/^[@\s]+/, "")][0]?.toUpperCase() ?? "?";
}

// What servers say begins in lower case and has no full stop.
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

const moment = /\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)/g;

// dated writes the moments in what servers say as the visitor's clock does.
export function dated(text: string, now: number): string {
  return text.replace(moment, (found) => clock(Date.parse(found), now));
}
