import { describe, expect, it } from 'vitest';
import { clock, count, countryName, duration, percent } from './format';

describe('numbers', () => {
  it('writes small counts in full and large ones short', () => {
    expect(count(9_999, 'en')).toBe('9,999');
    expect(count(12_345, 'en')).toBe('12.3K');
  });

  it('keeps one digit only where it matters', () => {
    expect(percent(41.3, 'en')).toBe('41 %');
    expect(percent(4.25, 'en')).toBe('4.3 %');
    expect(percent(0, 'en')).toBe('0 %');
  });
});

describe('times', () => {
  it('writes a clock with hours only when there are any', () => {
    expect(clock(42_900)).toBe('0:42');
    expect(clock(725_000)).toBe('12:05');
    expect(clock(3_729_000)).toBe('1:02:09');
  });

  it('names the units of a duration', () => {
    expect(duration(480)).toBe('480 ms');
    expect(duration(4_210)).toBe('4.2 s');
    expect(duration(200_000)).toBe('3 min 20 s');
    expect(duration(7_500_000)).toBe('2 h 5 min');
  });
});

describe('countries', () => {
  it('names a code and leaves anything else alone', () => {
    expect(countryName('VN', 'en')).toBe('Vietnam');
    expect(countryName('unknown', 'en')).toBe('unknown');
  });
});
