/**
 * The plain way out: one preflight-free POST, a beacon at page hide. As soon as it is there, more/delivery.ts takes over and adds what makes
 * it thrifty and durable: gRPC-Web, compression, retries, the offline queue. What fails before then waits for it in `early`, or for the page's end.
 */
import { attributes, type Batch } from './batch.js';
import { options, type Settings } from './config.js';
import { report } from './guard.js';
import { varint } from './protobuf.js';
import { storageKey } from './session.js';

const SENT_AT_TAG = 16;
const EVENTS_PATH = '/v1/events';
/** Requests that outlive their page share 64 KiB, and each holds its part for a while after its answer; the half of it is safe. */
const KEEPALIVE_BYTES_MAX = 30_000;
/** A server that takes longer hangs. */
const ANSWER_MS = 30_000;
/** Batches that failed before the second file is there: more than it ever takes to come; where it never comes, what a beacon takes along. */
const EARLY_BATCHES_MAX = 20;
/** Of the five million characters that a site has; more/offline.ts bounds what is ours. */
const LEFT_LENGTH_MAX = 2_000_000;

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Delivery {
  send(batch: Batch, urgent: boolean, leaving?: boolean): unknown;
  /** Forgets what waits. */
  clear(): unknown;
}

/** `fetch` as it was before our own hooks. */
export let fetcher: typeof fetch;
let onSettings: (settings: Settings) => void;
let early: Batch[] = [];
/** …and those without an answer yet. */
const unsettled = new Set<Batch>();
let isRefused = false;
let dropped = 0;
/** Without an answer yet. */
let postedBytes = 0;

/** The way until then. */
const plain: Delivery = {
  async send(batch, _urgent, leaving) {
    if (leaving) return early.push(batch);
    unsettled.add(batch);
    const { status } = await overHttp(stamped(batch)).catch(() => ({ status: 0 }));
    if (!unsettled.delete(batch) || isSettled(status)) return;
    if (early.push(batch) > EARLY_BATCHES_MAX) drop((early.shift() as Batch).events);
    // It may have been taken over meanwhile.
    if (!isPlain()) takeOver(delivery);
  },
  clear() {
    early = [];
    unsettled.clear();
  },
};

let delivery = plain;

export const isPlain = (): boolean => delivery === plain;

export function takeOver(next: Delivery): void {
  delivery = next;
  for (const batch of early) next.send(batch, false, false);
  early = [];
}

/** What is lost is told with the next batch. */
export function drop(events: number): void {
  dropped += events;
  attributes.sdk_dropped_events = String(dropped);
  report('queue_full', events);
}

/** Takes `fetch` as it is before our own hooks, and asks for the project's settings. */
export function startTransport(whenSettings: (settings: Settings) => void): void {
  fetcher = window.fetch.bind(window);
  onSettings = whenSettings;
  fetcher(`${options.endpoint}/v1/settings?key=${options.projectKey}`, { credentials: 'omit' })
    .then((answer): unknown => answer.ok && answer.json().then(onSettings))
    // The answer to the first batch brings them, and until then nothing of the page is read.
    .catch((error) => report('send', error));
}

export function stamped({ bytes }: Batch): Bytes {
  const end = [SENT_AT_TAG];
  varint(end, Date.now());
  const out = new Uint8Array(bytes.length + end.length);
  out.set(bytes);
  out.set(end, bytes.length);
  return out;
}

/** What is more than fits outlives no page: a browser would fail it. */
export function post(path: string, body: Bytes, headers?: HeadersInit): Promise<Response> {
  postedBytes += body.length;
  return fetcher(options.endpoint + path, {
    method: 'POST',
    body,
    headers,
    keepalive: postedBytes < KEEPALIVE_BYTES_MAX,
    credentials: 'omit',
    signal: AbortSignal.timeout(ANSWER_MS),
  }).finally(() => (postedBytes -= body.length));
}

/** The preflight-free form: the key is in the message, the compression in the url. */
export async function overHttp(body: Bytes, query = ''): Promise<Response> {
  const response = await post(EVENTS_PATH + query, body);
  const { settings } = await response.json().catch(() => ({}));
  if (settings) onSettings(settings);
  return response;
}

/** Tells whether the batch is settled, for better or worse. */
export function isSettled(status: number): boolean {
  // Nobody answered, or not now.
  if (!status || status > 499 || status === 408 || status === 429) return false;
  if (status > 399) report('rejected', status);
  isRefused ||= status === 401 || status === 403;
  return true;
}

export const beacon = (batch: Batch): boolean => options.batching.flushOnClose && navigator.sendBeacon(options.endpoint + EVENTS_PATH, stamped(batch));

/** Hands a batch over: sent, or kept for later. */
export async function send(batch: Batch, urgent: boolean, leaving?: boolean): Promise<unknown> {
  return isRefused || delivery.send(batch, urgent, leaving);
}

/**
 * The page may be gone in a moment: beacons take along what still waits, and what has no answer yet. The next page takes up the rest (more/offline.ts), or its
 * count where the site's storage has no room for it.
 */
export function leave(): void {
  for (const batch of [...early, ...unsettled]) {
    if (!beacon(batch))
      localStorage[[storageKey(), 'left', Math.random(), batch.events].join(':')] =
        JSON.stringify(localStorage).length < LEFT_LENGTH_MAX ? String.fromCharCode(...batch.bytes) : '';
  }
  early = [];
}

export function clear(): void {
  // What it was asked to send may fail yet.
  plain.clear();
  delivery.clear();
}
