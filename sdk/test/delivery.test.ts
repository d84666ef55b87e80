// @vitest-environment happy-dom
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../src/batch.js';
import { startDelivery } from '../src/more/delivery.js';
import { QUEUE_BYTES_MAX, queueOf } from '../src/more/offline.js';
import type { Delivery } from '../src/transport.js';

/** What the core would lend. */
const core = vi.hoisted(() => ({
  options: { projectKey: '' },
  report: {},
  drop: {},
  on: {},
  post: {},
  overHttp: {},
  isSettled: {},
  later: {},
  listen: {},
  stamped: {},
  beacon: {},
  takeOver: {},
}));
vi.mock('../src/more/core.js', () => core);

const batchOf = (bytes: number, events = 1): Batch => ({ bytes: new Uint8Array(bytes), events });
let keys = 0;

describe('the offline queue', () => {
  it('gives back the oldest first and forgets what was removed', async () => {
    const queue = queueOf(`order-${++keys}`);
    for (const size of [1, 2, 3]) {
      await queue.keep(batchOf(size));
      await new Promise((done) => setTimeout(done, 2));
    }
    const sizes: number[] = [];
    for (let next = await queue.oldest(); next; next = await queue.oldest()) {
      sizes.push(next[1].bytes.length);
      await queue.remove(next[0]);
    }
    expect(sizes).toEqual([1, 2, 3]);
  });

  it('is bounded: the oldest are dropped and counted', async () => {
    const queue = queueOf(`bound-${++keys}`);
    const half = QUEUE_BYTES_MAX / 2;
    expect((await queue.keep(batchOf(half, 10))).dropped).toBe(0);
    expect((await queue.keep(batchOf(half, 20))).dropped).toBe(0);
    await new Promise((done) => setTimeout(done, 2));
    expect((await queue.keep(batchOf(half, 40))).dropped).toBeGreaterThanOrEqual(10);
    expect((await queue.keep(batchOf(QUEUE_BYTES_MAX + 1, 80))).dropped).toBeGreaterThanOrEqual(80);
  });

  it('keeps nothing where there is no IndexedDB, and says so', async () => {
    vi.stubGlobal('indexedDB', undefined);
    expect(await queueOf('none').keep(batchOf(10, 7))).toEqual({ dropped: 0 });
    expect(await queueOf('none').oldest()).toBeUndefined();
    vi.unstubAllGlobals();
  });
});

/** What a server says: its status, 0 when there is none, and how long it asks to wait. */
type Answer = [status: number, retryAfter?: string];

function responseOf([status, retryAfter]: Answer): Response {
  if (!status) throw new TypeError('nobody answers');
  return new Response('{}', { status, headers: retryAfter ? { 'retry-after': retryAfter } : {} });
}

