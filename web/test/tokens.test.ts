import { describe, expect, test } from "vitest";
import { expiry, type Shelf, TokenRefused, Tokens } from "../src/tokens";

const jwt = (exp: number, sub = "guest:1") => `h.${btoa(JSON.stringify({ sub, exp })).replace(/=+$/, "")}.s`;
const now = 1_000_000_000;

function shelf(): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v), removeItem: (k) => void kept.delete(k) };
}

function setUp(answer: () => Response | Promise<Response>) {
  const calls: { url: string; authorization: string | null }[] = [];
  const lasting = shelf();
  const tab = shelf();
  const fetch = async (url: unknown, init?: RequestInit) => {
    calls.push({ url: String(url), authorization: new Headers(init?.headers).get("Authorization") });
    return answer();
  };
  return { tokens: new Tokens(lasting, tab, fetch as typeof globalThis.fetch, () => now), calls, lasting, tab };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const good = jwt(now / 1000 + 3600);

describe("Tokens", () => {
  test("asks once, then keeps the guest", async () => {
    const { tokens, calls } = setUp(() => json({ token: good }));
    expect(await tokens.obtain()).toEqual({ text: good, own: false });
    expect(await tokens.obtain()).toEqual({ text: good, own: false });
    expect(calls).toEqual([{ url: "/api/auth/guest", authorization: null }]);
  });

  test("an ended token brings back the same guest", async () => {
    const { tokens, calls, lasting } = setUp(() => json({ token: good }));
    const old = jwt(now / 1000 + 10);
    lasting.setItem("presence.guest", old);
    expect((await tokens.obtain()).text).toBe(good);
    expect(calls[0]?.authorization).toBe(`Bearer ${old}`);
  });

  test("a refused guest token is not used twice", async () => {
    const { tokens, calls, lasting } = setUp(() => json({ token: jwt(now / 1000 + 7200) }));
    lasting.setItem("presence.guest", good);
    tokens.refused(await tokens.obtain());
    expect((await tokens.obtain()).text).not.toBe(good);
    expect(calls.length).toBe(1);
  });

  test("one's own token comes first, and only its owner gives it up", async () => {
    const { tokens, calls, tab, lasting } = setUp(() => json({ token: good }));
    tokens.useOwn("a.b.c");
    const own = await tokens.obtain();
    expect(own).toEqual({ text: "a.b.c", own: true });
    tokens.refused(own);
    expect(tokens.hasOwn).toBe(true);
    expect([tab.kept.size, lasting.kept.size, calls.length]).toEqual([1, 0, 0]);
    tokens.dropOwn();
    expect((await tokens.obtain()).own).toBe(false);
  });

  test("no is told apart from no answer", async () => {
    await expect(setUp(() => json({ detail: "no guests" }, 403)).tokens.obtain()).rejects.toEqual(new TokenRefused("no guests"));
    await expect(setUp(() => json({ detail: "later" }, 503)).tokens.obtain()).rejects.toThrow("later");
    await expect(setUp(() => new Response("<html>", { status: 502 })).tokens.obtain()).rejects.toThrow("502");
    await expect(setUp(() => json({})).tokens.obtain()).rejects.toThrow("no token");
    await expect(setUp(() => new Response("<html>")).tokens.obtain()).rejects.toThrow("no token");
  });

  test("accepts is no only when the server says so", async () => {
    const ask = (answer: () => Response | Promise<Response>) => setUp(answer).tokens.accepts({ text: "t", own: false });
    expect(await ask(() => json({}, 401))).toBe(false);
    expect(await ask(() => json({}, 403))).toBe(false);
    expect(await ask(() => json([]))).toBe(true);
    expect(await ask(() => json({}, 503))).toBe(true);
    expect(await ask(() => Promise.reject(new TypeError("offline")))).toBe(true);
  });
});

test("expiry", () => {
  expect(expiry(jwt(5))).toBe(5_000);
  for (const odd of ["", "a.b", "a.%%.c", `a.${btoa("{}")}.c`]) expect(expiry(odd)).toBe(Infinity);
});
