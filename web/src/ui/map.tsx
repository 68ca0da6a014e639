// The city from above: one building per room on a grid of plots, districts
// under them, streets between.

import { useMemo, useRef, useState } from "preact/hooks";
import { seeded } from "../facade";
import { type Plan, readingOrder, step } from "../layout";
import { isAlive, type Seen } from "../life";
import type { Rect, Room } from "../wire";
import { spoken, zoneName } from "../words";
import { Facade } from "./facade";
import { useHidden } from "./hooks";
import { AgentCount, Count, InVR, Lock, Typing } from "./parts";
import { Sign } from "./sign";

interface Props {
  plan: Plan;
  rooms: ReadonlyMap<string, Room>;
  seen(room: Room): Seen | null;
  wanted(room: Room): boolean;
  hue(zone: string): string;
  selected: string | null;
  first: string | undefined; // what a search found first
  now: number;
  onOpen(slug: string): void;
}

const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function CityMap(props: Props) {
  const { plan, rooms } = props;
  const frame = useRef<HTMLDivElement>(null);
  const hidden = useHidden(frame);
  const order = useMemo(() => [...plan.places.keys()].sort((a, b) => readingOrder(plan.places.get(a) as Rect, plan.places.get(b) as Rect)), [plan]);
  const [stop, setStop] = useState<string | null>(null);
  // One tile is in the tab order; the arrow keys move from there.
  const current = stop !== null && plan.places.has(stop) ? stop : (order[0] ?? null);

  const onKeyDown = (e: KeyboardEvent) => {
    const arrow = arrows[e.key];
    const next = arrow && current !== null ? step(plan.places, current, arrow[0], arrow[1]) : edge(e.key, order);
    if (!arrow && next === null) return;
    e.preventDefault();
    if (next === null) return;
    setStop(next);
    frame.current?.querySelector<HTMLElement>(`[data-room="${next}"]`)?.focus();
  };

  return (
    <div class={`map-frame${hidden}`} ref={frame} onKeyDown={onKeyDown}>
      <p id="map-help" class="spoken">
        Walk with the arrow keys, open a room with Enter.
      </p>
      <div
        class={plan.size.w > 8 ? "map dense" : "map"}
        role="group"
        aria-label="City map"
        aria-describedby="map-help"
        style={{ "--columns": String(plan.size.w), "--rows": String(plan.size.h) }}
      >
        <Ground plan={plan} rooms={rooms} hue={props.hue} />
        {order.map((slug) => {
          const room = rooms.get(slug);
          if (!room) return null;
          return <Tile key={slug} {...props} room={room} rect={plan.places.get(slug) as Rect} tab={slug === current} onFocus={() => setStop(slug)} />;
        })}
      </div>
    </div>
  );
}

function edge(key: string, order: string[]): string | null {
  if (key === "Home") return order[0] ?? null;
  return key === "End" ? (order.at(-1) ?? null) : null;
}

interface TileProps extends Props {
  room: Room;
  rect: Rect;
  tab: boolean;
  onFocus(): void;
}

function Tile({ room, rect, seen: look, wanted, hue, selected, first, now, tab, onFocus, onOpen }: TileProps) {
  const seen = look(room);
  const classes = ["tile", hue(room.zone)];
  if (!seen) classes.push("unknown");
  else if (isAlive(seen)) classes.push("alive");
  if (seen?.stale) classes.push("stale");
  if (seen && seen.typing > 0) classes.push("busy");
  if (!wanted(room)) classes.push("aside");
  if (first === room.slug) classes.push("first");
  if (selected === room.slug) classes.push("chosen");
  return (
    <button
      class={classes.join(" ")}
      style={area(rect)}
      data-room={room.slug}
      data-online={seen?.online}
      aria-label={spoken(room, seen, now)}
      aria-pressed={selected === room.slug}
      tabIndex={tab ? 0 : -1}
      onFocus={onFocus}
      onClick={() => onOpen(room.slug)}
    >
      <Facade slug={room.slug} color={room.color} w={rect.w} h={rect.h} seen={seen} />
      <span class="plate">
        <span class="name" dir="auto" title={room.name}>
          <Sign icon={room.icon} />
          {room.name}
        </span>
        <span class="facts">
          {!room.isPublic && <Lock />}
          <Count seen={seen} now={now} />
          {seen && <InVR n={seen.vr} />}
          {seen && <AgentCount n={seen.agents} />}
        </span>
      </span>
      {seen && <Typing n={seen.typing} />}
    </button>
  );
}

