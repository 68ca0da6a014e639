import { describe, expect, test } from "vitest";
import { initial, reduce, type State } from "../src/state";
import { type Frame, parseFrame } from "../src/wire";
import { presence, room, snapshot, status, totals } from "./sample";

const frame = (f: unknown): Frame => parseFrame(JSON.stringify(f));
const apply = (s: State, ...frames: unknown[]) => reduce(s, { type: "frames", frames: frames.map(frame), at: 1_000 });
const opened = apply(initial, snapshot);
const counts = (s: State, slug: string) => s.rooms.get(slug)?.presence?.online;

describe("reduce", () => {
  test("a snapshot makes the page live", () => {
    expect(opened).toMatchObject({ known: true, seq: 41, heardAt: 1_000, connection: { phase: "live" }, grid: { w: 6, h: 4 } });
    expect(counts(opened, "general")).toBe(3);
  });

  test("deltas before the snapshot belong to nobody", () => {
    const s = apply(initial, { type: "city.room", seq: 50, slug: "general", presence }, { type: "city.link", seq: 51, room });
    expect(s.rooms.size).toBe(0);
    expect(s.known).toBe(false);
  });

  test("a delta changes its room and no other", () => {
    const two = apply(initial, { ...snapshot, rooms: [room, { ...room, slug: "b", name: "B" }] });
    const s = apply(two, { type: "city.room", seq: 42, slug: "b", presence: { ...presence, online_count: 8 } });
    expect(counts(s, "b")).toBe(8);
    expect(s.rooms.get("general")).toBe(two.rooms.get("general"));
  });

  test("numbers grow with gaps; old and repeated frames change nothing", () => {
    const s = apply(
      opened,
      { type: "city.room", seq: 60, slug: "general", presence: { ...presence, online_count: 5 } },
      { type: "city.room", seq: 60, slug: "general", presence: { ...presence, online_count: 6 } },
      { type: "city.room", seq: 59, slug: "general", presence: { ...presence, online_count: 7 } },
    );
    expect(counts(s, "general")).toBe(5);
    expect(s).toMatchObject({ seq: 60, repeated: 2 });
  });

  test("unknown is null and zero is zero", () => {
    const unknown = apply(opened, { type: "city.room", seq: 42, slug: "general", presence: null });
    expect(unknown.rooms.get("general")?.presence).toBeNull();
    const zero = apply(unknown, { type: "city.room", seq: 43, slug: "general", presence: { ...presence, online_count: 0 } });
    expect(counts(zero, "general")).toBe(0);
  });

  test("rooms come, change and go", () => {
    const s = apply(
      opened,
      { type: "city.link", seq: 42, room: { ...room, slug: "new", name: "New" } },
      { type: "city.link", seq: 43, room: { ...room, name: "Renamed" } },
      { type: "city.gone", seq: 44, slug: "general" },
      { type: "city.room", seq: 45, slug: "general", presence },
    );
    expect([...s.rooms.keys()]).toEqual(["new"]);
    expect(s.journal.map((e) => [e.slug, e.happening])).toEqual([["general", "closed"], ["new", "opened"]]);
  });

  test("totals and status are replaced", () => {
    const s = apply(opened, { type: "city.totals", seq: 42, totals: null, zones: [] }, { type: "city.status", seq: 43, status: { ...status, state: "stale" } });
    expect(s.totals).toBeNull();
    expect(s.status?.state).toBe("stale");
  });

  test("bad frames are counted and nothing else", () => {
    const s = reduce(opened, { type: "frames", frames: [parseFrame("<html>"), parseFrame("{}"), frame({ type: "city.weather" })], at: 2_000 });
    expect(s).toMatchObject({ dropped: 2, heardAt: 1_000, seq: 41 });
    expect(counts(s, "general")).toBe(3);
    expect(apply(initial, { ...snapshot, rooms: [room, {}] }).dropped).toBe(1);
  });

  test("a lost connection takes no number away, and the next server counts from anywhere", () => {
    let s = reduce(opened, { type: "waiting", retryAt: 5_000, reason: "lost" });
    expect(counts(s, "general")).toBe(3);
    expect(s.totals?.online).toBe(3);
    s = reduce(s, { type: "connecting" });
    s = apply(s, { type: "city.room", seq: 99, slug: "general", presence: null });
    expect(counts(s, "general")).toBe(3);
    s = apply(s, { ...snapshot, seq: 1, totals: { ...totals, online_count: 4 } });
    expect(s).toMatchObject({ seq: 1, connection: { phase: "live" }, totals: { online: 4 } });
  });

  test("refused and offline keep the city too", () => {
    expect(reduce(opened, { type: "refused", reason: "no" })).toMatchObject({ connection: { phase: "refused", reason: "no" }, known: true });
    expect(reduce(opened, { type: "offline" }).rooms.size).toBe(1);
  });
});
