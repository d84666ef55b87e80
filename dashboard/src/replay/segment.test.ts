import { describe, expect, it } from 'vitest';
import { KIND } from './events';
import { at, click, event, mark, mutation, page, snapshot } from './fixtures';
import { Segment } from './segment';

const told = (segment: Segment) =>
  segment.events.map(({ type, timestamp }) => `${type} at ${(timestamp - at(0)) / 1000}`);

describe('a segment', () => {
  it('begins with its snapshot in its size, and leaves out what came before', () => {
    const segment = new Segment(at(2));
    segment.add([page(0), snapshot(0), click(1), page(1.9), snapshot(2), click(3)]);
    expect(told(segment)).toEqual(['4 at 2', '2 at 2', '3 at 3']);
    expect(segment.events[0]?.data.width).toBe(1000);
    expect(segment.startMs).toBe(at(2));
  });

  it('ends at the next snapshot, wherever that is', () => {
    const segment = new Segment(at(0));
    segment.add([page(0), snapshot(0), click(1)]);
    expect(segment.holds(at(100))).toBe(true);
    expect(segment.add([mutation(2), page(3), snapshot(3), click(4)])).toHaveLength(1);
    expect(segment.add([click(5)])).toEqual([]);
    expect([segment.endMs, segment.holds(at(3)), segment.holds(at(2.9))]).toEqual([at(3), false, true]);
  });

  it('takes only what changes a page', () => {
    const segment = new Segment(at(0));
    segment.add([snapshot(0), event(1, KIND.plugin, {}), mark(2, 'gosight.gap', {}), event(3, 0, {})]);
    expect(segment.events).toHaveLength(2);
  });

  it('has some size when none was recorded', () => {
    const segment = new Segment(at(0));
    segment.add([snapshot(0)]);
    expect(segment.events[0]?.data.width).toBeGreaterThan(0);
  });
});
