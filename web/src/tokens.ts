// Who we are to the server. A guest's token lives in this browser, so that a
// visitor stays the same guest; a token of one's own lives in the tab only.

export interface Token {
  text: string;
  own: boolean;
}

export class TokenRefused extends Error {}

export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const guestKey = "presence.guest";
const ownKey = "presence.token";
// A token that ends within this time is not worth opening a socket with.
const margin = 30_000;

export class Tokens {
  private spent = ""; // the guest token the server took back; it still proves who we were

  constructor(
    private readonly lasting: Shelf,
    private readonly tab: Shelf,
    private readonly fetch: typeof globalThis.fetch,
    private readonly now: () => number,
  ) {}

  get hasOwn(): boolean {
    return this.tab.getItem(ownKey) !== null;
  }

  useOwn(text: string): void {
    this.tab.setItem(ownKey, text);
  }

  dropOwn(): void {
    this.tab.removeItem(ownKey);
  }

  // obtain asks for a new guest only when there is no usable token. It throws
  // TokenRefused when the server says no and any other error when it does not
  // answer.
  async obtain(): Promise<Token> {
    const own = this.tab.getItem(ownKey);
    if (own) return { text: own, own: true };
    const kept = this.lasting.getItem(guestKey);
    if (kept && kept !== this.spent && expiry(kept) > this.now() + margin) return { text: kept, own: false };
    const text = await this.enrol(kept);
    this.lasting.setItem(guestKey, text);
    return { text, own: false };
  }

  // refused sees to it that a guest token is not used again. One's own is kept:
  // only the person may give it up.
  refused(token: Token): void {
    if (!token.own) this.spent = token.text;
  }

  // accepts asks over HTTP whether the server takes the token, because a
  // browser does not tell why a socket was refused. No answer counts as yes.
  async accepts(token: Token): Promise<boolean> {
    try {
      const answer = await this.fetch("/api/city/rooms", { headers: { Authorization: `Bearer ${token.text}` } });
      return answer.status !== 401 && answer.status !== 403;
    } catch {
      return true;
    }
  }

  private async enrol(previous: string | null): Promise<string> {
    // The old token, even one that has ended, brings back the same guest.
    const headers: Record<string, string> = previous ? { Authorization: `Bearer ${previous}` } : {};
    const answer = await this.fetch("/api/auth/guest", { method: "POST", headers });
    const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
    if (answer.status === 401 || answer.status === 403) throw new TokenRefused(reason(body));
    if (!answer.ok) throw new Error(reason(body) || `the server answered ${answer.status}`);
    const text = body.token ?? body.access_token;
    if (typeof text !== "string" || text === "") throw new Error("the server gave no guest token");
    return text;
  }
}

function reason(body: Record<string, unknown>): string {
  return typeof body.detail === "string" ? body.detail : "";
}

// expiry reads the time a JWT ends (ms). One that cannot be read is used until
// the server refuses it.
export function expiry(token: string): number {
  try {
    const part = token.split(".")[1] as string;
    const claims = JSON.parse(atob(part.replace(/-/g, "+").replace(/_/g, "/"))) as { exp?: unknown };
    return typeof claims.exp === "number" ? claims.exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
