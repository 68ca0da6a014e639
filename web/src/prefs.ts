// What the visitor chose, remembered in this browser. Storage may be switched
// off; then choices last as long as the page.

import type { Shelf } from "./tokens";

export function shelf(open: () => Storage): Shelf {
  try {
    const storage = open();
    storage.setItem("presence.probe", "1");
    storage.removeItem("presence.probe");
    return storage;
  } catch {
    return memory();
  }
}

function memory(): Shelf {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

export type View = "map" | "list";
export type Theme = "auto" | "night" | "day";
export type Stage = "scene" | "flat";

export class Prefs {
  constructor(private readonly kept: Shelf) {}

  // A phone is too narrow for a whole map: there the list comes first.
  view(isNarrow: boolean): View {
    return this.pick("presence.view", ["map", "list"], isNarrow ? "list" : "map");
  }

  theme(): Theme {
    return this.pick("presence.theme", ["auto", "night", "day"], "auto");
  }

  // What cannot be drawn in three dimensions is drawn flat.
  stage(hasWebGL: boolean): Stage {
    return hasWebGL ? this.pick("presence.stage", ["scene", "flat"], "scene") : "flat";
  }

  keep(name: "view" | "theme" | "stage", value: View | Theme | Stage): void {
    this.kept.setItem(`presence.${name}`, value);
  }

  private pick<T extends string>(key: string, allowed: T[], otherwise: T): T {
    const kept = this.kept.getItem(key) as T | null;
    return kept !== null && allowed.includes(kept) ? kept : otherwise;
  }
}
