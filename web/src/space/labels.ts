// Names that would cover one another are moved apart: who is nearest keeps the
// place over the head, the others are lifted, and what would have to float too
// far above its head is not shown.

export interface Label {
  x: number; // of the middle; any unit, the same for all four
  y: number; // upwards
  w: number;
  h: number;
}

// arrange takes labels, the most important first, and says by how much each is
// lifted, at most as many of its own heights as given; null for one that has no
// room.
export function arrange(labels: readonly Label[], highest: number): (number | null)[] {
  const placed: Label[] = [];
  return labels.map((label) => {
    const top = label.y + label.h * highest;
    const at = { ...label };
    for (let under = covered(placed, at); under; under = covered(placed, at)) {
      at.y = under.y + (under.h + at.h) / 2;
      if (at.y > top) return null;
    }
    placed.push(at);
    return at.y - label.y;
  });
}

function covered(placed: readonly Label[], at: Label): Label | undefined {
  const slack = at.h * 0.01; // touching is not covering
  return placed.find((p) => Math.abs(p.x - at.x) < (p.w + at.w) / 2 && Math.abs(p.y - at.y) < (p.h + at.h) / 2 - slack);
}
