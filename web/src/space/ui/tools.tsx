// What lies over the place: the bar on top, the gestures, the stick for thumbs.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Stage, Theme } from "../../prefs";
import type { Login } from "../../tokens";
import { people } from "../../words";
import type { Place } from "../address";
import { type Emote, emotes } from "../emotes";
import { isBusy } from "../keys";
import { type Kind, kinds } from "../plan";
import type { World } from "../scene/world";
import type { State } from "../state";
import type { Panel } from "./app";
import { EmoteIcon, SpaceIcon, type SpaceIconName } from "./icons";

interface BarProps {
  title: string;
  kind: Kind;
  place: Place;
  state: State;
  isInside: boolean;
  stage: Stage;
  canScene: boolean;
  onStage(stage: Stage): void;
  theme: Theme;
  onTheme(): void;
  panel: Panel;
  onPanel(panel: Panel): void;
  unread: number;
  login: Login | null;
  onSignIn(): void;
  onLeave(): void;
}

const themeIcons: Record<Theme, SpaceIconName> = { auto: "auto", night: "moon", day: "sun" };

export function TopBar(props: BarProps) {
  const { state, isInside, stage, panel, unread } = props;
  const toggle = (name: Panel) => props.onPanel(panel === name ? null : name);
  return (
    <header class="topbar">
      <a class="round" href={cityOf(props.place)} title="Back to the city" aria-label="Back to the city">
        <SpaceIcon name="back" />
      </a>
      {isInside && (
        <h1 class="where">
          <bdi dir="auto">{props.title}</bdi>
          <small>
            <span class="wide-only">{kinds[props.kind]} · </span>
            {people(state.members.size)} here
          </small>
        </h1>
      )}
      <span class="spring" />
      {isInside && <Pill state={state} />}
      {isInside && (
        <>
          <button class="round" aria-pressed={panel === "chat"} onClick={() => toggle("chat")} title="Chat (Enter)" aria-label={unread > 0 ? `Chat, ${unread} unread` : "Chat"}>
            <SpaceIcon name="chat" />
            {unread > 0 && panel !== "chat" && <b class="badge">{unread > 99 ? "99+" : unread}</b>}
          </button>
          <button class="round" aria-pressed={panel === "people"} onClick={() => toggle("people")} title="People" aria-label="People">
            <SpaceIcon name="people" />
          </button>
        </>
      )}
      {props.canScene && (
        <button class="round wide-only" onClick={() => props.onStage(stage === "scene" ? "flat" : "scene")} title={stage === "scene" ? "Show a flat map" : "Show the scene"} aria-label={stage === "scene" ? "Show a flat map instead of the scene" : "Show the scene in three dimensions"}>
          <SpaceIcon name={stage === "scene" ? "map" : "cube"} />
        </button>
      )}
      <button class="round wide-only" onClick={props.onTheme} title={`Light: ${props.theme}`} aria-label={`Light: ${props.theme}`}>
        <SpaceIcon name={themeIcons[props.theme]} />
      </button>
      {isInside && !props.login && (
        <button class="button wide-only" onClick={props.onSignIn}>
          Sign in
        </button>
      )}
      {isInside && (
        <button class="round" onClick={props.onLeave} title="Leave" aria-label="Leave the space">
          <SpaceIcon name="out" />
        </button>
      )}
      {isInside && <More {...props} />}
    </header>
  );
}

// More holds on a phone what has no room in the bar.
function More(props: BarProps) {
  const [isOpen, open] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const close = (then: () => void) => () => {
    open(false);
    then();
  };
  useEffect(() => {
    if (!isOpen) return;
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const elsewhere = (e: Event) => e.target instanceof Node && !box.current?.contains(e.target) && open(false);
    addEventListener("pointerdown", elsewhere);
    return () => removeEventListener("pointerdown", elsewhere);
  }, [isOpen]);
  const onKey = (e: KeyboardEvent) => {
    if (e.key !== "Escape" || !isOpen) return;
    open(false);
    box.current?.querySelector("button")?.focus();
  };
  return (
    <span class="more narrow-only" ref={box} onKeyDown={onKey}>
      <button class="round" aria-haspopup="menu" aria-expanded={isOpen} aria-label="More" onClick={() => open(!isOpen)}>
        ⋯
      </button>
      {isOpen && (
        <span class="menu" role="menu" aria-label="More">
          {props.canScene && (
            <button role="menuitem" onClick={close(() => props.onStage(props.stage === "scene" ? "flat" : "scene"))}>
              <SpaceIcon name={props.stage === "scene" ? "map" : "cube"} /> {props.stage === "scene" ? "Flat map" : "Scene"}
            </button>
          )}
          <button role="menuitem" onClick={close(props.onTheme)}>
            <SpaceIcon name={themeIcons[props.theme]} /> Light: {props.theme}
          </button>
          {!props.login && (
            <button role="menuitem" onClick={close(props.onSignIn)}>
              <SpaceIcon name="key" /> Sign in
            </button>
          )}
        </span>
      )}
    </span>
  );
}

