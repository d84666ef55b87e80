import { describe, expect, it } from 'vitest';
import { anInsight } from '@/live/fixtures';
import { byHarm, trendOf, trendSpan, worstSession } from './harm';

describe('harm', () => {
  it('weighs what happened by its severity', () => {
    const spots = [
      { path: '/a', selector: '#a', rage_click: 0, dead_click: 3, error_click: 0 },
      { path: '/b', selector: '#b', rage_click: 1, dead_click: 0, error_click: 1 },
    ];
    expect(byHarm(spots).map((spot) => spot.path)).toEqual(['/b', '/a']);
  });

  it('finds the session that suffered most', () => {
    const insights = [
      anInsight({ id: '1', session_id: 'a', type: 'dead_click' }),
      anInsight({ id: '2', session_id: 'b', type: 'rage_click' }),
    ];
    expect(worstSession(insights)).toBe('b');
    expect(worstSession([])).toBeNull();
  });
});

describe('a trend', () => {
  it('spans the range, or what is known of it', () => {
    const range = { kind: 'fixed', start: new Date(0).toISOString(), end: new Date(100).toISOString() } as const;
    const insights = [
      anInsight({ timestamp: new Date(90).toISOString() }),
      anInsight({ timestamp: new Date(40).toISOString() }),
    ];
    expect(trendSpan(range, insights, false, 500)).toEqual([0, 100]);
    expect(trendSpan(range, insights, true, 500)).toEqual([40, 100]);
  });

  it('counts by part of the range, and leaves out what lies before it', () => {
    const at = (ms: number) => anInsight({ timestamp: new Date(ms).toISOString() });
    expect(trendOf([at(0), at(10), at(95), at(100), at(-50)], 0, 100, 4)).toEqual([2, 0, 0, 2]);
  });
});
