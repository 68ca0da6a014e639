import { afterEach, describe, expect, test, vi } from "vitest";
import { SignInFailed, signInWithHive, signInWithMatrix, Widget } from "../../src/space/signin";
import { Tokens } from "../../src/tokens";

const shelf = () => {
  const kept = new Map<string, string>();
  return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
};
const tokens = () => new Tokens(shelf(), shelf(), fetch, Date.now);
const login = { token: "a.b.c", refresh_token: "r1", viewer: { subject: "hive:alice", name: "alice" } };

function server(answers: Record<string, [number, unknown]>) {
  const asked: [string, unknown][] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push([path, JSON.parse(String(init.body))]);
    const [status, body] = answers[path] ?? [404, {}];
    return new Response(JSON.stringify(body), { status });
  });
  return asked;
}

afterEach(() => void vi.unstubAllGlobals());

describe("signing in with Keychain", () => {
  const sign = (answer: { success: boolean; result?: string; message?: string }) => ({
    requestSignBuffer: (_account: string, text: string, key: string, done: (a: typeof answer) => void) => {
      expect([text, key]).toEqual(["prove it", "Posting"]);
      done(answer);
    },
  });

  test("signs the server's own challenge with the posting key and keeps the login", async () => {
    const asked = server({ "/api/auth/hive/challenge": [200, { challenge: "prove it" }], "/api/auth/hive": [200, login] });
    const kept = tokens();
    await signInWithHive("alice", sign({ success: true, result: "1f00" }), kept);
    expect(asked).toEqual([
      ["/api/auth/hive/challenge", { account: "alice", purpose: "login" }],
      ["/api/auth/hive", { account: "alice", challenge: "prove it", signature: "1f00" }],
    ]);
    expect(kept.login).toEqual({ token: "a.b.c", refresh: "r1", name: "alice" });
  });

  test("a person's no, and the server's, are told in words", async () => {
    server({ "/api/auth/hive/challenge": [200, { challenge: "prove it" }], "/api/auth/hive": [401, { code: "unauthenticated", detail: "the signature is not alice's", fix: "Sign again" }] });
    const kept = tokens();
    await expect(signInWithHive("alice", sign({ success: false, message: "User rejected" }), kept)).rejects.toThrow("User rejected");
    await expect(signInWithHive("alice", sign({ success: true, result: "00" }), kept)).rejects.toThrow("the signature is not alice's. Sign again");
    expect(kept.login).toBeNull();
  });
});

describe("signing in inside a Matrix client", () => {
  function client(search: string) {
    const sent: [Record<string, unknown>, string][] = [];
    let hear: (e: unknown) => void = () => undefined;
    const host = { postMessage: (message: Record<string, unknown>, origin: string) => void sent.push([message, origin]) };
    vi.stubGlobal("location", { search });
    vi.stubGlobal("window", { parent: host });
    vi.stubGlobal("addEventListener", (_type: string, listener: (e: unknown) => void) => (hear = listener));
    const says = (data: unknown, origin = "https://app.element.io", source: unknown = host) => hear({ data, origin, source });
    return { sent, says };
  }
  const address = "?widgetId=w1&parentUrl=https%3A%2F%2Fapp.element.io%2F";
  const openID = { access_token: "t", token_type: "Bearer", matrix_server_name: "localhost", expires_in: 3600 };
  const widget = () => Widget.find() as Widget;

  test("is not offered elsewhere", () => {
    client("");
    expect(Widget.find()).toBeNull();
  });

  test("tells that it is there and wants nothing", () => {
    const { sent, says } = client(address);
    widget();
    expect(sent[0]).toMatchObject([{ api: "fromWidget", action: "content_loaded", widgetId: "w1" }, "https://app.element.io"]);
    says({ api: "toWidget", action: "capabilities", widgetId: "w1", requestId: "7", data: {} });
    expect(sent[1]?.[0]).toMatchObject({ requestId: "7", response: { capabilities: [] } });
  });

  test("takes the token after the person agreed, and from that client alone", async () => {
    const { sent, says } = client(address);
    const asked = server({ "/api/auth/matrix": [200, login] });
    const kept = tokens();
    const done = signInWithMatrix(widget(), kept);
    const { requestId } = sent.at(-1)?.[0] as { requestId: string };
    says({ api: "fromWidget", action: "get_openid", widgetId: "w1", requestId, response: { state: "request" } });
    const allowed = { api: "toWidget", action: "openid_credentials", widgetId: "w1", requestId: "8", data: { state: "allowed", original_request_id: requestId, ...openID } };
    says({ ...allowed, data: { ...allowed.data, access_token: "forged" } }, "https://evil.example");
    says({ ...allowed, data: { ...allowed.data, access_token: "forged" } }, "https://app.element.io", {});
    says(allowed);
    await done;
    expect(asked).toEqual([["/api/auth/matrix", openID]]);
    expect(kept.login?.token).toBe("a.b.c");
  });

  test("a no is told", async () => {
    const { sent, says } = client(address);
    const done = signInWithMatrix(widget(), tokens());
    const { requestId } = sent.at(-1)?.[0] as { requestId: string };
    says({ api: "fromWidget", action: "get_openid", widgetId: "w1", requestId, response: { state: "blocked" } });
    await expect(done).rejects.toThrow(SignInFailed);
  });
});
