import { describe, expect, it } from 'vitest';
import { wholeList } from './whole-list';

const PER_PAGE = 500;

/** A list of so many rows, each its own number. */
function listOf(count: number) {
  const asked: (string | undefined)[] = [];
  const askPage = async (cursor: string | undefined) => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const to = Math.min(count, from + PER_PAGE);
    return {
      data: Array.from({ length: to - from }, (_, index) => from + index),
      complete_to: `asked ${asked.length} times`,
      ...(to < count && { next_cursor: String(to) }),
    };
  };
  return { askPage, asked };
}

describe('a whole list', () => {
  it('has all of 20 000 rows, in their order, each once', async () => {
    const { askPage, asked } = listOf(20_000);
    const { data, truncated } = await wholeList(askPage, 20_000);
    expect(data).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
    expect(truncated).toBe(false);
    expect(asked).toHaveLength(40);
  });

  it('says so when there are more rows than it may have', async () => {
    const { data, truncated } = await wholeList(listOf(20_001).askPage, 20_000);
    expect(data).toHaveLength(20_000);
    expect(truncated).toBe(true);
  });

  it('is asked for once when it fits one page', async () => {
    const { askPage, asked } = listOf(3);
    expect((await wholeList(askPage, 20_000)).data).toEqual([0, 1, 2]);
    expect(asked).toEqual([undefined]);
  });

  it('is complete up to when it was first asked for', async () => {
    expect((await wholeList(listOf(1_000).askPage, 20_000)).complete_to).toBe('asked 1 times');
  });
});
