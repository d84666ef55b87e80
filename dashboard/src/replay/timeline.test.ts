import { describe, expect, it } from 'vitest';
import { at, click, hides, mutation, NOTHING_READ, read, replay, returns, snapshot } from './fixtures';
import {
  aheadOf,
  anchorOf,
  chunksFrom,
  type FactsOf,
  idleSpansOf,
  neededFor,
  recordingsOf,
  showingAt,
  showingsOf,
  spanAt,
} from './timeline';

const seconds = (ms: number) => (ms - at(0)) / 1000;
const shown = (recordings: ReturnType<typeof recordingsOf>, factsOf: FactsOf) =>
  showingsOf(recordings, factsOf).map(({ recording, fromMs }) => `${recording.id} from ${seconds(fromMs)}`);

describe('recordings', () => {
  it('come in order of time, and one without a snapshot cannot be played', () => {
    const recordings = recordingsOf(replay({ b: ['10-20 S'], a: ['0-5 S'], broken: ['6-7'] }));
    expect(recordings.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('share a tab when one follows the other, and not when they overlap', () => {
    const recordings = recordingsOf(replay({ a: ['0-10 S'], b: ['5-30 S'], c: ['9.2-20 S'], d: ['35-40 S'] }));
    expect(recordings.map(({ id, tab }) => `${id}${tab}`)).toEqual(['a0', 'b1', 'c0', 'd1']);
  });

  it('know which of their chunks come after one that was lost', () => {
    const afterLoss = (...lost: number[]) => {
      const whole = replay({ a: ['0-3 S', '3-6 S', '6-9', '9-12'] });
      for (const it of whole.recordings) it.chunks = it.chunks.filter(({ index }) => !lost.includes(index)).reverse();
      return recordingsOf(whole)[0]?.chunks.map(({ isAfterLoss }) => isAfterLoss);
    };
    expect([afterLoss(), afterLoss(1), afterLoss(0)]).toEqual([
      [false, false, false, false],
      [false, true, false],
      [true, false, false],
    ]);
  });

  it('last as long as their chunks', () => {
    expect(recordingsOf(replay({ a: ['0-3 S', '3-9'] }))).toMatchObject([{ startMs: at(0), endMs: at(9) }]);
  });
});

describe('what is on the screen', () => {
  it('is one page after the other', () => {
    const recordings = recordingsOf(replay({ a: ['0-10 S'], b: ['12-20 S'] }));
    expect(shown(recordings, NOTHING_READ)).toEqual(['a from 0', 'b from 12']);
    expect(showingAt(showingsOf(recordings, NOTHING_READ), at(11))?.recording.id).toBe('a');
    expect(showingAt(showingsOf(recordings, NOTHING_READ), at(12))?.recording.id).toBe('b');
    expect(showingAt(showingsOf(recordings, NOTHING_READ), at(-5))?.recording.id).toBe('a');
  });

  it('is the tab in which the visitor did something last', () => {
    const recordings = recordingsOf(replay({ a: ['0-30 S'], b: ['10-30 S'] }));
    const factsOf = read({
      a0: [snapshot(0), click(2), mutation(12), click(20)],
      b0: [snapshot(10), click(11), mutation(25)],
    });
    expect(shown(recordings, factsOf)).toEqual(['a from 0', 'b from 10', 'a from 20']);
  });

  it('is, where nobody has looked yet, the tab of which something came last', () => {
    const recordings = recordingsOf(replay({ a: ['0-3 S', '12-15'], b: ['10-13 S'] }));
    expect(shown(recordings, NOTHING_READ)).toEqual(['a from 0', 'b from 10', 'a from 12']);
  });

  it('is, when a tab is hidden, the one that was used last of those that are open', () => {
    const recordings = recordingsOf(replay({ a: ['0-30 S'], b: ['5-30 S'], c: ['10-30 S'], d: ['11-19 S'] }));
    const factsOf = read({
      a0: [snapshot(0), click(12)],
      b0: [snapshot(5), click(8)],
      c0: [snapshot(10), click(14), hides(20)],
      d0: [snapshot(11), click(13)],
    });
    expect(shown(recordings, factsOf).slice(-2)).toEqual(['c from 14', 'a from 20']);
  });

  it('stays when a tab in the background is hidden, and when no other is open', () => {
    const recordings = recordingsOf(replay({ a: ['0-30 S'], b: ['2-30 S'], c: ['5-10 S'] }));
    const factsOf = read({ a0: [snapshot(0)], b0: [snapshot(2), hides(20)], c0: [snapshot(5)] });
    expect(shown(recordings, factsOf)).toEqual(['a from 0', 'b from 2', 'c from 5']);
    const two = recordingsOf(replay({ a: ['0-5 S'], b: ['3-30 S'] }));
    expect(shown(two, read({ a0: [snapshot(0)], b0: [snapshot(3), hides(10)] }))).toEqual(['a from 0', 'b from 3']);
  });

  it('is not a tab that is hidden, and is one that is looked at again', () => {
    const recordings = recordingsOf(replay({ a: ['0-30 S'], b: ['10-30 S'] }));
    const factsOf = read({
      a0: [snapshot(0), hides(10), returns(18)],
      b0: [snapshot(10), hides(18), returns(25), hides(28)],
    });
    expect(shown(recordings, factsOf)).toEqual(['a from 0', 'b from 10', 'a from 18', 'b from 25', 'a from 28']);
  });

  it('stays when the only tab is hidden', () => {
    const recordings = recordingsOf(replay({ a: ['0-30 S'] }));
    expect(shown(recordings, read({ a0: [snapshot(0), hides(10)] }))).toEqual(['a from 0']);
  });
});

describe('inactivity', () => {
  const idle = (chunks: Record<string, readonly string[]>, factsOf: FactsOf) =>
    idleSpansOf(recordingsOf(replay(chunks)), factsOf).map(({ fromMs, toMs }) => [seconds(fromMs), seconds(toMs)]);

  it('is more than five seconds without the visitor doing anything, but for its edges', () => {
    const factsOf = read({ a0: [snapshot(0), click(2), mutation(10), click(20), click(24.9), click(30.1)] });
    expect(idle({ a: ['0-30.1 S'] }, factsOf)).toEqual([
      [3.5, 19],
      [26.4, 29.1],
    ]);
  });

  it('is what lies between two pages, and after the last deed', () => {
    const factsOf = read({ a0: [snapshot(0)], b0: [snapshot(60), mutation(90)] });
    expect(idle({ a: ['0-1 S'], b: ['60-90 S'] }, factsOf)).toEqual([
      [1.5, 59],
      [61.5, 90],
    ]);
  });

  it('is not where nobody has looked yet', () => {
    expect(idle({ a: ['0-3 S', '3-30', '50-60'] }, NOTHING_READ)).toEqual([[31.5, 49]]);
  });

  it('is not where another tab is in use', () => {
    const factsOf = read({ a0: [snapshot(0)], b0: [snapshot(3), click(7), click(11)] });
    expect(idle({ a: ['0-14 S'], b: ['3-14 S'] }, factsOf)).toEqual([]);
    const between = read({ a0: [snapshot(0), click(20)], b0: [snapshot(3), click(10)] });
    expect(idle({ a: ['0-20 S'], b: ['3-20 S'] }, between)).toEqual([
      [4.5, 9],
      [11.5, 19],
    ]);
    const partlyRead = read({ b0: [snapshot(3), click(10), click(33)] });
    expect(idle({ a: ['0-30 S'], b: ['3-33 S'] }, partlyRead)).toEqual([]);
  });

  it('is found at a moment, its end excluded', () => {
    const spans = [{ fromMs: 10, toMs: 20 }];
    expect([9, 10, 19, 20].map((ms) => spanAt(spans, ms) !== undefined)).toEqual([false, true, true, false]);
  });
});

describe('what it takes to show a moment', () => {
  const [recording] = recordingsOf(replay({ a: ['0-3 S', '3-6', '6-9 S', '9-12', '12-15'] }));
  if (!recording) throw new Error('a recording');
  const needed = (ms: number, factsOf: FactsOf) => neededFor(recording, ms, factsOf).map(({ id }) => id);

  it('is the chunks from the newest snapshot up to it', () => {
    expect(needed(at(4), NOTHING_READ)).toEqual(['a0', 'a1']);
    expect(needed(at(10), NOTHING_READ)).toEqual(['a2', 'a3']);
  });

  it('is an older snapshot when the chunk turns out to have its own only later', () => {
    const factsOf = read({ a2: [mutation(6.5), snapshot(8)] });
    expect(needed(at(7), factsOf)).toEqual(['a0', 'a1', 'a2']);
    expect(anchorOf(recording, at(8), factsOf)).toEqual({ position: 2, snapshotMs: at(8) });
  });

  it('is the newest of several snapshots in a chunk', () => {
    const factsOf = read({ a2: [snapshot(6), snapshot(7), snapshot(8)] });
    expect(anchorOf(recording, at(7.5), factsOf)?.snapshotMs).toBe(at(7));
  });

  it('is the first snapshot for a moment before it', () => {
    const factsOf = read({ a0: [mutation(0), snapshot(2)] });
    expect([needed(at(1), factsOf), needed(at(-1), factsOf)]).toEqual([['a0'], ['a0']]);
    expect(anchorOf(recording, at(1), factsOf)?.snapshotMs).toBe(at(2));
  });

  it('looks past a chunk that promised a snapshot and has none', () => {
    expect(anchorOf(recording, at(7), read({ a2: [mutation(7)] }))?.position).toBe(0);
    expect(anchorOf(recording, at(1), read({ a0: [mutation(1)] }))?.position).toBe(2);
  });

  it('is followed by what plays next in every tab, the soonest first', () => {
    const recordings = recordingsOf(replay({ a: ['0-3 S', '3-6', '9-12', '30-33'], b: ['4-8 S', '12-20'] }));
    expect(aheadOf(recordings, at(5), 10_000).map(({ id }) => id)).toEqual(['a1', 'b0', 'a2', 'b1']);
  });
});

describe('what comes with a snapshot', () => {
  const spans = (takenS: number) => {
    const recordings = recordingsOf(replay({ a: ['0-3 S', '3-6', '20-23 S', '23-26'], b: ['30-33 S', '33-36'] }));
    return chunksFrom(recordings, at(takenS)).map(({ startMs, endMs }) => `${seconds(startMs)}-${seconds(endMs)}`);
  };

  it('is its chunk and all after it in the same recording', () => {
    expect(spans(1)).toEqual(['0-3', '3-6', '20-23', '23-26']);
    expect(spans(21)).toEqual(['20-23', '23-26']);
  });

  it('is found by the nearest one when the clocks do not agree', () => {
    expect(spans(29)).toEqual(['30-33', '33-36']);
    expect(spans(4)).toEqual(['0-3', '3-6', '20-23', '23-26']);
    expect(spans(18)).toEqual(['20-23', '23-26']);
    expect(chunksFrom([], at(0))).toEqual([]);
  });
});
