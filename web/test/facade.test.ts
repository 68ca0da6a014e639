import { describe, expect, test } from "vitest";
import { build, light, paneH, paneW, seeded } from "../src/facade";

describe("build", () => {
  test("the same slug is the same house, another is another", () => {
    expect(build("general")).toEqual(build("general"));
    expect(build("general")).not.toEqual(build("market"));
  });

  test("every window is inside its wall and no two overlap", () => {
    for (let i = 0; i < 300; i++) {
      const b = build(`room-${i}`, 1 + (i % 5), 1 + (i % 4));
      expect(b.windows.length).toBeGreaterThan(8);
      const outside = b.windows.filter((p) => !b.blocks.some((w) => p.x >= w.x && p.x + paneW <= w.x + w.w && p.y >= w.y && p.y + paneH <= b.h));
      expect(outside).toEqual([]);
      expect(new Set(b.windows.map((p) => `${p.x} ${p.y}`)).size).toBe(b.windows.length);
      for (const w of b.blocks) expect(w.x >= 0 && w.x + w.w <= b.w && w.y > 0).toBe(true);
    }
  });
});

describe("light", () => {
  const count = (lights: string[], l: string) => lights.filter((x) => x === l).length;

  test("one window is one person", () => {
    const lights = light(20, 3, 2, 1);
    expect(["active", "idle", "agent", "dark"].map((l) => count(lights, l))).toEqual([3, 2, 1, 14]);
  });

  test("one more person lights one more window", () => {
    const before = light(20, 3, 0, 2);
    const after = light(20, 4, 0, 2);
    expect(before.filter((l, i) => l !== after[i])).toEqual(["dark"]);
  });

  test("more people than windows share them, and whoever is there is seen", () => {
    const random = seeded("light");
    for (let i = 0; i < 500; i++) {
      const windows = 10 + Math.floor(random() * 60);
      const [a, d, g] = [0, 0, 0].map(() => Math.floor(random() ** 3 * 2_000)) as [number, number, number];
      const lights = light(windows, a, d, g);
      expect(lights.length).toBe(windows);
      expect(count(lights, "active") > 0).toBe(a > 0);
      expect(count(lights, "idle") > 0).toBe(d > 0);
      expect(count(lights, "agent") > 0).toBe(g > 0);
      if (a + d + g >= windows) expect(count(lights, "dark")).toBe(0);
    }
  });

  test("an empty room is dark", () => expect(count(light(12, 0, 0, 0), "dark")).toBe(12));
});
