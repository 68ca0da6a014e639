// The page of a space: the place itself, in three dimensions or flat, and
// around it who is here, what they say and how one came in.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Prefs, Stage, Theme } from "../../prefs";
import type { Store } from "../../store";
import type { Tokens } from "../../tokens";
import { applyTheme } from "../../ui/bar";
import { useMedia, useNow, useStore } from "../../ui/hooks";
import { type Place, keyOf } from "../address";
import type { Body } from "../body";
import { unread } from "../chat";
import { isBusy } from "../keys";
import { byline, hueOfPlace, type Info, type Look, lookUp } from "../info";
import { oldModelNote } from "../models";
import type { Motion } from "../motion";
import { kindOf, plan as planOf } from "../plan";
import type { Content, Person, World } from "../scene/world";
import type { Widget } from "../signin";
import { type Talk, talkOf } from "../slate";
import type { Event, State } from "../state";
import type { Visit } from "../visit";
import { Around } from "./around";
import { Chat } from "./chat";
import { Entry } from "./entry";
import { Flat } from "./flat";
import { SpaceIcon } from "./icons";
import { News } from "./news";
import { Notice } from "./notice";
import { Roster } from "./roster";
import { Scene3D } from "./scene3d";
import { SignIn } from "./signin";
import { Emotes, Stick, TopBar } from "./tools";

export interface AppProps {
  place: Place;
  store: Store<State, Event>;
  prefs: Prefs;
  tokens: Tokens;
  visit: Visit;
  motion: Motion;
  body: Body;
  widget: Widget | null;
  onStep(): void;
  watchEmotes(watch: (session: string, emote: string) => void): () => void;
}

export type Panel = "chat" | "people" | null;

const narrow = "(max-width: 819px)";

export function App(app: AppProps) {
  const state = useStore(app.store);
  const now = useNow(state.phase.is === "lost" ? 1_000 : 15_000);
  const isNarrow = useMedia(narrow);
  const isDark = useMedia("(prefers-color-scheme: dark)");
  const isCalm = useMedia("(prefers-reduced-motion: reduce)");
  const isTouch = useMedia("(pointer: coarse)");
  const [look, retryLook] = useLook(app);
  const [theme, turnTheme] = useTheme(app.prefs);
  const [stage, setStage] = useState<Stage>(() => app.prefs.stage(hasWebGL));
  const [panel, setPanel] = useState<Panel>(isNarrow ? null : "chat");
  const [signingIn, setSigningIn] = useState(false);
  const world = useRef<World | null>(null);
  const main = useRef<HTMLElement>(null);
  const login = app.tokens.login;
  const info = look.is === "known" ? look.info : null;
  const kind = kindOf(state.space?.kind || info?.kind || "");
  const isReady = info !== null || state.space !== null;
  const night = theme === "night" || (theme === "auto" && isDark);
  const ground = useMemo(() => planOf(kind, keyOf(app.place)), [kind]);
  const people = usePeople(state);
  const talk = useTalk(state);
  const isInside = state.phase.is === "inside" || (state.session !== "" && ["lost", "connecting", "offline"].includes(state.phase.is));
  const content = useContent(info, state, app.place, isInside);
  const title = state.space?.title || info?.title || app.place.id;
  const isBehind = panel !== "chat" || document.hidden;
  const waiting = unread(state.chat, state.me?.subject ?? "");

  useEffect(() => app.body.arrive(ground, Math.random), [ground]);
  useEffect(() => void (document.title = `${isInside && waiting > 0 ? `(${waiting}) ` : ""}${title}`), [title, waiting, isInside]);
  useChatKey(isInside, () => setPanel("chat"));
  // The button that let us in is gone, and with it the place of who uses keys.
  useEffect(() => {
    if (isInside && document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [isInside]);

  const chooseStage = (next: Stage) => {
    app.prefs.keep("stage", next);
    setStage(next);
  };
  const signedIn = () => {
    setSigningIn(false);
    retryLook();
    if (state.phase.is !== "outside") app.visit.enter();
  };
  const stageProps = { plan: ground, body: app.body, motion: app.motion, people, isCalm, onStep: app.onStep, watchEmotes: app.watchEmotes, ownSession: state.session };

  return (
    <div class={`space ${stage} ${isInside && panel ? "with-panel" : ""} ${isInside ? "inside" : "outside"}`} data-phase={state.phase.is} data-members={state.members.size} data-stage={stage} data-kind={kind}>
      <main class="stage" ref={main} tabIndex={-1} aria-label={title}>
        {isReady && stage === "scene" && (
          <Scene3D {...stageProps} content={content} note={info?.isOldModel && !info.model ? oldModelNote : ""} night={night} subject={state.me?.subject ?? ""} isInside={isInside} world={world} onFlat={() => setStage("flat")} talk={talk} onEmote={(e) => app.visit.emote(e)} onSay={(text) => app.visit.say(text)} />
        )}
        {isReady && stage === "flat" && <Flat {...stageProps} pictures={content.pictures} night={night} title={title} state={state} isInside={isInside} />}
        {isInside && <Around people={people} motion={app.motion} body={app.body} isShown={stage === "flat"} />}
        {isInside && <Notice phase={state.phase} now={now} onRetry={() => app.visit.enter()} />}
      </main>
      <TopBar title={title} kind={kind} place={app.place} state={state} isInside={isInside} stage={stage} canScene={hasWebGL} onStage={chooseStage} theme={theme} onTheme={turnTheme} panel={panel} onPanel={setPanel} unread={waiting} login={login} onSignIn={() => setSigningIn(true)} onLeave={() => app.visit.leave()} />
      {isInside && (
        <div class="tools">
          {stage === "scene" && isTouch && <Stick onSteer={(ahead, aside) => world.current?.stick(ahead, aside)} />}
          <Emotes onEmote={(e) => app.visit.emote(e)} world={world} stage={stage} />
        </div>
      )}
      {isInside && panel && (
        <aside class="panel" aria-label={panel === "chat" ? "Chat" : "People"}>
          <div class="tabs choice" role="group" aria-label="Panel">
            <Tab name="chat" panel={panel} onPanel={setPanel}>
              Chat
            </Tab>
            <Tab name="people" panel={panel} onPanel={setPanel}>
              People <b>{state.members.size}</b>
            </Tab>
            <button class="round" aria-label="Close the panel" onClick={() => setPanel(null)}>
              <SpaceIcon name="close" />
            </button>
          </div>
          {panel === "chat" ? <Chat state={state} visit={app.visit} now={now} isSeen={!isBehind} onSignIn={() => setSigningIn(true)} /> : <Roster state={state} />}
        </aside>
      )}
      {!isInside && <Entry look={look} state={state} place={app.place} login={login} now={now} visit={app.visit} onRetryLook={retryLook} onSignIn={() => setSigningIn(true)} onSignedOut={() => void app.tokens.signOut().then(retryLook)} stage={stage} onStage={chooseStage} canScene={hasWebGL} />}
      {signingIn && <SignIn tokens={app.tokens} widget={app.widget} onDone={signedIn} onClose={() => setSigningIn(false)} />}
      <News news={state.news} />
    </div>
  );
}

function Tab({ name, panel, onPanel, children }: { name: Panel; panel: Panel; onPanel(p: Panel): void; children: ComponentChildren }) {
  return (
    <button aria-pressed={panel === name} onClick={() => onPanel(name)}>
      {children}
    </button>
  );
}

export const hasWebGL = (() => {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
})();

function useLook(app: AppProps): [Look, () => void] {
  const [look, set] = useState<Look>({ is: "loading" });
  const [tries, again] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    void lookUp(app.place, app.tokens, (...args) => fetch(...args)).then((found) => {
      if (isCurrent) set(found);
    });
    return () => {
      isCurrent = false;
    };
  }, [tries]);
  return [look, () => again((n) => n + 1)];
}

