/**
 * Delivery that is thrifty and durable. Urgent batches keep the preflight-free form; the rest goes by gRPC-Web until it fails once, then
 * compressed by the same form. What cannot be sent is kept and retried with the same event ids: the server drops what it has.
 */
import type { Batch } from '../batch.js';
import type { Bytes } from '../transport.js';
import { beacon, drop, isSettled, later, listen, on, options, overHttp, post, report, stamped, takeOver } from './core.js';
import { queueOf } from './offline.js';

const GZIP_FROM_BYTES = 1024;
const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 60_000;
/** Longer than this no server keeps a page waiting, whatever it says. */
const RETRY_AFTER_MAX_MS = 3_600_000;
/** An answer later than this is overdue: until it comes the batch is kept as well, for the tab may not live to see it. */
const OVERDUE_MS = 1000;
/** A larger request, a recording's, does not outlive its page: its batch is kept from the start. */
const OUTLIVES_BYTES_MAX = 59_000;
/** A server that hangs must not hold the connections the page itself needs: a browser opens six to a host. */
const IN_FLIGHT_MAX = 4;

/** As many as fit when nothing can be stored; a page that is left can beacon no more. */
const SPARE_BATCHES_MAX = 20;

/** gRPC status → HTTP status. What is missing is worth another try. */
const STATUS: Record<string, number> = { 0: 200, 3: 400, 7: 403, 8: 429, 16: 401 };
const UNIMPLEMENTED = '12';

/** HTTP status, 0 when nobody answered; the header that says how long the server asks to wait. */
type Answer = [status: number, retryAfter?: string | null];

const answerOf = ({ status, headers }: Response): Answer => [status, headers.get('retry-after')];
const unanswered = (): Answer => [0];