function Pill({ state }: { state: State }) {
  const isLive = state.phase.is === "inside";
  return (
    <span class={`pill ${isLive ? "live" : state.phase.is === "offline" ? "bad" : "wait"}`}>
      <i aria-hidden="true" />
      {isLive ? "Live" : state.phase.is === "offline" ? "Offline" : "Reconnecting"}
    </span>
  );
}

function cityOf(place: Place): string {
  return place.type === "city" ? `/city#room=${encodeURIComponent(place.id)}` : "/city";
}

interface EmotesProps {
  onEmote(emote: Emote): void;
  world: RefObject<World>;
  stage: Stage;
}

export function Emotes({ onEmote, world, stage }: EmotesProps) {
  const canVR = useHeadset(stage);
  useDigits((n) => {
    const name = Object.keys(emotes)[n - 1];
    if (name) onEmote(name as Emote);
  });
  return (
    <div class="emotes" role="group" aria-label="Gestures">
      {Object.entries(emotes).map(([name, { word }], i) => (
        <button key={name} class="round" title={`${word} (${i + 1})`} aria-label={word} onClick={() => onEmote(name as Emote)}>
          <EmoteIcon emote={name as Emote} />
        </button>
      ))}
      {canVR && stage === "scene" && (
        <button class="button strong enter-vr" onClick={() => void world.current?.enterVR()}>
          <SpaceIcon name="headset" /> Headset
        </button>
      )}
    </div>
  );
}

// The keys 1 to 6 are gestures, as long as nobody is writing.
function useDigits(onDigit: (n: number) => void): void {
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (!/^[1-9]$/.test(e.key) || e.repeat || e.ctrlKey || e.metaKey || e.altKey || isBusy(e.target)) return;
      onDigit(Number(e.key));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function useHeadset(stage: Stage): boolean {
  const [can, set] = useState(false);
  useEffect(() => {
    if (stage !== "scene") return;
    const look = () => void navigator.xr?.isSessionSupported("immersive-vr").then(set, () => set(false));
    look();
    navigator.xr?.addEventListener("devicechange", look);
    return () => navigator.xr?.removeEventListener("devicechange", look);
  }, [stage]);
  return can;
}

const reach = 44; // pixels from the middle to full speed

// Stick is a joystick for the thumb.
export function Stick({ onSteer }: { onSteer(ahead: number, aside: number): void }) {
  const [at, set] = useState({ x: 0, y: 0 });
  const pointer = useRef<number | null>(null);
  const steer = (e: PointerEvent) => {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const [dx, dy] = [e.clientX - box.left - box.width / 2, e.clientY - box.top - box.height / 2];
    const far = Math.max(1, Math.hypot(dx, dy) / reach);
    const [x, y] = [dx / far, dy / far];
    set({ x, y });
    onSteer(-y / reach, x / reach);
  };
  const release = () => {
    pointer.current = null;
    set({ x: 0, y: 0 });
    onSteer(0, 0);
  };
  return (
    <div
      class="stick"
      aria-hidden="true"
      onPointerDown={(e) => {
        pointer.current = e.pointerId;
        e.currentTarget.setPointerCapture(e.pointerId);
        steer(e);
      }}
      onPointerMove={(e) => e.pointerId === pointer.current && steer(e)}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <i style={{ transform: `translate(${at.x}px, ${at.y}px)` }} />
    </div>
  );
}