const nextTheme: Record<Theme, Theme> = { auto: "night", night: "day", day: "auto" };

function useTheme(prefs: Prefs): [Theme, () => void] {
  const [theme, set] = useState(prefs.theme());
  useEffect(() => applyTheme(theme), [theme]);
  return [
    theme,
    () => {
      prefs.keep("theme", nextTheme[theme]);
      set(nextTheme[theme]);
    },
  ];
}

const noPictures: readonly string[] = [];

function useContent(info: Info | null, state: State, place: Place, isInside: boolean): Content {
  const title = info?.title || state.space?.title || place.id;
  const below = info ? byline(info) : "";
  const hue = info ? hueOfPlace(info, place) : 288;
  // Whoever has not come in yet has not said that they want to see it.
  const isShown = info !== null && (isInside || !info.isNSFW);
  const pictures = isShown ? info.pictures : noPictures;
  const model = isShown ? info.model : "";
  return useMemo(() => ({ title, byline: below, text: info?.content || info?.description || "", hue, pictures, model }), [title, below, hue, info?.content, info?.description, pictures.join("\n"), model]);
}

// usePeople are the others, and who of them writes.
function usePeople(state: State): Person[] {
  return useMemo(() => {
    const typing = new Set(state.typing);
    return [...state.members.values()].filter((m) => m.session !== state.session).map((member) => ({ member, isTyping: typing.has(member.session) }));
  }, [state.members, state.typing, state.session]);
}

// useTalk is the chat for who wears a headset.
function useTalk({ chat, me, space }: State): Talk {
  const canWrite = space?.canWrite ?? false;
  return useMemo(() => talkOf(chat, { name: me?.name ?? "", subject: me?.subject ?? "" }, canWrite), [chat.lines, chat.pending, me, canWrite]);
}

// Enter goes to the chat, as long as nobody is busy somewhere else.
function useChatKey(isOn: boolean, open: () => void): void {
  useEffect(() => {
    if (!isOn) return;
    const onKey = (e: KeyboardEvent) => {
      const isControl = e.target instanceof Element && e.target.closest("button,a") !== null;
      if ((e.key !== "Enter" && e.key !== "/") || e.ctrlKey || e.metaKey || e.altKey || isControl || isBusy(e.target)) return;
      e.preventDefault();
      open();
      requestAnimationFrame(() => document.querySelector<HTMLElement>(".composer textarea")?.focus());
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isOn]);
}