export function startDelivery(): void {
  const queue = queueOf(options.projectKey);
  /** Batches whose request has not started yet: compression is asynchronous. */
  const zipping = new Set<Batch>();
  /** Batches that are neither answered nor kept yet: a page that goes may take their requests with it. */
  const unsettled = new Set<Batch>();
  let grpcWorks = true;
  let failures = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let draining = false;
  let inFlight = 0;
  let overdue = 0;
  /** Since the last look into the queue. */
  let hasKept = false;
  /** Counts how often all was forgotten: what was on its way then is not kept either. */
  let era = 0;
  /** Where nothing can be stored, the page's own memory has to do. */
  const spare: Batch[] = [];

  /** One frame out, the status in the trailers; nothing where there is none. */
  async function overGrpcWeb(message: Bytes): Promise<Answer | undefined> {
    const frame = new Uint8Array(message.length + 5);
    new DataView(frame.buffer).setUint32(1, message.length);
    frame.set(message, 5);
    const response = await post('/gosight.v1.IngestService/SendBatch', frame, { 'content-type': 'application/grpc-web+proto' });
    const trailers = await response.text();
    const find = (name: string) => response.headers.get(name) ?? RegExp(`${name}: *(\\d+)`).exec(trailers)?.[1];
    const status = find('grpc-status');
    if (!status || status === UNIMPLEMENTED) return;
    return [STATUS[status] ?? 503, find('retry-after')];
  }

  async function compressed(batch: Batch): Promise<Response> {
    const body = stamped(batch);
    if (body.length < GZIP_FROM_BYTES || !window.CompressionStream) return overHttp(body);
    zipping.add(batch);
    const zipped = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
    // If the page was hidden meanwhile, a beacon took it along.
    return zipping.delete(batch) ? overHttp(new Uint8Array(zipped), '?encoding=gzip') : new Response();
  }

  async function attempt(batch: Batch, urgent: boolean): Promise<Answer> {
    if (grpcWorks && !urgent) {
      const begun = era;
      const answer = await overGrpcWeb(stamped(batch)).catch(() => undefined);
      if (answer) return answer;
      // All was forgotten meanwhile: it goes no other way.
      if (begun !== era) return [200];
      grpcWorks = false;
    }
    return (urgent ? overHttp(stamped(batch)) : compressed(batch)).then(answerOf, unanswered);
  }

  /** Settles the batch, or backs off with jitter, at least as long as the server asks. */
  function settle([status, retryAfter]: Answer): boolean {
    if (isSettled(status)) {
      failures = 0;
      return true;
    }
    const jittered = Math.min(BACKOFF_FIRST_MS * 2 ** failures++, BACKOFF_MAX_MS) * (0.5 + Math.random() / 2);
    clearTimeout(retryTimer);
    // Ours are seconds; a proxy's may be a date, which the back-off stands in for.
    const askedMs = Math.min(Number(retryAfter) * 1000 || 0, RETRY_AFTER_MAX_MS);
    retryTimer = setTimeout(drain, Math.max(jittered, askedMs));
    return false;
  }

  function remember(batch: Batch): void {
    if (spare.push(batch) > SPARE_BATCHES_MAX) drop((spare.shift() as Batch).events);
  }

  /** A copy is of what is on its way. */
  async function keep(batch: Batch, isCopy = false): Promise<IDBValidKey | undefined> {
    const { key, dropped } = await queue.keep(batch);
    if (dropped) drop(dropped);
    if (!key && !isCopy) remember(batch);
    if (key || !isCopy) unsettled.delete(batch);
    hasKept = true;
    return key;
  }

  function leave(batch: Batch, isCopy = false): void {
    if (!queue.leave(batch) && !isCopy) remember(batch);
    hasKept = true;
  }

  /** What pages left is for the queue, or was dropped for want of room. */
  async function takeUp(): Promise<void> {
    for (const [name, batch] of queue.left()) {
      if (batch.bytes.length) await keep(batch);
      else drop(batch.events);
      queue.removeLeft(name);
    }
  }

  const failed = (error: unknown) => report('queue', error);
  const isDown = () => retryTimer || !navigator.onLine;

  /** Sends what is kept, oldest first, until one fails. */
  async function sendKept(): Promise<void> {
    // Of two tabs one takes it up, where a browser lets them agree: it has no locks for plain http.
    await (navigator.locks?.request(options.projectKey, takeUp) ?? takeUp()).catch(failed);
    hasKept = false;
    for (let next = await queue.oldest(); next; next = await queue.oldest()) {
      if (!settle(await attempt(next[1], false))) break;
      await queue.remove(next[0]);
    }
    for (let next = spare[0]; next && !retryTimer; next = spare[0]) {
      if (settle(await attempt(next, false)) && next === spare[0]) spare.shift();
    }
  }

  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    clearTimeout(retryTimer);
    retryTimer = undefined;
    await sendKept().catch(failed);
    draining = false;
  }

  async function send(batch: Batch, urgent: boolean, leaving?: boolean): Promise<unknown> {
    // What a beacon meets nobody learns: where answers are overdue it does not go alone.
    if (leaving) return (isDown() || !beacon(batch) || overdue) && leave(batch);
    unsettled.add(batch);
    if (isDown()) return keep(batch);
    if (inFlight >= IN_FLIGHT_MAX) {
      await keep(batch);
      // Whoever had it look into the queue may have looked too early.
      return inFlight || retryTimer || drain();
    }
    let kept: ReturnType<typeof keep> | undefined;
    const isLarge = batch.bytes.length > OUTLIVES_BYTES_MAX;
    const timer = later(
      () => {
        overdue++;
        kept = keep(batch, true);
      },
      isLarge ? 0 : OVERDUE_MS,
    );
    inFlight++;
    const begun = era;
    const isDone = settle(await attempt(batch, urgent));
    if (isDone) unsettled.delete(batch);
    inFlight--;
    clearTimeout(timer);
    if (kept) overdue--;
    const key = await kept;
    if (!isDone && begun === era) return key ?? keep(batch);
    if (key) await queue.remove(key);
    if (hasKept) await drain();
  }

  on(window, 'online', drain);
  // What is asynchronous at page hide is lost: what nobody was asked to take goes as it is, and what nobody answered is left as well.
  on(window, 'pagehide', () => {
    for (const batch of new Set([...zipping, ...spare, ...unsettled])) {
      const isCopy = !zipping.delete(batch);
      const isAsked = isCopy && !spare.includes(batch);
      if (isAsked || !beacon(batch)) leave(batch, isCopy);
    }
  });
  function clear(): Promise<void> {
    era++;
    zipping.clear();
    unsettled.clear();
    spare.length = 0;
    return queue.clear().catch(failed);
  }
  takeOver({ send, clear });
  // Who opted out before this file came has nothing sent of what was kept.
  listen((running) => void (running ? drain() : clear()));
}
