// The chat: lines, threads, reactions, one's own lines to change, and what is
// still on its way.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { plural } from "../../words";
import { mainLines, newestId, threadLines } from "../chat";
import type { State } from "../state";
import { Refused, type Visit } from "../visit";
import type { Message } from "../wire";
import { Composer } from "./composer";
import { SpaceIcon } from "./icons";
import { Line, PendingLine } from "./line";
import { Dots } from "./roster";

interface Props {
  state: State;
  visit: Visit;
  now: number;
  isSeen: boolean; // the visitor has the chat before their eyes
  onSignIn(): void;
}

export type Aim = { is: "say" } | { is: "reply"; to: Message } | { is: "edit"; line: Message };

export function Chat(props: Props) {
  const { state, visit, now } = props;
  const [thread, openThread] = useState(0);
  const [aim, setAim] = useState<Aim>({ is: "say" });
  const [fault, setFault] = useState("");
  const lines = thread ? threadLines(state.chat, thread) : mainLines(state.chat);
  const first = thread ? state.chat.lines.get(thread) : undefined;
  const pending = state.chat.pending.filter((p) => p.parent === thread);
  const marker = useMarker(state);
  const list = useRef<HTMLDivElement>(null);
  const { onScroll, isAtEnd, toEnd } = useFollow(list, `${thread} ${lines.at(-1)?.id} ${pending.length}`);
  useEffect(() => {
    if (props.isSeen && isAtEnd && state.chat.known) visit.seen(newestId(state.chat), state.me?.guest !== true);
  }, [props.isSeen, isAtEnd, state.chat.lines, state.chat.known]);

  const attempt = (work: Promise<unknown>) => {
    setFault("");
    void work.catch((e: unknown) => setFault(e instanceof Refused ? [e.fault.message, e.fault.fix].filter(Boolean).join(". ") : "That did not work"));
  };
  const enterThread = (id: number) => {
    openThread(id);
    setAim({ is: "say" });
    if (id) attempt(visit.thread(id));
  };
  const submit = (text: string) => {
    setFault("");
    if (aim.is === "edit") attempt(visit.edit(aim.line.id, text));
    else visit.say(text, thread, aim.is === "reply" ? aim.to.id : 0);
    setAim({ is: "say" });
    toEnd();
  };
  const doing = {
    onReply: (m: Message) => setAim({ is: "reply", to: m }),
    onEdit: (m: Message) => setAim({ is: "edit", line: m }),
    onThread: thread ? null : (m: Message) => enterThread(m.id),
    onDelete: (m: Message) => attempt(visit.remove(m.id)),
    onReact: (m: Message, reaction: string, on: boolean) => attempt(visit.react(m.id, reaction, on)),
  };
  const shown = (m: Message, before: Message | undefined) => (
    <Line key={m.id} message={m} before={before} state={state} now={now} canWrite={canWrite} answered={m.replyTo ? state.chat.lines.get(m.replyTo) : undefined} {...doing} />
  );
  const canWrite = state.space?.canWrite ?? false;

  return (
    <div class="chat">
      {thread > 0 && (
        <p class="thread-head">
          <button class="round" aria-label="Back to the chat" onClick={() => enterThread(0)}>
            <SpaceIcon name="back" />
          </button>
          Thread
        </p>
      )}
      <div class="lines" ref={list} onScroll={onScroll} role="log" aria-live="off" aria-label={`${thread ? "Thread" : "Chat"}. The up and down keys go from line to line.`} tabIndex={0} onKeyDown={walkLines}>
        {!state.chat.known && <p class="small centre">Loading the chat…</p>}
        {!thread && state.chat.hasOlder && <Older onOlder={() => visit.older()} list={list} />}
        {!thread && state.chat.known && !state.chat.hasOlder && <p class="beginning">This is where the chat begins.</p>}
        {first && <div class="thread-first">{shown(first, undefined)}</div>}
        {lines.map((m, i) => (
          <>
            {!thread && marker > 0 && m.id > marker && (lines[i - 1]?.id ?? 0) <= marker && i > 0 && (
              <p class="unread" key={`unread ${marker}`}>
                <span>New</span>
              </p>
            )}
            {shown(m, lines[i - 1])}
          </>
        ))}
        {pending.map((p) => (
          <PendingLine key={p.clientId} line={p} onAgain={() => visit.resend(p.clientId)} onGiveUp={() => visit.giveUp(p.clientId)} />
        ))}
      </div>
      {!isAtEnd && (
        <button class="button to-end" onClick={toEnd}>
          Newest lines
        </button>
      )}
      <Writers state={state} />
      <p class="fault" role="alert">
        {fault}
      </p>
      <Composer aim={aim} canWrite={canWrite} isGuest={state.me?.guest ?? true} inThread={thread > 0} onSubmit={submit} onTyping={(on) => visit.typing(on)} onCancel={() => setAim({ is: "say" })} onEditLast={() => editLast(lines, state, doing.onEdit)} onSignIn={props.onSignIn} />
    </div>
  );
}

