// The way in: what this space is, who is inside, one click. And what stands
// between a visitor and the space, in words, with what to do.

import type { ComponentChildren } from "preact";
import type { Stage } from "../../prefs";
import type { Login } from "../../tokens";
import { useMedia } from "../../ui/hooks";
import { people, plural } from "../../words";
import type { Place } from "../address";
import { byline, type Info, type Look } from "../info";
import { dated, sentence } from "../text";
import { kinds } from "../plan";
import type { Phase, State } from "../state";
import type { Visit } from "../visit";
import { SpaceIcon } from "./icons";
import { Spoken } from "./notice";

interface Props {
  look: Look;
  state: State;
  place: Place;
  login: Login | null;
  now: number;
  visit: Visit;
  stage: Stage;
  canScene: boolean;
  onStage(stage: Stage): void;
  onRetryLook(): void;
  onSignIn(): void;
  onSignedOut(): void;
}

export function Entry(props: Props) {
  const { look, state } = props;
  return (
    <div class="entry">
      <Spoken phase={state.phase} />
      <section class="card" aria-labelledby="entry-title" data-entry={look.is}>
        {look.is === "loading" && state.phase.is === "outside" ? <Loading /> : state.phase.is === "outside" && look.is !== "known" ? <Trouble {...props} /> : <Known {...props} />}
      </section>
    </div>
  );
}

function Loading() {
  return (
    <>
      <p class="kicker">Space</p>
      <h1 id="entry-title" class="shimmer">
        Looking for the space
      </h1>
      <p class="shimmer line" aria-hidden="true" />
      <p class="shimmer line short" aria-hidden="true" />
    </>
  );
}

function Trouble({ look, onRetryLook, onSignIn, login }: Props) {
  if (look.is === "missing") {
    return (
      <>
        <p class="kicker">Space</p>
        <h1 id="entry-title">No such space</h1>
        <p>There is nothing at this address, or it is private and you may not see it.</p>
        <p class="remedies">
          <a class="button strong" href="/city">
            To the city
          </a>
          {!login && (
            <button class="button" onClick={onSignIn}>
              Sign in
            </button>
          )}
        </p>
      </>
    );
  }
  return (
    <>
      <p class="kicker">Space</p>
      <h1 id="entry-title">The space does not answer</h1>
      <p>{look.is === "away" ? sentence(look.reason) : ""}</p>
      <p class="remedies">
        <button class="button strong" onClick={onRetryLook}>
          Try again
        </button>
        <a class="button" href="/city">
          To the city
        </a>
      </p>
    </>
  );
}

function Known(props: Props) {
  const { look, place, state } = props;
  const info = look.is === "known" ? look.info : null;
  const title = info?.title || state.space?.title || place.id;
  const below = info ? byline(info) : "";
  return (
    <>
      <p class="kicker">
        {info ? kinds[info.kind] : "Space"}
        {below && <span> · {below}</span>}
        {place.subspace !== "main" && <span> · {place.subspace}</span>}
      </p>
      <h1 id="entry-title">
        <bdi dir="auto">{title}</bdi>
      </h1>
      {info?.description && (
        <p class="about" dir="auto">
          {info.description}
        </p>
      )}
      {info && state.phase.is !== "out" && <Inside info={info} />}
      <Doorstep {...props} />
    </>
  );
}

function Inside({ info }: { info: Info }) {
  const { inside, names, seats } = info;
  if (inside === null) return null;
  const shown = names.slice(0, 4);
  const more = inside - shown.length;
  return (
    <p class="inside" data-inside={inside}>
      <strong>{inside === 0 ? "Nobody" : people(inside)}</strong> {inside === 0 ? "is inside yet." : "inside now"}
      {seats > 0 && inside >= seats && <span> · full, there is a line</span>}
      {shown.length > 0 && (
        <small dir="auto">
          {shown.join(", ")}
          {more > 0 && ` and ${plural(more, "other", "others")}`}
        </small>
      )}
    </p>
  );
}

function Doorstep(props: Props) {
  const { state, look, visit } = props;
  const { phase } = state;
  switch (phase.is) {
    case "waiting":
      return <InLine phase={phase} onLeave={() => visit.leave()} />;
    case "out":
      return <Out {...props} phase={phase} />;
    case "lost":
    case "offline":
      return (
        <>
          <p class="fault" data-notice={phase.is}>
            {phase.is === "offline" ? "You are offline." : `${sentence(phase.reason)} Next try in ${Math.max(1, Math.ceil((phase.retryAt - props.now) / 1000))} s.`}
          </p>
          <p class="remedies">
            <button class="button strong" onClick={() => visit.enter()}>
              Try now
            </button>
            <button class="button" onClick={() => visit.leave()}>
              Cancel
            </button>
          </p>
        </>
      );
    default:
      if (look.is === "known" && look.info.obstacle) return <Barred {...props} reason={look.info.obstacle} />;
      return <Welcome {...props} isEntering={phase.is === "connecting"} />;
  }
}

