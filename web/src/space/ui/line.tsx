// One line of the chat and what can be done with it.

import { useState } from "preact/hooks";
import { clock, plural } from "../../words";
import type { Pending } from "../chat";
import type { State } from "../state";
import { isForMe, pieces } from "../text";
import type { Message } from "../wire";
import { SpaceIcon, type SpaceIconName } from "./icons";
import { Dot } from "./roster";

export const reactions = ["👍", "❤️", "😂", "🎉", "🤔", "👀"];
const oneBreath = 5 * 60_000; // lines of one person within this time share a head

interface Props {
  message: Message;
  before: Message | undefined;
  answered: Message | undefined;
  state: State;
  now: number;
  canWrite: boolean;
  onReply(m: Message): void;
  onEdit(m: Message): void;
  onThread: ((m: Message) => void) | null;
  onDelete(m: Message): void;
  onReact(m: Message, reaction: string, on: boolean): void;
}

export function Line(props: Props) {
  const { message: m, before, state, now } = props;
  const me = [state.me?.name ?? "", (state.me?.subject ?? "").replace(/^(hive|matrix):/, "")].filter((n) => n !== "");
  const isOwn = m.subject === state.me?.subject;
  const goesOn = before !== undefined && before.subject === m.subject && m.at - before.at < oneBreath && !m.replyTo;
  const [asking, ask] = useState(false);
  const [isHeld, hold] = useState(false);
  const keys: Record<string, () => void> = {
    r: () => props.onReply(m),
    t: () => props.onThread?.(m),
    ...(isOwn ? { e: () => props.onEdit(m), Delete: () => ask(true) } : {}),
  };
  if (m.type === "system") return <p class="system line" dir="auto">{m.content}</p>;
  return (
    <article
      class={`line ${goesOn ? "goes-on" : ""} ${isForMe(m.mentions, me) ? "for-me" : ""}`}
      tabIndex={-1}
      data-line={m.id}
      aria-label={`${m.name}, ${clock(m.at, now)}`}
      onFocusIn={() => hold(true)}
      onFocusOut={(e) => hold(e.relatedTarget instanceof Node && e.currentTarget.contains(e.relatedTarget))}
      onKeyDown={(e) => {
        const act = e.target === e.currentTarget && !e.ctrlKey && !e.metaKey && props.canWrite && !m.deleted ? keys[e.key] : undefined;
        if (!act) return;
        e.preventDefault();
        act();
      }}
    >
      {!goesOn && (
        <header>
          <Dot member={m} />
          <bdi class="name" dir="auto">
            {m.name}
          </bdi>
          {m.guest && <span class="mark guest">guest</span>}
          <time dateTime={new Date(m.at).toISOString()}>{clock(m.at, now)}</time>
        </header>
      )}
      {m.replyTo > 0 && <Quote of={props.answered} />}
      <Words message={m} me={me} />
      <Reactions {...props} />
      {m.threadCount > 0 && props.onThread && (
        <button class="link thread-link" onClick={() => props.onThread?.(m)}>
          <SpaceIcon name="thread" /> {plural(m.threadCount, "reply", "replies")}
        </button>
      )}
      {!m.deleted && props.canWrite && <Actions {...props} isOwn={isOwn} tabIndex={isHeld ? 0 : -1} onAskDelete={() => ask(true)} />}
      {asking && (
        <p class="sure" role="alert">
          Delete this line for everybody?
          <button class="button" autofocus onClick={() => (ask(false), props.onDelete(m))}>
            Delete
          </button>
          <button class="button" onClick={() => ask(false)}>
            Keep
          </button>
        </p>
      )}
    </article>
  );
}

function Quote({ of }: { of: Message | undefined }) {
  return (
    <p class="quote" dir="auto">
      {of ? (
        <>
          <b>{of.name}</b> {of.deleted ? "a deleted line" : of.content}
        </>
      ) : (
        "an older line"
      )}
    </p>
  );
}

