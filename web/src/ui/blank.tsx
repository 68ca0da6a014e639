// What stands in place of the city while there is none to show.

import type { Wish } from "../life";
import { Facade } from "./facade";
import { Icon } from "./icons";

export function Skeleton({ resting }: { resting: boolean }) {
  return (
    <div class={resting ? "skeleton resting" : "skeleton"} aria-hidden="true">
      {Array.from({ length: 24 }, (_, i) => (
        <span key={i}>
          <Facade slug={`skeleton ${i}`} seen={null} />
          <i />
          <i />
        </span>
      ))}
    </div>
  );
}

export function NoRooms() {
  return (
    <div class="blank">
      <Icon name="map" />
      <h2>An open field</h2>
      <p>No Matrix room is linked to this city, or none that you may see.</p>
      <code>presence link add</code>
      <p class="small">puts the first one on the map; it shows here at once.</p>
    </div>
  );
}

export function NoMatch({ wish, onClear }: { wish: Wish; onClear(): void }) {
  const isNarrowed = wish.zone !== "" || wish.filter !== "all";
  return (
    <div class="blank">
      <Icon name="search" />
      <h2>No room fits</h2>
      <p>
        {wish.query ? <>Nothing {isNarrowed ? "behind this filter" : "in the city"} matches “<bdi>{wish.query.trim()}</bdi>”.</> : "Nothing in the city matches what you asked for."}
      </p>
      <button class="button" onClick={onClear}>
        Show every room
      </button>
    </div>
  );
}
