/** Recordings for the tests: times are seconds into a session that begins at `START_MS`. */

import { ApiError, type Request } from '@/api/client';
import type { Replay } from '@/api/types';
import { type Facts, type Fields, factsOf, KIND, type RecordedEvent, SOURCE } from './events';

export const START_MS = Date.parse('2026-01-01T12:00:00.000Z');

export function at(seconds: number): number {
  return START_MS + seconds * 1000;
}

export function event(seconds: number, type: number, data: Fields): RecordedEvent {
  return { type, timestamp: at(seconds), data };
}

export const snapshot = (seconds: number) =>
  event(seconds, KIND.snapshot, { node: { type: 0, id: 1, childNodes: [] } });
export const page = (seconds: number, href = 'https://shop.test/') =>
  event(seconds, KIND.page, { href, width: 1000, height: 700 });
export const click = (seconds: number) => event(seconds, KIND.change, { source: SOURCE.mouse, type: 2, id: 1 });
export const mutation = (seconds: number) => event(seconds, KIND.change, { source: SOURCE.mutation });
export const mark = (seconds: number, tag: string, payload: Fields) => event(seconds, KIND.custom, { tag, payload });
export const hides = (seconds: number) => mark(seconds, 'gosight.visibility', { hidden: true });
export const returns = (seconds: number) => mark(seconds, 'gosight.visibility', { hidden: false });

/** `'a': ['0-3 S', '3-6']`: a recording's chunks by their seconds; S has a snapshot. A chunk's id is `a0`, `a1`, … */
export function replay(recordings: Record<string, readonly string[]>): Replay {
  return {
    clock_offset_ms: 0,
    is_masked: false,
    recordings: Object.entries(recordings).map(([id, chunks]) => ({
      id,
      chunks: chunks.map((text, index) => {
        const [from = 0, to = 0] = text.replace('S', '').split('-').map(Number);
        return {
          id: `${id}${index}`,
          index,
          started_at: new Date(at(from)).toISOString(),
          ended_at: new Date(at(to)).toISOString(),
          event_count: 1,
          has_full_snapshot: text.includes('S'),
          bytes: 100,
        };
      }),
    })),
  };
}

/** What is known of chunks that have been read. */
export function read(chunks: Record<string, RecordedEvent[]>): (id: string) => Facts | undefined {
  const facts = new Map(Object.entries(chunks).map(([id, events]) => [id, factsOf(events)]));
  return (id) => facts.get(id);
}

export const NOTHING_READ = () => undefined;

/** A line of JSON; none of a chunk that is not there. */
export type Reply = () => string | undefined | Promise<string>;

/** Stands in for `callRaw` where runs are asked for: what is answered of each chunk, one time after the other, and then always the last. */
export const server = {
  replies: new Map<string, Reply[]>(),
  /** Chunk by chunk, and run by run. */
  asked: [] as string[],
  runs: [] as string[],
  /** Of what was asked for and had not come. */
  givenUp: [] as string[],
  /** An answer has no more chunks than this. */
  chunksMax: Number.POSITIVE_INFINITY,
  async call(path: string, { params = {}, signal }: Request): Promise<Response> {
    // A picture's bytes are its digest here.
    const digest = path.split('/assets/')[1];
    if (digest) return new Response(new Blob([digest], { type: 'image/png' }));
    const recording = path.split('/').at(-2) ?? '';
    const [first, last] = [Number(params.first), Number(params.last)];
    const ids = Array.from({ length: last - first + 1 }, (_, place) => `${recording}${first + place}`);
    server.asked.push(...ids);
    server.runs.push(ids.join(' '));
    // Who asks for ever is left waiting, so that the test ends.
    if (server.runs.length > 20) await new Promise(() => {});
    const end = new Promise<Response>((_, reject) => {
      signal?.addEventListener('abort', () => {
        server.givenUp.push(...ids);
        reject(signal.reason);
      });
    });
    return Promise.race([server.answer(ids, first), end]);
  },
  async answer(ids: string[], first: number): Promise<Response> {
    const answered = ids.slice(0, server.chunksMax);
    const texts = await Promise.all(answered.map((id) => server.reply(id)()));
    const chunks = answered.filter((_, place) => texts[place] !== undefined);
    if (chunks.length === 0) throw new ApiError(404, 'NOT_FOUND', 'no');
    const next = answered.length < ids.length ? first + answered.length : undefined;
    const lines = texts.filter((text) => text !== undefined);
    return new Response([JSON.stringify({ chunks, next }), ...lines].join('\n'));
  },
  reply(id: string): Reply {
    const next = server.replies.get(id) ?? [];
    return (next.length > 1 ? next.shift() : next[0]) ?? says([]);
  },
  clear(): void {
    server.replies.clear();
    server.asked = [];
    server.runs = [];
    server.givenUp = [];
    server.chunksMax = Number.POSITIVE_INFINITY;
  },
};

export const says =
  (events: RecordedEvent[], padding = 0): Reply =>
  () =>
    JSON.stringify(events) + ' '.repeat(padding);
export const isGone: Reply = () => undefined;
export const refuses =
  (status: number, retryAfterMs = 0): Reply =>
  () => {
    throw new ApiError(status, 'ERROR', 'no', undefined, retryAfterMs);
  };
/** Does not come, unless it is given up. */
export const hangs: Reply = () => new Promise(() => {});
export const lost: Reply = () => {
  throw new TypeError('fetch failed');
};
