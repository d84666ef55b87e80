import { describe, expect, it, vi } from 'vitest';
import { replay } from './fixtures';
import { fetchRun, type Run, runsOf } from './run';
import { type Chunk, recordingsOf } from './timeline';

let answer = '';
vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  callRaw: async () => new Response(answer),
}));

const all = (count: number): Chunk[] =>
  recordingsOf(replay({ a: Array.from({ length: count }, (_, at) => `${at}-${at + 1} S`) }))[0]?.chunks ?? [];

async function fetched(count: number): Promise<{ texts: [string, string][]; rest: string[] }> {
  const [run] = runsOf(all(count)) as [Run];
  const { texts, rest } = await fetchRun('/replay', run, new AbortController().signal);
  return { texts: [...texts], rest: rest.map(({ id }) => id) };
}

it('is no longer than an answer may be', () => {
  expect(runsOf(all(70)).map(({ length }) => length)).toEqual([32, 32, 6]);
});

describe('an answer', () => {
  it('names what each line is, and what is to be asked for by itself', async () => {
    answer = '{"chunks":["a0","a2"],"next":3}\n[0]\n[2]';
    expect(await fetched(5)).toEqual({
      texts: [
        ['a0', '[0]'],
        ['a2', '[2]'],
      ],
      rest: ['a3', 'a4'],
    });
  });

  it('that has nothing of what was asked for is the last', async () => {
    answer = '{"chunks":["other"],"next":0}\n[]';
    expect((await fetched(2)).rest).toEqual([]);
  });
});
