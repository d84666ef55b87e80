import { describe, expect, it } from 'vitest';
import { aSession } from '@/live/fixtures';
import { type Course, courseOf, layoutRibbon, PAGE_TINTS, tintOf } from './ribbon-geometry';

function course(part: Partial<Course>): Course {
  return { startMs: 0, endMs: 60_000, pages: [{ path: '/', share: 0 }], marks: [], gaps: [], ...part };
}

describe('the ribbon', () => {
  it('covers its whole width with the pages, left to right', () => {
    const pages = [
      { path: '/', share: 0 },
      { path: '/cart', share: 0.25 },
      { path: '/pay', share: 0.5 },
    ];
    const { segments } = layoutRibbon(course({ pages }), 120);
    expect(segments.map((segment) => [segment.path, segment.x, segment.width])).toEqual([
      ['/', 0, 29],
      ['/cart', 30, 29],
      ['/pay', 60, 60],
    ]);
  });

  it('folds repeats of one page into one segment', () => {
    const pages = [
      { path: '/', share: 0 },
      { path: '/', share: 0.5 },
    ];
    expect(layoutRibbon(course({ pages }), 120).segments).toHaveLength(1);
  });

  it('keeps a page of no time visible, and inside', () => {
    const pages = [
      { path: '/', share: 0 },
      { path: '/cart', share: 1 },
    ];
    const last = layoutRibbon(course({ pages }), 120).segments[1];
    expect(last).toEqual({ x: 118, width: 2, path: '/cart' });
  });

  it('joins ticks that would touch, and shows the gravest, and how many of its kind there are', () => {
    const marks = [
      { type: 'dead_click', share: 0.5 },
      { type: 'rage_click', share: 0.51 },
      { type: 'error', share: 0.52 },
      { type: 'rage_click', share: 0.53 },
      { type: 'u_turn', share: 0.9 },
    ] as const;
    const ribbon = layoutRibbon(course({ marks: [...marks] }), 120);
    expect(ribbon.marks.map((mark) => [mark.type, mark.count])).toEqual([
      ['rage_click', 2],
      ['u_turn', 1],
    ]);
  });

  it('never puts a tick over the edge', () => {
    const marks = [{ type: 'rage_click', share: 1 } as const];
    expect(layoutRibbon(course({ marks }), 120).marks[0]?.x).toBe(118);
  });
});

describe('a course', () => {
  it('lies on the scale of its session', () => {
    const session = aSession({
      started_at: '2026-01-01T00:00:00.000Z',
      ended_at: '2026-01-01T00:01:40.000Z',
      pages: [
        { offset_ms: 0, path: '/' },
        { offset_ms: 50_000, path: '/pay' },
      ],
      marks: [{ offset_ms: 75_000, type: 'rage_click' }],
      hidden: [{ offset_ms: 20_000, duration_ms: 20_000 }],
    });
    const { pages, marks, gaps } = courseOf(session);
    expect(pages.map((page) => page.share)).toEqual([0, 0.5]);
    expect(marks).toEqual([{ type: 'rage_click', share: 0.75 }]);
    expect(gaps).toEqual([{ from: 0.2, to: 0.4 }]);
  });

  it('has a length and a page even when nothing has happened yet', () => {
    const { pages, startMs, endMs } = courseOf(aSession({ pages: [] }));
    expect(pages).toEqual([{ path: '/', share: 0 }]);
    expect(endMs).toBeGreaterThan(startMs);
  });
});

describe('tints', () => {
  it('are the same for the same page', () => {
    expect(tintOf('/cart')).toBe(tintOf('/cart'));
    expect(tintOf('/cart')).toBeLessThan(PAGE_TINTS);
  });
});
