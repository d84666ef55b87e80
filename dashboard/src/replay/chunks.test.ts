import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Chunks } from './chunks';
import { lost, refuses, replay, says, server } from './fixtures';
import { type Chunk, recordingsOf } from './timeline';

vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  callRaw: (path: string) => server.call(path),
}));

const { replies } = server;
const fine = says([]);

const all = (count: number): Chunk[] =>
  recordingsOf(replay({ a: Array.from({ length: count }, (_, index) => `${index}-${index + 1} S`) }))[0]?.chunks ?? [];

const made = () => new Chunks('/replay/chunks', 0, () => {});
const nothing = { needed: [], ahead: [], unread: [] };

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  server.clear();
});

afterEach(() => {
  vi.useRealTimers();
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
    expect(server.asked).toEqual(['a0', 'a0', 'a1', 'a2']);
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
    expect(chunks.errorOf(needed)).toBeUndefined();
    expect(chunks.eventsOf('a0')).toEqual([]);
  });

  it('is an error at once when the server has decided, until somebody asks for it again', async () => {
    const needed = all(1);
    replies.set('a0', [refuses(404), fine]);
    const chunks = made();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(1);
    expect(chunks.errorOf(needed)).toMatchObject({ status: 404 });
    chunks.retry();
    chunks.want({ ...nothing, needed });
    await vi.advanceTimersByTimeAsync(0);
    expect(chunks.errorOf(needed)).toBeUndefined();
  });
});

describe('reading all of a recording', () => {
  it('goes two by two, and what is needed goes first', async () => {
    const [first, second, third, ...rest] = all(10) as [Chunk, Chunk, Chunk, ...Chunk[]];
    const chunks = made();
    chunks.want({ ...nothing, unread: rest });
    await Promise.resolve();
    expect(server.asked).toEqual(['a3', 'a4']);
    chunks.want({ needed: [first, second], ahead: [third], unread: rest });
    await Promise.resolve();
    expect(server.asked).toEqual(['a3', 'a4', 'a0', 'a1', 'a2']);
  });

  it('waits with one that did not come, gives it up after some tries, and reads the others', async () => {
    const unread = all(4);
    replies.set('a1', [refuses(500)]);
    const chunks = made();
    chunks.want({ ...nothing, unread });
    await vi.advanceTimersByTimeAsync(499);
    expect(server.asked.filter((id) => id === 'a1')).toHaveLength(1);
    expect(server.asked).not.toContain('a3');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.filter((id) => id === 'a1')).toHaveLength(4);
    expect(chunks.hasFailed('a1')).toBe(true);
    expect(['a0', 'a2', 'a3'].every((id) => chunks.factsOf(id))).toBe(true);
  });
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
    chunks.want({ ...nothing, needed: [third] });
    expect(['a0', 'a1', 'a2'].map((id) => chunks.eventsOf(id) !== undefined)).toEqual([false, true, true]);
    expect(chunks.factsOf('a0')).toBeDefined();
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
