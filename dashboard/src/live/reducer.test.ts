import { describe, expect, it } from 'vitest';
import type { Answer } from '@/api/client';
import type { Insight, Insights, Session } from '@/api/types';
import { DEFAULT_RANGE, parseRange } from '@/route/range';
import { catchUp } from './caches';
import { anEvent, anInsight, anOverview, aSession, aTick, counts, T0, T1, T2 } from './fixtures';
import {
  applyToEvents,
  applyToHeatmap,
  applyToHistory,
  applyToInsights,
  applyToOverview,
  applyToSessions,
} from './reducer';

const OPEN = { range: DEFAULT_RANGE, filters: {} };
const FIXED = parseRange('2026-01-01T00:00:00.000Z~2026-01-02T00:00:00.000Z');

function answer<T>(data: T): Answer<T> {
  return { data, complete_to: T0 };
}

function pages<T>(...data: T[]) {
  return { pages: data.map(answer), pageParams: data.map(() => null) };
}

describe('the overview', () => {
  it('moves by the deltas of a tick', () => {
    const tick = aTick(
      {},
      { sessions: 2, page_views: 3, bounces: 2, duration_ms: 2000, rage_clicks: 1, dead_clicks: 2 },
    );
    const { data, tick: applied } = applyToOverview(answer(anOverview()), OPEN, tick);
    expect(data.summary).toMatchObject({ sessions: 12, pageviews: 33, bounce_rate: 50, avg_duration_ms: 1000 });
    expect(data.insights).toEqual(counts({ rage_click: 2, dead_click: 2 }));
    expect(data.series.at(-1)).toMatchObject({ sessions: 8, pageviews: 23 });
    expect(applied).toBe(1);
  });

  it('takes back what late evidence has made untrue', () => {
    const { data } = applyToOverview(answer(anOverview()), OPEN, aTick({}, { rage_clicks: -1 }));
    expect(data.insights.rage_click).toBe(0);
  });

  it('counts a tick once, however often it is applied', () => {
    const tick = aTick({}, { sessions: 1 });
    const once = applyToOverview(answer(anOverview()), OPEN, tick);
    expect(applyToOverview(once, OPEN, tick)).toBe(once);
  });

  it('leaves out a tick that the fetched answer has in it already', () => {
    const fetched = { data: anOverview(), complete_to: T2 };
    expect(applyToOverview(fetched, OPEN, aTick({}, { sessions: 1 }))).toBe(fetched);
  });

  it('counts two ticks of the same moment both', () => {
    const first = applyToOverview(answer(anOverview()), OPEN, aTick({ tick: 1 }, { sessions: 1 }));
    const second = applyToOverview(first, OPEN, aTick({ tick: 2 }, { sessions: 1 }));
    expect(second.data.summary.sessions).toBe(12);
  });

  it('catches up with the ticks that came while it was fetched', () => {
    const ticks = [aTick({}, { sessions: 1 }), aTick({ tick: 2, complete_to: T2 }, { sessions: 1 })];
    const fetched = { data: anOverview(), complete_to: T1 };
    expect(catchUp('overview', OPEN, fetched, ticks).data.summary.sessions).toBe(11);
  });

  it('opens the next bucket when its time has come', () => {
    const tick = aTick({ complete_to: '2026-01-01T13:00:00.100Z' }, { sessions: 1, page_views: 2 });
    const { series } = applyToOverview(answer(anOverview()), OPEN, tick).data;
    expect(series.at(-1)).toMatchObject({ time: '2026-01-01T13:00:00.000Z', sessions: 1, pageviews: 2, visitors: 0 });
  });

  it('has no bounces below none', () => {
    const tick = aTick({}, { bounces: -100 });
    expect(applyToOverview(answer(anOverview()), OPEN, tick).data.summary.bounce_rate).toBe(0);
  });

  it('does not touch a range of the past or a narrowed view', () => {
    const before = answer(anOverview());
    const tick = aTick({}, { sessions: 1 });
    expect(applyToOverview(before, { range: FIXED, filters: {} }, tick)).toBe(before);
    expect(applyToOverview(before, { ...OPEN, filters: { device: 'mobile' } }, tick)).toBe(before);
  });
});