function editLast(lines: Message[], state: State, edit: (m: Message) => void): void {
  const own = lines.findLast((m) => m.subject === state.me?.subject && !m.deleted);
  if (own) edit(own);
}

// walkLines moves between lines with the arrow keys.
function walkLines(e: KeyboardEvent): void {
  if (e.key !== "ArrowUp" && e.key !== "ArrowDown") return;
  const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".line")];
  const at = all.indexOf((e.target as HTMLElement).closest(".line") as HTMLElement);
  const next = at < 0 ? all.at(-1) : all[at + (e.key === "ArrowUp" ? -1 : 1)];
  if (!next) return;
  e.preventDefault();
  next.focus();
}

function Older({ onOlder, list }: { onOlder(): Promise<void>; list: { current: HTMLDivElement | null } }) {
  const [busy, set] = useState(false);
  const load = async () => {
    set(true);
    const fromEnd = list.current ? list.current.scrollHeight - list.current.scrollTop : 0;
    await onOlder().catch(() => undefined);
    set(false);
    // What is being read stays where it is.
    requestAnimationFrame(() => list.current && (list.current.scrollTop = list.current.scrollHeight - fromEnd));
  };
  return (
    <p class="centre">
      <button class="button" disabled={busy} onClick={() => void load()}>
        {busy ? "Loading…" : "Load older lines"}
      </button>
    </p>
  );
}

function Writers({ state }: { state: State }) {
  const names = [...new Set(state.typing.flatMap((s) => state.members.get(s)?.name ?? []))];
  const said = names.length === 0 ? "" : names.length <= 2 ? `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing` : `${plural(names.length, "person is", "people are")} writing`;
  return (
    <p class="writers" data-writers={names.length}>
      {said && (
        <>
          <Dots /> <bdi>{said}</bdi>
        </>
      )}
    </p>
  );
}

// useFollow keeps the newest line in sight for who is at the end already.
function useFollow(list: { current: HTMLDivElement | null }, key: string) {
  const [isAtEnd, set] = useState(true);
  const follows = useRef(true);
  const toEnd = () => {
    follows.current = true;
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (follows.current) toEnd();
  }, [key]);
  useEffect(() => {
    const el = list.current;
    if (!el) return;
    const sizes = new ResizeObserver(() => follows.current && toEnd());
    sizes.observe(el);
    return () => sizes.disconnect();
  }, []);
  const onScroll = () => {
    const el = list.current;
    if (!el) return;
    follows.current = el.scrollHeight - el.scrollTop - el.clientHeight < 40;
    set(follows.current);
  };
  return { onScroll, isAtEnd, toEnd };
}

// useMarker remembers up to where the visitor had read when they came to look
// again.
function useMarker(state: State): number {
  const [marker, set] = useState(state.chat.seen);
  const newest = useRef(state.chat.seen);
  newest.current = state.chat.seen;
  useEffect(() => {
    const note = () => document.hidden && set(newest.current);
    document.addEventListener("visibilitychange", note);
    return () => document.removeEventListener("visibilitychange", note);
  }, []);
  return marker;
}