function area(r: Rect) {
  return { gridColumn: `${r.x + 1} / span ${r.w}`, gridRow: `${r.y + 1} / span ${r.h}` };
}

// Ground is what does not change with life: districts, their signs, parks.
function Ground({ plan, rooms, hue }: { plan: Plan; rooms: ReadonlyMap<string, Room>; hue(zone: string): string }) {
  return useMemo(() => {
    const zoneAt = new Map<string, string>();
    for (const [slug, r] of plan.places) {
      const zone = rooms.get(slug)?.zone;
      if (zone === undefined) continue;
      for (let x = r.x; x < r.x + r.w; x++) for (let y = r.y; y < r.y + r.h; y++) zoneAt.set(`${x},${y}`, zone);
    }
    return (
      <>
        {[...zoneAt].map(([key, zone]) => (
          <Plot key={key} at={key} zone={zone} zoneAt={zoneAt} hue={hue} />
        ))}
        {empty(plan, zoneAt).map((r) => (
          <Park key={`${r.x},${r.y}`} rect={r} />
        ))}
        {plan.districts.map((d) => (
          <span
            key={`${d.sign.x},${d.sign.y}`}
            class={`district-sign ${hue(d.zone)}`}
            aria-hidden="true"
            style={area({ x: d.sign.x, y: d.sign.y, w: d.sign.span, h: 1 })}
          >
            {zoneName(d.zone)}
          </span>
        ))}
      </>
    );
  }, [plan, hue]);
}

// Plot is one cell of a district. Neighbours of one zone grow together; only
// the corners of the whole patch are round, and a street runs along its ends.
function Plot({ at, zone, zoneAt, hue }: { at: string; zone: string; zoneAt: Map<string, string>; hue(zone: string): string }) {
  const [x, y] = at.split(",").map(Number) as [number, number];
  const same = (dx: number, dy: number) => zoneAt.get(`${x + dx},${y + dy}`) === zone;
  const classes = ["plot", hue(zone)];
  if (!same(0, -1)) classes.push("end-t");
  if (!same(1, 0)) classes.push("end-r");
  if (!same(0, 1)) classes.push("end-b");
  if (!same(-1, 0)) classes.push("end-l");
  if (!same(0, -1) && !same(-1, 0)) classes.push("round-tl");
  if (!same(0, -1) && !same(1, 0)) classes.push("round-tr");
  if (!same(0, 1) && !same(-1, 0)) classes.push("round-bl");
  if (!same(0, 1) && !same(1, 0)) classes.push("round-br");
  return <span class={classes.join(" ")} aria-hidden="true" style={area({ x, y, w: 1, h: 1 })} />;
}

function empty(plan: Plan, zoneAt: Map<string, string>): Rect[] {
  const free: Rect[] = [];
  for (let y = 0; y < plan.size.h; y++) {
    for (let x = 0; x < plan.size.w; x++) if (!zoneAt.has(`${x},${y}`)) free.push({ x, y, w: 1, h: 1 });
  }
  return free;
}

// A cell without a room is a park, so that the city has no holes.
function Park({ rect }: { rect: Rect }) {
  const random = seeded(`park ${rect.x} ${rect.y}`);
  const trees = Array.from({ length: 2 + Math.floor(random() * 4) }, (_, i) => ({ x: 14 + i * 17 + random() * 10, r: 6 + random() * 6 }));
  return (
    <span class="park" aria-hidden="true" style={area(rect)}>
      <svg viewBox="0 0 112 60" preserveAspectRatio="xMidYMax meet">
        <path class="lawn" d="M4 60q52-14 104 0z" />
        {trees.map((t, i) => (
          <g key={i}>
            <rect class="trunk" x={t.x - 0.9} y={44} width="1.8" height="12" />
            <ellipse class={i % 2 ? "crown light" : "crown"} cx={t.x} cy={46 - t.r} rx={t.r * 0.86} ry={t.r * 1.15} />
          </g>
        ))}
      </svg>
    </span>
  );
}