describe('the list of sessions', () => {
  const params = { ...OPEN, isNewestFirst: true };
  const ids = (list: { pages: Answer<Session[]>[] }) => list.pages.flatMap((page) => page.data.map((row) => row.id));

  it('puts a new session on top and replaces a known one where it stands', () => {
    const list = pages([aSession({ id: 'b', started_at: T1 })], [aSession({ id: 'a', started_at: T0 })]);
    const tick = aTick({
      sessions: [aSession({ id: 'c', started_at: T2 }), aSession({ id: 'a', started_at: T0, click_count: 5 })],
    });
    const next = applyToSessions(list, params, tick);
    expect(ids(next)).toEqual(['c', 'b', 'a']);
    expect(next.pages[1]?.data[0]?.click_count).toBe(5);
  });

  it('lets a session in when it begins to fit, and out when it no longer does', () => {
    const filtered = { ...params, filters: { rage: 'true' } };
    const enters = applyToSessions(
      pages([] as Session[]),
      filtered,
      aTick({ sessions: [aSession({ rage_click_count: 1 })] }),
    );
    expect(ids(enters)).toEqual(['session-1']);
    const leaves = applyToSessions(enters, filtered, aTick({ tick: 2, complete_to: T2, sessions: [aSession()] }));
    expect(ids(leaves)).toEqual([]);
  });

  it('drops a session that was merged into another', () => {
    const tick = aTick({ sessions: [{ ...aSession(), removed: true }] });
    expect(ids(applyToSessions(pages([aSession()]), params, tick))).toEqual([]);
  });

  it('keeps newcomers out of a range of the past', () => {
    const tick = aTick({ sessions: [aSession({ started_at: '2026-02-01T00:00:00.000Z' })] });
    expect(ids(applyToSessions(pages([] as Session[]), { ...params, range: FIXED }, tick))).toEqual([]);
  });
});

describe('the events of a session', () => {
  it('come in order of time, each once, and only its own', () => {
    const event = (id: string, timestamp: string, session_id = 'session-1') => anEvent({ id, timestamp, session_id });
    const before = answer([event('b', T1)]);
    const tick = aTick({ events: [event('b', T1), event('a', T0), event('x', T0, 'other')] });
    const after = applyToEvents(before, { session: 'session-1', types: null }, tick);
    expect(after.data.map((row) => row.id)).toEqual(['a', 'b']);
  });

  it('are of the types that were asked for', () => {
    const tick = aTick({ events: [anEvent({ id: 'a' }), anEvent({ id: 'b', type: 'mouse_move' })] });
    const after = applyToEvents(answer([]), { session: 'session-1', types: ['click'] }, tick);
    expect(after.data.map((row) => row.id)).toEqual(['a']);
  });

  it('are not continued behind a hole', () => {
    const cut = { ...answer([anEvent({ id: 'a' })]), truncated: true };
    const tick = aTick({ events: [anEvent({ id: 'b' })] });
    expect(applyToEvents(cut, { session: 'session-1', types: null }, tick)).toBe(cut);
  });
});

