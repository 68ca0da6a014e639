// The same rooms as cards, for narrow screens and for reading.

import { useRef } from "preact/hooks";
import { isAlive, type Seen } from "../life";
import type { Room } from "../wire";
import { spoken, zoneName } from "../words";
import { Facade } from "./facade";
import { AgentCount, Agents, Count, InVR, Lock, Typing } from "./parts";
import { Sign } from "./sign";

interface Props {
  rooms: Room[];
  seen(room: Room): Seen | null;
  hue(zone: string): string;
  selected: string | null;
  now: number;
  onOpen(slug: string): void;
}

export function CityList({ rooms, ...rest }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const order = useRef<string[]>([]);
  const steady = hold(list.current) ? keepOrder(rooms, order.current) : rooms;
  order.current = steady.map((r) => r.slug);
  const onKeyDown = (e: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!by) return;
    const cards = [...(list.current?.querySelectorAll<HTMLElement>(".card") ?? [])];
    const next = cards[cards.indexOf(document.activeElement as HTMLElement) + by];
    if (!next) return;
    e.preventDefault();
    next.focus();
  };
  return (
    <ul class="list" aria-label="Rooms" ref={list} onKeyDown={onKeyDown}>
      {steady.map((room) => (
        <li key={room.slug}>
          <Card room={room} {...rest} />
        </li>
      ))}
    </ul>
  );
}

// A card must not slip away from under a finger: the order rests while
// somebody points at the list or walks it by keyboard.
function hold(list: HTMLUListElement | null): boolean {
  return list !== null && (list.matches(":hover") || list.contains(document.activeElement));
}

function keepOrder(rooms: Room[], order: string[]): Room[] {
  const place = new Map(order.map((slug, i) => [slug, i]));
  const at = (r: Room) => place.get(r.slug) ?? Infinity;
  return [...rooms].sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)));
}

function Card({ room, seen: look, hue, selected, now, onOpen }: Omit<Props, "rooms"> & { room: Room }) {
  const seen = look(room);
  const classes = ["card", hue(room.zone)];
  if (!seen) classes.push("unknown");
  else if (isAlive(seen)) classes.push("alive");
  if (seen?.stale) classes.push("stale");
  if (selected === room.slug) classes.push("chosen");
  return (
    <button
      class={classes.join(" ")}
      data-room={room.slug}
      data-online={seen?.online}
      aria-label={spoken(room, seen, now)}
      aria-pressed={selected === room.slug}
      onClick={() => onOpen(room.slug)}
    >
      <span class="picture">
        <Facade slug={room.slug} color={room.color} seen={seen} />
      </span>
      <span class="words">
        <span class="title">
          <span class="name" dir="auto">
            <Sign icon={room.icon} />
            {room.name}
          </span>
          {!room.isPublic && <Lock />}
          <span class="zone">{zoneName(room.zone)}</span>
        </span>
        {room.description && (
          <span class="about" dir="auto">
            {room.description}
          </span>
        )}
        <span class="facts">
          <Count seen={seen} now={now} />
          {seen && <Typing n={seen.typing} />}
          {seen && <InVR n={seen.vr} />}
          {seen && <AgentCount n={seen.agents} />}
          {seen && seen.presence.agents.length > 0 && <Agents agents={seen.presence.agents} count={seen.agents} />}
        </span>
      </span>
    </button>
  );
}
