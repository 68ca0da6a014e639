// Who is near and where, in words: under the flat map, and for those who hear
// the page also beside the scene.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Body } from "../body";
import type { Motion } from "../motion";
import type { Pose } from "../pose";
import type { Person } from "../scene/world";

interface Props {
  people: Person[];
  motion: Motion;
  body: Body;
  isShown: boolean;
}

interface Near {
  name: string;
  pose: Pose;
  far: number;
}

const lookEvery = 400;

export function Around(props: Props) {
  const newest = useRef(props);
  newest.current = props;
  const [near, set] = useState<Near[]>([]);
  useEffect(() => {
    const timer = setInterval(() => set(nearest(newest.current)), lookEvery);
    return () => clearInterval(timer);
  }, []);
  const first = near[0];
  const hands = first ? [first.pose.left, first.pose.right].filter((h) => h !== undefined).length : 0;
  return (
    <p id="around" class={props.isShown ? "around" : "spoken"} data-near={first ? `${first.pose.p.x.toFixed(1)} ${first.pose.p.z.toFixed(1)}` : ""} data-hands={hands}>
      {words(near, props.body)}
    </p>
  );
}

function nearest({ people, motion, body }: Props): Near[] {
  return people
    .flatMap(({ member }) => {
      const pose = motion.pose(member.ref);
      return pose ? [{ name: member.name, pose, far: Math.hypot(pose.p.x - body.x, pose.p.z - body.z) }] : [];
    })
    .sort((a, b) => a.far - b.far)
    .slice(0, 3);
}

// Names keep their own direction of writing (U+2068, U+2069).
function words(near: Near[], body: Body): string {
  if (near.length === 0) return "Nobody else is near.";
  return `Near you: ${near.map((n) => `\u2068${n.name}\u2069, ${n.far < 1.5 ? "beside you" : `${Math.round(n.far)} m ${bearing(n.pose.p.x - body.x, n.pose.p.z - body.z)}`}`).join(" · ")}`;
}

function bearing(dx: number, dz: number): string {
  const names = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];
  return names[(Math.round(Math.atan2(dx, -dz) / (Math.PI / 4)) + 8) % 8] as string;
}
