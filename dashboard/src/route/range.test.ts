import { describe, expect, it } from 'vitest';
import { boundsOf, contains, formatRange, parseRange, previousBounds, rangeInAddress, slidesEveryMs } from './range';
import { parseRoute } from './route';

const NOW_MS = Date.parse('2026-03-10T12:00:00.000Z');

describe('a range', () => {
  it('falls back to the last day when the address says nothing sensible', () => {
    for (const text of [null, '', '3 weeks', 'b~a', '2026-01-02~2026-01-01']) {
      expect(formatRange(parseRange(text))).toBe('24h');
    }
  });

  it('survives the way through the address', () => {
    const text = '2026-01-01T00:00:00.000Z~2026-01-02T00:00:00.000Z';
    expect(formatRange(parseRange(text))).toBe(text);
    expect(formatRange(parseRange('7d'))).toBe('7d');
  });

  it('is left out of the address when it is the last day', () => {
    expect(rangeInAddress(parseRange('24h'))).toBe(null);
    expect(rangeInAddress(parseRange('7d'))).toBe('7d');
    expect(rangeInAddress(parseRange('2026-01-01~2026-01-02'))).toBe(
      '2026-01-01T00:00:00.000Z~2026-01-02T00:00:00.000Z',
    );
  });

  it('reaches past the present when it is a preset, and not when it is fixed', () => {
    expect(boundsOf(parseRange('1h'), NOW_MS).start).toBe('2026-03-10T11:00:00.000Z');
    expect(boundsOf(parseRange('1h'), NOW_MS).end > '2026-03-10T12:00:00.000Z').toBe(true);
    const fixed = parseRange('2026-01-01~2026-01-02');
    expect(boundsOf(fixed, NOW_MS)).toEqual({ start: '2026-01-01T00:00:00.000Z', end: '2026-01-02T00:00:00.000Z' });
  });

  it('is the last half hour and moves with the clock when it is live', () => {
    const live = parseRange('live');
    expect(formatRange(live)).toBe('live');
    expect(boundsOf(live, NOW_MS).start).toBe('2026-03-10T11:30:00.000Z');
    expect(slidesEveryMs(live)).toBeGreaterThan(0);
    expect(slidesEveryMs(parseRange('1h'))).toBe(false);
    expect(slidesEveryMs(parseRange('2026-01-01~2026-01-02'))).toBe(false);
  });

  it('is preceded by a period of its own length', () => {
    expect(previousBounds(parseRange('24h'), NOW_MS)).toEqual({
      start: '2026-03-08T12:00:00.000Z',
      end: '2026-03-09T12:00:00.000Z',
    });
  });

  it('holds its start and not its end', () => {
    const fixed = parseRange('2026-01-01~2026-01-02');
    expect(contains(fixed, '2026-01-01T00:00:00.000Z')).toBe(true);
    expect(contains(fixed, '2026-01-02T00:00:00.000Z')).toBe(false);
  });
});

describe('a route', () => {
  it('is read from the address, encoded parts included', () => {
    expect(parseRoute('/shop/sessions/a%2Fb')).toEqual({ project: 'shop', page: 'sessions', id: 'a/b' });
    expect(parseRoute('/')).toEqual({ project: '', page: '', id: '' });
  });
});
