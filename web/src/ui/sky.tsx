// The head of the page: the sky, the distant city, and the one number people
// come for.

import type { ComponentChildren } from "preact";
import { seeded } from "../facade";
import type { Freshness } from "../life";
import type { Totals } from "../wire";
import { asOf, digits, plural } from "../words";

interface Props {
  totals: Totals | null;
  fresh: Freshness;
  rooms: number;
  now: number;
  children: ComponentChildren; // the bar with name, connection and buttons
}

export function Sky({ totals, fresh, rooms, now, children }: Props) {
  return (
    <header class="sky">
      <Backdrop />
      {children}
      <div class="headline">
        <h1>{headline(totals, fresh)}</h1>
        <Figures totals={totals} fresh={fresh} rooms={rooms} now={now} />
      </div>
    </header>
  );
}

function headline(totals: Totals | null, fresh: Freshness) {
  if (fresh.is === "none") return "Looking at the city";
  if (!totals) return "The city is out of sight";
  const past = fresh.is === "stale";
  if (totals.online === 0) return past ? "Nobody was here" : "Nobody is here right now";
  return (
    <>
      <strong>{digits(totals.online)}</strong> {verb(totals.online, past)} in the city
    </>
  );
}

function verb(n: number, past: boolean): string {
  if (n === 1) return past ? "person was" : "person is";
  return past ? "people were" : "people are";
}

function Figures({ totals, fresh, rooms, now }: Omit<Props, "children">) {
  if (fresh.is === "none") return <p class="figures waiting">The first numbers are on their way.</p>;
  if (!totals) return <p class="figures">How many people are here is unknown. {plural(rooms, "room is", "rooms are")} known.</p>;
  return (
    <ul class="figures">
      <li class="is-online">
        <b>{digits(totals.online)}</b> online
      </li>
      <li class="is-active">
        <b>{digits(totals.active)}</b> active
      </li>
      <li class="is-idle">
        <b>{digits(totals.idle)}</b> idle
      </li>
      <li class="is-agent">
        <b>{digits(totals.agents)}</b> {totals.agents === 1 ? "agent" : "agents"}
      </li>
      {totals.typing > 0 && (
        <li class="is-typing">
          <b>{digits(totals.typing)}</b> typing
        </li>
      )}
      <li class="is-rooms">
        <b>{digits(totals.roomsOnline)}</b> of {plural(rooms, "room", "rooms")} awake
      </li>
      {fresh.is === "stale" && <li class="is-stale">{asOf(fresh.asOf, now)}</li>}
    </ul>
  );
}

const width = 1600;
const height = 260;

function Backdrop() {
  return backdrop;
}

const backdrop = (
  <svg class="backdrop" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMax slice" aria-hidden="true">
    <g class="stars">{stars()}</g>
    <g class="clouds">
      <path d="M1010 78h150a20 20 0 0 0-4-39 34 34 0 0 0-64-11 27 27 0 0 0-44 16 18 18 0 0 0-38 34Z" />
      <path d="M640 54h96a13 13 0 0 0-3-25 22 22 0 0 0-41-7 17 17 0 0 0-28 10 12 12 0 0 0-24 22Z" />
    </g>
    <circle class="orb-glow" cx="1320" cy="76" r="90" />
    <circle class="orb" cx="1320" cy="76" r="30" />
    <circle class="orb-shade" cx="1308" cy="68" r="27" />
    <path class="far" d={skyline("far", 70, 120, 22, 54)} />
    <path class="near" d={skyline("near", 26, 78, 26, 70)} />
    <g class="far-lights">{farLights()}</g>
  </svg>
);

function stars() {
  const random = seeded("stars");
  return Array.from({ length: 70 }, (_, i) => (
    <circle key={i} class={i % 7 === 0 ? "twinkle" : undefined} cx={random() * width} cy={random() * height * 0.6} r={0.5 + random() * 0.9} />
  ));
}

function skyline(seed: string, low: number, high: number, narrow: number, wide: number): string {
  const random = seeded(seed);
  let path = `M0 ${height}`;
  for (let x = 0; x < width; ) {
    const w = narrow + random() * (wide - narrow);
    const top = height - low - random() * (high - low);
    path += `V${top.toFixed(0)}h${(w * 0.3).toFixed(0)}${random() < 0.25 ? "v-9h3v9" : ""}H${(x + w).toFixed(0)}`;
    x += w;
  }
  return `${path}V${height}z`;
}

function farLights() {
  const random = seeded("lights");
  return Array.from({ length: 60 }, (_, i) => <rect key={i} x={random() * width} y={height - 8 - random() * 58} width="2" height="2.6" />);
}
