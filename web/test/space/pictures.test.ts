import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pictures } from "../../dev/pictures";
import { readInfo } from "../../src/space/info";
import { picturesOf, stateOf, wordsOf } from "../../src/space/pictures";

const own = "http://127.0.0.1:8080";
const links = (...links: unknown[]) => ({ sky: "", links });

describe("the pictures of a post", () => {
  test("a panorama shows the one around everybody", () => {
    const environment = { sky: "https://images.example.org/river.jpg", links: ["https://images.example.org/other.jpg"] };
    expect(picturesOf("360", environment, own)).toEqual(["https://images.example.org/river.jpg"]);
    expect(picturesOf("360", links("https://images.example.org/other.jpg"), own)).toEqual([]);
  });

  test("a gallery shows the images among its links, each once", () => {
    const found = picturesOf("art", links("https://a.example/1.jpg", "https://a.example/read.html", "https://a.example/2.PNG?size=large", "https://a.example/1.jpg", "https://a.example/jpg", 7, null), own);
    expect(found).toEqual(["https://a.example/1.jpg", "https://a.example/2.PNG?size=large"]);
  });

  test("a gallery has an end", () => {
    const many = Array.from({ length: 40 }, (_, i) => `https://a.example/${i}.webp`);
    expect(picturesOf("art", links(...many), own)).toEqual(many.slice(0, 12));
  });

  test("other places show none", () => {
    for (const kind of ["blog", "vrml", "lobby"] as const) expect(picturesOf(kind, { sky: "https://a.example/1.jpg", links: ["https://a.example/1.jpg"] }, own)).toEqual([]);
  });

  test.each(["javascript:alert(1)//.jpg", "data:image/png;base64,AA.png", "blob:https://a.example/x.png", "http://a.example/1.jpg", "file:///etc/x.png", "https://user:secret@a.example/1.jpg", "//[/1.jpg", ""])("%s is no picture", (address) => {
    expect(picturesOf("art", links(address), own)).toEqual([]);
    expect(picturesOf("360", { sky: address }, own)).toEqual([]);
  });

  test("our own need no TLS", () => {
    expect(picturesOf("art", links("/assets/a.jpg", "/assets/b.svg", "https://a.example/c.svg"), own)).toEqual([`${own}/assets/a.jpg`, `${own}/assets/b.svg`]);
    expect(picturesOf("360", { sky: "/assets/a.svg" }, own)).toEqual([`${own}/assets/a.svg`]);
  });

  test.each([undefined, null, "sky", 7, [], { links: "https://a.example/1.jpg", sky: {} }])("an environment of %j has none", (environment) => {
    expect(picturesOf("art", environment, own)).toEqual([]);
    expect(picturesOf("360", environment, own)).toEqual([]);
  });

  test("a space that one may not enter shows none", () => {
    const place = { type: "post", id: "alice/x", subspace: "main" };
    const space = { kind: "360", environment: { sky: "https://a.example/1.jpg" } };
    expect(readInfo({ space, has_access: true }, place, own).pictures).toHaveLength(1);
    expect(readInfo({ space, has_access: false }, place, own).pictures).toEqual([]);
  });
});

test("the sample posts of the local city name pictures that the build draws", () => {
  const drawn = new Map([...pictures()].map(([path, text]) => [`/${path}`, text]));
  const posts = readFileSync(new URL("../../../deploy/devcity/town/posts.jsonl", import.meta.url), "utf8").trim().split("\n");
  const named = posts.flatMap((line) => (JSON.parse(line).json_metadata?.image ?? []) as string[]);
  expect(named.toSorted()).toEqual([...drawn.keys()].toSorted());
  for (const text of drawn.values()) expect(text).not.toMatch(/NaN|Infinity|undefined|style=|<script/);
});

test("what is said while pictures come, and when they do not", () => {
  expect(stateOf({ of: 0, shown: 0, failed: 0 })).toBe("none");
  expect(stateOf({ of: 3, shown: 1, failed: 1 })).toBe("loading");
  expect(stateOf({ of: 3, shown: 3, failed: 0 })).toBe("shown");
  expect(stateOf({ of: 3, shown: 2, failed: 1 })).toBe("failed");
  expect(wordsOf("360", { of: 1, shown: 0, failed: 1 })).toContain("could not be loaded");
  expect(wordsOf("art", { of: 3, shown: 2, failed: 1 })).toContain("1 of 3 pictures could not be loaded");
  expect(wordsOf("art", { of: 3, shown: 3, failed: 0 })).toBe("");
});
