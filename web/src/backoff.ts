// How long to wait before the next attempt. Half of it is random: everybody
// who lost the same server must not come back in the same instant.

const first = 800;
const most = 30_000;

export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}
