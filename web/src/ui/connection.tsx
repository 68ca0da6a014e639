// The state of the connection in words, and the explanation when something
// needs one.

import type { Freshness } from "../life";
import type { State } from "../state";
import { asOf } from "../words";

interface Props {
  state: State;
  fresh: Freshness;
  now: number;
}

type Mood = "live" | "wait" | "stale" | "bad";

function describe({ state, fresh, now }: Props): { mood: Mood; text: string } {
  switch (state.connection.phase) {
    case "offline":
      return { mood: "bad", text: "Offline" };
    case "refused":
      return { mood: "bad", text: "Refused" };
    case "connecting":
      return { mood: "wait", text: state.known ? "Reconnecting" : "Connecting" };
    case "waiting":
      return { mood: "wait", text: `${state.known ? "Reconnecting" : "Retrying"} in ${seconds(state.connection.retryAt, now)}` };
    case "live":
      if (fresh.is === "stale") return { mood: "stale", text: "Stale" };
      return fresh.is === "live" ? { mood: "live", text: "Live" } : { mood: "stale", text: "Numbers unknown" };
  }
}

function seconds(until: number, now: number): string {
  return `${Math.max(1, Math.ceil((until - now) / 1000))} s`;
}

// The pill's countdown changes every second; a screen reader hears the mood
// only when it changes.
export function Pill(props: Props) {
  const { mood, text } = describe(props);
  const { fresh, now } = props;
  return (
    <span class={`pill ${mood}`}>
      <i aria-hidden="true" />
      {text}
      {fresh.is === "stale" && <span class="since">, {asOf(fresh.asOf, now)}</span>}
      <span class="spoken" role="status">
        {{ live: "Connection live", wait: "Connecting", stale: "Numbers are not current", bad: "No connection" }[mood]}
      </span>
    </span>
  );
}

interface NoticeProps extends Props {
  onRetry(): void;
  onToken(): void;
  onGuest(): void;
  ownToken: boolean;
}

// Notice is the line under the sky: nothing while all is well.
export function Notice(props: NoticeProps) {
  const { state, fresh } = props;
  const said = explain(state, fresh);
  if (!said) return null;
  return (
    <div class={`notice ${state.connection.phase === "refused" ? "bad" : ""}`} role="note">
      <p>
        <strong>{said.what}</strong> {said.why}
      </p>
      <Remedies {...props} />
    </div>
  );
}

// Remedies are the buttons that fit what is wrong.
export function Remedies({ state, onRetry, onToken, onGuest, ownToken }: NoticeProps) {
  if (state.connection.phase === "live" || state.connection.phase === "connecting") return null;
  if (state.connection.phase === "refused") {
    return (
      <p class="remedies">
        <button class="button strong" onClick={onToken}>
          {ownToken ? "Use another token" : "Use a token"}
        </button>
        {ownToken ? (
          <button class="button" onClick={onGuest}>
            Continue as a guest
          </button>
        ) : (
          <button class="button" onClick={onRetry}>
            Try again
          </button>
        )}
      </p>
    );
  }
  return (
    <p class="remedies">
      <button class="button" onClick={onRetry}>
        Try now
      </button>
    </p>
  );
}

export function explain(state: State, fresh: Freshness): { what: string; why: string } | null {
  const kept = fresh.is === "stale" ? "The last known numbers stay on the page." : "";
  switch (state.connection.phase) {
    case "offline":
      return { what: "You are offline.", why: kept };
    case "refused":
      return { what: "The city did not let us in.", why: asSentence(state.connection.reason) };
    case "waiting":
      return { what: asSentence(state.connection.reason), why: kept };
    case "connecting":
      return null;
    case "live":
      return explainStatus(state, fresh);
  }
}

function explainStatus(state: State, fresh: Freshness): { what: string; why: string } | null {
  const status = state.status;
  if (!status) return null;
  const cause = status.message.trim() && `${asSentence(status.message)} `;
  if (fresh.is === "stale") return { what: "The city lost sight of its homeserver.", why: `${cause}These are the last known numbers.` };
  if (fresh.is === "unknown") {
    return status.sync === "starting"
      ? { what: "The city is waking up.", why: cause || "It has not heard from its homeserver yet." }
      : { what: "The city cannot see its homeserver.", why: `${cause}Until it does, numbers are unknown.` };
  }
  if (status.presence === "disabled") {
    return { what: "Inferred from activity.", why: "The homeserver shares no presence, so people count while they write, read or type." };
  }
  return null;
}

// What servers say begins in lower case and has no full stop.
function asSentence(text: string): string {
  const trimmed = text.trim() || "The connection was lost";
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
