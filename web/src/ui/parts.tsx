// Small pieces that the map, the list and the panel share.

import type { Seen } from "../life";
import type { Agent } from "../wire";
import { asOf, digits } from "../words";
import { Icon } from "./icons";

// Count is the number of people: a number when it was observed, the word when
// it was not.
export function Count({ seen, now }: { seen: Seen | null; now: number }) {
  if (!seen) return <span class="count unknown">unknown</span>;
  const mood = seen.stale ? "stale" : seen.online > 0 ? "some" : "none";
  return (
    <span class={`count ${mood}`} title={seen.stale ? asOf(seen.asOf, now) : undefined}>
      <b>{digits(seen.online)}</b> <span class="unit">online</span>
      {seen.stale && <Icon name="clock" />}
    </span>
  );
}

export function Typing({ n }: { n: number }) {
  if (n === 0) return null;
  return (
    <span class="typing" data-typing={n}>
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {n === 1 ? "typing" : `${digits(n)} typing`}
    </span>
  );
}

// InVR is the badge of a room whose space has people in it.
export function InVR({ n }: { n: number }) {
  if (n === 0) return null;
  return (
    <span class="vr" data-vr={n} title={n === 1 ? "1 of them in VR" : `${digits(n)} of them in VR`}>
      <Icon name="headset" />
      {digits(n)} <span class="unit">in VR</span>
    </span>
  );
}

export function AgentCount({ n }: { n: number }) {
  if (n === 0) return null;
  return (
    <span class="agents" title={n === 1 ? "1 agent" : `${digits(n)} agents`}>
      <Icon name="agent" />
      {digits(n)}
    </span>
  );
}

// Agents shows the first three by name, then how many more there are.
export function Agents({ agents, count }: { agents: Agent[]; count: number }) {
  const first = agents.slice(0, 3);
  const more = Math.max(count, agents.length) - first.length;
  return (
    <span class="agent-names">
      {first.map((a, i) => (
        <span key={i} class={`agent-name ${a.status}`}>
          <bdi>{a.name}</bdi>
          {a.status === "busy" && <small> busy</small>}
        </span>
      ))}
      {more > 0 && <span class="agent-name more">+{digits(more)}</span>}
    </span>
  );
}

export function Lock() {
  return (
    <span class="lock" title="Private room">
      <Icon name="lock" />
    </span>
  );
}
