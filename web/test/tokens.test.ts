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

describe("a login", () => {
  const answer = (token: string, refresh: string) => ({ token, refresh_token: refresh, viewer: { subject: "hive:alice", name: "alice" } });

  test("comes before the guest and stays on every page", async () => {
    const { tokens, lasting, calls } = setUp(() => json({}));
    lasting.setItem("presence.guest", good);
    tokens.keepLogin(answer(good, "r1"));
    expect(tokens.login).toEqual({ token: good, refresh: "r1", name: "alice" });
    expect(await tokens.obtain()).toEqual({ text: good, own: false });
    expect(calls).toEqual([]);
  });

  test("is made new with its refresh token, which is then replaced", async () => {
    const next = jwt(now / 1000 + 9000);
    const { tokens, calls } = setUp(() => json(answer(next, "r2")));
    tokens.keepLogin(answer(jwt(now / 1000 + 5), "r1"));
    expect((await tokens.obtain()).text).toBe(next);
    expect(calls).toEqual([{ url: "/api/auth/refresh", authorization: null }]);
    expect(tokens.login?.refresh).toBe("r2");
  });

  test("two that ask at once do not use the refresh token twice", async () => {
    const { tokens, calls } = setUp(() => json(answer(good, "r2")));
    tokens.keepLogin(answer(jwt(now / 1000 + 5), "r1"));
    await Promise.all([tokens.obtain(), tokens.obtain()]);
    expect(calls).toHaveLength(1);
  });

  test("that was ended is forgotten, and said", async () => {
    const { tokens } = setUp(() => json({ detail: "this login was ended" }, 401));
    tokens.keepLogin(answer(good, "r1"));
    tokens.refused({ text: good, own: false });
    await expect(tokens.obtain()).rejects.toThrow(TokenRefused);
    expect(tokens.login).toBeNull();
  });

  test("survives a server that does not answer", async () => {
    const { tokens } = setUp(() => json({}, 503));
    tokens.keepLogin(answer(jwt(now / 1000 + 5), "r1"));
    await expect(tokens.obtain()).rejects.not.toThrow(TokenRefused);
    expect(tokens.login?.refresh).toBe("r1");
  });

  test("signing out tells the server and goes back to the guest", async () => {
    const { tokens, calls, lasting } = setUp(() => json({}));
    lasting.setItem("presence.guest", good);
    tokens.keepLogin(answer("a.b.c", "r1"));
    await tokens.signOut();
    expect(calls).toEqual([{ url: "/api/auth/logout", authorization: "Bearer a.b.c" }]);
    expect(await tokens.obtain()).toEqual({ text: good, own: false });
  });
});
