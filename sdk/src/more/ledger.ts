/**
 * What waits to be sent dies with a tab that is killed. How many events that is stands in sessionStorage, which the tab has back when it is
 * opened again: then they are told as dropped. Chunks of a recording that were not handed over stand beside them (recorder/chunks.ts).
 */
import { countWaiting, drop, guard, options } from './core.js';

/** A window that a page opened begins with a copy of that page's storage, and has nothing to tell. */
const isOpened = () => history.length === 1 && (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).type === 'navigate';

export function startLedger(): void {
  const prefix = `gosight:${options.projectKey}:`;
  const key = `${prefix}waiting`;
  const chunks = `${prefix}chunks`;
  const lost = (sessionStorage[key] | 0) + (sessionStorage[chunks] | 0);
  delete sessionStorage[chunks];
  if (lost && !isOpened()) drop(lost);
  let waiting = 0;
  let written: number | undefined;
  /** Cheaper than `queueMicrotask`, which the browser wraps. */
  const taskOver = Promise.resolve();
  const write = guard(() => {
    if (waiting !== written) sessionStorage[key] = written = waiting;
  });
  countWaiting((events) => {
    waiting = events;
    // A write costs as much as an event: those of one task share one. What was handed over waits no more, and the page may be gone in a moment.
    if (events) void taskOver.then(write);
    else write();
  });
}
