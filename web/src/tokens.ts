// Who we are to the server. A guest's token and a login live in this browser,
// so that a visitor stays the same on every page; a token of one's own lives in
// the tab only. A token of one's own comes before a login, a login before the
// guest.

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

// Login is somebody who proved a Hive or Matrix account.
export interface Login {
  token: string;
  refresh: string; // good once: every use brings the next
  name: string;
}

type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

const guestKey = "presence.guest";
const ownKey = "presence.token";
const loginKey = "presence.login";
// A token that ends within this time is not worth opening a socket with.
const margin = 30_000;

export class Tokens {
  private spent = ""; // the token the server took back; it still proves who we were
  private renewing: Promise<string> | null = null;

  constructor(
    private readonly lasting: Shelf,
    private readonly tab: Shelf,
    private readonly fetch: typeof globalThis.fetch,
    private readonly now: () => number,
    private readonly exclusively: Exclusively = oneTabOnly,
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

  get login(): Login | null {
    return readLogin(this.lasting.getItem(loginKey));
  }

  // keepLogin takes the server's answer to a proof.
  keepLogin(answer: Record<string, unknown>): Login {
    const login = loginOf(answer, "");
    this.lasting.setItem(loginKey, JSON.stringify(login));
    return login;
  }

  // signOut ends the login on the server too; without an answer it is at least
  // forgotten here.
  async signOut(): Promise<void> {
    const { login } = this;
    this.lasting.removeItem(loginKey);
    this.tab.removeItem(ownKey);
    if (!login) return;
    await this.fetch("/api/auth/logout", { method: "POST", headers: { Authorization: `Bearer ${login.token}` } }).catch(() => undefined);
  }

  // obtain asks for a new guest only when there is no usable token. It throws
  // TokenRefused when the server says no and any other error when it does not
  // answer.
  async obtain(): Promise<Token> {
    const own = this.tab.getItem(ownKey);
    if (own) return { text: own, own: true };
    if (this.login) return { text: await this.ofLogin(), own: false };
    const kept = this.lasting.getItem(guestKey);
    if (kept && this.isUsable(kept)) return { text: kept, own: false };
    const text = await this.enrol(kept);
    this.lasting.setItem(guestKey, text);
    return { text, own: false };
  }

  // refused sees to it that the token is not used again. One's own is kept:
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

  private isUsable(token: string): boolean {
    return token !== this.spent && expiry(token) > this.now() + margin;
  }

  // A refresh token is good once, so only one tab at a time may use it, and in a
  // tab only one asker; the others find what it got.
  private ofLogin(): Promise<string> {
    this.renewing ??= this.renew().finally(() => (this.renewing = null));
    return this.renewing;
  }

  private renew(): Promise<string> {
    return this.exclusively(async () => {
      const { login } = this;
      if (!login) throw new TokenRefused("You were signed out.");
      if (this.isUsable(login.token)) return login.token;
      const answer = await this.post("/api/auth/refresh", { "Content-Type": "application/json" }, JSON.stringify({ refresh_token: login.refresh }), () =>
        this.lasting.removeItem(loginKey),
      );
      const next = loginOf(answer, login.name);
      this.lasting.setItem(loginKey, JSON.stringify(next));
      return next.token;
    });
  }

  private async enrol(previous: string | null): Promise<string> {
    // The old token, even one that has ended, brings back the same guest.
    const body = await this.post("/api/auth/guest", previous ? { Authorization: `Bearer ${previous}` } : {}, null);
    return tokenOf(body);
  }

  private async post(path: string, headers: Record<string, string>, body: string | null, onRefused = () => {}): Promise<Record<string, unknown>> {
    const answer = await this.fetch(path, { method: "POST", headers, body });
    const said = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
    if (answer.status === 401 || answer.status === 403) {
      onRefused();
      throw new TokenRefused(reason(said));
    }
    if (!answer.ok) throw new Error(reason(said) || `the server answered ${answer.status}`);
    return said;
  }
}

function oneTabOnly<T>(work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  return locks ? (locks.request("presence.login", work) as Promise<T>) : work();
}

function loginOf(answer: Record<string, unknown>, name: string): Login {
  const viewer = (answer.viewer ?? {}) as Record<string, unknown>;
  const refresh = answer.refresh_token;
  if (typeof refresh !== "string" || refresh === "") throw new Error("the server gave no refresh token");
  return { token: tokenOf(answer), refresh, name: typeof viewer.name === "string" && viewer.name !== "" ? viewer.name : name };
}

function tokenOf(body: Record<string, unknown>): string {
  const text = body.token ?? body.access_token;
  if (typeof text !== "string" || text === "") throw new Error("the server gave no token");
  return text;
}

function readLogin(kept: string | null): Login | null {
  try {
    const login = JSON.parse(kept ?? "null") as Login | null;
    return login && typeof login.token === "string" && typeof login.refresh === "string" ? login : null;
  } catch {
    return null;
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
