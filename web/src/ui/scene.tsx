// The rooms themselves, as a map or as a list, with the tools over them.

import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Plan, plan, readingOrder } from "../layout";
import { compare, type Freshness, type Seen, type Sort, type Wish } from "../life";
import type { Prefs, View } from "../prefs";
import type { Rect, Room, Size } from "../wire";
import { plural } from "../words";
import { NoMatch } from "./blank";
import { CityList } from "./list";
import { CityMap } from "./map";
import { Toolbar } from "./toolbar";

interface Props {
  rooms: ReadonlyMap<string, Room>;
  grid: Size;
  fresh: Freshness;
  isNarrow: boolean;
  prefs: Prefs;
  search: RefObject<HTMLInputElement>;
  wish: Wish;
  onWish(wish: Wish): void;
  wanted(room: Room): boolean;
  onEverything(): void;
  seen(room: Room): Seen | null;
  hue(zone: string): string;
  selected: string | null;
  now: number;
  onOpen(slug: string): void;
}

export function Scene(props: Props) {
  const { rooms, wish, onWish, prefs } = props;
  const [view, setView] = useState(prefs.view(props.isNarrow));
  const [sort, setSort] = useState<Sort>("life");
  const layout = usePlan(rooms, props.grid);
  const all = [...rooms.values()];
  const inOrder = view === "list" ? compare(sort, props.fresh) : byPlace(layout);
  const fitting = all.filter(props.wanted).sort(inOrder);
  const isWishing = wish.query !== "" || wish.zone !== "" || wish.filter !== "all";
  const first = isWishing ? fitting[0] : undefined;
  const scene = useRef<HTMLElement>(null);
  // The map may be larger than the screen, and what was asked for beyond it.
  useEffect(() => {
    if (first) show(scene.current?.querySelector(`[data-room="${CSS.escape(first.slug)}"]`));
  }, [wish.query, wish.zone, wish.filter, view]);
  const turn = (to: View) => {
    prefs.keep("view", to);
    setView(to);
  };
  return (
    <section class="scene" ref={scene} aria-label="Rooms of the city">
      <Toolbar
        search={props.search}
        query={wish.query}
        onQuery={(query) => onWish({ ...wish, query })}
        filter={wish.filter}
        onFilter={(filter) => onWish({ ...wish, filter })}
        hasPrivate={all.some((r) => !r.isPublic)}
        sort={sort}
        onSort={setSort}
        view={view}
        onView={turn}
        onEnter={() => wish.query !== "" && first && props.onOpen(first.slug)}
        found={isWishing ? found(fitting.length) : ""}
        first={first?.name ?? ""}
      />
      {fitting.length === 0 && <NoMatch wish={wish} onClear={props.onEverything} />}
      {fitting.length > 0 && view === "map" && <CityMap {...props} plan={layout} first={wish.query === "" ? undefined : first?.slug} />}
      {fitting.length > 0 && view === "list" && <CityList {...props} rooms={fitting} />}
    </section>
  );
}

function found(n: number): string {
  return n === 0 ? "No room fits" : plural(n, "room fits", "rooms fit");
}

function byPlace({ places }: Plan): (a: Room, b: Room) => number {
  return (a, b) => readingOrder(places.get(a.slug) as Rect, places.get(b.slug) as Rect);
}

function show(tile: Element | null | undefined): void {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  tile?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: isCalm ? "instant" : "smooth" });
}

// A plan is drawn again only when a place changes, not with every count.
function usePlan(rooms: ReadonlyMap<string, Room>, grid: Size): Plan {
  const key = [...rooms.values()].map((r) => `${r.slug} ${r.zone} ${r.map.x} ${r.map.y} ${r.map.w} ${r.map.h}`).join();
  return useMemo(() => plan(rooms.values(), grid), [key, grid.w, grid.h]);
}
