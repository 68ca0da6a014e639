// isBusy is for keys that belong to whoever writes or works a control.
export function isBusy(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input,textarea,select,dialog,[contenteditable],[role=dialog],[role=log],[role=menu]") !== null;
}
