// Everybody has a colour of their own, the same on every visit and every
// screen.

const golden = 137.508;

export function hueOf(subject: string): number {
  let h = 2166136261;
  for (let i = 0; i < subject.length; i++) h = Math.imul(h ^ subject.charCodeAt(i), 16777619);
  return ((h >>> 0) % 360) * golden % 360;
}

// cssColor is for pages; guests are paler.
export function cssColor(subject: string, guest: boolean): string {
  return `oklch(${guest ? "0.76 0.07" : "0.7 0.15"} ${hueOf(subject).toFixed(1)})`;
}

// oklch gives the linear red, green and blue of a colour, cut to what screens
// show. The matrices are those of Björn Ottosson's Oklab.
export function oklch(l: number, c: number, hue: number): [number, number, number] {
  const h = (hue * Math.PI) / 180;
  const [a, b] = [c * Math.cos(h), c * Math.sin(h)];
  const lms = [l + 0.3963377774 * a + 0.2158037573 * b, l - 0.1055613458 * a - 0.0638541728 * b, l - 0.0894841775 * a - 1.291485548 * b].map((v) => v ** 3) as [number, number, number];
  return [
    4.0767416621 * lms[0] - 3.3077115913 * lms[1] + 0.2309699292 * lms[2],
    -1.2684380046 * lms[0] + 2.6097574011 * lms[1] - 0.3413193965 * lms[2],
    -0.0041960863 * lms[0] - 0.7034186147 * lms[1] + 1.707614701 * lms[2],
  ].map((v) => Math.max(0, Math.min(1, v))) as [number, number, number];
}
