// @vitest-environment happy-dom
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../src/batch.js';
import { startDelivery } from '../src/more/delivery.js';
import { QUEUE_BYTES_MAX, queueOf } from '../src/more/offline.js';
import type { Answer, Delivery } from '../src/transport.js';

/** What the core would lend. */
const core = vi.hoisted(() => ({ options: {}, report: {}, drop: {}, on: {}, post: {}, overHttp: {}, isSettled: {}, stamped: {}, beacon: {}, takeOver: {} }));
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
    expect(await queue.keep(batchOf(half, 10))).toBe(0);
    expect(await queue.keep(batchOf(half, 20))).toBe(0);
    await new Promise((done) => setTimeout(done, 2));
    expect(await queue.keep(batchOf(half, 40))).toBeGreaterThanOrEqual(10);
    expect(await queue.keep(batchOf(QUEUE_BYTES_MAX + 1, 80))).toBeGreaterThanOrEqual(80);
  });

  it('counts everything as dropped where there is no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    expect(await queueOf('none').keep(batchOf(10, 7))).toBe(7);
    vi.unstubAllGlobals();
  });
});

describe('retries', () => {
  let delivery: Delivery;
  let tries: number[];
  let answer: Answer;

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    vi.spyOn(Math, 'random').mockReturnValue(1);
    tries = [];
    answer = [503];
    Object.assign(core, {
      options: { projectKey: `retry-${++keys}` },
      report: () => {},
      on: () => {},
      post: () => Promise.reject(new Error('no gRPC-Web')),
      overHttp: async () => {
        tries.push(Date.now());
        return answer;
      },
      isSettled: (status: number) => status < 400 && status > 0,
      stamped: ({ bytes }: Batch) => bytes,
      beacon: () => true,
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

  it('wait as long as the server asks', async () => {
    await settle();
    answer = [429, 30];
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
});