function Welcome({ look, login, visit, isEntering, onSignIn, onSignedOut, stage, canScene, onStage }: Props & { isEntering: boolean }) {
  const isNSFW = look.is === "known" && look.info.isNSFW;
  const isTouch = useMedia("(pointer: coarse)");
  return (
    <>
      {isNSFW && <p class="warning">This space is marked as not safe for work. Entering means that you want to see it.</p>}
      <p class="remedies">
        <button class="button strong big enter" disabled={isEntering} onClick={() => visit.enter(isNSFW)}>
          {isEntering ? "Entering…" : login ? `Enter as ${login.name}` : "Enter as guest"}
        </button>
        {login ? (
          <button class="button big" onClick={onSignedOut}>
            Sign out
          </button>
        ) : (
          <button class="button big" onClick={onSignIn}>
            Sign in
          </button>
        )}
      </p>
      {canScene && (
        <p class="small how">
          {stage === "flat" ? "You see a flat map; arrow keys or a tap move you." : isTouch ? "Walk with the stick or a tap, look by dragging." : "Walk with WASD or a click, look by dragging."}{" "}
          <button class="link" onClick={() => onStage(stage === "scene" ? "flat" : "scene")}>
            {stage === "scene" ? "Use a flat map instead" : "Use the scene in three dimensions"}
          </button>
        </p>
      )}
      {!canScene && <p class="small how">This device draws no 3D graphics, so you see a flat map; arrow keys or a tap move you.</p>}
    </>
  );
}

function Barred({ reason, login, now, onSignIn, onSignedOut }: Props & { reason: string }) {
  return (
    <Sorry why={sentence(dated(reason, now))}>
      {login ? (
        <button class="button" onClick={onSignedOut}>
          Sign out
        </button>
      ) : (
        <button class="button strong" onClick={onSignIn}>
          Sign in
        </button>
      )}
      <a class="button" href="/city">
        To the city
      </a>
    </Sorry>
  );
}

function InLine({ phase, onLeave }: { phase: Extract<Phase, { is: "waiting" }>; onLeave(): void }) {
  return (
    <div class="line-up" role="status" data-position={phase.position}>
      <p>
        <SpaceIcon name="clock" /> All {phase.seats} seats are taken. You are <strong>number {phase.position}</strong> of {phase.length} in line.
      </p>
      <p class="small">You come in by yourself when it is your turn. Keep this page open.</p>
      <p class="remedies">
        <button class="button" onClick={onLeave}>
          Leave the line
        </button>
      </p>
    </div>
  );
}

const headings: Record<Extract<Phase, { is: "out" }>["why"], string> = {
  kicked: "You were put out of this space.",
  refused: "You cannot enter.",
  signin: "Please sign in.",
  nsfw: "Not safe for work.",
  missing: "This space is not there any more.",
  replaced: "You are inside in another window.",
};

function Out({ phase, visit, login, now, onSignIn, onSignedOut }: Props & { phase: Extract<Phase, { is: "out" }> }) {
  return (
    <Sorry what={headings[phase.why]} why={`${sentence(dated(phase.reason, now))} ${sentence(phase.fix)}`} out={phase.why}>
      {phase.why === "nsfw" && (
        <button class="button strong" onClick={() => visit.enter(true)}>
          Enter nevertheless
        </button>
      )}
      {phase.why === "replaced" && (
        <button class="button strong" onClick={() => visit.enter()}>
          Go on here
        </button>
      )}
      {phase.why === "signin" && (
        <>
          <button class="button strong" onClick={onSignIn}>
            Sign in
          </button>
          <button class="button" onClick={onSignedOut}>
            Go on as a guest
          </button>
        </>
      )}
      {(phase.why === "kicked" || phase.why === "refused") && (
        <>
          <button class="button" onClick={() => visit.enter()}>
            Try again
          </button>
          {!login && (
            <button class="button" onClick={onSignIn}>
              Sign in
            </button>
          )}
        </>
      )}
      <a class="button" href="/city">
        To the city
      </a>
    </Sorry>
  );
}

function Sorry({ what = "", why, out = "", children }: { what?: string; why: string; out?: string; children: ComponentChildren }) {
  return (
    <div class="sorry" role="alert" data-out={out}>
      <p>
        {what && <strong>{what} </strong>}
        {why.trim()}
      </p>
      <p class="remedies">{children}</p>
    </div>
  );
}

export function NoSuchAddress() {
  return (
    <div class="space outside">
      <div class="entry">
        <section class="card" aria-labelledby="entry-title">
          <p class="kicker">Space</p>
          <h1 id="entry-title">This address names no space</h1>
          <p>Spaces are at /space/city/general, /space/global/lobby or /space/post/author/permlink.</p>
          <p class="remedies">
            <a class="button strong" href="/city">
              To the city
            </a>
          </p>
        </section>
      </div>
    </div>
  );
}
