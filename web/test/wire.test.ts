import { describe, expect, test } from "vitest";
import { parseFrame } from "../src/wire";
import { presence, room, snapshot, status, totals } from "./sample";

const parse = (frame: unknown) => parseFrame(JSON.stringify(frame));

describe("parseFrame", () => {
  test("reads a snapshot whole", () => {
    const f = parse(snapshot);
    expect(f).toMatchObject({
      type: "snapshot", seq: 41, grid: { w: 6, h: 4 }, skipped: 0,
      status: { state: "live", asOf: 1_700_000_000_000 },
      totals: { online: 3, roomsOnline: 1 },
      zones: [{ zone: "central", totals: { agents: 1 } }],
      rooms: [{ slug: "general", kind: "public", alias: "#city_general:example", presence: { online: 3, agents: [{ name: "Concierge", status: "busy" }] } }],
    });
  });

  test("reads every delta", () => {
    expect(parse({ type: "city.room", seq: 1, slug: "a", presence })).toMatchObject({ type: "room", slug: "a", presence: { idle: 1 } });
    expect(parse({ type: "city.room", seq: 1, slug: "a", presence })).toMatchObject({ presence: { vr: 1 } });
    expect(parse({ type: "city.room", seq: 1, slug: "a", presence: { ...presence, vr_count: undefined } })).toMatchObject({ presence: { vr: 0 } });
    expect(parse({ type: "city.room", seq: 1, slug: "a", presence: null })).toEqual({ type: "room", seq: 1, slug: "a", presence: null });
    expect(parse({ type: "city.link", seq: 2, room })).toMatchObject({ type: "link", room: { name: "General" } });
    expect(parse({ type: "city.gone", seq: 3, slug: "a" })).toEqual({ type: "gone", seq: 3, slug: "a" });
    expect(parse({ type: "city.totals", seq: 4, totals: null, zones: [] })).toEqual({ type: "totals", seq: 4, totals: null, zones: [] });
    expect(parse({ type: "city.status", seq: 5, status })).toMatchObject({ type: "status", status: { state: "live" } });
    expect(parse({ type: "error", code: "invalid", detail: "no" })).toEqual({ type: "error", code: "invalid", detail: "no" });
    expect(parseFrame("pong")).toEqual({ type: "pong" });
  });

  test("a frame of a newer server is no fault", () => {
    expect(parse({ type: "city.weather", seq: 9 })).toEqual({ type: "unknown", name: "city.weather" });
  });

  test.each([
    ["empty", ""],
    ["not JSON", "<html>"],
    ["half", '{"type":"city.snapshot"'],
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["no type", "{}"],
    ["a type that is no word", '{"type":7}'],
    ["no seq", '{"type":"city.gone","slug":"a"}'],
    ["no slug", '{"type":"city.gone","seq":1}'],
    ["an odd state", JSON.stringify({ type: "city.status", seq: 1, status: { ...status, state: "fine" } })],
    ["a missing count", JSON.stringify({ type: "city.room", seq: 1, slug: "a", presence: { ...presence, online_count: undefined } })],
    ["a negative count", JSON.stringify({ type: "city.room", seq: 1, slug: "a", presence: { ...presence, online_count: -1 } })],
    ["a broken count", JSON.stringify({ type: "city.room", seq: 1, slug: "a", presence: { ...presence, online_count: 1.5 } })],
    ["a count in words", JSON.stringify({ type: "city.room", seq: 1, slug: "a", presence: { ...presence, online_count: "3" } })],
    ["totals without a count", JSON.stringify({ type: "city.totals", seq: 1, totals: { ...totals, idle_count: null }, zones: [] })],
    ["zones that are no list", JSON.stringify({ type: "city.totals", seq: 1, totals, zones: {} })],
    ["an agent without a name", JSON.stringify({ type: "city.room", seq: 1, slug: "a", presence: { ...presence, agents: [{}] } })],
  ])("%s is bad, not a crash", (_, text) => {
    expect(parseFrame(text).type).toBe("bad");
  });

  test("bytes are bad", () => {
    expect(parseFrame(new ArrayBuffer(4)).type).toBe("bad");
  });

  test("one malformed room costs that room only", () => {
    const f = parse({ ...snapshot, rooms: [room, { name: "no slug" }, 7, { ...room, slug: "b", presence: { online_count: "x" } }] });
    expect(f).toMatchObject({ type: "snapshot", skipped: 3, rooms: [{ slug: "general" }] });
  });

  test("what may be missing has an honest default", () => {
    const f = parse({ type: "city.link", seq: 1, room: { slug: "bare", color: "javascript:", map: { x: -1, y: 2.5, w: 99999, h: "1" } } });
    expect(f).toMatchObject({
      room: { name: "bare", zone: "central", color: "", isPublic: false, presence: null, map: { x: 0, y: 0, w: 0, h: 0 } },
    });
  });
});
