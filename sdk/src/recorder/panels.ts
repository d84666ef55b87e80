/**
 * What the player shows beside the page: lines of the console, and requests without what was in them. The console is wrapped once per page, and listened to
 * while something is recorded. Requests are told as the browser measured them; it does not say by which method, and so calls are overheard meanwhile.
 */
import { cleanUrl, guard, options, textToTell } from '../more/core.js';
import { isAsked } from './assets.js';
import { plan } from './plan.js';
import { beside } from './pressure.js';

/** Lines of one recording; a loop that logs says it all before. */
const LINES_MAX = 1000;
const TEXT_MAX = 500;
/** Where we send to at the endpoint; what else is there may be the page's own. */
const OURS = /^\/(v1\/(events(\?encoding=gzip)?$|settings\?key=)|gosight\.v1\.)/;
/** Calls whose requests are under way: of more, the oldest are told without their method. */
const CALLS_MAX = 100;
/** Clocks are coarse. */
const SLACK_MS = 1;
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

/** Hears each call of a function of the page until it is let go. Then it is as it was, unless somebody has put his own over ours. */
function overhear<A extends unknown[]>(owner: object, name: string, hear: (...args: A) => void): () => void {
  const functions = owner as Record<string, (...args: A) => unknown>;
  const original = functions[name] as (...args: A) => unknown;
  let isHeard = true;
  const ours = new Proxy(original, { apply: beside((_target, _self, args: A) => isHeard && hear(...args)) });
  functions[name] = ours;
  return () => {
    isHeard = false;
    if (functions[name] === ours) functions[name] = original;
  };
}

interface Call {
  url: string;
  method: string;
  at: number;
}

const pageOf = (address: string): string => address.replace(/#.*/, '');

/** By which methods the page asks. */
function overhearCalls(): { methodOf: (request: PerformanceEntry) => string | undefined; stop: () => void } {
  const calls: Call[] = [];

  function hear(method: string, url: string | URL): void {
    calls.push({ method: method.toUpperCase(), url: pageOf(new URL(url, document.baseURI).href), at: performance.now() });
    if (calls.length > CALLS_MAX) calls.shift();
  }

  const ends = [
    overhear(window, 'fetch', (to: Request, init?: RequestInit) => hear(init?.method ?? to.method ?? 'GET', to.url ?? to)),
    overhear(XMLHttpRequest.prototype, 'open', hear),
  ];
  return {
    /** Of the same address several may be under way, and end in any order: it is the last one that was made by then. */
    methodOf({ name, startTime }) {
      const call = calls.filter(({ url, at }) => url === pageOf(name) && at <= startTime + SLACK_MS).pop();
      return call && calls.splice(calls.indexOf(call), 1)[0]?.method;
    },
    stop() {
      for (const end of ends) end();
    },
  };
}

/** A browser says 0 when there was no answer, and when it may not say; an old one says nothing. */
const statusOf = ({ name, responseStatus }: PerformanceResourceTiming): number | undefined =>
  responseStatus || name.startsWith(`${location.origin}/`) ? responseStatus : undefined;

function watchRequests(tell: Tell): () => void {
  const { methodOf, stop } = overhearCalls();
  const told = (entry: PerformanceResourceTiming) => {
    const { name, initiatorType, startTime, duration, encodedBodySize } = entry;
    // What we send ourselves is no matter of the page.
    const isOurs = name.startsWith(options.endpoint) && OURS.test(name.slice(options.endpoint.length));
    if (isOurs || isAsked(name) || !/^(fetch|xmlhttprequest)$/.test(initiatorType)) return;
    const request = {
      method: methodOf(entry) ?? (initiatorType === 'fetch' ? 'fetch' : 'XHR'),
      url: cleanUrl(name),
      status: statusOf(entry),
      startTime,
      duration,
      requestBytes: 0,
      responseBytes: encodedBodySize,
    };
    tell('rrweb/network@1', { requests: [request] });
  };
  const observer = new PerformanceObserver(guard((list: PerformanceObserverEntryList) => (list.getEntries() as PerformanceResourceTiming[]).forEach(told)));
  observer.observe({ type: 'resource' });
  return () => {
    observer.disconnect();
    stop();
  };
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
