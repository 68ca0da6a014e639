import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodePoses, encodePose, fullTick, type Hand, pack, plus, type Pose, type Quat, turn, unpack, type Vec, yawOf } from "../../src/space/pose";

interface Written {
  p: [number, number, number];
  r: [number, number, number, number];
  left?: Written;
  right?: Written;
  teleport?: boolean;
}

const vectors = JSON.parse(readFileSync(new URL("../../../gateway/wire/testdata/pose_vectors.json", import.meta.url), "utf8")) as {
  client: { name: string; pose: Written; hex: string; decoded: Written }[];
  server: { unix_ms: number; hex: string; records: { ref: number; pose: Written; decoded: Written }[] };
  bad_server: { why: string; hex: string }[];
};

const vec = ([x, y, z]: [number, number, number]): Vec => ({ x, y, z });
const quat = ([x, y, z, w]: [number, number, number, number]): Quat => ({ x, y, z, w });
const hex = (data: ArrayBuffer) => Buffer.from(data).toString("hex");
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "hex")).buffer as ArrayBuffer;

// In the vectors hands are told from the head, on this page from the ground.
function pose(w: Written): Pose {
  const head = vec(w.p);
  const hand = (h: Written): Hand => ({ p: plus(vec(h.p), head), q: quat(h.r) });
  return { p: head, q: quat(w.r), ...(w.left ? { left: hand(w.left) } : {}), ...(w.right ? { right: hand(w.right) } : {}) };
}

const numbers = (p: Pose) => [p, p.left, p.right].flatMap((h) => (h ? [h.p.x, h.p.y, h.p.z, h.q.x, h.q.y, h.q.z, h.q.w] : [NaN]));

function expectNear(got: Pose, want: Pose) {
  const [a, b] = [numbers(got), numbers(want)];
  expect(a.length).toBe(b.length);
  a.forEach((n, i) => expect(Math.abs(n - (b[i] as number)) < 1e-9 || (Number.isNaN(n) && Number.isNaN(b[i]))).toBe(true));
}

describe("the shared vectors", () => {
  test.each(vectors.client)("a client sends: $name", ({ pose: p, hex: want }) => {
    expect(hex(encodePose(pose(p), p.teleport ?? false))).toBe(want);
  });

  test("a client reads what the server sends", () => {
    const frame = decodePoses(bytes(vectors.server.hex));
    expect(frame?.movers.map((m) => m.ref)).toEqual(vectors.server.records.map((r) => r.ref));
    expect(fullTick(frame?.tick ?? 0, vectors.server.unix_ms + 90_000)).toBe(vectors.server.unix_ms);
    frame?.movers.forEach((m, i) => expectNear(m.pose, pose((vectors.server.records[i] as { decoded: Written }).decoded)));
  });

  test.each(vectors.bad_server)("refuses $why", ({ hex: text }) => {
    expect(decodePoses(bytes(text))).toBeNull();
  });
});

test("a rotation survives being packed, whatever its sign", () => {
  for (let yaw = -3; yaw <= 3; yaw += 0.37) {
    for (const pitch of [-1, 0, 1.2]) {
      const q = turn(yaw, pitch);
      const back = unpack(pack(q));
      expect(Math.abs(q.x * back.x + q.y * back.y + q.z * back.z + q.w * back.w)).toBeGreaterThan(0.99999);
      expect(yawOf(turn(yaw))).toBeCloseTo(yaw, 9);
    }
  }
});

test("what 16 bits cannot hold is cut, not wrapped", () => {
  const far = encodePose({ p: { x: 400, y: -400, z: 0 }, q: turn(0) });
  const view = new DataView(far);
  expect([view.getInt16(2, true), view.getInt16(4, true)]).toEqual([32767, -32768]);
});
