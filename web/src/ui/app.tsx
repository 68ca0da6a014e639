// The page: puts what is known, what the visitor wished for and what is shown
// together. Everything below it only draws.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Freshness, freshness, look, lookTotals, matches, type Wish } from "../life";
import type { Prefs } from "../prefs";
import type { Event, State } from "../state";
import type { Store } from "../store";
import type { Room } from "../wire";
import { title } from "../words";
import { hueClasses } from "../zones";
import { Bar } from "./bar";
import { NoRooms, Skeleton } from "./blank";
import { Notice, Pill } from "./connection";
import { Detail } from "./detail";
import { Shades } from "./facade";
import { useChosenRoom, useMedia, useNow, useSearchKey, useStore } from "./hooks";
import { Districts, Journal, Legend } from "./rail";
import { Scene } from "./scene";
import { Sky } from "./sky";
import { TokenDialog } from "./token";

export interface AppProps {
  store: Store<State, Event>;
  prefs: Prefs;
  hasOwnToken(): boolean;
  onRetry(): void;
  onUseToken(token: string): void;
  onGuest(): void;
}

const narrow = "(max-width: 1019px)";
const everything: Wish = { query: "", zone: "", filter: "all" };

export function App(app: AppProps) {
  const state = useStore(app.store);
  const now = useNow(state.connection.phase === "live" ? 5_000 : 1_000);
  const fresh = freshness(state, now);
  const totals = lookTotals(state.totals, fresh);
  const isNarrow = useMedia(narrow);
  const [wish, setWish] = useState(everything);
  const [asking, setAsking] = useState(false);
  const [chosen, choose] = useChosenRoom();
  const search = useRef<HTMLInputElement>(null);
  useSearchKey(search);
  useEffect(() => {
    document.title = title(totals?.online ?? null, fresh.is === "stale");
  }, [totals?.online, fresh.is]);

  const { zones, hue } = useHues(state.rooms);
  const city = { hue, now, selected: chosen, seen: (room: Room) => look(room, fresh), onOpen: choose };
  const connection = { state, fresh, now };
  const isTrying = state.connection.phase === "connecting";
  const open = [...state.rooms.values()].filter((r) => r.isPublic);
  const counted = { rooms: open.length, unknown: open.filter((r) => r.presence === null).length, hasPrivate: open.length < state.rooms.size };
  const ask = () => setAsking(true);
  const remedies = { ownToken: app.hasOwnToken(), onRetry: app.onRetry, onToken: ask, onGuest: app.onGuest };
  const close = () => {
    choose(null);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`.scene [data-room="${CSS.escape(chosen ?? "")}"]`)?.focus());
  };
  const panel = chosen !== null && (
    <Detail slug={chosen} {...roomOf(state, chosen, fresh)} known={state.known} isSheet={isNarrow} hue={hue} now={now} onClose={close} onToken={ask} />
  );

  return (
    <>
      <Shades />
      <div class={`page fresh-${fresh.is}`} inert={isNarrow && chosen !== null}>
        <Sky totals={totals} fresh={fresh} {...counted} isTrying={isTrying} now={now}>
          <Bar prefs={app.prefs} hasOwn={remedies.ownToken} onToken={ask}>
            <Pill {...connection} />
          </Bar>
        </Sky>
        <main>
          <Notice {...connection} {...remedies} />
          {!state.known && <Skeleton resting={!isTrying} />}
          {state.known && state.rooms.size === 0 && <NoRooms />}
          {state.rooms.size > 0 && (
            <div class="town">
              <Scene
                {...city}
                rooms={state.rooms}
                grid={state.grid}
                fresh={fresh}
                isNarrow={isNarrow}
                prefs={app.prefs}
                search={search}
                wish={wish}
                onWish={setWish}
                wanted={(room) => matches(room, city.seen(room), wish)}
                onEverything={() => setWish(everything)}
              />
              <aside class="rail" aria-label="The city at a glance">
                {!isNarrow && panel}
                <Districts zones={zones} totals={state.zones} fresh={fresh} hue={hue} chosen={wish.zone} onZone={(zone) => setWish({ ...wish, zone })} />
                <Journal entries={state.journal} now={now} onOpen={choose} />
                <Legend />
              </aside>
            </div>
          )}
        </main>
      </div>
      {isNarrow && panel}
      {asking && <TokenDialog own={remedies.ownToken} onUse={after(() => setAsking(false), app.onUseToken)} onGuest={after(() => setAsking(false), app.onGuest)} onClose={() => setAsking(false)} />}
    </>
  );
}

function roomOf(state: State, slug: string, fresh: Freshness) {
  const room = state.rooms.get(slug);
  return { room, seen: room ? look(room, fresh) : null };
}

function after<A extends unknown[]>(first: () => void, then: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    first();
    then(...args);
  };
}

// Rooms are a new table with every frame; the set of zones hardly ever changes.
function useHues(rooms: ReadonlyMap<string, Room>): { zones: string[]; hue(zone: string): string } {
  const key = [...new Set([...rooms.values()].map((r) => r.zone))].sort().join(" ");
  return useMemo(() => {
    const zones = key === "" ? [] : key.split(" ");
    const classes = hueClasses(zones);
    return { zones, hue: (zone) => classes.get(zone) ?? "hue-0" };
  }, [key]);
}
