import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiError, untilThere } from './client';

const missing = new ApiError(404, 'NOT_FOUND', 'not found');

/** What becomes of a question, and after how many seconds; each answer is the next one's, the last for good. */
async function asked(
  isToCome: () => boolean,
  answers: (Error | string)[],
): Promise<[outcome: unknown, seconds: number]> {
  const startMs = Date.now();
  const queryFn = async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const outcome = new QueryClient().fetchQuery({ queryKey: ['session'], queryFn, ...untilThere(isToCome) });
  const told = outcome.catch((error) => error).then((it) => [it, (Date.now() - startMs) / 1000] as [unknown, number]);
  await vi.runAllTimersAsync();
  return told;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('what is to come is asked for again until it is there', async () => {
  expect(await asked(() => true, [missing, missing, 'a session'])).toEqual(['a session', 2]);
});

it('what does not exist is said not to at once', async () => {
  expect(await asked(() => false, [missing, 'a session'])).toEqual([missing, 0]);
});

it('what has never come after all is said not to be there', async () => {
  expect(await asked(() => true, [missing])).toEqual([missing, 10]);
});

it('what is no longer to come is not waited for', async () => {
  let times = 0;
  expect(await asked(() => ++times < 3, [missing])).toEqual([missing, 2]);
});

it('what was refused stays refused, and what got lost is asked for twice more, as ever', async () => {
  const refused = new ApiError(403, 'FORBIDDEN', 'no');
  const lost = new TypeError('fetch failed');
  expect(await asked(() => true, [refused])).toEqual([refused, 0]);
  expect(await asked(() => true, [lost])).toEqual([lost, 2]);
});
