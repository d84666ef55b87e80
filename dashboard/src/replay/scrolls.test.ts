import { describe, expect, it } from 'vitest';
import { KIND, type RecordedEvent, SOURCE } from './events';
import { scrollsAt } from './scrolls';

const snapshot = (timestamp: number, top: number): RecordedEvent => ({
  type: KIND.snapshot,
  timestamp,
  data: { node: { id: 1 }, initialOffset: { left: 0, top } },
});
const scroll = (timestamp: number, id: number, x: number, y: number): RecordedEvent => ({
  type: KIND.change,
  timestamp,
  data: { source: SOURCE.scroll, id, x, y },
});
const typed: RecordedEvent = { type: KIND.change, timestamp: 3, data: { source: SOURCE.input, id: 1 } };

describe('where the visitor had scrolled to', () => {
  const events = [snapshot(1, 40), scroll(2, 7, 0, 300), typed, scroll(4, 1, 5, 900), scroll(6, 1, 0, 0)];
  const at = (ms: number) =>
    Object.fromEntries([...scrollsAt(events, ms)].map(([id, { left, top }]) => [id, [left, top]]));

  it('is where the page stood when it was first seen, and its parts where they were put', () => {
    expect([at(1), at(3)]).toEqual([{ 1: [0, 40] }, { 1: [0, 40], 7: [0, 300] }]);
  });

  it('is the last place by a moment, which belongs to it', () => {
    expect([at(4), at(5), at(6)]).toEqual([
      { 1: [5, 900], 7: [0, 300] },
      { 1: [5, 900], 7: [0, 300] },
      { 1: [0, 0], 7: [0, 300] },
    ]);
  });

  it('is nothing before there is a page', () => {
    expect(at(0)).toEqual({});
  });
});
