/**
 * The plain way out: one preflight-free POST, a beacon at page hide. Once the page has loaded, more/delivery.ts takes over and adds what makes
 * it thrifty and durable: gRPC-Web, compression, retries, the offline queue. What fails before then waits for it in `early`.
 */
import type { Batch } from './batch.js';
import { options, type Settings } from './config.js';
import { guard, report } from './guard.js';
import { varint } from './protobuf.js';

const SENT_AT_TAG = 16;
const EVENTS_PATH = '/v1/events';

export type Bytes = Uint8Array<ArrayBuffer>;
/** HTTP status, 0 when nobody answered; what the server asks to wait, in seconds. */
export type Answer = [status: number, retryAfterS?: number];

export interface Delivery {
  send(batch: Batch, urgent: boolean, leaving: boolean): unknown;
  /** Forgets what waits. */
  clear(): unknown;
}

let fetcher: typeof fetch;
let onSettings: (settings: Settings) => void;
let delivery: Delivery;
let early: Batch[] = [];
let isRefused = false;

export function takeOver(next: Delivery): void {
  delivery = next;
  for (const batch of early) next.send(batch, false, false);
  early = [];
}

/** Takes `fetch` as it is before our own hooks, and asks for the project's settings. */
export function startTransport(whenSettings: (settings: Settings) => void): void {
  fetcher = window.fetch.bind(window);
  onSettings = whenSettings;
  fetcher(`${options.endpoint}/v1/settings?key=${options.projectKey}`, { credentials: 'omit' })
    .then((answer) => (answer.ok ? answer.json() : {}))
    .catch(() => ({}))
    .then(guard(onSettings));
}

export function stamped({ bytes }: Batch): Bytes {
  const out = [...bytes, SENT_AT_TAG];
  varint(out, Date.now());
  return Uint8Array.from(out);
}

export function post(path: string, body: Bytes, headers?: HeadersInit): Promise<Response> {
  return fetcher(options.endpoint + path, { method: 'POST', body, headers, keepalive: true, credentials: 'omit' });
}

/** The preflight-free form: the key is in the message, the compression in the url. */
export async function overHttp(body: Bytes, query = ''): Promise<Answer> {
  const response = await post(EVENTS_PATH + query, body);
  const { settings } = await response.json().catch(() => ({}));
  if (settings) onSettings(settings);
  return [response.status, Number(response.headers.get('retry-after'))];
}

/** Tells whether the batch is settled, for better or worse. */
export function isSettled(status: number): boolean {
  if (!status || status === 408 || status === 429 || status > 499) return false;
  if (status > 399) report('rejected', status);
  isRefused ||= status === 401 || status === 403;
  return true;
}

export const beacon = (batch: Batch): boolean => navigator.sendBeacon(options.endpoint + EVENTS_PATH, stamped(batch));

/** Hands a batch over: sent, or kept for later. */
export async function send(batch: Batch, urgent: boolean, leaving: boolean): Promise<unknown> {
  if (isRefused) return;
  if (delivery) return delivery.send(batch, urgent, leaving);
  if (leaving) return beacon(batch);
  const [status] = await overHttp(stamped(batch)).catch((): Answer => [0]);
  if (!isSettled(status)) early.push(batch);
}

export function clear(): void {
  early = [];
  delivery?.clear();
}
