// Proofs of who somebody is: a signature by the Hive Keychain extension, or an
// OpenID token that a Matrix client gives its widgets.

import type { Login, Tokens } from "../tokens";
import { type Json, object, optional, readFault } from "./wire";

interface Keychain {
  requestSignBuffer(account: string, message: string, key: "Posting", done: (answer: { success: boolean; result?: string; message?: string }) => void): void;
}

export function keychain(): Keychain | null {
  return (window as { hive_keychain?: Keychain }).hive_keychain ?? null;
}

export class SignInFailed extends Error {}

export async function signInWithHive(account: string, wallet: Keychain, tokens: Tokens): Promise<Login> {
  const { challenge } = await post("/api/auth/hive/challenge", { account, purpose: "login" });
  if (typeof challenge !== "string") throw new SignInFailed("The server gave no challenge");
  const signature = await new Promise<string>((resolve, reject) => {
    wallet.requestSignBuffer(account, challenge, "Posting", (answer) => {
      if (answer.success && answer.result) resolve(answer.result);
      else reject(new SignInFailed(answer.message || "Keychain did not sign"));
    });
  });
  return tokens.keepLogin(await post("/api/auth/hive", { account, challenge, signature }));
}

export async function signInWithMatrix(widget: Widget, tokens: Tokens): Promise<Login> {
  return tokens.keepLogin(await post("/api/auth/matrix", await widget.openID()));
}

async function post(path: string, body: Json): Promise<Json> {
  let answer: Response;
  try {
    answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw new SignInFailed("The server does not answer");
  }
  const said = (await answer.json().catch(() => ({}))) as Json;
  if (answer.ok) return said;
  const { message, fix } = readFault(said);
  throw new SignInFailed([message, fix].filter((t) => t !== "").join(". "));
}

const versions = ["0.0.1", "0.0.2"];
const answerWithin = 60_000; // the client asks the person

// Widget speaks the Matrix widget API with the client that shows us in a
// frame. Only the origin named in the address is spoken to.
export class Widget {
  private waiting = new Map<string, { resolve(token: Json): void; reject(e: Error): void }>();
  private last = 0;

  private constructor(
    private readonly host: Window,
    private readonly id: string,
    private readonly origin: string,
  ) {
    addEventListener("message", (e) => {
      if (e.source === this.host && e.origin === this.origin) this.receive(e.data);
    });
    this.send({ api: "fromWidget", action: "content_loaded", data: {}, requestId: this.nextId() });
  }

  // find returns null for a page that is no widget.
  static find(): Widget | null {
    const asked = new URLSearchParams(location.search);
    const [id, parent] = [asked.get("widgetId"), asked.get("parentUrl")];
    if (!id || !parent || window.parent === window || !URL.canParse(parent)) return null;
    return new Widget(window.parent, id, new URL(parent).origin);
  }

  openID(): Promise<Json> {
    const requestId = this.nextId();
    return new Promise((resolve, reject) => {
      this.waiting.set(requestId, { resolve, reject });
      setTimeout(() => this.settle(requestId)?.reject(new SignInFailed("The Matrix client did not answer")), answerWithin);
      this.send({ api: "fromWidget", action: "get_openid", data: {}, requestId });
    });
  }

  private receive(raw: unknown): void {
    let message: Json;
    try {
      message = object(raw, "message");
    } catch {
      return;
    }
    if (message.widgetId !== this.id) return;
    if (message.api === "toWidget" && !message.response) this.answer(message);
    else if (message.api === "fromWidget" && message.action === "get_openid") this.credentials(optional(message, "requestId"), message.response);
  }

  private answer(request: Json): void {
    let response: Json = {};
    if (request.action === "capabilities") response = { capabilities: [] };
    if (request.action === "supported_api_versions") response = { supported_versions: versions };
    if (request.action === "openid_credentials") {
      const data = (request.data ?? {}) as Json;
      this.credentials(optional(data, "original_request_id"), data);
    }
    this.send({ ...request, response });
  }

  private credentials(requestId: string, raw: unknown): void {
    const answer = (raw ?? {}) as Json;
    if (answer.state === "request") return; // the person is being asked
    const { access_token, token_type, matrix_server_name, expires_in } = answer;
    if (answer.state === "allowed") this.settle(requestId)?.resolve({ access_token, token_type, matrix_server_name, expires_in });
    else this.settle(requestId)?.reject(new SignInFailed("The Matrix client did not share who you are"));
  }

  private settle(requestId: string) {
    const request = this.waiting.get(requestId);
    this.waiting.delete(requestId);
    return request;
  }

  private send(message: Json): void {
    this.host.postMessage({ widgetId: this.id, ...message }, this.origin);
  }

  private nextId(): string {
    return `presence-${Date.now()}-${++this.last}`;
  }
}