describe('insights', () => {
  const params = { range: DEFAULT_RANGE };
  const data = (insights: Insight[]): Insights => ({
    summary: counts({ rage_click: insights.length }),
    hotspots:
      insights.length > 0
        ? [{ path: '/', selector: '#buy', rage_click: insights.length, dead_click: 0, error_click: 0 }]
        : [],
    insights,
  });

  it('appear with their counts', () => {
    const next = applyToInsights(pages(data([])), params, aTick({ insights: [anInsight()] })).pages[0]?.data;
    expect(next?.summary.rage_click).toBe(1);
    expect(next?.hotspots).toEqual([{ path: '/', selector: '#buy', rage_click: 1, dead_click: 0, error_click: 0 }]);
    expect(next?.insights.map((insight) => insight.id)).toEqual(['insight-1']);
  });

  it('are changed in place when more of them is known', () => {
    const tick = aTick({ insights: [anInsight({ details: { ...anInsight().details, click_count: 6 } })] });
    const next = applyToInsights(pages(data([anInsight()])), params, tick).pages[0]?.data;
    expect(next?.summary.rage_click).toBe(1);
    expect(next?.insights[0]?.details.click_count).toBe(6);
  });

  it('disappear when they turn out untrue, also from a later page', () => {
    const list = pages(data([anInsight({ id: 'new' })]), {
      summary: counts({}),
      hotspots: [],
      insights: [anInsight()],
    });
    const next = applyToInsights(list, params, aTick({ insights: [{ ...anInsight(), removed: true }] }));
    expect(next.pages[1]?.data.insights).toEqual([]);
    expect(next.pages[0]?.data.summary.rage_click).toBe(0);
  });

  it('stay out of a list of another kind', () => {
    const before = pages(data([]));
    expect(applyToInsights(before, { ...params, type: 'dead_click' }, aTick({ insights: [anInsight()] }))).toBe(before);
  });
});

describe('the heatmap', () => {
  const params = { range: DEFAULT_RANGE, path: '/', device: 'desktop' };
  const before = answer({ cells: [{ x: 10, y: 20, count: 2, rage: 0, dead: 1 }], cell_px: 10, views: 3, elements: [] });
  const cell = { path: '/', device: 'desktop', x: 10, y: 20, count: 0, rage: 0, dead: -1 };

  it('adds differences, negative ones too, and drops what came to nothing', () => {
    const added = applyToHeatmap(before, params, aTick({ cells: [cell, { ...cell, x: 50, count: 1, dead: 0 }] }));
    expect(added.data.cells).toEqual([
      { x: 10, y: 20, count: 2, rage: 0, dead: 0 },
      { x: 50, y: 20, count: 1, rage: 0, dead: 0 },
    ]);
    const gone = applyToHeatmap(
      added,
      params,
      aTick({ tick: 2, complete_to: T2, cells: [{ ...cell, count: -2, dead: 0 }] }),
    );
    expect(gone.data.cells.map((row) => row.x)).toEqual([50]);
  });

  it('adds what was clicked in an element to where it was', () => {
    const delta = { path: '/', device: 'desktop', selector: '#buy', name: 'Buy', text: '', error: 0 };
    const one = { ...delta, x: -50, y: 0, clicks: 1, rage: 0, dead: 0 };
    const first = applyToHeatmap(before, params, aTick({ elements: [one, { ...one, x: 2 }] }));
    const rage = { ...one, clicks: 0, rage: 1 };
    const gone = { ...one, x: 2, clicks: -1 };
    const next = applyToHeatmap(first, params, aTick({ tick: 2, complete_to: T2, elements: [rage, gone] }));
    const counts = { clicks: 1, rage: 1, dead: 0, error: 0 };
    expect(next.data.elements).toEqual([
      { selector: '#buy', name: 'Buy', text: '', ...counts, spots: [{ x: -50, y: 0, ...counts }] },
    ]);
  });

  it('ignores other pages and devices', () => {
    expect(applyToHeatmap(before, params, aTick({ cells: [{ ...cell, device: 'mobile' }] }))).toBe(before);
  });
});

describe('the history of alerts', () => {
  const transition = (id: string, time: string) => ({
    id,
    rule_id: 'rule',
    state: 'fired' as const,
    group: '',
    value: 4,
    threshold: 3,
    time,
    session_ids: [],
  });

  it('takes each transition once, newest first', () => {
    const tick = aTick({ alerts: [transition('b', T2), transition('a', T1)] });
    const next = applyToHistory(pages([transition('a', T1)]), tick);
    expect(next.pages[0]?.data.map((row) => row.id)).toEqual(['b', 'a']);
  });

  it('keeps the deliveries that a fetch has learned', () => {
    const deliveries = [{ channel: 'telegram', recipient: '7', state: 'sent' }];
    const fetched = pages([{ ...transition('a', T1), deliveries }]);
    expect(applyToHistory(fetched, aTick({ alerts: [transition('a', T1)] }))).toBe(fetched);
  });
});
