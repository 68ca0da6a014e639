// Everything the page knows about the space it is in, as one immutable value,
// and how what happens changes it. Places of people are motion and not here.

import * as chats from "./chat";
import { type Chat, noChat, type Pending } from "./chat";
import type { News } from "./news";
import type { ChatEvent, Fault, Joined, Member, Message } from "./wire";

export type Phase =
  | { is: "outside" } // the entry screen
  | { is: "connecting" }
  | { is: "inside" }
  | { is: "waiting"; position: number; length: number; seats: number }
  | { is: "offline" }
  | { is: "lost"; retryAt: number; reason: string } // tries again by itself
  | { is: "out"; why: Out; reason: string; fix: string }; // only a person can go on

// Out is why somebody who wanted to be inside is not.
export type Out = "kicked" | "refused" | "signin" | "nsfw" | "missing" | "replaced";

export interface Me {
  subject: string;
  name: string;
  guest: boolean;
}

export interface State {
  phase: Phase;
  me: Me | null;
  session: string; // our own; empty outside
  ref: number;
  space: Omit<Joined, "members" | "self" | "chatSeq"> | null; // of the last visit, kept while reconnecting
  members: ReadonlyMap<string, Member>; // by session
  typing: readonly string[]; // sessions, without our own
  chat: Chat;
  news: readonly News[]; // for those who hear the page rather than see it
}

export const initial: State = {
  phase: { is: "outside" },
  me: null,
  session: "",
  ref: 0,
  space: null,
  members: new Map(),
  typing: [],
  chat: noChat,
  news: [],
};

export type Event =
  | { type: "phase"; phase: Phase }
  | { type: "me"; me: Me }
  | { type: "joined"; joined: Joined }
  | { type: "member"; member: Member; isNew: boolean }
  | { type: "gone"; session: string }
  | { type: "typing"; sessions: string[] }
  | { type: "emote"; session: string; emote: string }
  | { type: "history"; seq: number; messages: Message[]; hasOlder: boolean }
  | { type: "older"; messages: Message[]; hasOlder: boolean }
  | { type: "thread"; parent: number; messages: Message[]; isWhole: boolean }
  | { type: "chat"; events: ChatEvent[] }
  | { type: "chat reset" }
  | { type: "write"; line: Pending }
  | { type: "stored"; message: Message }
  | { type: "changed"; message: Message }
  | { type: "failed"; clientId: string; fault: Fault }
  | { type: "give up"; clientId: string }
  | { type: "seen"; id: number };

export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "phase":
      return event.phase.is === "outside" || event.phase.is === "out" ? leave(state, event.phase) : { ...state, phase: event.phase };
    case "me":
      return { ...state, me: event.me };
    case "joined":
      return join(state, event.joined);
    case "member":
      return note({ ...state, members: new Map(state.members).set(event.member.session, event.member) }, event.isNew ? { is: "came", who: event.member.name, text: "" } : null);
    case "gone":
      return gone(state, event.session);
    case "typing":
      return { ...state, typing: event.sessions.filter((s) => s !== state.session) };
    case "emote":
      return note(state, emoteNews(state, event.session, event.emote));
    case "chat": {
      const chat = chats.apply(state.chat, event.events);
      return note({ ...state, chat }, ...heard(state, chat));
    }
    default:
      return { ...state, chat: reduceChat(state.chat, event) };
  }
}

type ChatChange = Extract<Event, { type: "history" | "older" | "thread" | "chat reset" | "write" | "stored" | "changed" | "failed" | "give up" | "seen" }>;

function reduceChat(chat: Chat, event: ChatChange): Chat {
  switch (event.type) {
    case "history":
      return chats.loaded(chat, event.seq, event.messages, event.hasOlder);
    case "older":
      return chats.addOlder(chat, event.messages, event.hasOlder);
    case "thread":
      return chats.addThread(chat, event.parent, event.messages, event.isWhole);
    case "chat reset":
      return { ...noChat, pending: chat.pending, seen: chat.seen };
    case "write":
      return chats.write(chat, event.line);
    case "stored":
      return chats.stored(chat, event.message);
    case "changed":
      return chats.changed(chat, event.message);
    case "failed":
      return chats.failed(chat, event.clientId, event.fault);
    case "give up":
      return chats.giveUp(chat, event.clientId);
    case "seen":
      return chats.see(chat, event.id);
  }
}

function join(state: State, { members, self, chatSeq: _, ...space }: Joined): State {
  const others = members.length - 1;
  const text = others <= 0 ? `You are in ${space.title}. Nobody else is here.` : `You are in ${space.title} with ${others} ${others === 1 ? "other" : "others"}.`;
  return note(
    {
      ...state,
      phase: { is: "inside" },
      session: self.session,
      ref: self.ref,
      space,
      members: new Map(members.map((m) => [m.session, m])),
      typing: [],
    },
    { is: "place", who: "", text },
  );
}

function leave(state: State, phase: Phase): State {
  return { ...state, phase, session: "", ref: 0, members: new Map(), typing: [] };
}

function gone(state: State, session: string): State {
  const member = state.members.get(session);
  if (!member) return state;
  const members = new Map(state.members);
  members.delete(session);
  return note({ ...state, members, typing: state.typing.filter((s) => s !== session) }, { is: "left", who: member.name, text: "" });
}

type Item = Omit<News, "key">;

function emoteNews(state: State, session: string, emote: string): Item | null {
  const member = state.members.get(session);
  return member && session !== state.session ? { is: "gesture", who: member.name, text: emote } : null;
}

function heard(state: State, chat: Chat): Item[] {
  if (!state.chat.known) return [];
  return [...chat.lines.values()]
    .filter((m) => !state.chat.lines.has(m.id) && m.subject !== state.me?.subject && m.content !== "")
    .map((m) => ({ is: "line", who: m.name, text: m.content }));
}

const newsLimit = 200;

function note(state: State, ...items: (Item | null)[]): State {
  let key = state.news.at(-1)?.key ?? 0;
  const added = items.filter((item) => item !== null).map((item) => ({ key: ++key, ...item }));
  return added.length === 0 ? state : { ...state, news: [...state.news, ...added].slice(-newsLimit) };
}
