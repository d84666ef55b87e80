/** Rows for the tests of the live parts. */

import type { Insight, InsightCounts, Overview, Session, SessionEvent } from '@/api/types';
import type { Delta, Tick } from './messages';

export const T0 = '2026-01-01T12:00:00.000Z';
export const T1 = '2026-01-01T12:00:00.250Z';
export const T2 = '2026-01-01T12:00:00.500Z';

export function aSession(part: Partial<Session> = {}): Session {
  return {
    id: 'session-1',
    visitor_id: 'visitor-1',
    user_id: null,
    started_at: T0,
    ended_at: T0,
    duration_ms: 0,
    entry_path: '/',
    entry_url: 'https://shop.test/',
    exit_url: 'https://shop.test/',
    region: '',
    attributes: {},
    exit_path: '/',
    page_count: 1,
    event_count: 1,
    click_count: 0,
    error_count: 0,
    rage_click_count: 0,
    dead_click_count: 0,
    error_click_count: 0,
    max_scroll_percent: 0,
    is_bounce: true,
    has_replay: false,
    is_replay_expired: false,
    device_type: 'desktop',
    browser: 'Chrome',
    os: 'Linux',
    country: 'VN',
    city: '',
    utm_source: '',
    utm_medium: '',
    utm_campaign: '',
    referrer_domain: '',
    pages: [{ offset_ms: 0, path: '/' }],
    marks: [],
    hidden: [],
    ...part,
  };
}

export function anEvent(part: Partial<SessionEvent> = {}): SessionEvent {
  return {
    id: 'event-1',
    session_id: 'session-1',
    view_id: '00000000-0000-0000-0000-000000000000',
    type: 'click',
    timestamp: T0,
    path: '/',
    url: 'https://shop.test/',
    selector: '',
    name: '',
    text: '',
    payload: {},
    ...part,
  };
}

export function counts(part: Partial<InsightCounts>): InsightCounts {
  return { rage_click: 0, dead_click: 0, error_click: 0, thrashed_cursor: 0, u_turn: 0, slow_page: 0, ...part };
}

export function anInsight(part: Partial<Insight> = {}): Insight {
  return {
    id: 'insight-1',
    type: 'rage_click',
    session_id: 'session-1',
    path: '/',
    url: 'https://shop.test/',
    selector: '#buy',
    timestamp: T0,
    severity: 'high',
    visitor_id: 'visitor-1',
    device_type: 'desktop',
    details: { event_ids: [], tag: 'button', x: 0, y: 0 },
    ...part,
  };
}

export function anOverview(part: Partial<Overview> = {}): Overview {
  return {
    summary: {
      sessions: 10,
      visitors: 8,
      pageviews: 30,
      bounce_rate: 40,
      avg_duration_ms: 1000,
      struggling_sessions: 1,
    },
    series: [
      { time: '2026-01-01T11:00:00.000Z', sessions: 4, visitors: 3, pageviews: 10, struggling_sessions: 0 },
      { time: '2026-01-01T12:00:00.000Z', sessions: 6, visitors: 5, pageviews: 20, struggling_sessions: 1 },
    ],
    top_pages: [],
    top_referrers: [],
    countries: [],
    devices: [],
    browsers: [],
    entry_pages: [],
    exit_pages: [],
    insights: counts({ rage_click: 1 }),
    ...part,
  };
}

const NO_DELTA: Delta = {
  events: 0,
  page_views: 0,
  sessions: 0,
  bounces: 0,
  duration_ms: 0,
  errors: 0,
  clicks: 0,
  rage_clicks: 0,
  dead_clicks: 0,
  error_clicks: 0,
};

export function aTick(part: Partial<Tick> = {}, delta: Partial<Delta> = {}): Tick {
  return {
    type: 'tick',
    tick: 1,
    complete_to: T1,
    metrics: {
      active_sessions: 1,
      active_visitors: 1,
      events_per_minute: 4,
      current_pages: [],
      delta: { ...NO_DELTA, ...delta },
    },
    ...part,
  };
}
