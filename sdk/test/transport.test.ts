// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../src/batch.js';
import { queueOf } from '../src/more/offline.js';

const batchOf = (events: number): Batch => ({ bytes: new Uint8Array(10), events });

describe('the plain way out', () => {
  let transport: typeof import('../src/transport.js');
  let attributes: Record<string, string>;
  let beaconed: number;
  let beacons: boolean;

  beforeEach(async () => {
    vi.resetModules();
    vi.stubGlobal('fetch', () => Promise.reject(new Error('nobody answers')));
    window.fetch = globalThis.fetch;
    beaconed = 0;
    beacons = true;
    navigator.sendBeacon = () => beacons && ++beaconed > 0;
    transport = await import('../src/transport.js');
    ({ attributes } = await import('../src/batch.js'));
    transport.startTransport(() => {});
  });
  afterEach(() => vi.unstubAllGlobals());

  const takenOver = (): Batch[] => {
    const taken: Batch[] = [];
    transport.takeOver({ send: (batch) => taken.push(batch), clear: () => {} });
    return taken;
  };

  const left = (): Batch[] => {
    const queue = queueOf('');
    return queue.left().map(([name, batch]) => {
      queue.removeLeft(name);
      return batch;
    });
  };

  it('hands what failed to the second file, in order', async () => {
    for (const events of [1, 2, 3]) await transport.send(batchOf(events), true, false);
    expect(takenOver().map(({ events }) => events)).toEqual([1, 2, 3]);
    expect(attributes).toEqual({});
  });

  it('keeps at most twenty batches, drops the oldest and tells how many events that were', async () => {
    for (let events = 1; events <= 23; events++) await transport.send(batchOf(events), true, false);
    expect(attributes.sdk_dropped_events).toBe('6');
    expect(takenOver().map(({ events }) => events)).toEqual(Array.from({ length: 20 }, (_, i) => i + 4));
  });

  it('forgets nothing that fails while the second file takes over', async () => {
    const failing = transport.send(batchOf(7), true, false);
    const taken = takenOver();
    await failing;
    expect(taken.map(({ events }) => events)).toEqual([7]);
  });

  it('lets no more outlive the page than a browser takes: what is more at once it would fail', async () => {
    const answers: ((response: Response) => void)[] = [];
    const outlives: unknown[] = [];
    window.fetch = (_, init) => {
      outlives.push(init?.keepalive);
      return new Promise((answer) => answers.push(answer));
    };
    transport.startTransport(() => {});
    const settled = [20_000, 20_000, 5000].map((bytes) => transport.post('/v1/events', new Uint8Array(bytes)));
    for (const answer of answers.splice(0)) answer(new Response('{}'));
    await Promise.all(settled);
    void transport.post('/v1/events', new Uint8Array(20_000));
    // First it asks for the settings.
    expect(outlives).toEqual([undefined, true, false, false, true]);
  });

  it('leaves by beacon; what no beacon takes it leaves where the second file finds it', async () => {
    await transport.send(batchOf(1), true, false);
    await transport.send(batchOf(2), true, true);
    transport.leave();
    expect(beaconed).toBe(2);
    expect(left()).toEqual([]);
    beacons = false;
    await transport.send(batchOf(3), true, false);
    await transport.send({ bytes: Uint8Array.from(Array(60_000).keys()), events: 4 }, true, true);
    transport.leave();
    expect(left().sort((a, b) => a.events - b.events)).toEqual([batchOf(3), { bytes: Uint8Array.from(Array(60_000).keys()), events: 4 }]);
    expect(takenOver()).toEqual([]);
  });

  /** A request that waits, and how to fail it. */
  function waiting(): () => Promise<unknown> {
    let fail = (_: Error) => {};
    window.fetch = () => new Promise((_, failed) => (fail = failed));
    transport.startTransport(() => {});
    const sending = transport.send(batchOf(1), true, false);
    return () => {
      fail(new Error('nobody answers'));
      return sending;
    };
  }

  it('leaves what has no answer yet too, and keeps it for a page that was only hidden', async () => {
    const fail = waiting();
    transport.leave();
    expect(beaconed).toBe(1);
    await fail();
    expect(takenOver()).toEqual([batchOf(1)]);
  });

  it('forgets what has no answer yet with the rest', async () => {
    const fail = waiting();
    const taken = takenOver();
    transport.clear();
    await fail();
    expect(taken).toEqual([]);
  });

  it('keeps what can be left nowhere, for a page that was only hidden', async () => {
    await transport.send(batchOf(1), true, false);
    beacons = false;
    vi.stubGlobal('localStorage', new Proxy({}, { set: () => false }));
    expect(transport.leave).toThrow();
    expect(takenOver()).toEqual([batchOf(1)]);
  });

  it('leaves a count where the site has filled its storage', async () => {
    localStorage.own = 'x'.repeat(2_000_000);
    beacons = false;
    await transport.send(batchOf(3), true, true);
    transport.leave();
    expect(left()).toEqual([{ bytes: new Uint8Array(), events: 3 }]);
    localStorage.removeItem('own');
  });
});
