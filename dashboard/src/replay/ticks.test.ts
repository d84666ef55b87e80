import { describe, expect, it } from 'vitest';
import { anEvent } from '@/live/fixtures';
import { at } from './fixtures';
import { ticksOf } from './ticks';

const clickAt = (seconds: number) => anEvent({ type: 'click', timestamp: new Date(at(seconds)).toISOString() });

describe('the ticks of clicks', () => {
  it('are where the visitor clicked, and not where something else happened', () => {
    const events = [clickAt(50), clickAt(10), anEvent({ type: 'scroll', timestamp: new Date(at(30)).toISOString() })];
    expect(ticksOf(events, at(0), at(100), 200)).toEqual([20, 100]);
  });

  it('are never so many that the bar is a smear', () => {
    const events = Array.from({ length: 2_000 }, (_, index) => clickAt(index / 20));
    const ticks = ticksOf(events, at(0), at(100), 300);
    expect(ticks.length).toBeGreaterThan(90);
    expect(ticks.every((tick, index) => index === 0 || tick - (ticks[index - 1] ?? 0) >= 3)).toBe(true);
  });

  it('do not stand outside the bar', () => {
    const events = [-1, 0, 100, 101].map(clickAt);
    expect(ticksOf(events, at(0), at(100), 200)).toEqual([0, 200]);
  });
});
