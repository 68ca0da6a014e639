// Where everybody is right now, smoothly: places arrive about ten times a
// second, late and unevenly, and are shown a moment behind.

import { distance, fullTick, type Hand, type Mover, type Pose, type Quat, type Vec } from "./pose";

interface Sample {
  at: number; // server clock, ms
  pose: Pose;
}

// One tick of the server and the jitter of an ordinary connection.
const delay = 140;
// Nobody walks this far between two frames: who did was moved at once.
const leap = 3; // metres
const runner = 14; // metres per second
// Somebody who stood still is not drawn out over the whole pause.
const glide = 150;
const slowest = 800;

export class Track {
  private samples: Sample[] = [];
  private heard = -Infinity; // of the newest sample

  // push takes the pose of a tick; shownAt is the moment on the screen now.
  push(at: number, pose: Pose, shownAt: number): void {
    const last = this.samples.at(-1);
    if (last && at <= this.heard) return;
    const gap = at - this.heard;
    this.heard = at;
    if (!last) return void this.samples.push({ at, pose });
    const way = distance(last.pose.p, pose.p);
    if (way > leap && way / gap > runner / 1000) {
      this.samples = [{ at, pose }];
      return;
    }
    if (shownAt <= last.at) return void this.samples.push({ at: Math.max(at, last.at + 1), pose });
    // All that was known has been shown: go on from there, and for somebody
    // who is heard of seldom take the time until the next news.
    const start = Math.max(shownAt, at - glide);
    const pace = way > 1 ? Math.min(gap, slowest) : 60;
    this.samples = [{ at: start, pose: last.pose }, { at: Math.max(at, start + pace), pose }];
  }

  // at is the pose at a moment; before the first and after the last it stays.
  at(time: number): Pose | null {
    while (this.samples.length > 1 && (this.samples[1] as Sample).at <= time) this.samples.shift();
    const [from, to] = this.samples;
    if (!from) return null;
    if (!to || time <= from.at) return from.pose;
    return between(from.pose, to.pose, (time - from.at) / (to.at - from.at));
  }

  get newest(): Pose | null {
    return this.samples.at(-1)?.pose ?? null;
  }
}

// Motion keeps the tracks of all members, by their ref.
export class Motion {
  private tracks = new Map<number, Track>();
  private offset: number | null = null; // server clock minus ours
  private heardAt = 0;

  constructor(private readonly now: () => number) {}

  clear(): void {
    this.tracks.clear();
    this.offset = null;
  }

  place(ref: number, pose: Pose): void {
    const track = new Track();
    track.push(-Infinity, pose, -Infinity);
    this.tracks.set(ref, track);
  }

  forget(ref: number): void {
    this.tracks.delete(ref);
  }

  receive(tick: number, movers: readonly Mover[]): void {
    const now = this.now();
    const at = fullTick(tick, now + (this.offset ?? 0));
    this.adjust(at - now, now);
    for (const { ref, pose } of movers) {
      let track = this.tracks.get(ref);
      if (!track) this.tracks.set(ref, (track = new Track()));
      track.push(at, pose, this.shownAt());
    }
  }

  pose(ref: number): Pose | null {
    return this.tracks.get(ref)?.at(this.shownAt()) ?? null;
  }

  newest(ref: number): Pose | null {
    return this.tracks.get(ref)?.newest ?? null;
  }

  private shownAt(): number {
    return this.now() + (this.offset ?? 0) - delay;
  }

  // The frame that travelled fastest tells the clocks' difference best. It is
  // let down slowly, because clocks drift and connections change.
  private adjust(lead: number, now: number): void {
    const decayed = this.offset === null ? -Infinity : this.offset - Math.min(50, (now - this.heardAt) * 0.005);
    this.offset = Math.max(decayed, lead);
    this.heardAt = now;
  }
}

export function between(a: Pose, b: Pose, t: number): Pose {
  const pose: Pose = { p: mix(a.p, b.p, t), q: slerp(a.q, b.q, t) };
  if (b.left) pose.left = mixHand(a.left, b.left, t);
  if (b.right) pose.right = mixHand(a.right, b.right, t);
  return pose;
}

function mixHand(a: Hand | undefined, b: Hand, t: number): Hand {
  return a ? { p: mix(a.p, b.p, t), q: slerp(a.q, b.q, t) } : b;
}

function mix(a: Vec, b: Vec, t: number): Vec {
  return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t, z: a.z + (b.z - a.z) * t };
}

// Between two neighbouring frames the straight way is as good as the arc.
function slerp(a: Quat, b: Quat, t: number): Quat {
  const side = a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w < 0 ? -1 : 1;
  const q = { ...mix(a, { x: b.x * side, y: b.y * side, z: b.z * side }, t), w: a.w + (b.w * side - a.w) * t };
  const n = Math.hypot(q.x, q.y, q.z, q.w) || 1;
  return { x: q.x / n, y: q.y / n, z: q.z / n, w: q.w / n };
}
