/**
 * What the player shows beside the page: lines of the console, and requests without what was in them. The console is wrapped once per page, and listened to
 * while something is recorded.
 */
import { cleanUrl, guard, options, textToTell } from '../more/core.js';
import { isAsked } from './assets.js';
import { plan } from './plan.js';

/** Lines of one recording; a loop that logs says it all before. */
const LINES_MAX = 1000;
const TEXT_MAX = 500;
const OURS = ['/v1/', '/gosight.v1.'];
const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const;

type Tell = (plugin: string, payload: object) => void;

let hear: ((level: string, args: unknown[]) => void) | undefined;
let isWrapped = false;

function wrap(): void {
  if (isWrapped) return;
  isWrapped = true;
  const heard = guard((level: string, args: unknown[]) => hear?.(level, args));
  for (const level of LEVELS) {
    const original = console[level];
    console[level] = (...args: unknown[]) => {
      original.apply(console, args);
      heard(level, args);
    };
  }
}

/** An object is told by its kind alone: what is in it is nobody's to see. */
function textOf(value: unknown): string {
  if (value instanceof Error) return textToTell(value.message).slice(0, TEXT_MAX);
  if (typeof value === 'object' && value) return Object.prototype.toString.call(value);
  return textToTell(String(value)).slice(0, TEXT_MAX);
}

function watchRequests(tell: Tell): () => void {
  const told = ({ name, initiatorType, startTime, duration, encodedBodySize, responseStatus }: PerformanceResourceTiming) => {
    // What we send ourselves is no matter of the page.
    const isOurs = OURS.some((path) => name.startsWith(options.endpoint + path));
    if (isOurs || isAsked(name) || !/^(fetch|xmlhttprequest)$/.test(initiatorType)) return;
    const request = {
      method: initiatorType === 'fetch' ? 'fetch' : 'XHR',
      url: cleanUrl(name),
      status: responseStatus ?? 0,
      startTime,
      duration,
      requestBytes: 0,
      responseBytes: encodedBodySize,
    };
    tell('rrweb/network@1', { requests: [request] });
  };
  const observer = new PerformanceObserver(guard((list: PerformanceObserverEntryList) => (list.getEntries() as PerformanceResourceTiming[]).forEach(told)));
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}

/** Tells until it is stopped. */
export function openPanels(tell: Tell): () => void {
  let lines = 0;
  const tellSome: Tell = (plugin, payload) => {
    if (lines++ < LINES_MAX) tell(plugin, payload);
  };
  if (plan.console) {
    wrap();
    hear = (level, args) => tellSome('rrweb/console@1', { level, payload: args.map(textOf), trace: [] });
  }
  const stop = plan.network ? guard(() => watchRequests(tellSome))() : undefined;
  return () => {
    hear = undefined;
    stop?.();
  };
}
