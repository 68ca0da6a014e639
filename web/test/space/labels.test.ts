import { describe, expect, test } from "vitest";
import { arrange, type Label } from "../../src/space/labels";

const at = (x: number, y = 0): Label => ({ x, y, w: 4, h: 1 });

describe("arrange", () => {
  test("leaves alone what does not touch", () => {
    expect(arrange([at(0), at(4.1), at(-5), at(0, 1)], 2)).toEqual([0, 0, 0, 0]);
  });

  test("lifts the farther over the nearer, and a third over both", () => {
    expect(arrange([at(0), at(1), at(2)], 2)).toEqual([0, 1, 2]);
  });

  test("drops what would float too high", () => {
    expect(arrange([at(0), at(0), at(0), at(0)], 2)).toEqual([0, 1, 2, null]);
    expect(arrange([at(0), at(1)], 0)).toEqual([0, null]);
  });

  test("a dropped one takes no room", () => {
    expect(arrange([at(0), at(2), at(4)], 0)).toEqual([0, null, 0]);
  });

  test("none covers another, whatever the crowd", () => {
    const crowd = Array.from({ length: 60 }, (_, i) => ({ x: ((i * 37) % 23) - 11, y: ((i * 17) % 7) / 3, w: 2 + (i % 5), h: 0.6 + (i % 3) * 0.2 }));
    const lifts = arrange(crowd, 4);
    const shown = crowd.flatMap((l, i) => (lifts[i] === null ? [] : [{ ...l, y: l.y + (lifts[i] as number) }]));
    expect(shown.length).toBeGreaterThan(10);
    for (const [i, a] of shown.entries()) {
      for (const b of shown.slice(i + 1)) {
        const isApart = Math.abs(a.x - b.x) >= (a.w + b.w) / 2 || Math.abs(a.y - b.y) >= ((a.h + b.h) / 2) * 0.98;
        expect(isApart).toBe(true);
      }
    }
  });
});
