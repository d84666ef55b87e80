/**
 * A heatmap is drawn over a snapshot of its page. A single-page application moves on without one: each of its routes gets a snapshot of its own, once it
 * has settled.
 */
import { later } from '../more/core.js';

/** A route has settled when nothing was added or removed for so long… */
const SETTLED_MS = 1000;
/** …or it never does: then it is told as it is by then. */
const SETTLING_MS_MAX = 10_000;
/** A snapshot of a route comes no sooner than this after any other: who hurries through a site pays for few. */
export const ROUTE_SNAPSHOT_MS_MIN = 5000;
const LOOK_EVERY_MS = 500;

export interface Routes {
  /** Where the page is from now on. */
  enter(path: string): void;
  /** Something was added or removed. */
  change(): void;
  stop(): void;
}

/** `takeSnapshot` says whether it will; else it is asked again. */
export function watchRoutes(first: string, takeSnapshot: () => boolean): Routes {
  /** Once is enough: what changes of them is recorded. */
  const seen = new Set([first]);
  let at = first;
  let enteredAt = 0;
  let changedAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function look(): void {
    const now = Date.now();
    const isSettled = now - changedAt >= SETTLED_MS || now - enteredAt >= SETTLING_MS_MAX;
    if (isSettled && takeSnapshot()) seen.add(at);
    else timer = later(look, LOOK_EVERY_MS);
  }

  return {
    enter(path) {
      if (path === at) return;
      at = path;
      enteredAt = Date.now();
      clearTimeout(timer);
      if (!seen.has(path)) timer = later(look, SETTLED_MS);
    },
    change() {
      changedAt = Date.now();
    },
    stop: () => clearTimeout(timer),
  };
}