function Words({ message: m, me }: { message: Message; me: string[] }) {
  if (m.deleted) return <p class="words gone">This line was deleted.</p>;
  return (
    <p class={m.type === "emoji" ? "words large" : "words"} dir="auto">
      {pieces(m.content, m.mentions, me).map((piece, i) => {
        switch (piece.is) {
          case "text":
            return piece.text;
          case "mention":
            return (
              <mark key={i} class={piece.isMe ? "mention me" : "mention"}>
                {piece.text}
              </mark>
            );
          case "link":
            return (
              <a key={i} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
                {piece.text}
              </a>
            );
        }
      })}
      {m.edited && <small> (edited)</small>}
    </p>
  );
}

function Reactions({ message: m, state, canWrite, onReact }: Props) {
  if (m.reactions.length === 0 || m.deleted) return null;
  const subject = state.me?.subject ?? "";
  return (
    <p class="reactions">
      {m.reactions.map((r) => {
        const isMine = r.subjects.includes(subject);
        return (
          <button key={r.reaction} aria-pressed={isMine} disabled={!canWrite} aria-label={`${r.reaction}, ${plural(r.count, "person", "people")}`} onClick={() => onReact(m, r.reaction, !isMine)}>
            {r.reaction} <b>{r.count}</b>
          </button>
        );
      })}
    </p>
  );
}

// Whoever goes through the page by Tab is not led through the actions of every
// line, only of the one they chose with the arrow keys.
function Actions(props: Props & { isOwn: boolean; tabIndex: number; onAskDelete(): void }) {
  const { message: m, state, isOwn, tabIndex } = props;
  const [choosing, choose] = useState(false);
  const canDelete = isOwn || ["admin", "moderator"].includes(state.space?.role ?? "");
  const react = (reaction: string) => {
    const isMine = m.reactions.some((r) => r.reaction === reaction && r.subjects.includes(state.me?.subject ?? ""));
    choose(false);
    props.onReact(m, reaction, !isMine);
  };
  return (
    <div class={`actions ${choosing ? "open" : ""}`} role="group" aria-label="What to do with this line">
      {choosing ? (
        reactions.map((r) => (
          <button key={r} tabIndex={tabIndex} aria-label={`React with ${r}`} onClick={() => react(r)}>
            {r}
          </button>
        ))
      ) : (
        <>
          <Act icon="smile" word="React" tabIndex={tabIndex} onClick={() => choose(true)} />
          <Act icon="reply" word="Reply (r)" tabIndex={tabIndex} onClick={() => props.onReply(m)} />
          {props.onThread && <Act icon="thread" word="Thread (t)" tabIndex={tabIndex} onClick={() => props.onThread?.(m)} />}
          {isOwn && <Act icon="edit" word="Edit (e)" tabIndex={tabIndex} onClick={() => props.onEdit(m)} />}
          {canDelete && <Act icon="bin" word="Delete" tabIndex={tabIndex} onClick={props.onAskDelete} />}
        </>
      )}
    </div>
  );
}

function Act({ icon, word, tabIndex, onClick }: { icon: SpaceIconName; word: string; tabIndex: number; onClick(): void }) {
  return (
    <button tabIndex={tabIndex} title={word} aria-label={word} onClick={onClick}>
      <SpaceIcon name={icon} />
    </button>
  );
}

export function PendingLine({ line, onAgain, onGiveUp }: { line: Pending; onAgain(): void; onGiveUp(): void }) {
  return (
    <article class={`line pending ${line.fault ? "failed" : ""}`} data-pending={line.fault ? "failed" : "sending"}>
      <p class="words" dir="auto">
        {line.content}
      </p>
      {line.fault ? (
        <p class="sure" role="alert">
          {[line.fault.message, line.fault.fix].filter((t) => t !== "").join(". ")}
          <button class="button" onClick={onAgain}>
            <SpaceIcon name="again" /> Send again
          </button>
          <button class="button" onClick={onGiveUp}>
            Remove
          </button>
        </p>
      ) : (
        <small>Sending…</small>
      )}
    </article>
  );
}
