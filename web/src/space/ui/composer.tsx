// Where one writes. Enter sends, Shift and Enter begin a new line, Escape goes
// back, and the up arrow in an empty field changes one's last line.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Aim } from "./chat";
import { SpaceIcon } from "./icons";

const longest = 2000; // code points, the server's own limit
const countFrom = 1800;
const repeatTyping = 3_000;
const typingEnds = 5_000;

interface Props {
  aim: Aim;
  canWrite: boolean;
  isGuest: boolean;
  inThread: boolean;
  onSubmit(text: string): void;
  onTyping(on: boolean): void;
  onCancel(): void;
  onEditLast(): void;
  onSignIn(): void;
}

export function Composer(props: Props) {
  const { aim, canWrite, isGuest } = props;
  const [text, set] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(props.onTyping);
  useEffect(() => {
    if (aim.is === "edit") set(aim.line.content);
    if (aim.is !== "say") field.current?.focus();
  }, [aim]);
  useEffect(() => {
    const el = field.current;
    if (!el) return;
    el.style.height = "auto";
    el.style.height = `${Math.min(160, el.scrollHeight + 2)}px`; // and its border
  }, [text]);
  const length = [...text.trim()].length;

  if (!canWrite) {
    return (
      <p class="composer closed">
        {isGuest ? "Guests may not write here." : "You may not write here."}
        {isGuest && (
          <button class="button" onClick={props.onSignIn}>
            Sign in
          </button>
        )}
      </p>
    );
  }
  const send = () => {
    if (length === 0 || length > longest) return;
    props.onSubmit(text.trim());
    set("");
    typing.end();
  };
  const cancel = () => {
    if (aim.is === "edit") set("");
    props.onCancel();
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.isComposing) return;
    if (e.key === "Enter" && !e.shiftKey) {
      e.preventDefault();
      send();
    } else if (e.key === "Escape") {
      if (aim.is === "say") field.current?.blur();
      cancel();
    } else if (e.key === "ArrowUp" && text === "") {
      e.preventDefault();
      props.onEditLast();
    }
  };
  return (
    <form
      class="composer"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      {aim.is !== "say" && (
        <p class="aim">
          <SpaceIcon name={aim.is === "edit" ? "edit" : "reply"} />
          <span dir="auto">{aim.is === "edit" ? "Changing your line" : `To ${aim.to.name}: ${aim.to.content}`}</span>
          <button type="button" class="round" aria-label="Cancel" onClick={cancel}>
            <SpaceIcon name="close" />
          </button>
        </p>
      )}
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        value={text}
        placeholder={props.inThread ? "Reply in the thread" : "Write a line"}
        aria-label="Write a line"
        aria-invalid={length > longest}
        enterkeyhint="send"
        onInput={(e) => {
          set(e.currentTarget.value);
          typing.going(e.currentTarget.value !== "");
        }}
        onKeyDown={onKeyDown}
        onBlur={() => typing.end()}
      />
      <button class="round send" type="submit" aria-label="Send" disabled={length === 0 || length > longest}>
        <SpaceIcon name="send" />
      </button>
      {length > countFrom && <small class={length > longest ? "over" : ""}>{longest - length}</small>}
    </form>
  );
}

// useTyping tells the others that one writes: at once, again while it goes on,
// and that it ended.
function useTyping(onTyping: (on: boolean) => void) {
  const told = useRef(0);
  const ending = useRef<ReturnType<typeof setTimeout>>();
  const end = () => {
    clearTimeout(ending.current);
    if (told.current === 0) return;
    told.current = 0;
    onTyping(false);
  };
  useEffect(() => end, []);
  return {
    end,
    going(on: boolean) {
      if (!on) return end();
      clearTimeout(ending.current);
      ending.current = setTimeout(end, typingEnds);
      if (Date.now() - told.current < repeatTyping) return;
      told.current = Date.now();
      onTyping(true);
    },
  };
}
