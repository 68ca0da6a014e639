import { useMemo } from "preact/hooks";
import { type Block, build, light, paneH, paneW } from "../facade";
import type { Seen } from "../life";

// Facade draws a room's building with its lights. It is decoration: the same
// numbers are always beside it as text. The halo is no part of the drawing,
// because only a box of its own breathes without painting the windows again.
export function Facade({ slug, color = "", w = 1, h = 1, seen }: { slug: string; color?: string; w?: number; h?: number; seen: Seen | null }) {
  const building = useMemo(() => build(slug, w, h), [slug, w, h]);
  const walls = useMemo(() => building.blocks.map((b, i) => <Wall key={i} block={b} />), [building]);
  const lights = light(building.windows.length, seen?.active ?? 0, seen?.idle ?? 0, seen?.agents ?? 0);
  return (
    <span class="house" aria-hidden="true" style={{ "--life": glow(seen), ...(color && { "--edge": color }) }}>
      <i class="halo" />
      <svg class="facade" viewBox={`0 -4 ${building.w} ${building.h + 4}`} preserveAspectRatio="xMidYMax meet">
        {walls}
        {building.windows.map((p, i) => (
          <rect key={i} class={`pane ${seen ? lights[i] : "shut"}`} x={p.x} y={p.y} width={paneW} height={paneH} rx="0.8" />
        ))}
        {!seen && building.blocks.map((b, i) => <rect key={i} class="fog" x={b.x} y={b.y} width={b.w} height={b.h} fill="url(#hatch)" />)}
      </svg>
    </span>
  );
}

// More people, more light, up to a point.
function glow(seen: Seen | null): string {
  return seen ? String(Math.min(1, 0.4 + 0.12 * seen.online)) : "0";
}

function Wall({ block: b }: { block: Block }) {
  return (
    <g class={`wall tone-${b.tone}`}>
      <path class="roof" d={roof(b)} />
      <rect x={b.x} y={b.y} width={b.w} height={b.h} />
      <rect class="edge" x={b.x} y={b.y} width={b.w} height="1.6" />
    </g>
  );
}

function roof(b: Block): string {
  const right = b.x + b.w;
  const mid = b.x + b.w / 2;
  switch (b.roof) {
    case "flat":
      return "";
    case "parapet":
      return `M${b.x + 2} ${b.y}v-3h${b.w - 4}v3z`;
    case "gable":
      return `M${b.x - 1.5} ${b.y + 0.5}L${mid} ${b.y - Math.min(11, b.w * 0.38)}L${right + 1.5} ${b.y + 0.5}z`;
    case "mast":
      return `M${mid - 5} ${b.y}v-4h10v4zM${mid - 0.7} ${b.y - 4}v-11h1.4v11z`;
    case "tank":
      return `M${mid - 6} ${b.y - 4}v-6l5-3.5 5 3.500v6zM${mid - 4.5} ${b.y}v-5h1.300v5zM${mid + 1.2} ${b.y}v-5h1.300v5z`;
    case "dome":
      return `M${mid - 9} ${b.y}a9 9 0 0 1 18 0zM${mid - 0.6} ${b.y - 8}v-5h1.200v5z`;
    case "saw":
      return Array.from({ length: Math.max(1, Math.round(b.w / 11)) }, (_, i) => `M${b.x + i * 11} ${b.y}v-6l11 6z`).join("");
    case "step":
      return `M${b.x + 4} ${b.y}v-4h${b.w - 8}v4zM${b.x + 9} ${b.y - 4}v-4h${Math.max(2, b.w - 18)}v4z`;
  }
}

// Shades are paints that every building shares.
export function Shades() {
  return (
    <svg class="shades" width="0" height="0" aria-hidden="true">
      <defs>
        <radialGradient id="glow">
          <stop offset="0" class="glow-in" />
          <stop offset="1" class="glow-out" />
        </radialGradient>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="hatch-line" width="1.4" height="5" />
        </pattern>
      </defs>
    </svg>
  );
}
