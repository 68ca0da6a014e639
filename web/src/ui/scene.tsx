// The rooms themselves, as a map or as a list, with the tools over them.

import type { RefObject } from "preact";
import { useMemo, useState } from "preact/hooks";
import { type Plan, plan } from "../layout";
import { compare, type Freshness, type Seen, type Sort, type Wish } from "../life";
import type { Prefs, View } from "../prefs";
import type { Room, Size } from "../wire";
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
  const fitting = all.filter(props.wanted);
  const isWishing = wish.query !== "" || wish.zone !== "" || wish.filter !== "all";
  const turn = (to: View) => {
    prefs.keep("view", to);
    setView(to);
  };
  return (
    <section class="scene" aria-label="Rooms of the city">
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
        found={isWishing ? `${plural(fitting.length, "room fits", "rooms fit")}` : ""}
      />
      {fitting.length === 0 && <NoMatch onClear={props.onEverything} />}
      {fitting.length > 0 && view === "map" && <CityMap {...props} plan={layout} />}
      {fitting.length > 0 && view === "list" && <CityList {...props} rooms={fitting.sort(compare(sort, props.fresh))} />}
    </section>
  );
}

// A plan is drawn again only when a place changes, not with every count.
function usePlan(rooms: ReadonlyMap<string, Room>, grid: Size): Plan {
  const key = [...rooms.values()].map((r) => `${r.slug} ${r.zone} ${r.map.x} ${r.map.y} ${r.map.w} ${r.map.h}`).join();
  return useMemo(() => plan(rooms.values(), grid), [key, grid.w, grid.h]);
}
