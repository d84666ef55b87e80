/**
 * What waits to be sent dies with a tab that is killed. How many events that is stands in sessionStorage, which the tab has back when it is
 * opened again: then they are told as dropped.
 */
import { countWaiting, drop, later, options } from './core.js';

/** A window that a page opened begins with a copy of that page's storage, and has nothing to tell. */
const isOpened = () => history.length === 1 && (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).type === 'navigate';

/** A write costs as much as an event: those that come together share one. */
const WRITE_AFTER_MS = 50;

export function startLedger(): void {
  const key = `gosight:${options.projectKey}:waiting`;
  const lost = Number(sessionStorage.getItem(key));
  if (lost && !isOpened()) drop(lost);
  let waiting = 0;
  let written = lost;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== written) sessionStorage.setItem(key, String((written = waiting)));
  };
  countWaiting((events) => {
    waiting = events;
    // What was handed over no longer waits, and the page may be gone in a moment.
    if (events) timer ??= later(write, WRITE_AFTER_MS);
    else write();
  });
}
