import { describe, expect, it } from 'vitest';
import type { Session } from '@/api/types';
import { aSession } from '@/live/fixtures';
import { nextAfter } from './struggling';

const one = (id: string, clicks: number) => aSession({ id, rage_click_count: clicks });
const RANKING = [one('a', 9), one('b', 4), one('c', 4), one('d', 1), one('e', 0)];

/** The id of what comes next, or what is said instead. */
function next(id: string, clicks: number, ranking = RANKING, isWhole = true): string | null {
  const found = nextAfter(one(id, clicks), ranking, isWhole);
  return found === null || found === 'more' ? found : found.id;
}

describe('the next struggling session', () => {
  it('is the one below in the ranking', () => {
    expect([next('a', 9), next('b', 4), next('c', 4)]).toEqual(['b', 'c', 'd']);
  });

  it('is told by rage, dead and error clicks alike', () => {
    const [rage, dead, error] = ['rage_click_count', 'dead_click_count', 'error_click_count'].map((count, index) =>
      aSession({ id: count, [count]: 3 - index }),
    ) as [Session, Session, Session];
    expect(nextAfter(rage, [rage, dead, error], true)).toBe(dead);
    expect(nextAfter(dead, [rage, dead, error], true)).toBe(error);
  });

  it('is not there after the last who struggled, even when others follow', () => {
    expect(next('d', 1)).toBeNull();
  });

  it('is the worst, from one that did not struggle', () => {
    expect([next('e', 0), next('elsewhere', 0)]).toEqual(['a', 'a']);
    expect([next('e', 0, [one('e', 0)]), next('elsewhere', 0, [])]).toEqual([null, null]);
  });

  it('is never the worst merely because this one is not in the ranking', () => {
    expect([12, 6, 4, 2].map((clicks) => next('elsewhere', clicks))).toEqual(['a', 'b', 'b', 'd']);
  });

  it('may be on the next page, after the last of this one', () => {
    const page = RANKING.slice(0, 2);
    expect(next('b', 4, page, false)).toBe('more');
    expect(next('b', 4, page, true)).toBeNull();
    expect(next('b', 4, RANKING.slice(0, 3), false)).toBe('c');
  });

  it('waits for further pages while this one may still come', () => {
    const page = RANKING.slice(0, 2);
    expect([next('c', 4, page, false), next('elsewhere', 1, page, false)]).toEqual(['more', 'more']);
    expect(next('elsewhere', 5, page, false)).toBe('b');
  });

  it('asks for no more pages once those who did not struggle begin', () => {
    expect(next('d', 1, RANKING, false)).toBeNull();
  });
});
