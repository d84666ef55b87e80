import { describe, expect, it } from 'vitest';
import type { RuleBody } from '@/api/types';
import { anInsight } from '@/live/fixtures';
import { canPreview, previewOf } from './would-fire';

const RULE: RuleBody = {
  name: '',
  kind: 'threshold',
  metric: 'rage_clicks',
  operator: '>',
  threshold: 1,
  window: '1m',
  group_by: null,
  filters: [],
  channels: [],
  cooldown_minutes: 15,
  is_active: true,
};

const at = (second: number, path = '/') => anInsight({ timestamp: new Date(second * 1000).toISOString(), path });

describe('the preview of a rule', () => {
  it('counts what lies in the sliding window, its open end left out', () => {
    const { values } = previewOf(RULE, [at(60), at(61)], 0, 180_000, 3);
    expect(values).toEqual([1, 1, 0]);
  });

  it('counts a firing once however long it lasts', () => {
    const { firings, isFiring } = previewOf({ ...RULE, window: '5m' }, [at(30), at(40)], 0, 600_000, 10);
    expect(isFiring.slice(0, 5)).toEqual([true, true, true, true, true]);
    expect(firings).toBe(1);
  });

  it('keeps to the page the rule names', () => {
    const rule = { ...RULE, filters: [{ dimension: 'path' as const, value: '/pay' }] };
    expect(previewOf(rule, [at(10), at(20)], 0, 60_000, 1).values).toEqual([0]);
  });

  it('is only offered where the insights are enough to judge', () => {
    expect(canPreview(RULE)).toBe(true);
    expect(canPreview({ ...RULE, metric: 'sessions' })).toBe(false);
    expect(canPreview({ ...RULE, group_by: 'path' })).toBe(false);
  });
});