describe('retries', () => {
  let delivery: Delivery;
  let tries: number[];
  let sizes: number[];
  let answer: Answer;
  /** Requests nobody answers yet. */
  let hangs: boolean;
  let waiting: ((answer: Answer) => void)[];
  let beacons: number;
  let dropped: number;

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    vi.spyOn(Math, 'random').mockReturnValue(1);
    tries = [];
    sizes = [];
    answer = [503];
    hangs = false;
    waiting = [];
    beacons = dropped = 0;
    Object.assign(core, {
      options: { projectKey: `retry-${++keys}` },
      report: () => {},
      on: () => {},
      post: () => Promise.reject(new Error('no gRPC-Web')),
      overHttp: async (body: Uint8Array) => {
        tries.push(Date.now());
        sizes.push(body.length);
        return responseOf(hangs ? await new Promise<Answer>((answerIt) => waiting.push(answerIt)) : answer);
      },
      isSettled: (status: number) => status < 400 && status > 0,
      stamped: ({ bytes }: Batch) => bytes,
      beacon: () => ++beacons > 0,
      later: (run: () => void, waitMs: number) => setTimeout(run, waitMs),
      listen: (hear: (isRunning: boolean) => void) => hear(true),
      drop: (events: number) => {
        dropped += events;
      },
      takeOver: (next: Delivery) => {
        delivery = next;
      },
    });
    startDelivery();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** fake-indexeddb answers in real macrotasks. */
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
  };
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await settle();
  };

  it('come twice as late each time, and stop when one succeeds', async () => {
    await settle();
    await delivery.send(batchOf(10), true, false);
    for (const wait of [1000, 2000, 4000]) await pass(wait);
    const gaps = tries.slice(1).map((at, index) => at - (tries[index] as number));
    expect(gaps).toEqual([1000, 2000, 4000]);
    answer = [200];
    await pass(8000);
    const count = tries.length;
    await pass(120_000);
    expect(tries.length).toBe(count);
  });

  it('come half as late by chance, so that pages do not all come at once', async () => {
    await settle();
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await delivery.send(batchOf(10), true, false);
    for (const wait of [499, 1, 1000]) await pass(wait);
    const gaps = tries.slice(1).map((at, index) => at - (tries[index] as number));
    expect(gaps).toEqual([500, 1000]);
  });

  it('wait as long as the server asks', async () => {
    await settle();
    answer = [429, '30'];
    await delivery.send(batchOf(10), true, false);
    await pass(29_000);
    expect(tries).toHaveLength(1);
    await pass(1000);
    expect(tries).toHaveLength(2);
  });

  it('hold back new batches meanwhile, and send them after the older ones', async () => {
    await settle();
    await delivery.send(batchOf(10), true, false);
    await delivery.send(batchOf(20), true, false);
    expect(tries).toHaveLength(1);
    answer = [200];
    await pass(1000);
    expect(tries).toHaveLength(3);
  });

  it.each([
    ['Wed, 21 Oct 2026 07:28:00 GMT', 1000],
    ['9999999999', 3_600_000],
  ])('come neither at once nor never when a proxy asks to wait %s', async (retryAfter, waitMs) => {
    await settle();
    answer = [503, retryAfter];
    await delivery.send(batchOf(10), true, false);
    await pass(waitMs - 1);
    expect(tries).toHaveLength(1);
    await pass(1);
    expect(tries).toHaveLength(2);
  });

  it('go no other way after all was forgotten', async () => {
    let fail = (_: Error) => {};
    core.post = () => new Promise((_, failed) => (fail = failed));
    const sending = delivery.send(batchOf(10), false, false);
    await delivery.clear();
    fail(new Error('no gRPC-Web'));
    await sending;
    expect(tries).toEqual([]);
  });

  it('wait in the queue while a server hangs: four requests are open at most', async () => {
    await settle();
    hangs = true;
    for (const size of [1, 2, 3, 4, 5, 6]) void delivery.send(batchOf(size), true, false);
    await settle();
    expect(sizes).toEqual([1, 2, 3, 4]);
    hangs = false;
    answer = [200];
    for (const answerIt of waiting) answerIt([200]);
    await settle();
    expect(sizes.sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('can be made by the next page of what a server has not answered within a second', async () => {
    await settle();
    hangs = true;
    void delivery.send(batchOf(7), true, false);
    await pass(999);
    const next = queueOf(core.options.projectKey);
    expect(await next.oldest()).toBeUndefined();
    await pass(1);
    expect((await next.oldest())?.[1].bytes.length).toBe(7);
    await delivery.send(batchOf(8), false, true);
    expect(beacons).toBe(1);
    waiting[0]?.([200]);
    hangs = false;
    answer = [200];
    await pass(10);
    expect(sizes).toEqual([7, 8]);
    expect(await next.oldest()).toBeUndefined();
  });

  it('are made from memory where nothing can be stored: twenty batches, the rest counted as dropped', async () => {
    await settle();
    vi.stubGlobal('indexedDB', undefined);
    core.options.projectKey = `blocked-${++keys}`;
    startDelivery();
    hangs = true;
    void delivery.send(batchOf(1, 1), true, false);
    await pass(1000);
    waiting[0]?.([0]);
    hangs = false;
    await settle();
    for (let size = 2; size <= 23; size++) await delivery.send(batchOf(size, size), true, false);
    expect(dropped).toBe(1 + 2 + 3);
    answer = [200];
    await pass(1000);
    expect(sizes).toEqual([1, ...Array.from({ length: 20 }, (_, i) => i + 4)]);
    vi.unstubAllGlobals();
  });
});
