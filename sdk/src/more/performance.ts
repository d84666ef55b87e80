/** page_load, web_vitals (a small version of our own, checked against `web-vitals` in the tests), long_task, memory. */
import { cleanUrl, emit, guard, later, on, page } from './core.js';

const MEMORY_EVERY_MS = 30_000;
/** After the load event, when the largest paint has usually come; the final values follow when the page is hidden. */
const FIRST_REPORT_MS = 2000;
const SHIFT_GAP_MS = 1000;
const SHIFT_WINDOW_MS = 5000;
/** One interaction in so many may be slower than the INP, as long as the slowest are known. */
const INTERACTIONS_PER_OUTLIER = 50;
const SLOWEST_MAX = 10;

type Entry = PerformanceEventTiming &
  PerformanceNavigationTiming & { value: number; hadRecentInput: boolean; interactionId: number; attribution?: { containerSrc: string }[] };

export function startPerformance(): void {
  const loaded = page;
  const observe = (type: string, each: (entry: Entry) => void) => {
    const list = (list: PerformanceObserverEntryList) => (list.getEntries() as Entry[]).forEach(each);
    new PerformanceObserver(guard(list)).observe({ type, buffered: true, durationThreshold: 40 } as PerformanceObserverInit);
  };
  const vitals = { lcp_ms: 0, inp_ms: 0, cls: 0, fcp_ms: 0, ttfb_ms: 0, fid_ms: 0 };
  /** By interaction: a press, its release and its click are one. */
  const slowest = new Map<number, number>();
  let sum = 0;
  let firstShift = 0;
  let lastShift = 0;
  let reported = '';
  let isLoaded = false;

  const report = () => {
    const now = JSON.stringify(vitals);
    if (now !== reported) emit('web_vitals', { ...vitals }, Date.now(), loaded);
    reported = now;
  };

  // Unknown types are ignored by browsers that lack them.
  observe('largest-contentful-paint', ({ startTime }) => (vitals.lcp_ms = startTime));
  observe('paint', ({ name, startTime }) => {
    if (/content/.test(name)) vitals.fcp_ms = startTime;
  });
  observe('first-input', ({ processingStart, startTime }) => (vitals.fid_ms = processingStart - startTime));
  observe('layout-shift', ({ startTime, value, hadRecentInput }) => {
    if (hadRecentInput) return;
    if (startTime - lastShift > SHIFT_GAP_MS || startTime - firstShift > SHIFT_WINDOW_MS) {
      sum = 0;
      firstShift = startTime;
    }
    lastShift = startTime;
    vitals.cls = Math.max(vitals.cls, (sum += value));
  });
  observe('event', ({ interactionId, duration }) => {
    if (!interactionId) return;
    slowest.set(interactionId, Math.max(duration, slowest.get(interactionId) ?? 0));
    const ranked = [...slowest].sort((a, b) => b[1] - a[1]);
    slowest.delete(ranked[SLOWEST_MAX]?.[0] as number);
    // A browser that does not count them tells of the slowest.
    const nth = ranked[(performance.interactionCount / INTERACTIONS_PER_OUTLIER) | 0] ?? ranked.at(-1);
    vitals.inp_ms = nth?.[1] as number;
  });
  observe('longtask', ({ startTime, duration, attribution }) => {
    const source = attribution?.[0]?.containerSrc ?? '';
    emit('long_task', { duration_ms: duration, attribution: source && cleanUrl(source) }, performance.timeOrigin + startTime);
  });
  observe('navigation', ({ responseStart, domContentLoadedEventEnd, loadEventEnd, transferSize }) => {
    // Until the page has loaded a browser may show the entry unfinished, and once it has, the same one again.
    if (!loadEventEnd || isLoaded) return;
    isLoaded = true;
    vitals.ttfb_ms = responseStart;
    const load = { ttfb_ms: responseStart, dom_content_loaded_ms: domContentLoadedEventEnd, load_ms: loadEventEnd, transfer_bytes: transferSize };
    emit('page_load', load, Date.now(), loaded);
    later(report, FIRST_REPORT_MS);
  });
  on(window, 'visibilitychange pagehide', report);

  const { memory } = performance as Performance & { memory?: { usedJSHeapSize: number; totalJSHeapSize: number } };
  if (!memory) return;
  const sample = guard(() => {
    if (!document.hidden) emit('memory', { used_bytes: memory.usedJSHeapSize, total_bytes: memory.totalJSHeapSize });
  });
  setInterval(sample, MEMORY_EVERY_MS);
}
