/**
 * What waits to be sent dies with a tab that is killed. How many events that is stands in sessionStorage, which the tab has back when it is
 * opened again: then they are told as dropped. Chunks of a recording that were not handed over stand beside them (recorder/chunks.ts).
 */
import { countWaiting, drop, guard, later, options } from './core.js';

/** So soon what is not urgent is counted, many at once: a pointer that passes, scrolling, changes. What a visitor does, a click, is counted before the page hears of it. */
const WRITE_MS = 100;

/** A window that a page opened begins with a copy of that page's storage, and has nothing to tell. */
const isOpened = () => history.length === 1 && (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).type === 'navigate';

export function startLedger(): void {
  const prefix = `gosight:${options.projectKey}:`;
  const key = `${prefix}waiting`;
  const chunks = `${prefix}chunks`;
  const lost = (sessionStorage[key] | 0) + (sessionStorage[chunks] | 0);
  delete sessionStorage[key];
  delete sessionStorage[chunks];
  if (lost && !isOpened()) drop(lost);
  let waiting = 0;
  let written = 0;
  let isDue = false;
  const write = guard(() => {
    isDue = false;
    if (waiting !== written) sessionStorage[key] = written = waiting;
  });
  /** Before the page's own listeners run, which may never end. Cheaper than `queueMicrotask`, which the browser wraps. */
  const now = Promise.resolve();
  countWaiting((events, urgent) => {
    waiting = events;
    // What was handed over waits no more, and the page may be gone in a moment.
    if (!events) write();
    // A write costs more than an event.
    else if (urgent) void now.then(write);
    else if (!isDue) {
      isDue = true;
      later(write, WRITE_MS);
    }
  });
}
