const FIRST_MS = 500;
const LAST_MS = 15_000;

/** How long to wait before attempt `attempt` (0, 1, …): doubling, with up to a fifth of chance so that tabs spread. */
export function backoffMs(attempt: number, chance: number): number {
  const base = Math.min(LAST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(base * (1 + chance / 5));
}
