// One line over the place while something is not as it should be.

import type { Phase } from "../state";

export function Notice({ phase, now, onRetry }: { phase: Phase; now: number; onRetry(): void }) {
  const said = words(phase, now);
  return (
    <>
      {said && (
        <div class={`notice over ${phase.is === "offline" ? "bad" : ""}`} data-notice={phase.is}>
          <p>
            <strong>{said.what}</strong> {said.why}
          </p>
          {phase.is === "lost" && (
            <button class="button" onClick={onRetry}>
              Try now
            </button>
          )}
        </div>
      )}
      <Spoken phase={phase} />
    </>
  );
}

// Spoken tells those who hear the page that the connection is gone: once, not
// with every second that is counted down nor with every attempt.
export function Spoken({ phase }: { phase: Phase }) {
  return (
    <p class="spoken" role="status">
      {phase.is === "offline" ? "You are offline." : phase.is === "lost" || phase.is === "connecting" ? "Connecting to the space." : ""}
    </p>
  );
}

function words(phase: Phase, now: number): { what: string; why: string } | null {
  switch (phase.is) {
    case "lost":
      return { what: `Reconnecting in ${Math.max(1, Math.ceil((phase.retryAt - now) / 1000))} s.`, why: `${phase.reason}. What you write is kept and sent then.` };
    case "connecting":
      return { what: "Reconnecting…", why: "" };
    case "offline":
      return { what: "You are offline.", why: "You come back in as soon as there is a network." };
    default:
      return null;
  }
}
