import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Request } from '@/api/client';
import { Chunks } from './chunks';
import { KIND } from './events';
import { at, click, event, hangs, isGone, lost, refuses, replay, says, server } from './fixtures';
import { type Chunk, recordingsOf } from './timeline';

vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  callRaw: (path: string, request: Request) => server.call(path, request),
}));

const { replies } = server;
const fine = says([]);

const all = (count: number): Chunk[] =>
  recordingsOf(replay({ a: Array.from({ length: count }, (_, index) => `${index}-${index + 1} S`) }))[0]?.chunks ?? [];

const onChange = vi.fn();
const made = () => new Chunks('/replay', 0, onChange);
const nothing = { needed: [], ahead: [], unread: [] };

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  server.clear();
  onChange.mockClear();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('what is needed', () => {
  it('is asked for as one run, and told of when it has come', async () => {
    const needed = all(8);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.runs).toEqual(['a0 a1 a2 a3 a4 a5 a6 a7']);
    expect(onChange).toHaveBeenCalledOnce();
    expect(needed.every(({ id }) => chunks.eventsOf(id))).toBe(true);
  });

  it('is asked for without what is here, tab by tab, and no lost chunk is asked for', async () => {
    const recordings = recordingsOf(replay({ a: ['0-1 S', '1-2', '2-3', '3-4', '4-5'], b: ['0-2 S', '2-4'] }));
    const [a, b] = recordings.map((recording) => recording.chunks) as [Chunk[], Chunk[]];
    const chunks = made();
    chunks.want({ ...nothing, needed: a.slice(1, 2) });
    await vi.advanceTimersByTimeAsync(0);
    const inOrderOfTime = [...a, ...b].sort((one, other) => one.startMs - other.startMs);
    chunks.want({ ...nothing, needed: inOrderOfTime.filter(({ id }) => id !== 'a3') });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.runs).toEqual(['a1', 'a0', 'b0 b1', 'a2', 'a4']);
  });

  it('comes in several answers when it is too much for one, and is told of when the last has come', async () => {
    server.chunksMax = 3;
    const needed = all(8);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.runs).toEqual(['a0 a1 a2 a3 a4 a5 a6 a7', 'a3 a4 a5 a6 a7', 'a6 a7']);
    expect(onChange).toHaveBeenCalledOnce();
    expect(needed.every(({ id }) => chunks.eventsOf(id))).toBe(true);
  });

  it('is on the server’s clock', async () => {
    replies.set('a0', [says([click(1)])]);
    const chunks = new Chunks('/replay', 500, onChange);
    chunks.want({ ...nothing, needed: all(1) });
    await vi.advanceTimersByTimeAsync(0);
    expect(chunks.eventsOf('a0')).toMatchObject([{ timestamp: at(1.5) }]);
    expect(chunks.factsOf('a0')?.activity).toEqual([at(1.5)]);
  });

  it('is given up when it is not needed any more, which is no failure', async () => {
    const needed = all(1);
    replies.set('a0', [hangs, fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    chunks.want(nothing);
    await vi.advanceTimersByTimeAsync(0);
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.asked).toEqual(['a0', 'a0']);
    expect(chunks.eventsOf('a0')).toEqual([]);
  });

  it('is given up with the player, and nobody is told', async () => {
    replies.set('a0', [hangs]);
    const chunks = made();
    chunks.want({ ...nothing, needed: all(8) });
    chunks.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.givenUp).toEqual(server.asked);
    expect(server.runs).toHaveLength(1);
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe('a chunk that did not come', () => {
  it.each([
    ['the server is busy', refuses(503)],
    ['the network is away', lost],
  ])('is asked for again when %s, later each time', async (_, failure) => {
    const needed = all(1);
    replies.set('a0', [failure, failure, fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(499);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(999);
    expect(server.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(chunks.eventsOf('a0')).toEqual([]);
    expect(chunks.errorOf(needed)).toBeUndefined();
  });

  it('is not asked for, nor is any other, before the server wants it', async () => {
    replies.set('a0', [refuses(429, 7_000), fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed: all(1) });
    await vi.advanceTimersByTimeAsync(0);
    chunks.want({ ...nothing, needed: all(3) });
    await vi.advanceTimersByTimeAsync(6_999);
    expect(server.asked).toEqual(['a0']);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.runs).toEqual(['a0', 'a0 a1 a2']);
  });

  it('holds up no other', async () => {
    replies.set('a0', [lost, fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed: all(1) });
    await vi.advanceTimersByTimeAsync(0);
    chunks.want({ ...nothing, needed: all(3) });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.asked).toEqual(['a0', 'a1', 'a2']);
  });

  it('is asked for by itself, for it may be what is wrong with its run', async () => {
    const needed = all(3);
    replies.set('a1', [lost]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(500);
    expect(server.runs).toEqual(['a0 a1 a2', 'a0', 'a1', 'a2']);
    expect(needed.map(({ id }) => chunks.eventsOf(id) !== undefined)).toEqual([true, false, true]);
  });

  it.each([
    ['it is lost', isGone, { status: 404 }],
    ['it is broken', () => '[{', { name: 'SyntaxError' }],
  ])('does not take its run with it when %s', async (_, reply, error) => {
    const needed = all(3);
    replies.set('a1', [reply]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.runs).toEqual(['a0 a1 a2']);
    expect(needed.map(({ id }) => chunks.eventsOf(id) !== undefined)).toEqual([true, false, true]);
    expect(chunks.errorOf(needed)).toMatchObject(error);
  });

  it('is an error after some tries, and is none any more when it comes after all', async () => {
    const needed = all(1);
    replies.set('a0', [lost, lost, lost, lost, fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(500 + 1_000);
    expect(chunks.errorOf(needed)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(chunks.errorOf(needed)).toBeInstanceOf(TypeError);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(chunks.hasFailed('a0')).toBe(false);
    expect(chunks.eventsOf('a0')).toEqual([]);
  });

  it.each([
    ['the server has decided', refuses(403), { status: 403 }],
    ['it is lost', isGone, { status: 404 }],
    ['it is no JSON', () => '<html>', { name: 'SyntaxError' }],
  ])('is an error at once when %s, until somebody asks for it again', async (_, failure, error) => {
    const needed = all(1);
    replies.set('a0', [failure, fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(1);
    expect(chunks.errorOf(needed)).toMatchObject(error);
    onChange.mockClear();
    chunks.retry();
    expect(onChange).toHaveBeenCalledOnce();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    expect(chunks.errorOf(needed)).toBeUndefined();
  });
});

describe('reading all of a recording', () => {
  it('goes run by run, and what is needed goes first', async () => {
    const [first, second, third, ...rest] = all(10) as [Chunk, Chunk, Chunk, ...Chunk[]];
    const chunks = made();
    chunks.want({ ...nothing, unread: rest.slice(0, 2) });
    chunks.want({ needed: [first, second], ahead: [third], unread: rest });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.runs).toEqual(['a3 a4', 'a0 a1', 'a2', 'a5 a6 a7 a8 a9']);
  });

  it('waits with what did not come, gives up what still does not after some tries, and reads the others', async () => {
    const unread = all(4);
    replies.set('a1', [refuses(500)]);
    const chunks = made();
    chunks.want({ ...nothing, unread });
    await vi.advanceTimersByTimeAsync(499);
    expect(server.runs).toEqual(['a0 a1 a2 a3']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.filter((id) => id === 'a1')).toHaveLength(4);
    expect(chunks.hasFailed('a1')).toBe(true);
    expect(['a0', 'a2', 'a3'].every((id) => chunks.factsOf(id))).toBe(true);
  });
});

it('keeps so many lines of all chunks together', async () => {
  const long = 'x'.repeat(2_000);
  const payload = { level: 'error', payload: [long], trace: [long] };
  const line = event(1, KIND.plugin, { plugin: 'rrweb/console@1', payload });
  for (const id of ['a0', 'a1']) replies.set(id, [says(Array.from({ length: 500 }, () => line))]);
  const chunks = made();
  chunks.want({ ...nothing, needed: all(2) });
  await vi.advanceTimersByTimeAsync(0);
  expect(['a0', 'a1'].map((id) => chunks.factsOf(id)?.console.leftOut)).toEqual([0, 500]);
});

describe('memory', () => {
  /** Three of these are more than the bound. */
  const large = says([], 20_000_000);

  it('has all that is needed at once, however much that is, and each was asked for once', async () => {
    const needed = all(4);
    for (const { id } of needed) replies.set(id, [large]);
    const chunks = made();
    chunks.want({ ...nothing, needed: needed.slice(0, 2) });
    await vi.advanceTimersByTimeAsync(0);
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    expect(needed.every(({ id }) => chunks.eventsOf(id))).toBe(true);
    expect(server.asked).toEqual(['a0', 'a1', 'a2', 'a3']);
  });

  it('is given back once it is not needed, the least recent first', async () => {
    const [first, second, third] = all(3) as [Chunk, Chunk, Chunk];
    for (const { id } of [first, second, third]) replies.set(id, [large]);
    const chunks = made();
    chunks.want({ ...nothing, needed: [first, second, third] });
    await vi.advanceTimersByTimeAsync(0);
    const facts = chunks.factsOf('a1');
    chunks.eventsOf('a0');
    chunks.want({ ...nothing, needed: [third] });
    expect(['a0', 'a1', 'a2'].map((id) => chunks.eventsOf(id) !== undefined)).toEqual([true, false, true]);
    chunks.want({ ...nothing, needed: [second], ahead: [first] });
    await vi.advanceTimersByTimeAsync(0);
    expect(['a0', 'a1', 'a2'].map((id) => chunks.eventsOf(id) !== undefined)).toEqual([true, true, false]);
    expect(chunks.factsOf('a1')).toBe(facts);
    expect(server.asked).toEqual(['a0', 'a1', 'a2', 'a1']);
  });

  it('keeps the facts of what was merely read, and not all its events', async () => {
    const unread = all(4);
    for (const { id } of unread) replies.set(id, [large]);
    const chunks = made();
    chunks.want({ ...nothing, unread });
    await vi.advanceTimersByTimeAsync(0);
    expect(unread.map(({ id }) => chunks.eventsOf(id) !== undefined)).toEqual([false, false, true, true]);
    expect(unread.every(({ id }) => chunks.factsOf(id))).toBe(true);
    expect(server.asked).toEqual(['a0', 'a1', 'a2', 'a3']);
  });

  it('is not filled with what comes next while what is needed fills it', async () => {
    const [first, second, third, next] = all(4) as [Chunk, Chunk, Chunk, Chunk];
    for (const { id } of [first, second, third]) replies.set(id, [large]);
    const chunks = made();
    chunks.want({ ...nothing, needed: [first, second, third] });
    await vi.advanceTimersByTimeAsync(0);
    chunks.want({ ...nothing, needed: [first, second, third], ahead: [next] });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.asked).not.toContain('a3');
  });
});
