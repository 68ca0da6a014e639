// Every zone has a hue of its own, the same one everywhere on the page.

const fixed: Record<string, number> = { central: 0, north: 1, south: 2, east: 3, west: 4 };
const hues = 10; // .hue-0 to .hue-9 in the stylesheet

// hueClasses gives the well-known zones their own hue and every other one the
// next that is free, in the order of names.
export function hueClasses(zones: Iterable<string>): Map<string, string> {
  const sorted = [...new Set(zones)].sort();
  const taken = new Set(sorted.map((z) => fixed[z]).filter((n) => n !== undefined));
  const found = new Map<string, string>();
  let next = 5;
  for (const zone of sorted) {
    const own = fixed[zone];
    if (own === undefined) {
      for (let tries = 0; taken.has(next % hues) && tries < hues; tries++) next++;
      taken.add(next % hues);
    }
    found.set(zone, `hue-${own ?? next++ % hues}`);
  }
  return found;
}
