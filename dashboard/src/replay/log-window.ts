/** Which lines of a long list are in the page: a window of so many, which follows the player and can be moved. Pure. */

export const WINDOW_LINES = 300;

/** Where a window that should begin at `from` begins, of so many lines. */
export function windowAt(from: number, count: number): number {
  return Math.max(0, Math.min(from, count - WINDOW_LINES));
}

/** Where it should begin so that a line is in it: where it did, if the line is. */
export function windowWith(line: number, from: number): number {
  const isIn = from <= line && line < from + WINDOW_LINES;
  return isIn ? from : line - WINDOW_LINES / 2;
}

/** Half a window on or back, so that the eye finds what it knows. */
export function windowMoved(from: number, isForward: boolean): number {
  return from + (isForward ? 0.5 : -0.5) * WINDOW_LINES;
}
