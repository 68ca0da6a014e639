// Hands on the desk or on the glass: keys and dragging move and turn, a click
// or tap on the ground walks there, a stick on the screen steers.

import type { Body, Wish } from "../body";
import { isBusy } from "../keys";

const turnPerPixel = 0.0042;
const turnPerSecond = 1.9; // by keys
const tapWithin = 6; // pixels; more is a drag

const moves: Record<string, [ahead: number, aside: number, left: number]> = {
  KeyW: [1, 0, 0],
  ArrowUp: [1, 0, 0],
  KeyS: [-1, 0, 0],
  ArrowDown: [-1, 0, 0],
  KeyA: [0, -1, 0],
  KeyD: [0, 1, 0],
  ArrowLeft: [0, 0, 1],
  ArrowRight: [0, 0, -1],
  KeyQ: [0, 0, 1],
  KeyE: [0, 0, -1],
};

export class Controls {
  private held = new Set<string>();
  private stickAt = { ahead: 0, aside: 0 };
  private drag: { id: number; x: number; y: number; far: number } | null = null;
  private readonly listening = new AbortController();

  constructor(
    private readonly surface: HTMLElement,
    private readonly body: Body,
    private readonly onTap: (x: number, y: number) => void,
  ) {
    const { signal } = this.listening;
    addEventListener("keydown", (e) => this.key(e, true), { signal });
    addEventListener("keyup", (e) => this.key(e, false), { signal });
    addEventListener("blur", () => this.held.clear(), { signal });
    surface.addEventListener("pointerdown", (e) => this.down(e), { signal });
    surface.addEventListener("pointermove", (e) => this.move(e), { signal });
    surface.addEventListener("pointerup", (e) => this.up(e), { signal });
    surface.addEventListener("pointercancel", () => (this.drag = null), { signal });
  }

  stick(ahead: number, aside: number): void {
    this.stickAt = { ahead, aside };
  }

  // apply turns the body for dt seconds and says where it wants to go.
  apply(dt: number): Wish {
    let { ahead, aside } = this.stickAt;
    for (const code of this.held) {
      const [a, s, left] = moves[code] ?? [0, 0, 0];
      ahead += a;
      aside += s;
      if (left !== 0) this.body.look(left * turnPerSecond * dt, 0);
    }
    return { ahead: limit(ahead), aside: limit(aside), run: this.held.has("ShiftLeft") || this.held.has("ShiftRight") };
  }

  dispose(): void {
    this.listening.abort();
  }

  private key(e: KeyboardEvent, down: boolean): void {
    if (!down) return void this.held.delete(e.code);
    if (e.ctrlKey || e.metaKey || e.altKey || isBusy(e.target)) return;
    if (e.code in moves) e.preventDefault();
    if (e.code in moves || e.code.startsWith("Shift")) this.held.add(e.code);
  }

  private down(e: PointerEvent): void {
    if (e.button !== 0 || this.drag) return;
    (document.activeElement as HTMLElement | null)?.blur?.();
    this.drag = { id: e.pointerId, x: e.clientX, y: e.clientY, far: 0 };
    this.surface.setPointerCapture(e.pointerId);
  }

  private move(e: PointerEvent): void {
    if (this.drag?.id !== e.pointerId) return;
    const [dx, dy] = [e.clientX - this.drag.x, e.clientY - this.drag.y];
    this.drag = { id: e.pointerId, x: e.clientX, y: e.clientY, far: this.drag.far + Math.hypot(dx, dy) };
    const pace = e.pointerType === "touch" ? 1.5 : 1;
    if (this.drag.far > tapWithin) this.body.look(dx * turnPerPixel * pace, dy * turnPerPixel * pace);
  }

  private up(e: PointerEvent): void {
    if (this.drag?.id !== e.pointerId) return;
    if (this.drag.far <= tapWithin) this.onTap(e.clientX, e.clientY);
    this.drag = null;
  }
}

function limit(n: number): number {
  return Math.max(-1, Math.min(1, n));
}
