// Everything about one room: who is there, what the numbers mean, how to walk
// in.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { joinLink, spaceLink } from "../hash";
import type { Seen } from "../life";
import type { Room, Source } from "../wire";
import { ago, asOf, clock, digits, zoneName } from "../words";
import { Facade } from "./facade";
import { Icon, type IconName } from "./icons";
import { Agents, InVR, Lock, Typing } from "./parts";
import { Sign } from "./sign";

interface Props {
  slug: string;
  room: Room | undefined;
  seen: Seen | null;
  hue(zone: string): string;
  isSheet: boolean; // covers the page, on a narrow screen
  known: boolean; // the city was received: an absent room is absent
  now: number;
  onClose(): void;
  onToken(): void;
}

export function Detail(props: Props) {
  const { slug, room, isSheet, onClose } = props;
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: true }), [slug]);
  return (
    <>
      {isSheet && <div class="shade" onClick={onClose} />}
      <section
        class={`detail ${isSheet ? "sheet" : "box"} ${room ? props.hue(room.zone) : ""}`}
        ref={panel}
        role="dialog"
        aria-modal={isSheet}
        aria-labelledby="detail-title"
        tabIndex={-1}
        onKeyDown={(e) => {
          if (e.key !== "Escape") return;
          e.stopPropagation();
          onClose();
        }}
      >
        <button class="round close" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
        {room ? <Known {...props} room={room} /> : <Absent {...props} />}
      </section>
    </>
  );
}

function Absent({ slug, known, onToken }: Props) {
  return (
    <div class="absent">
      <h2 id="detail-title">{known ? "No such room here" : "Looking for the room"}</h2>
      {known && (
        <>
          <p>
            “<bdi>{slug}</bdi>” is not in the city, or it is private and you may not see it.
          </p>
          <button class="button" onClick={onToken}>
            <Icon name="key" /> Use a token
          </button>
        </>
      )}
    </div>
  );
}

function Known({ room, seen, now }: Props & { room: Room }) {
  const state = !seen ? "unknown" : seen.online + seen.typing > 0 ? "alive" : "";
  return (
    <>
      <div class={`portrait ${state} ${seen?.stale ? "stale" : ""}`}>
        <Facade slug={room.slug} color={room.color} w={2} seen={seen} />
      </div>
      <div class="body">
        <p class="kicker">
          {zoneName(room.zone)}
          {room.kind && room.kind !== "public" && <span> · {room.kind}</span>}
          {!room.isPublic && (
            <span class="private">
              <Lock /> private
            </span>
          )}
        </p>
        <h2 id="detail-title" dir="auto">
          <Sign icon={room.icon} />
          {room.name}
        </h2>
        {room.description && (
          <p class="about" dir="auto">
            {room.description}
          </p>
        )}
        {seen ? <Headcount seen={seen} /> : <Unknown />}
        <Join room={room} />
        {seen && <Counts seen={seen} now={now} />}
      </div>
    </>
  );
}

function Unknown() {
  return (
    <div class="unknown-room">
      <strong>unknown</strong>
      <p>Nobody can tell right now how many people are here. That is not the same as zero.</p>
    </div>
  );
}

function Headcount({ seen }: { seen: Seen }) {
  return (
    <div class="big-count">
      <strong>{digits(seen.online)}</strong>
      <span>{seen.online === 1 ? "person" : "people"} online</span>
      <InVR n={seen.vr} />
      <Typing n={seen.typing} />
    </div>
  );
}

function Counts({ seen, now }: { seen: Seen; now: number }) {
  const p = seen.presence;
  return (
    <>
      <dl class="counts">
        <Row term="Active" n={p.active} note="here and doing something" mark="is-active" />
        <Row term="Idle" n={p.idle} note="connected, but away" mark="is-idle" />
        <Row term="In VR" n={p.vr} note="of them, in the room’s space" mark="is-vr" />
        <Row term="Agents" n={p.agentCount} note="software, never counted as people" mark="is-agent">
          {p.agents.length > 0 && <Agents agents={p.agents} count={p.agentCount} />}
        </Row>
        <Row term="Members" n={p.members} note="joined the room, online or not" mark="is-member" />
      </dl>
      <p class={seen.stale ? "provenance stale" : "provenance"}>
        {seen.stale ? `Last known numbers, ${asOf(p.asOf, now)}. ` : p.asOf > 0 ? `Confirmed at ${clock(p.asOf, now)}. ` : ""}
        {p.lastEvent > 0 && `Last sign of life: ${lastSign(p.lastEvent, now)}. `}
        <span class={`source ${p.source}`}>{sources[p.source]}</span>
      </p>
    </>
  );
}

const sources: Record<Source, string> = {
  matrix: "Reported by the Matrix homeserver.",
  inferred: "Inferred from activity: the homeserver shares no presence.",
  mixed: "Partly reported by the homeserver, partly inferred from activity.",
};

function lastSign(ms: number, now: number): string {
  const text = ago(ms, now);
  return / s$| min$/.test(text) ? `${text} ago` : text === "now" ? "just now" : text;
}

function Row({ term, n, note, mark, children }: { term: string; n: number; note: string; mark: string; children?: ComponentChildren }) {
  return (
    <div class={mark}>
      <dt>{term}</dt>
      <dd>
        <b>{digits(n)}</b>
        <small>{note}</small>
        {children}
      </dd>
    </div>
  );
}

function Join({ room }: { room: Room }) {
  const link = joinLink(room.alias, room.roomId);
  const address = room.alias || room.roomId;
  return (
    <div class="join">
      <h3>Walk in</h3>
      <p class="remedies">
        <a class="button strong" href={spaceLink(room.slug)}>
          <Icon name="headset" /> Enter the space
        </a>
      </p>
      {address ? (
        <>
          <p class="small">Or open it in your Matrix client, or join this address there:</p>
          <code class="address">
            <bdi>{address}</bdi>
          </code>
        </>
      ) : (
        <p class="small">This room has no address yet.</p>
      )}
      <p class="remedies">
        {link && (
          <a class="button" href={link}>
            Open in Matrix <Icon name="go" />
          </a>
        )}
        {address && <Copy icon="copy" word="Copy address" text={address} />}
        <Copy icon="link" word="Copy link" text={`${location.origin}${location.pathname}#room=${room.slug}`} />
      </p>
    </div>
  );
}

function Copy({ icon, word, text }: { icon: IconName; word: string; text: string }) {
  const [done, set] = useState<"" | "Copied" | "Copy failed">("");
  useEffect(() => set(""), [text]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      set("Copied");
    } catch {
      set("Copy failed"); // no permission, or a page without TLS
    }
    setTimeout(() => set(""), 2_500);
  };
  return (
    <button class="button" onClick={copy}>
      <Icon name={done === "Copied" ? "check" : icon} />
      <span aria-live="polite">{done || word}</span>
    </button>
  );
}
