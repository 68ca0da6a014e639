import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";

interface Props {
  own: boolean;
  onUse(token: string): void;
  onGuest(): void;
  onClose(): void;
}

// TokenDialog takes a token that opens private rooms.
export function TokenDialog({ own, onUse, onGuest, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, set] = useState("");
  // A token is three parts of base64url; anything else cannot be sent as a
  // WebSocket subprotocol and would fail without a word. A terminal may have
  // broken it into lines; it has none of its own.
  const token = text.trim().replace(/^bearer\s+/i, "").replace(/\s*\n\s*/g, "");
  const isToken = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="token" aria-labelledby="token-title" onClose={onClose}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isToken) onUse(token);
        }}
      >
        <h2 id="token-title">See private rooms</h2>
        <p>
          Paste an access token of the city. It is kept in this tab only and gone when you close it.
          {own && " You are using one now."}
        </p>
        <p class="small">
          Whoever runs the city makes one with
          <code class="address">presence token &lt;name&gt; --microdao=&lt;microdao&gt;</code>
        </p>
        <label>
          <span>Token</span>
          <textarea
            rows={4}
            value={text}
            spellcheck={false}
            autocomplete="off"
            aria-invalid={text !== "" && !isToken}
            aria-describedby="token-fault"
            onInput={(e) => set(e.currentTarget.value)}
            onKeyDown={(e) => {
              if (e.key !== "Enter" || e.isComposing) return;
              e.preventDefault();
              e.currentTarget.form?.requestSubmit();
            }}
          />
        </label>
        <p id="token-fault" class="fault">
          {text !== "" && !isToken ? "This is not a token: it has three parts with dots between them." : ""}
        </p>
        <p class="remedies">
          <button class="button strong" type="submit" disabled={!isToken}>
            <Icon name="key" /> Use it
          </button>
          {own && (
            <button class="button" type="button" onClick={onGuest}>
              Continue as a guest
            </button>
          )}
          <button class="button" type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}
