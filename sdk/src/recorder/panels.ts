/**
 * What the player shows beside the page: lines of the console, and requests without what was in them. Requests are told as the browser measured
 * them; it does not say by which method, nor that there was no answer, and so calls are overheard as well.
 */
import { cleanUrl, guard, options, textToTell } from '../more/core.js';
import { isAsked } from './assets.js';
import { overhear } from './overhear.js';
import { plan } from './plan.js';

/** Lines of one recording; a loop that logs says it all before. */
const LINES_MAX = 1000;
const TEXT_MAX = 500;
/** Where we send to at the endpoint; what else is there may be the page's own. */
const OURS = /^\/(v1\/(events(\?encoding=gzip)?$|settings\?key=)|gosight\.v1\.)/;
/** Calls whose requests are under way: of more, the oldest are told without their method. */
const CALLS_MAX = 100;
/** The state of a request that is over. */
const DONE = 4;
/** Clocks are coarse. */
const SLACK_MS = 1;
const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const;

type Tell = (plugin: string, payload: object) => void;

/** An object is told by its kind alone: what is in it is nobody's to see. */
function textOf(value: unknown): string {
  if (value instanceof Error) return textToTell(value.message).slice(0, TEXT_MAX);
  if (typeof value === 'object' && value) return Object.prototype.toString.call(value);
  return textToTell(String(value)).slice(0, TEXT_MAX);
}

interface Call {
  url: string;
  method: string;
  at: number;
  /** Whether the page would know of an answer, and has not given up waiting for it. */
  isAwaited: () => boolean;
}

const pageOf = (address: string): string => address.replace(/#.*/, '');

/** What the page asks for itself: gives the call that a request was made for. */
function overhearCalls(signal: AbortSignal): (request: PerformanceEntry) => Call | undefined {
  const calls: Call[] = [];

  function hear(method: string, url: string | URL, isAwaited: () => boolean): void {
    calls.push({ method: method.toUpperCase(), url: pageOf(new URL(url, document.baseURI).href), at: performance.now(), isAwaited });
    if (calls.length > CALLS_MAX) calls.shift();
  }

  overhear(window, 'fetch', signal, (_self, to: Request, init?: RequestInit) => {
    const of = <K extends 'method' | 'mode' | 'signal'>(name: K) => init?.[name] ?? to[name];
    hear(of('method') ?? 'GET', to.url ?? to, () => of('mode') !== 'no-cors' && !of('signal')?.aborted);
  });
  // One that was given up is as if it had never been sent.
  overhear(XMLHttpRequest.prototype, 'open', signal, (self: XMLHttpRequest, method: string, url: string) => hear(method, url, () => self.readyState === DONE));
  // Of the same address several may be under way, and end in any order: it is the last one that was made by then.
  return ({ name, startTime }) => {
    const call = calls.filter(({ url, at }) => url === pageOf(name) && at <= startTime + SLACK_MS).pop();
    return call && calls.splice(calls.indexOf(call), 1)[0];
  };
}

/** A browser says 0 when there was no answer, and when it may not say; an old one says nothing. */
const statusOf = ({ name, responseStatus }: PerformanceResourceTiming): number | undefined =>
  responseStatus || name.startsWith(`${location.origin}/`) ? responseStatus : undefined;

function watchRequests(signal: AbortSignal, tell: Tell): void {
  const callOf = overhearCalls(signal);
  const told = (entry: PerformanceResourceTiming) => {
    const { name, initiatorType, startTime, duration, encodedBodySize, responseStatus } = entry;
    // What we send ourselves is no matter of the page.
    const isOurs = name.startsWith(options.endpoint) && OURS.test(name.slice(options.endpoint.length));
    if (isOurs || isAsked(name) || !/^(fetch|xmlhttprequest)$/.test(initiatorType)) return;
    const call = callOf(entry);
    const request = {
      method: call?.method ?? (initiatorType === 'fetch' ? 'fetch' : 'XHR'),
      url: cleanUrl(name),
      status: statusOf(entry),
      failed: (responseStatus === 0 && call?.isAwaited()) || undefined,
      startTime,
      duration,
      responseBytes: encodedBodySize,
    };
    tell('rrweb/network@1', { requests: [request] });
  };
  const observer = new PerformanceObserver(guard((list: PerformanceObserverEntryList) => (list.getEntries() as PerformanceResourceTiming[]).forEach(told)));
  observer.observe({ type: 'resource' });
  signal.addEventListener('abort', () => observer.disconnect());
}

/** Tells until `signal` says that it is over. */
export function openPanels(signal: AbortSignal, tell: Tell): void {
  let lines = 0;
  const tellSome: Tell = (plugin, payload) => {
    if (lines++ < LINES_MAX) tell(plugin, payload);
  };
  if (plan.console)
    for (const level of LEVELS)
      overhear(console, level, signal, (_self, ...args: unknown[]) => tellSome('rrweb/console@1', { level, payload: args.map(textOf) }));
  if (plan.network) guard(watchRequests)(signal, tellSome);
}
