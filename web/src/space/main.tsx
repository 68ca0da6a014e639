import { render } from "preact";
import { Prefs, shelf } from "../prefs";
import { Store } from "../store";
import { Tokens } from "../tokens";
import { applyTheme } from "../ui/bar";
import { keyOf, placeIn } from "./address";
import { Body, Teller } from "./body";
import { Motion } from "./motion";
import { plan } from "./plan";
import { Widget } from "./signin";
import { type Event, initial, reduce, type State } from "./state";
import "./style/index.css";
import { App } from "./ui/app";
import { NoSuchAddress } from "./ui/entry";
import { type Socket, Visit } from "./visit";

const kept = shelf(() => localStorage);
const prefs = new Prefs(kept);
applyTheme(prefs.theme());

const tokens = new Tokens(kept, shelf(() => sessionStorage), (...args) => fetch(...args), Date.now);
const root = document.getElementById("app") as HTMLElement;
const place = placeIn(location.pathname);
if (place) open();
else render(<NoSuchAddress />, root);

function open(): void {
  if (!place) return;
  const store = new Store<State, Event>(initial, reduce);
  const motion = new Motion(() => performance.timeOrigin + performance.now());
  const body = new Body(plan("lobby", keyOf(place)), Math.random);
  const emoted = new Set<(session: string, emote: string) => void>();
  const visit = new Visit({
    space: keyOf(place),
    state: () => store.state,
    dispatch: store.dispatch,
    onEmote: (session, emote) => emoted.forEach((watch) => watch(session, emote)),
    motion,
    tokens,
    connect: (protocols) => new WebSocket(address(), protocols) as unknown as Socket,
    pose: () => body.pose,
    isOnline: () => navigator.onLine,
    now: Date.now,
    random: Math.random,
    newId,
  });
  const teller = new Teller((pose, teleport) => visit.move(pose, teleport));

  addEventListener("online", () => visit.wentOnline());
  addEventListener("offline", () => visit.wentOffline());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) visit.wake();
  });
  // A page put away whole (back-forward cache) may keep no socket.
  addEventListener("pagehide", () => visit.suspend());
  addEventListener("pageshow", (e) => {
    if (e.persisted) visit.resume();
  });

  render(
    <App
      place={place}
      store={store}
      prefs={prefs}
      tokens={tokens}
      visit={visit}
      motion={motion}
      body={body}
      widget={Widget.find()}
      onStep={() => teller.tell(body, performance.now())}
      watchEmotes={(watch) => {
        emoted.add(watch);
        return () => emoted.delete(watch);
      }}
    />,
    root,
  );
}

function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/space`;
}

// crypto.randomUUID is missing on pages over plain HTTP from another machine.
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
