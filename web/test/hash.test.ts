import { expect, test } from "vitest";
import { backoff } from "../src/backoff";
import { hashOf, joinLink, roomInHash, spaceLink, tokenInHash } from "../src/hash";
import { hueClasses } from "../src/zones";

test("rooms and tokens in the address", () => {
  expect(roomInHash("#room=general")).toBe("general");
  expect(roomInHash(hashOf("a-b_1"))).toBe("a-b_1");
  expect(roomInHash("")).toBeNull();
  expect(hashOf(null)).toBe("");
  expect(tokenInHash("#token=a.b-_.c")).toBe("a.b-_.c");
  expect(tokenInHash("#room=general")).toBeNull();
});

test("matrix: links keep colons and escape the rest", () => {
  expect(joinLink("#city_general:example.org:8448", "!x:y")).toBe("matrix:r/city_general:example.org:8448?action=join");
  expect(joinLink("", "!abc/d:example.org")).toBe("matrix:roomid/abc%2Fd:example.org?action=join");
  expect(joinLink("", "!onlyhash")).toBe("matrix:roomid/onlyhash?action=join");
  expect(joinLink("javascript:alert(1)", "")).toBeNull();
});

test("known zones keep their hue, others take free ones", () => {
  const hues = hueClasses(["north", "harbour", "central", "zoo"]);
  expect(hues.get("central")).toBe("hue-0");
  expect(hues.get("north")).toBe("hue-1");
  expect(new Set(hues.values()).size).toBe(4);
  const many = hueClasses(Array.from({ length: 30 }, (_, i) => `z${i}`));
  expect(new Set(many.values()).size).toBe(10);
});

test("backoff grows, is random by half, and ends at half a minute", () => {
  expect(backoff(0, () => 0)).toBe(400);
  expect(backoff(0, () => 1)).toBe(800);
  expect(backoff(3, () => 1)).toBe(6_400);
  expect(backoff(99, () => 1)).toBe(30_000);
});

test("a room's space has an address of its own", () => {
  expect(spaceLink("leadership-hall")).toBe("/space/city/leadership-hall");
});
