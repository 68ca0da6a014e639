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
  rooms: number; // public ones, which are what the totals count
  unknown: number; // those among them nobody can tell about
  hasPrivate: boolean; // the visitor sees rooms beyond the public ones
  isTrying: boolean;
  now: number;
  children: ComponentChildren; // the bar with name, connection and buttons
}

export function Sky({ children, ...city }: Props) {
  return (
    <header class="sky">
      <Backdrop />
      {children}
      <div class="headline">
        <h1>{headline(city)}</h1>
        <Figures {...city} />
      </div>
    </header>
  );
}

type City = Omit<Props, "children">;

function headline({ totals, fresh, rooms, isTrying }: City) {
  if (fresh.is === "none") return isTrying ? "Looking at the city" : "The city is out of reach";
  if (!totals) return "The city is out of sight";
  const past = fresh.is === "stale";
  if (rooms === 0) return "No rooms yet";
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

function Figures({ totals, fresh, rooms, unknown, hasPrivate, isTrying, now }: City) {
  const counted = hasPrivate ? plural(rooms, "public room", "public rooms") : plural(rooms, "room", "rooms");
  if (fresh.is === "none") return <p class="figures">{isTrying ? "The first numbers are on their way." : "No numbers have arrived."}</p>;
  if (!totals) return <p class="figures">How many people are here is unknown. {counted} {rooms === 1 ? "is" : "are"} known.</p>;
  return (
    <ul class="figures">
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
        <b>{digits(totals.roomsOnline)}</b> of {counted} awake
      </li>
      {unknown > 0 && (
        <li>
          <b>{digits(unknown)}</b> unknown
        </li>
      )}
      {fresh.is === "stale" && <li class="is-stale">{asOf(fresh.asOf, now)}</li>}
    </ul>
  );
}

function Backdrop() {
  return backdrop;
}

const width = 1600;
const skyHeight = 300;
const townHeight = 120;

const backdrop = (
  <div class="backdrop" aria-hidden="true">
    <svg class="heaven" viewBox={`0 0 ${width} ${skyHeight}`} preserveAspectRatio="xMaxYMin slice">
      <g class="stars">{stars("steady", 66)}</g>
      <g class="clouds">
        <path d="M930 120h150a20 20 0 0 0-4-39 34 34 0 0 0-64-11 27 27 0 0 0-44 16 18 18 0 0 0-38 34Z" />
        <path d="M1390 150h96a13 13 0 0 0-3-25 22 22 0 0 0-41-7 17 17 0 0 0-28 10 12 12 0 0 0-24 22Z" />
      </g>
    </svg>
    <svg class="heaven twinkle" viewBox={`0 0 ${width} ${skyHeight}`} preserveAspectRatio="xMaxYMin slice">
      <g class="stars">{stars("twinkling", 14)}</g>
    </svg>
    <svg class="orb" viewBox="-120 -120 240 240">
      <circle r="120" fill="url(#glow)" />
      <circle class="sun" r="28" />
      <path class="moon" d="M17-22A28 28 0 1 0 25 16 23 23 0 1 1 17-22z" />
    </svg>
    <svg class="distance" viewBox={`0 0 ${width} ${townHeight}`} preserveAspectRatio="xMidYMax slice">
      <path class="far" d={skyline("far", 40, 104, 22, 54)} />
      <path class="near" d={skyline("near", 14, 58, 26, 70)} />
      <g class="far-lights">{farLights()}</g>
    </svg>
  </div>
);

function stars(seed: string, n: number) {
  const random = seeded(seed);
  return Array.from({ length: n }, (_, i) => (
    <circle key={i} cx={random() * width} cy={random() ** 1.4 * skyHeight * 0.6} r={0.5 + random() * 0.9} />
  ));
}

function skyline(seed: string, low: number, high: number, narrow: number, wide: number): string {
  const random = seeded(seed);
  let path = `M0 ${townHeight}`;
  for (let x = 0; x < width; ) {
    const w = narrow + random() * (wide - narrow);
    const top = townHeight - low - random() ** 1.6 * (high - low);
    path += `V${top.toFixed(0)}h${(w * 0.3).toFixed(0)}${random() < 0.25 ? "v-9h2v9" : ""}H${(x + w).toFixed(0)}`;
    x += w;
  }
  return `${path}V${townHeight}z`;
}

function farLights() {
  const random = seeded("lights");
  return Array.from({ length: 70 }, (_, i) => <rect key={i} x={random() * width} y={townHeight - 5 - random() * 36} width="2" height="2.6" />);
}
