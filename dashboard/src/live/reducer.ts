/**
 * How a tick changes what a page already shows. Each function is pure: an answer and a tick in, an answer out, and
 * the same answer (the same object) when the tick says nothing about it or is in it already: an answer knows up to
 * which moment it was complete when fetched and which tick changed it last, so that a tick counts once, whether it
 * comes before, during or after a fetch.
 */

import type { InfiniteData } from '@tanstack/react-query';
import type { Answer } from '@/api/client';
import type {
  AlertTransition,
  Cell,
  HeatElement,
  Heatmap,
  Hotspot,
  Insight,
  Insights,
  InsightType,
  Iso,
  Overview,
  SeriesPoint,
  Session,
  SessionEvent,
} from '@/api/types';
import { type Filters, isEmpty, sessionMatches } from '@/route/filters';
import { contains, type Range } from '@/route/range';
import type { CellDelta, Delta, ElementDelta, InsightChange, SessionChange, Tick } from './messages';

/** What is cached of a list that is fetched page by page. */
export type Pages<T> = InfiniteData<Answer<T>, string | null>;

function isNews(answer: Answer<unknown>, tick: Tick): boolean {
  return tick.complete_to > answer.complete_to && tick.tick > (answer.tick ?? -1);
}

// Overview

export interface OverviewParams {
  range: Range;
  filters: Filters;
}

function isNothing(delta: Delta): boolean {
  return Object.values(delta).every((value) => value === 0);
}

function bucketMs(series: SeriesPoint[]): number {
  const [first, second] = series.slice(-2);
  return first && second ? Date.parse(second.time) - Date.parse(first.time) : Number.POSITIVE_INFINITY;
}

/** Adds to the newest bucket, or opens the next one when its time has come. */
function addToSeries(series: SeriesPoint[], delta: Delta, at: Iso): SeriesPoint[] {
  const last = series.at(-1);
  if (!last) return series;
  const width = bucketMs(series);
  const end = Date.parse(last.time) + width;
  const addition = { sessions: delta.sessions, pageviews: delta.page_views };
  if (Date.parse(at) >= end) {
    return [...series, { time: new Date(end).toISOString(), visitors: 0, struggling_sessions: 0, ...addition }];
  }
  const next = {
    ...last,
    sessions: last.sessions + addition.sessions,
    pageviews: last.pageviews + addition.pageviews,
  };
  return [...series.slice(0, -1), next];
}

/**
 * Sums move by the tick's deltas. Visitors are distinct and so cannot be added up: they, who struggled, and the top lists, follow
 * with the next fetch. A narrowed overview only follows by fetches.
 */
export function applyToOverview(answer: Answer<Overview>, params: OverviewParams, tick: Tick): Answer<Overview> {
  const delta = tick.metrics?.delta;
  if (!delta || isNothing(delta) || !isNews(answer, tick)) return answer;
  if (params.range.kind === 'fixed' || !isEmpty(params.filters)) return answer;
  const { summary, insights, series } = answer.data;
  const sessions = summary.sessions + delta.sessions;
  // What was fetched may hold a little more than it says: until the next fetch a tick may be counted twice.
  const bounces = Math.max(0, ((summary.bounce_rate ?? 0) / 100) * summary.sessions + delta.bounces);
  const durationMs = (summary.avg_duration_ms ?? 0) * summary.sessions + delta.duration_ms;
  return {
    ...answer,
    tick: tick.tick,
    data: {
      ...answer.data,
      summary: {
        ...summary,
        sessions,
        pageviews: summary.pageviews + delta.page_views,
        bounce_rate: sessions > 0 ? (100 * bounces) / sessions : null,
        avg_duration_ms: sessions > 0 ? durationMs / sessions : null,
      },
      insights: {
        ...insights,
        rage_click: (insights.rage_click ?? 0) + delta.rage_clicks,
        dead_click: (insights.dead_click ?? 0) + delta.dead_clicks,
        error_click: (insights.error_click ?? 0) + delta.error_clicks,
      },
      series: addToSeries(series, delta, tick.complete_to),
    },
  };
}

// Sessions

export interface SessionsParams {
  range: Range;
  filters: Filters;
  /** Rows of other orders are replaced in place, and new ones wait for the next fetch. */
  isNewestFirst: boolean;
}

