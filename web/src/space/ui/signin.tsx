// Proving who one is. Nothing typed here is a secret: Keychain signs, and
// Matrix vouches.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Tokens } from "../../tokens";
import { keychain, signInWithHive, signInWithMatrix, type Widget } from "../signin";
import { SpaceIcon } from "./icons";

interface Props {
  tokens: Tokens;
  widget: Widget | null;
  onDone(): void;
  onClose(): void;
}

export function SignIn({ tokens, widget, onDone, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [account, setAccount] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const wallet = useKeychain();
  useEffect(() => {
    dialog.current?.showModal();
    // Without a field to fill in, the first link would have the focus.
    if (!wallet) dialog.current?.focus();
  }, []);
  const attempt = async (proof: () => Promise<unknown>) => {
    setBusy(true);
    setFault("");
    try {
      await proof();
      tokens.dropOwn();
      onDone();
    } catch (e) {
      setFault(e instanceof Error ? e.message : "That did not work");
    } finally {
      setBusy(false);
    }
  };
  const name = account.trim().replace(/^@/, "").toLowerCase();
  return (
    <dialog ref={dialog} class="token signin" aria-labelledby="signin-title" tabIndex={-1} onClose={onClose}>
      <h2 id="signin-title">Sign in</h2>
      <p>Your name then shows as proven, here and everywhere in the city.</p>
      <section aria-labelledby="signin-hive">
        <h3 id="signin-hive">
          <SpaceIcon name="wallet" /> Hive
        </h3>
        {wallet ? (
          <form
            onSubmit={(e) => {
              e.preventDefault();
              if (name && !busy) void attempt(() => signInWithHive(name, wallet, tokens));
            }}
          >
            <label>
              <span>Account</span>
              <input value={account} autocomplete="username" spellcheck={false} autocapitalize="none" onInput={(e) => setAccount(e.currentTarget.value)} />
            </label>
            <button class="button strong" type="submit" disabled={busy || !/^[a-z][a-z0-9.-]{2,15}$/.test(name)}>
              {busy ? "Waiting for Keychain…" : "Sign with Keychain"}
            </button>
            <p class="small">Keychain signs one short message with your posting key. No payment, and the key stays with you.</p>
          </form>
        ) : (
          <p class="small">
            Needs the Hive Keychain extension, which this browser does not have. <External href="https://hive-keychain.com">Get Keychain</External>, then open this page again.
          </p>
        )}
      </section>
      <section aria-labelledby="signin-matrix">
        <h3 id="signin-matrix">
          <SpaceIcon name="chat" /> Matrix
        </h3>
        {widget ? (
          <button class="button" disabled={busy} onClick={() => void attempt(() => signInWithMatrix(widget, tokens))}>
            Use the account of this client
          </button>
        ) : (
          <p class="small">
            Add this page as a widget to a room in Element: <code class="address">/addwidget {location.origin + location.pathname}</code> Inside it, one click uses your Matrix account; no password is asked for.
          </p>
        )}
      </section>
      <p class="fault" role="alert">
        {fault}
      </p>
      <p class="remedies">
        <button class="button" type="button" onClick={onClose}>
          Stay a guest
        </button>
      </p>
    </dialog>
  );
}

function External({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

// The extension shows up a moment after the page.
function useKeychain() {
  const [found, set] = useState(keychain);
  useEffect(() => {
    if (found) return;
    const timer = setInterval(() => set(keychain()), 400);
    return () => clearInterval(timer);
  }, [found]);
  return found;
}
