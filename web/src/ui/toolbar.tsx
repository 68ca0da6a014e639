import type { RefObject } from "preact";
import type { Filter, Sort } from "../life";
import type { View } from "../prefs";
import { Icon } from "./icons";

interface Props {
  search: RefObject<HTMLInputElement>;
  query: string;
  onQuery(query: string): void;
  filter: Filter;
  onFilter(filter: Filter): void;
  hasPrivate: boolean;
  sort: Sort;
  onSort(sort: Sort): void;
  view: View;
  onView(view: View): void;
  onEnter(): void;
  found: string; // how many rooms fit, in words; empty while nothing is asked
  first: string; // the room that Enter opens
}

const filters: [Filter, string][] = [
  ["all", "All"],
  ["alive", "Awake"],
  ["agents", "With agents"],
  ["private", "Private"],
];

export function Toolbar(props: Props) {
  const clear = () => {
    props.onQuery("");
    props.search.current?.focus();
  };
  return (
    <div class={props.found ? "toolbar asking" : "toolbar"} role="search">
      <div class="search">
        <Icon name="search" />
        <input
          ref={props.search}
          type="search"
          placeholder="Search rooms"
          aria-label="Search rooms"
          value={props.query}
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="go"
          onInput={(e) => props.onQuery(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === "Escape") props.onQuery("");
            if (e.key === "Enter" && !e.isComposing) props.onEnter();
          }}
        />
        {props.query === "" ? (
          <kbd aria-hidden="true">/</kbd>
        ) : (
          <button class="round" aria-label="Clear the search" onClick={clear}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <div class="choice" role="group" aria-label="Show">
        {filters
          .filter(([f]) => f !== "private" || props.hasPrivate)
          .map(([f, word]) => (
            <button key={f} aria-pressed={props.filter === f} onClick={() => props.onFilter(f)}>
              {word}
            </button>
          ))}
      </div>
      {props.view === "list" && (
        <select class="sort" aria-label="Sort rooms" value={props.sort} onChange={(e) => props.onSort(e.currentTarget.value as Sort)}>
          <option value="life">By life</option>
          <option value="name">By name</option>
          <option value="zone">By district</option>
        </select>
      )}
      <div class="choice views" role="group" aria-label="View">
        <button aria-pressed={props.view === "map"} onClick={() => props.onView("map")}>
          <Icon name="map" />
          Map
        </button>
        <button aria-pressed={props.view === "list"} onClick={() => props.onView("list")}>
          <Icon name="list" />
          List
        </button>
      </div>
      <p class="found">
        <strong role="status">{props.found}</strong>
        {props.query !== "" && props.first && (
          <span class="hint">
            <kbd>Enter</kbd> opens <bdi>{props.first}</bdi>
          </span>
        )}
      </p>
    </div>
  );
}