function newestSessionFirst(a: Session, b: Session): number {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

export function applyToSessions(pages: Pages<Session[]>, params: SessionsParams, tick: Tick): Pages<Session[]> {
  const head = pages.pages[0];
  if (!head || !tick.sessions?.length || !isNews(head, tick)) return pages;
  const changed = new Map(tick.sessions.map((session) => [session.id, session]));
  const known = new Set(pages.pages.flatMap((page) => page.data.map((session) => session.id)));
  const fits = (session: SessionChange) => !session.removed && sessionMatches(session, params.filters);
  const replaced = pages.pages.map((page) => ({
    ...page,
    data: page.data
      .map((session) => changed.get(session.id) ?? session)
      .filter((session) => !changed.has(session.id) || fits(session)),
  }));
  const isNew = (session: SessionChange) =>
    !known.has(session.id) && contains(params.range, session.started_at) && fits(session);
  const arrivals = params.isNewestFirst ? [...changed.values()].filter(isNew) : [];
  const [first, ...rest] = replaced as [Answer<Session[]>, ...Answer<Session[]>[]];
  const data = arrivals.length > 0 ? [...arrivals, ...first.data].sort(newestSessionFirst) : first.data;
  return { ...pages, pages: [{ ...first, data, tick: tick.tick }, ...rest] };
}

export function applyToSession(answer: Answer<Session>, tick: Tick): Answer<Session> {
  const row = tick.sessions?.find((session) => session.id === answer.data.id);
  return row && isNews(answer, tick) ? { ...answer, data: row, tick: tick.tick } : answer;
}

function byTime(a: { timestamp: Iso; id: string }, b: { timestamp: Iso; id: string }): number {
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

export interface EventsParams {
  session: string;
  /** Null: every type. */
  types: readonly string[] | null;
}

/** Events are told apart by id, so no tick has to be judged old. A list that was cut stays as it is: what came now would stand after a hole. */
export function applyToEvents(
  answer: Answer<SessionEvent[]>,
  { session, types }: EventsParams,
  tick: Tick,
): Answer<SessionEvent[]> {
  const fits = (event: SessionEvent) => event.session_id === session && (types?.includes(event.type) ?? true);
  const own = tick.events?.filter(fits) ?? [];
  if (own.length === 0 || answer.truncated) return answer;
  const known = new Set(answer.data.map((event) => event.id));
  const arrivals = own.filter((event) => !known.has(event.id));
  return arrivals.length > 0 ? { ...answer, data: [...answer.data, ...arrivals].sort(byTime) } : answer;
}

// Insights

export interface InsightsParams {
  range: Range;
  type?: InsightType;
  path?: string;
  sessionId?: string;
}

const CLICK_INSIGHTS = ['rage_click', 'dead_click', 'error_click'] as const;
type ClickInsight = (typeof CLICK_INSIGHTS)[number];

function isClickInsight(type: InsightType): type is ClickInsight {
  return (CLICK_INSIGHTS as readonly string[]).includes(type);
}

function passes(insight: Insight, params: InsightsParams): boolean {
  return (
    contains(params.range, insight.timestamp) &&
    (!params.type || insight.type === params.type) &&
    (!params.path || insight.path === params.path) &&
    (!params.sessionId || insight.session_id === params.sessionId)
  );
}

function harmless(hotspot: Hotspot): boolean {
  return CLICK_INSIGHTS.every((type) => hotspot[type] <= 0);
}

function countHotspot(hotspots: Hotspot[], insight: Insight, by: 1 | -1): Hotspot[] {
  const { type, path, selector } = insight;
  if (!isClickInsight(type)) return hotspots;
  const isSame = (hotspot: Hotspot) => hotspot.path === path && hotspot.selector === selector;
  const found = hotspots.some(isSame)
    ? hotspots
    : [...hotspots, { path, selector, rage_click: 0, dead_click: 0, error_click: 0 }];
  return found
    .map((hotspot) => (isSame(hotspot) ? { ...hotspot, [type]: hotspot[type] + by } : hotspot))
    .filter((hotspot) => !harmless(hotspot));
}

function countInsight(data: Insights, insight: Insight, by: 1 | -1): Insights {
  const before = data.summary[insight.type] ?? 0;
  return {
    ...data,
    summary: { ...data.summary, [insight.type]: Math.max(0, before + by) },
    hotspots: countHotspot(data.hotspots, insight, by),
  };
}

function withoutMark({ removed: _, ...insight }: InsightChange): Insight {
  return insight;
}

function changeInsight(data: Insights, change: InsightChange, isKnown: boolean): Insights {
  const insight = withoutMark(change);
  if (change.removed) {
    if (!isKnown) return data;
    const insights = data.insights.filter((other) => other.id !== insight.id);
    return countInsight({ ...data, insights }, insight, -1);
  }
  if (isKnown) {
    return { ...data, insights: data.insights.map((other) => (other.id === insight.id ? insight : other)) };
  }
  const insights = [insight, ...data.insights].sort((a, b) => byTime(b, a));
  return countInsight({ ...data, insights }, insight, 1);
}

/** The first page carries the counts; a row that is on a later page is changed there. */
export function applyToInsights(pages: Pages<Insights>, params: InsightsParams, tick: Tick): Pages<Insights> {
  const head = pages.pages[0];
  if (!head || !tick.insights?.length || !isNews(head, tick)) return pages;
  const changes = tick.insights.filter((insight) => passes(insight, params));
  if (changes.length === 0) return pages;
  const later = new Set(pages.pages.slice(1).flatMap((page) => page.data.insights.map((insight) => insight.id)));
  let data = head.data;
  for (const change of changes) {
    const isInHead = data.insights.some((insight) => insight.id === change.id);
    data = changeInsight(data, change, isInHead || later.has(change.id));
  }
  const byId = new Map(changes.map((change) => [change.id, change]));
  const rest = pages.pages.slice(1).map((page) => ({
    ...page,
    data: {
      ...page.data,
      insights: page.data.insights
        .filter((insight) => !byId.get(insight.id)?.removed)
        .map((insight) => {
          const change = byId.get(insight.id);
          return change ? withoutMark(change) : insight;
        }),
    },
  }));
  return { ...pages, pages: [{ ...head, data, tick: tick.tick }, ...rest] };
}

// Heatmaps

export interface HeatmapParams {
  range: Range;
  path: string;
  device: string;
}

function addCells(cells: Cell[], deltas: CellDelta[]): Cell[] {
  const at = new Map(cells.map((cell) => [`${cell.x},${cell.y}`, cell]));
  for (const { x, y, count, rage, dead } of deltas) {
    const old = at.get(`${x},${y}`) ?? { x, y, count: 0, rage: 0, dead: 0 };
    at.set(`${x},${y}`, { x, y, count: old.count + count, rage: old.rage + rage, dead: old.dead + dead });
  }
  return [...at.values()].filter((cell) => cell.count !== 0 || cell.rage !== 0 || cell.dead !== 0);
}

type Counts = Pick<HeatElement, 'clicks' | 'rage' | 'dead' | 'error'>;

function addCounts(old: Counts | undefined, delta: Counts): Counts {
  return {
    clicks: (old?.clicks ?? 0) + delta.clicks,
    rage: (old?.rage ?? 0) + delta.rage,
    dead: (old?.dead ?? 0) + delta.dead,
    error: (old?.error ?? 0) + delta.error,
  };
}

function addSpot(spots: HeatElement['spots'], { x, y, ...delta }: ElementDelta): HeatElement['spots'] {
  const old = spots.find((spot) => spot.x === x && spot.y === y);
  const sum = { x, y, ...addCounts(old, delta) };
  const others = spots.filter((spot) => spot !== old);
  return sum.clicks !== 0 || sum.rage !== 0 || sum.dead !== 0 ? [...others, sum] : others;
}

function addElements(elements: HeatElement[], deltas: ElementDelta[]): HeatElement[] {
  const at = new Map(elements.map((element) => [element.selector, element]));
  for (const delta of deltas) {
    const { selector, name, text } = delta;
    const old = at.get(selector);
    at.set(selector, {
      selector,
      name: name || old?.name || '',
      text: text || old?.text || '',
      ...addCounts(old, delta),
      spots: addSpot(old?.spots ?? [], delta),
    });
  }
  return [...at.values()].filter((element) => element.clicks !== 0 || element.rage !== 0 || element.dead !== 0);
}

/** Cells and elements come as differences: a retraction is a negative one. */
export function applyToHeatmap(answer: Answer<Heatmap>, params: HeatmapParams, tick: Tick): Answer<Heatmap> {
  if (!isNews(answer, tick) || params.range.kind === 'fixed') return answer;
  const cells = (tick.cells ?? []).filter((cell) => cell.path === params.path && cell.device === params.device);
  const elements = (tick.elements ?? []).filter(
    (element) => element.path === params.path && element.device === params.device,
  );
  if (cells.length === 0 && elements.length === 0) return answer;
  return {
    ...answer,
    tick: tick.tick,
    data: {
      ...answer.data,
      cells: addCells(answer.data.cells, cells),
      elements: addElements(answer.data.elements, elements),
    },
  };
}

// Alerts

/** Transitions are facts that carry their own id: newest first, each once. A fetched one knows its deliveries too, and stays. */
export function applyToHistory(pages: Pages<AlertTransition[]>, tick: Tick): Pages<AlertTransition[]> {
  const head = pages.pages[0];
  if (!head || !tick.alerts?.length) return pages;
  const known = new Set(head.data.map((transition) => transition.id));
  const arrivals = tick.alerts.filter((transition) => !known.has(transition.id));
  if (arrivals.length === 0) return pages;
  const data = [...arrivals, ...head.data].sort((a, b) => (a.time < b.time ? 1 : -1));
  return { ...pages, pages: [{ ...head, data }, ...pages.pages.slice(1)] };
}
