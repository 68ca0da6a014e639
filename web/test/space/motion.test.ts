import { describe, expect, test } from "vitest";
import { Motion, Track } from "../../src/space/motion";
import { type Pose, turn } from "../../src/space/pose";

const at = (x: number): Pose => ({ p: { x, y: 1.6, z: 0 }, q: turn(0) });
const walk = (track: Track, from: number, ticks: number, shownBehind = 140) => {
  for (let i = 0; i < ticks; i++) track.push(from + i * 100, at(i * 0.3), from + i * 100 - shownBehind);
};

describe("Track", () => {
  test("is between two places in between", () => {
    const track = new Track();
    walk(track, 1000, 4);
    expect(track.at(1150)?.p.x).toBeCloseTo(0.45, 6);
    expect(track.at(1300)?.p.x).toBeCloseTo(0.9, 6);
  });

  test("stays at the last place it heard of", () => {
    const track = new Track();
    walk(track, 1000, 3);
    expect(track.at(9000)?.p.x).toBeCloseTo(0.6, 6);
  });

  test("a jump is a jump and no flight through the place", () => {
    const track = new Track();
    walk(track, 1000, 3);
    track.push(1300, at(20), 1160);
    expect(track.at(1161)?.p.x).toBe(20);
  });

  test("who stood still for long sets off smoothly, not from long ago", () => {
    const track = new Track();
    track.push(1000, at(0), 860);
    track.push(6000, at(0.3), 5860);
    expect(track.at(5860)?.p.x).toBeLessThan(0.1);
    expect(track.at(6000)?.p.x).toBeCloseTo(0.3, 6);
  });

  test("somebody far away, heard of once a second, walks on instead of hopping", () => {
    const track = new Track();
    for (let i = 0; i < 4; i++) track.push(1000 + i * 1000, at(i * 3), 860 + i * 1000);
    const places = [0, 200, 400, 600].map((ms) => track.at(3860 + ms)?.p.x ?? NaN);
    places.slice(1).forEach((x, i) => {
      expect(x - (places[i] as number)).toBeGreaterThan(0.3);
      expect(x - (places[i] as number)).toBeLessThan(1.2);
    });
  });

  test("an old place that comes late is no news", () => {
    const track = new Track();
    walk(track, 1000, 3);
    track.push(1100, at(50), 1060);
    expect(track.newest?.p.x).toBeCloseTo(0.6, 6);
  });

  test("no step backwards is ever drawn for somebody who walks ahead under jitter", () => {
    const track = new Track();
    let before = -1;
    const late = [0, 30, 80, 10, 200, 5, 60, 140, 20, 0];
    for (let i = 0, clock = 1000; i < 60; i++) {
      clock = 1000 + i * 100;
      track.push(clock, at(i * 0.3), clock + (late[i % 10] as number) - 140);
      for (let ms = 0; ms < 100; ms += 16) {
        const x = track.at(clock + (late[i % 10] as number) - 140 + ms)?.p.x ?? 0;
        if (ms === 0 || x < before - 1e-9) expect(x).toBeGreaterThanOrEqual(Math.min(before, x));
        before = Math.max(before, x);
      }
    }
    expect(before).toBeGreaterThan(17);
  });
});

describe("Motion", () => {
  test("shows server time a moment behind, whatever our own clock says", () => {
    let now = 5_000_000;
    const motion = new Motion(() => now);
    const server = 1_800_000_000_000;
    for (let i = 0; i < 5; i++) {
      motion.receive((server + i * 100) % 2 ** 32, [{ ref: 7, pose: at(i) }]);
      now += 100;
    }
    // The newest tick is 100 ms old: 140 ms behind now is 40 ms before... two places.
    const x = motion.pose(7)?.p.x ?? NaN;
    expect(x).toBeGreaterThan(3);
    expect(x).toBeLessThan(4);
    expect(motion.newest(7)?.p.x).toBe(4);
  });

  test("knows nobody it has not heard of, and forgets", () => {
    const motion = new Motion(() => 0);
    expect(motion.pose(1)).toBeNull();
    motion.place(1, at(2));
    expect(motion.pose(1)?.p.x).toBe(2);
    motion.forget(1);
    expect(motion.pose(1)).toBeNull();
  });
});
