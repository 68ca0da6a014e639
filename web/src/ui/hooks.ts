import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { hashOf, roomInHash } from "../hash";
import type { Store } from "../store";

export function useStore<S, E>(store: Store<S, E>): S {
  const [state, set] = useState(store.state);
  useEffect(() => {
    set(store.state);
    return store.watch(() => set(store.state));
  }, [store]);
  return state;
}

// useNow is the clock of the page: it makes "as of" and "2 min" true.
export function useNow(everyMs: number): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    set(Date.now());
    const timer = setInterval(() => set(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function useMedia(query: string): boolean {
  const [matches, set] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const update = () => set(media.matches);
    media.addEventListener("change", update);
    return () => media.removeEventListener("change", update);
  }, [query]);
  return matches;
}

// useChosenRoom keeps the open room in the address, so that a link leads to it
// and the back button closes it.
export function useChosenRoom(): [string | null, (slug: string | null) => void] {
  const [slug, set] = useState(() => roomInHash(location.hash));
  useEffect(() => {
    const follow = () => set(roomInHash(location.hash));
    addEventListener("popstate", follow);
    addEventListener("hashchange", follow);
    return () => {
      removeEventListener("popstate", follow);
      removeEventListener("hashchange", follow);
    };
  }, []);
  const choose = (next: string | null) => {
    if (next === slug) return;
    const address = location.pathname + location.search + hashOf(next);
    if (slug === null) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    set(next);
  };
  return [slug, choose];
}

// "/" goes to the search, as long as nobody is writing somewhere else.
export function useSearchKey(input: RefObject<HTMLInputElement>): void {
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const target = e.target as HTMLElement;
      if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      if (!input.current) return;
      e.preventDefault();
      input.current.focus();
      input.current.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [input]);
}

// useHidden tells on which sides of a sideways scroller more is hidden, as the
// class names of its edges.
export function useHidden(scroller: RefObject<HTMLElement>): string {
  const [hidden, set] = useState("");
  useEffect(() => {
    const el = scroller.current;
    if (!el) return;
    const look = () => {
      const rest = el.scrollWidth - el.clientWidth - el.scrollLeft;
      set(`${el.scrollLeft > 4 ? " more-before" : ""}${rest > 4 ? " more-after" : ""}`);
    };
    const sizes = new ResizeObserver(look);
    sizes.observe(el);
    for (const child of el.children) sizes.observe(child);
    el.addEventListener("scroll", look, { passive: true });
    return () => {
      sizes.disconnect();
      el.removeEventListener("scroll", look);
    };
  }, [scroller]);
  return hidden;
}
