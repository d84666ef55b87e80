/**
 * What waits to be sent dies with a tab that is killed. How many events that is stands in sessionStorage, which the tab has back when it is
 * opened again: then they are told as dropped.
 */
import { countWaiting, drop, options } from './core.js';

/** A window that a page opened begins with a copy of that page's storage, and has nothing to tell. */
const isOpened = () => history.length === 1 && (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).type === 'navigate';

export function startLedger(): void {
  const key = `gosight:${options.projectKey}:waiting`;
  const lost = Number(sessionStorage.getItem(key));
  if (lost && !isOpened()) drop(lost);
  countWaiting((events) => sessionStorage.setItem(key, String(events)));
}
