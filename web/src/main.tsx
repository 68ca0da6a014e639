import { render } from "preact";
import { Feed, type Socket } from "./feed";
import { tokenInHash } from "./hash";
import { Prefs, shelf } from "./prefs";
import { type Event, initial, reduce, type State } from "./state";
import { Store } from "./store";
import "./style/index.css";
import { Tokens } from "./tokens";
import { App } from "./ui/app";
import { applyTheme } from "./ui/bar";

const kept = shelf(() => localStorage);
const prefs = new Prefs(kept);
applyTheme(prefs.theme());

const tokens = new Tokens(kept, shelf(() => sessionStorage), (...args) => fetch(...args), Date.now);
const brought = tokenInHash(location.hash);
if (brought) {
  tokens.useOwn(brought);
  history.replaceState(null, "", location.pathname + location.search);
}

const store = new Store<State, Event>(initial, reduce);
const feed = new Feed({
  dispatch: store.dispatch,
  tokens,
  connect: (protocols) => new WebSocket(address(), protocols) as Socket,
  isOnline: () => navigator.onLine,
  isHidden: () => document.hidden,
  now: Date.now,
  random: Math.random,
});

function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/city/presence`;
}

addEventListener("online", () => feed.start());
addEventListener("offline", () => feed.wentOffline());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) feed.wake();
});
// A page put away whole (back-forward cache) may keep no socket.
addEventListener("pagehide", () => feed.stop());
addEventListener("pageshow", (e) => {
  if (e.persisted) feed.start();
});

render(
  <App
    store={store}
    prefs={prefs}
    hasOwnToken={() => tokens.hasOwn}
    onRetry={() => feed.start()}
    onUseToken={(token) => {
      tokens.useOwn(token);
      feed.start();
    }}
    onGuest={() => {
      tokens.dropOwn();
      feed.start();
    }}
  />,
  document.getElementById("app") as HTMLElement,
);
feed.start();
