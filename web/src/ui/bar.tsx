import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Prefs, Theme } from "../prefs";
import { Icon, type IconName } from "./icons";

interface Props {
  prefs: Prefs;
  hasOwn: boolean;
  onToken(): void;
  children: ComponentChildren; // the connection pill
}

const next: Record<Theme, Theme> = { auto: "night", night: "day", day: "auto" };
const icons: Record<Theme, IconName> = { auto: "auto", night: "moon", day: "sun" };

export function Bar({ prefs, hasOwn, onToken, children }: Props) {
  const [theme, setTheme] = useState(prefs.theme());
  useEffect(() => applyTheme(theme), [theme]);
  const turn = () => {
    prefs.keep("theme", next[theme]);
    setTheme(next[theme]);
  };
  return (
    <div class="bar">
      <span class="brand">
        <Mark />
        presence
      </span>
      {children}
      <button class={hasOwn ? "round on" : "round"} onClick={onToken} title={hasOwn ? "Using your token" : "See private rooms"} aria-label={hasOwn ? "Your token" : "Use a token to see private rooms"}>
        <Icon name="key" />
      </button>
      <button class="round" onClick={turn} title={`Light: ${theme}`} aria-label={`Light: ${theme}. Change to ${next[theme]}`}>
        <Icon name={icons[theme]} />
      </button>
    </div>
  );
}

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M3 21V11h5v10zM9 21V3h6v18zM16 21V8h5v13z" />
      <path class="lit" d="M10.6 6h1.300v2h-1.300zM12.8 10h1.300v2h-1.300zM10.6 14h1.300v2h-1.300zM4.8 14h1.300v2H4.800zM17.9 11h1.300v2h-1.300z" />
    </svg>
  );
}
