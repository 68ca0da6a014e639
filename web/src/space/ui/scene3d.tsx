// Holds the scene. Its code and the graphics library come only when it is
// shown for the first time.

import type { MutableRef } from "preact/hooks";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Body } from "../body";
import type { Emote } from "../emotes";
import type { Motion } from "../motion";
import { stateOf, wordsOf } from "../pictures";
import type { Plan } from "../plan";
import type { Talk } from "../slate";
import type { Content, Person, World } from "../scene/world";

export interface StageProps {
  plan: Plan;
  body: Body;
  motion: Motion;
  people: Person[];
  ownSession: string;
  isCalm: boolean; // the visitor asked for less motion
  onStep(): void;
  watchEmotes(watch: (session: string, emote: string) => void): () => void;
}

interface Props extends StageProps {
  content: Content;
  note: string; // about the place, while there is nothing to say about its pictures
  night: boolean;
  subject: string;
  isInside: boolean;
  world: MutableRef<World | null>;
  onFlat(): void;
  talk: Talk;
  onEmote(emote: Emote): void;
  onSay(text: string): void;
}

export function Scene3D(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const newest = useRef(props);
  newest.current = props;
  const [state, set] = useState<"loading" | "shown" | "failed">("loading");
  const [isInHeadset, inHeadset] = useState(false);
  const [progress, setProgress] = useState({ of: 0, shown: 0, failed: 0 });
  const { world, plan, content, night, people, talk } = props;

  useEffect(() => {
    let isCurrent = true;
    const { body, motion, isCalm } = newest.current;
    const options = { plan, content, night, isCalm, subject: () => newest.current.subject, body, motion, onStep: () => newest.current.onStep(), onEmote: (emote: Emote) => newest.current.onEmote(emote), onSay: (text: string) => newest.current.onSay(text), onHeadset: inHeadset, onPictures: setProgress, onLost: () => set("failed") };
    void import("../scene/world")
      .then(async ({ openWorld }) => {
        if (!isCurrent) return;
        const opened = await openWorld(host.current as HTMLElement, options);
        if (!isCurrent) return opened.close();
        world.current = opened;
        opened.show(newest.current.people);
        opened.chat(newest.current.talk);
        opened.dress({ plan: newest.current.plan, content: newest.current.content, night: newest.current.night });
        set("shown");
      })
      .catch((e: unknown) => {
        console.error(e);
        if (isCurrent) set("failed");
      });
    return () => {
      isCurrent = false;
      world.current?.close();
      world.current = null;
    };
  }, []);
  useEffect(() => world.current?.show(people), [people]);
  useEffect(() => world.current?.chat(talk), [talk]);
  useEffect(() => world.current?.dress({ plan, content, night }), [plan, content, night]);
  useEffect(() => props.watchEmotes((session, emote) => world.current?.emote(session, emote)), []);

  return (
    <div class={`scene-host ${state}`} ref={host} data-scene={state} data-headset={isInHeadset} data-pictures={stateOf(progress)}>
      {state === "loading" && <p class="scene-note">Building the place…</p>}
      {state === "shown" && (
        <p class="picture-note" role="status">
          {wordsOf(plan.kind, progress) || props.note}
        </p>
      )}
      {state === "failed" && (
        <div class="scene-note" role="alert">
          <p>The scene cannot be drawn on this device.</p>
          <button class="button strong" onClick={props.onFlat}>
            Show the flat map
          </button>
        </div>
      )}
    </div>
  );
}
