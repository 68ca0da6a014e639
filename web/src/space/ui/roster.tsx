// Who is here: everybody with their colour, the way they came in, and who is
// writing.

import { useState } from "preact/hooks";
import { cssColor } from "../color";
import type { State } from "../state";
import { initial } from "../text";
import type { Member } from "../wire";
import { SpaceIcon, type SpaceIconName } from "./icons";

const doors: Record<string, [SpaceIconName, string]> = {
  socketio: ["plug", "came by DLUX"],
  raw: ["wallet", "came by the DLUX wallet"],
  naf: ["cube", "came by networked A-Frame"],
};
const most = 200;

export function Roster({ state }: { state: State }) {
  const [wanted, want] = useState("");
  const typing = new Set(state.typing);
  const all = [...state.members.values()].sort((a, b) => rank(b, state, typing) - rank(a, state, typing) || a.name.localeCompare(b.name));
  const found = all.filter((m) => `${m.name} ${m.account}`.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <div class="roster">
      {all.length > 12 && <input type="search" placeholder="Find somebody" aria-label="Find somebody" value={wanted} onInput={(e) => want(e.currentTarget.value)} />}
      <ul aria-label={`${all.length} people`}>
        {found.slice(0, most).map((m) => (
          <Row key={m.session} member={m} isMe={m.session === state.session} isTyping={typing.has(m.session)} />
        ))}
      </ul>
      {found.length > most && <p class="small">and {found.length - most} more</p>}
      {found.length === 0 && <p class="small">Nobody here has that name.</p>}
    </div>
  );
}

function Row({ member, isMe, isTyping }: { member: Member; isMe: boolean; isTyping: boolean }) {
  const door = doors[member.door];
  return (
    <li data-member={member.name}>
      <Dot member={member} />
      <span class="who">
        <bdi dir="auto">{member.name}</bdi>
        {member.account && member.account !== member.name && <small>{member.account}</small>}
      </span>
      {isMe && <span class="mark">you</span>}
      {member.guest && <span class="mark guest">guest</span>}
      {isTyping && <Dots />}
      {door && (
        <span class="door" title={door[1]}>
          <SpaceIcon name={door[0]} />
          <span class="spoken">{door[1]}</span>
        </span>
      )}
    </li>
  );
}

function rank(m: Member, state: State, typing: Set<string>): number {
  return (m.session === state.session ? 4 : 0) + (typing.has(m.session) ? 2 : 0) + (m.guest ? 0 : 1);
}

export function Dot({ member }: { member: { subject: string; guest: boolean; name: string } }) {
  return (
    <span class={`dot ${member.guest ? "guest" : ""}`} style={{ background: cssColor(member.subject, member.guest) }} aria-hidden="true">
      {initial(member.name)}
    </span>
  );
}

export function Dots() {
  return (
    <span class="typing">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span class="spoken">is writing</span>
    </span>
  );
}
