import { describe, expect, test } from "vitest";
import { keyOf, placeIn } from "../../src/space/address";
import { Body, Teller } from "../../src/space/body";
import { type Info, readInfo } from "../../src/space/info";
import { isFree, type Kind, kinds, plan, settle } from "../../src/space/plan";
import { dated, isForMe, pieces, sentence } from "../../src/space/text";

describe("the address of a space", () => {
  test.each([
    ["/space/global/lobby", "global:lobby:main"],
    ["/space/city/general/", "city:general:main"],
    ["/space/city/general/attic", "city:general:attic"],
    ["/space/post/alice/first-room", "post:alice/first-room:main"],
    ["/space/post/alice%2Ffirst-room", "post:alice/first-room:main"],
    ["/space/post/alice/first-room/attic", "post:alice/first-room:attic"],
    ["/space/post/alice%2Ffirst-room/attic", "post:alice/first-room:attic"],
    ["/space/document/42", "document:42:main"],
    ["/space/document/42/attic", "document:42:attic"],
    ["/space/document/bob/charter", "document:bob/charter:main"],
  ])("%s is %s", (path, key) => {
    const place = placeIn(path);
    expect(place && keyOf(place)).toBe(key);
  });

  test.each(["/space", "/space/", "/space/city", "/space/city/a/b/c", "/space/post/a/b/c/d", "/space/city//b", "/space/city/%E0%A4%A"])("%s is none", (path) => {
    expect(placeIn(path)).toBeNull();
  });
});

const everyKind = Object.keys(kinds) as Kind[];

describe.each(everyKind)("the plan of %s", (kind) => {
  const p = plan(kind, "seed");

  test("is the same for the same seed", () => {
    expect(plan(kind, "seed")).toEqual(p);
  });

  test("lets people arrive on free ground, looking at the place", () => {
    for (let i = 0; i < 50; i++) {
      const body = new Body(p, () => (i * 0.618) % 1);
      expect(isFree(p, body.x, body.z)).toBe(true);
    }
  });

  test("keeps everybody on the ground and out of things", () => {
    for (let i = 0; i < 400; i++) {
      const at = settle(p, Math.sin(i) * i, Math.cos(i * 1.7) * i);
      const again = settle(p, at.x, at.z);
      expect(Math.hypot(at.x, at.z)).toBeLessThan(45);
      expect(Math.hypot(again.x - at.x, again.z - at.z)).toBeLessThan(1.5);
    }
  });
});

describe("a body", () => {
  const ground = { ...plan("360", "x"), things: [] };
  const still = { ahead: 0, aside: 0, run: false };

  test("walks where it looks, and aside", () => {
    const body = new Body(ground, () => 0.5);
    body.teleport(0, 0);
    body.yaw = Math.PI / 2; // to the left: west
    body.step({ ahead: 1, aside: 0, run: false }, 0.1);
    expect(body.x).toBeLessThan(-0.3);
    expect(body.z).toBeCloseTo(0, 6);
    body.step({ ahead: 0, aside: 1, run: false }, 0.1);
    expect(body.z).toBeLessThan(-0.3);
  });

  test("is no faster across than ahead", () => {
    const body = new Body(ground, () => 0.5);
    body.teleport(0, 0);
    body.step({ ahead: 1, aside: 1, run: false }, 0.1);
    expect(Math.hypot(body.x, body.z)).toBeLessThan(0.36);
  });

  test("walks to a point by itself and stops there", () => {
    const body = new Body(ground, () => 0.5);
    body.teleport(0, 0);
    body.go(3, -2);
    for (let i = 0; i < 100; i++) body.step(still, 0.05);
    expect([body.x, body.z].map((n) => Math.round(n))).toEqual([3, -2]);
    expect(body.step(still, 0.05)).toBe(false);
  });

  test("tells where it is at most ten times a second, only changes, and now and then nevertheless", () => {
    const sent: [number, boolean][] = [];
    const body = new Body(ground, () => 0.5);
    const teller = new Teller((pose, teleport) => sent.push([pose.p.x, teleport]));
    for (let ms = 0; ms < 1000; ms += 16) {
      body.step({ ahead: 0, aside: 1, run: false }, 0.016);
      teller.tell(body, ms);
    }
    expect(sent.length).toBeGreaterThan(7);
    expect(sent.length).toBeLessThanOrEqual(10);
    expect(sent.map(([, leap]) => leap)).toEqual([true, ...sent.slice(1).map(() => false)]);
    const before = sent.length;
    for (let ms = 1000; ms < 10_000; ms += 16) teller.tell(body, ms);
    expect(sent.length - before).toBeLessThanOrEqual(4);
    expect(sent.length - before).toBeGreaterThanOrEqual(2);
    body.teleport(1, 1);
    teller.tell(body, 20_000);
    expect(sent.at(-1)).toEqual([1, true]);
  });
});

describe("a line of chat", () => {
  test("marks who is named, ourselves above all, and links", () => {
    expect(pieces("Hi @alice and @me, see https://example.org/a?b=1.", ["alice", "me"], ["me"])).toEqual([
      { is: "text", text: "Hi " },
      { is: "mention", text: "@alice", isMe: false },
      { is: "text", text: " and " },
      { is: "mention", text: "@me", isMe: true },
      { is: "text", text: ", see " },
      { is: "link", text: "https://example.org/a?b=1", href: "https://example.org/a?b=1" },
      { is: "text", text: "." },
    ]);
    expect(isForMe(["alice", "me"], ["me"])).toBe(true);
  });

  test("a word that names nobody, and a script for a link, stay text", () => {
    for (const text of ["@nobody", "javascript:alert(1)", "data:text/html,x", "mail@host"]) expect(pieces(text, [], [])).toEqual([{ is: "text", text }]);
  });

  test("any script", () => {
    expect(pieces("مرحبا @ماريا!", ["ماريا"], [])).toMatchObject([{ is: "text" }, { is: "mention", text: "@ماريا" }, { is: "text", text: "!" }]);
  });
});

test("a number of people that nobody told is unknown, never zero", () => {
  const place = { type: "city", id: "general", subspace: "main" };
  const known = readInfo({ space: { title: "General", kind: "city", active_users: 0, connected_users: [{ name: "bob" }, 7, null, "alice"] }, has_access: true }, place, "https://city.example");
  expect(known).toMatchObject<Partial<Info>>({ inside: 0, names: ["bob", "alice"], obstacle: "" });
  expect(readInfo({ space: {}, has_access: false, reason: "guests may not enter" }, place, "https://city.example")).toMatchObject<Partial<Info>>({ inside: null, title: "general", obstacle: "guests may not enter" });
});

describe("what servers say", () => {
  test("is a sentence", () => {
    expect(sentence("you are banned from this space")).toBe("You are banned from this space.");
    expect(sentence("Really? ")).toBe("Really?");
    expect(sentence("")).toBe("");
  });

  test("names moments by the visitor's clock", () => {
    const until = new Date(2026, 11, 24, 18, 0);
    const words = `banned until ${until.toISOString()}: shouting`;
    expect(dated(words, new Date(2026, 11, 24, 9, 0).getTime())).toBe("banned until 18:00: shouting");
    expect(dated(words, new Date(2026, 4, 1).getTime())).toBe("banned until 24 Dec, 18:00: shouting");
    expect(dated("no time in it", 0)).toBe("no time in it");
  });
});
