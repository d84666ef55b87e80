/** The ring against what it should keep, worked out anew from everything that ever came. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { borrow } from '../src/more/core.js';
import type { Line } from '../src/recorder/chunks.js';
import { type Earlier, leaveEarlier, since, takeEarlier } from '../src/recorder/earlier.js';
import { openRing } from '../src/recorder/ring.js';
import { KEY } from './capture.js';

const KEPT_MS = 30_000;
const MILLION = 1_000_000;
/** Characters, as in ring.ts. */
const LENGTH_MAX = 8 * MILLION;

interface Step extends Line {
  isFirst: boolean;
}

const step = (at: number, length: number, isFirst = false): Step => ({ json: 'x'.repeat(length), at, isFull: isFirst, isFirst });
const lengthOf = (steps: Step[]) => steps.reduce((sum, { json }) => sum + json.length, 0);

/** A stretch goes, for good, when the next one reaches back far enough, and when it and all after it are too much. */
function expected(all: Step[]): Step[] {
  const isGone = (first: number, next: number) =>
    all.some((now, until) => {
      const isLate = next >= 0 && next <= until && (all[next] as Step).at <= now.at - KEPT_MS;
      return isLate || (until >= first && lengthOf(all.slice(first, until + 1)) > LENGTH_MAX);
    });
  const kept = all.flatMap(({ isFirst }, first) => {
    const next = all.findIndex((it, at) => at > first && it.isFirst);
    return !isFirst || isGone(first, next) ? [] : all.slice(first, next < 0 ? undefined : next);
  });
  return kept;
}

function filled(all: Step[]): ReturnType<typeof openRing> {
  const ring = openRing(KEPT_MS);
  for (const one of all) ring.add(one, one.isFirst);
  return ring;
}

/** Park and Miller's: the same steps in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let last = seed; ; ) yield (last = (last * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function randomSteps(seed: number): Step[] {
  const random = numbers(seed);
  const next = () => random.next().value;
  let at = 0;
  return Array.from({ length: 60 }, () => {
    at += Math.floor(next() * 8000);
    const isFirst = next() < 0.2;
    // Mostly small, now and then more than the ring holds in one line.
    const length = Math.floor(next() ** 4 * 9 * MILLION);
    return step(at, length, isFirst);
  });
}

describe('the ring', () => {
  it('keeps what it should, whatever comes', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const steps = randomSteps(seed);
      for (const until of [15, 30, 45, 60]) {
        const some = steps.slice(0, until);
        expect(filled(some).take() as Step[], `seed ${seed}, ${until} steps`).toEqual(expected(some));
      }
    }
  });

  it('reaches back far enough, from a snapshot on', () => {
    const steps = [step(0, 9, true), step(10_000, 9), step(20_000, 9, true), step(49_999, 9)];
    expect(filled(steps).take()).toHaveLength(4);
    expect(filled([...steps, step(50_000, 9)]).take()).toHaveLength(3);
  });

  it('keeps the snapshot that follows too much, however much more came between them', () => {
    const flood = Array.from({ length: 20 }, (_, i) => step(i, MILLION, i === 0));
    const ring = filled(flood);
    expect(ring.isEmpty()).toBe(true);
    ring.add(step(100, MILLION, true), true);
    expect(ring.isEmpty()).toBe(false);
    expect(ring.take()).toHaveLength(1);
  });

  it('keeps nothing that no snapshot comes before', () => {
    const ring = filled([step(0, 9), step(1, 9)]);
    expect(ring.isEmpty()).toBe(true);
    expect(ring.take()).toEqual([]);
  });

  it('gives everything once, and has room for as much again', () => {
    const ring = filled([step(0, 7 * MILLION, true), step(1, 9)]);
    expect(ring.take()).toHaveLength(2);
    expect([ring.isEmpty(), ring.take()]).toEqual([true, []]);
    ring.add(step(2, 7 * MILLION, true), true);
    expect(ring.take()).toHaveLength(1);
  });
});

describe('what pages leave to the next of their tab', () => {
  const storage: Record<string, string> = {};
  vi.stubGlobal('sessionStorage', storage);
  const enter = (projectKey: string) => borrow([{ projectKey }] as never);
  beforeEach(() => enter(KEY));
  const left = (path: string, ageMs: number, length = 1, session = 'this'): Earlier => ({
    session,
    page: { path } as Earlier['page'],
    lines: [step(Date.now() - ageMs - 1000, 0, true), step(Date.now() - ageMs, length)],
  });
  const paths = (pages: Earlier[]) => pages.map(({ page }) => page.path);

  it('is given once, and to no other session', () => {
    leaveEarlier([left('/a', 1), left('/b', 0, 1, 'that')]);
    expect([paths(takeEarlier('this')), paths(takeEarlier('this'))]).toEqual([['/a'], []]);
  });

  it('is given to no other project of the site', () => {
    leaveEarlier([left('/a', 1)]);
    enter('another_key_0123456789');
    expect(takeEarlier('this')).toEqual([]);
    enter(KEY);
    expect(paths(takeEarlier('this'))).toEqual(['/a']);
  });

  it('is without the oldest, where all of it is too much', () => {
    leaveEarlier([left('/a', 2, MILLION), left('/b', 1, MILLION), left('/c', 0, MILLION)]);
    expect(paths(takeEarlier('this'))).toEqual(['/b', '/c']);
  });

  it('is of use as long as it reaches into the last seconds', () => {
    expect(paths(since([left('/a', KEPT_MS), left('/b', KEPT_MS - 500), left('/c', 0)], KEPT_MS))).toEqual(['/b', '/c']);
  });

  it('is nothing where the storage holds what is none of ours', () => {
    storage[`gosight:${KEY}:earlier`] = '{';
    expect(takeEarlier('this')).toEqual([]);
  });
});
