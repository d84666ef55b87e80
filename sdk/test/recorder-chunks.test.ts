/** What a chunk may be, measured by the server's own limits. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GoSightEvent, Page } from '../src/events.js';
import { type Chunks, forgetChunks, type Line, leaveChunks, openChunks } from '../src/recorder/chunks.js';

const core = vi.hoisted(() => ({ drop: {}, pack: {}, report: {}, send: {}, uuid: {} }));
vi.mock('../src/more/core.js', () => core);

const MIB = 1024 * 1024;
const limits = readFileSync(new URL('../../proto/src/limits.rs', import.meta.url), 'utf8');
const limit = (name: string, unit: number) => Number(new RegExp(`${name}: usize = (\\d+)`).exec(limits)?.[1]) * unit;
const WIRE_BYTES_MAX = limit('REPLAY_BODY_WIRE_BYTES_MAX', MIB);
const JSON_BYTES_MAX = limit('REPLAY_EVENT_BYTES_MAX', MIB);
const RATIO_MAX = limit('INFLATION_RATIO_MAX', 1);

type Payload = GoSightEvent<'replay_chunk'>['payload'];

let handed: { payload: Payload; isLeaving: boolean }[];
let dropped: number;
let whenLost: ReturnType<typeof vi.fn<() => void>>;
let chunks: Chunks;

beforeEach(() => {
  handed = [];
  dropped = 0;
  whenLost = vi.fn();
  Object.assign(core, {
    drop: (events: number) => (dropped += events),
    pack: (events: GoSightEvent<'replay_chunk'>[]) => events,
    report: vi.fn(),
    send: ({ payload }: GoSightEvent<'replay_chunk'>, _urgent: boolean, isLeaving: boolean) => handed.push({ payload, isLeaving }),
    uuid: () => 'id',
  });
  vi.stubGlobal('window', globalThis);
  chunks = openChunks({ session: 's' } as never, {} as Page, whenLost);
});
afterEach(() => vi.unstubAllGlobals());

/** Text that compression makes little of. */
function noise(length: number): string {
  const words = new Uint32Array(Math.ceil(length / 10));
  for (let i = 0, last = 1; i < words.length; i++) words[i] = last = (Math.imul(last, 1_664_525) + 1_013_904_223) >>> 0;
  return Array.from(words, (word) => word.toString(36).padStart(10, 'z'))
    .join('')
    .slice(0, length);
}

const line = (text: string, isFull = false): Line => ({ json: JSON.stringify(text), at: Date.now(), isFull });
const jsonOf = ({ data, encoding }: Payload): Buffer => (encoding === 'gzip' ? gunzipSync(data) : Buffer.from(data));
const texts = (): string[] => handed.flatMap(({ payload }) => JSON.parse(jsonOf(payload).toString()));

/** What was cut has been handed over, or dropped. */
const settled = (count: number) => vi.waitFor(() => expect(handed.length + dropped).toBe(count), { timeout: 30_000 });

function expectWelcome(): void {
  for (const { payload } of handed) {
    const bytes = jsonOf(payload).length;
    expect(payload.data.length).toBeLessThan(WIRE_BYTES_MAX - 32 * 1024);
    expect(bytes).toBeLessThanOrEqual(JSON_BYTES_MAX);
    if (payload.encoding === 'gzip') expect(bytes).toBeLessThanOrEqual(payload.data.length * RATIO_MAX);
  }
  expect(handed.map(({ payload }) => payload.index)).toEqual(handed.map((_, index) => index));
  expect(chunks.count()).toBe(handed.length);
}

describe('a chunk', () => {
  it('of a large page goes compressed, whole', async () => {
    const page = noise(200_000).repeat(15);
    chunks.add(line(page, true));
    await settled(1);
    expect(texts()).toEqual([page]);
    expectWelcome();
    expect([dropped, whenLost.mock.calls.length]).toEqual([0, 0]);
  });

  it.each([
    ['is too much for the wire', () => noise(6 * MIB)],
    ['inflates to too much', () => noise(200_000).repeat(60)],
    ['inflates too far', () => '*'.repeat(MIB)],
  ])('that %s is not sent, but counted, and leaves its neighbours alone', async (_, textOf) => {
    chunks.add(line('before'));
    chunks.add(line(textOf(), true));
    chunks.add(line('after', true));
    await settled(3);
    expect(texts()).toEqual(['before', 'after']);
    expectWelcome();
    expect([dropped, whenLost.mock.calls.length]).toEqual([1, 1]);
  });

  it('is cut in two as often as that helps', async () => {
    vi.stubGlobal('CompressionStream', undefined);
    const some = ['one', noise(200_000), 'two', noise(1.85 * MIB)];
    for (const text of some) chunks.add({ ...line(text), at: 0 });
    await settled(2);
    expect(texts()).toEqual(some);
    expectWelcome();
    expect(dropped).toBe(0);
  });

  it('goes as it is where compression fails', async () => {
    vi.stubGlobal('CompressionStream', function broken() {
      throw new Error('no memory');
    });
    chunks.add(line('page', true));
    await settled(1);
    expect(handed.map(({ payload }) => payload.encoding)).toEqual(['json']);
  });
});

describe('as the page is left', () => {
  it('everything goes as it is, but for what the server would not take so', async () => {
    const [small, large] = [noise(100_000), noise(2 * MIB)];
    for (const text of ['one', large, small, 'two']) chunks.add(line(text, text === large));
    leaveChunks();
    expect(texts()).toEqual(['one', small, 'two']);
    expect(handed.every(({ payload, isLeaving }) => isLeaving && payload.encoding === 'json')).toBe(true);
    expectWelcome();
    expect([dropped, whenLost.mock.calls.length]).toEqual([1, 1]);
  });

  it('what was closed, and is not compressed yet, goes too, of whatever recording', () => {
    chunks.add(line('over'));
    chunks.close();
    openChunks({ session: 's' } as never, {} as Page, whenLost).add(line('open'));
    leaveChunks();
    expect(texts()).toEqual(['over', 'open']);
    leaveChunks();
    expect(handed.length).toBe(2);
  });

  it('what was forgotten does not go, of whatever recording', async () => {
    chunks.add(line('over'));
    chunks.close();
    const next = openChunks({ session: 's' } as never, {} as Page, whenLost);
    next.add(line('open'));
    forgetChunks();
    leaveChunks();
    next.add(line('later', true));
    await settled(1);
    expect(texts()).toEqual(['later']);
  });

  it('what is handed over then does not come again', async () => {
    chunks.add(line(noise(200_000), true));
    leaveChunks();
    chunks.add(line('later', true));
    await settled(2);
    expect(texts()).toEqual([noise(200_000), 'later']);
    expectWelcome();
  });
});
