/** A session's events and insights as lines to read: runs of the same quiet thing are one line. Pure. */

import type { Insight, SessionEvent } from '@/api/types';
import { rankOf } from '@/design/ribbon-geometry';
import { TONES, toneOf } from './describe-event';
import { isAt } from './harm';

export type Line =
  | { kind: 'event'; id: string; at: string; event: SessionEvent; repeats: number }
  | { kind: 'insight'; id: string; at: string; insight: Insight; repeats: number };

export type InsightLine = Extract<Line, { kind: 'insight' }>;

export type Detail = 'all' | 'important' | 'errors';

/** Two of these in a row say no more than one. */
const FOLDED = new Set([
  'mouse_move',
  'mouse_enter',
  'mouse_leave',
  'scroll',
  'scroll_milestone',
  'dom_mutation',
  'memory',
  'network_activity',
  'long_task',
  'window_resize',
  'replay_chunk',
]);

function isShown({ type }: { type: string }, detail: Detail): boolean {
  const tone = toneOf(type);
  if (detail === 'all') return type !== 'replay_chunk';
  if (detail === 'errors') return tone === 'error';
  return tone !== 'quiet' || type === 'page_hidden' || type === 'page_visible';
}

/**
 * What is important, errors among it. Chunks are listed nowhere, but say in which page view their recording was made; and exits say why a page was
 * hidden.
 */
const IMPORTANT = [...Object.keys(TONES).filter((type) => isShown({ type }, 'important')), 'replay_chunk', 'page_exit'];

/** A page is hidden in the moment it is left, and seen before it is a view again: nobody left the tab and came back to it. */
const LEAVING_MS = 100;

function withoutLeaving(events: SessionEvent[]): SessionEvent[] {
  const exits = new Map<string, number>();
  for (const { type, view_id, timestamp } of events)
    if (type === 'page_exit') exits.set(view_id, Date.parse(timestamp));
  return events.filter(({ type, view_id, timestamp }) => {
    const sinceExitMs = Date.parse(timestamp) - (exits.get(view_id) ?? Number.NaN);
    return !(sinceExitMs > -LEAVING_MS && (type === 'page_hidden' || type === 'page_visible'));
  });
}

/** The types of events to ask for, so that so much can be told; null: every type. */
export function typesOf(detail: Detail): readonly string[] | null {
  return detail === 'all' ? null : IMPORTANT;
}

/** Quiet things of one type, or clicks on one element. */
function saysTheSame(a: SessionEvent, b: SessionEvent): boolean {
  if (a.type !== b.type || a.path !== b.path) return false;
  return FOLDED.has(a.type) || (a.type === 'click' && Boolean(a.selector) && a.selector === b.selector);
}

function fold(lines: Line[], event: SessionEvent): Line[] {
  const last = lines.at(-1);
  if (last?.kind === 'event' && saysTheSame(last.event, event)) {
    lines[lines.length - 1] = { ...last, repeats: last.repeats + 1 };
  } else {
    lines.push({ kind: 'event', id: event.id, at: event.timestamp, event, repeats: 1 });
  }
  return lines;
}

/** The graver first where two begin together; a run of one kind on one element is one line. */
export function chaptersOf(insights: Insight[]): InsightLine[] {
  const lines: InsightLine[] = [];
  const sorted = insights.toSorted((a, b) =>
    a.timestamp === b.timestamp ? rankOf(b.type) - rankOf(a.type) : a.timestamp < b.timestamp ? -1 : 1,
  );
  for (const insight of sorted) {
    const last = lines.at(-1);
    const isSame = last?.insight.type === insight.type && isAt(last.insight, insight);
    if (last && isSame) last.repeats += 1;
    else lines.push({ kind: 'insight', id: insight.id, at: insight.timestamp, insight, repeats: 1 });
  }
  return lines;
}

/** Insights stand right after what began them. */
export function timelineOf(events: SessionEvent[], insights: Insight[], detail: Detail): Line[] {
  const told = detail === 'all' ? events : withoutLeaving(events);
  const lines = told.filter((event) => isShown(event, detail)).reduce(fold, [] as Line[]);
  const rank = (line: Line) => (line.kind === 'insight' ? 1 : 0);
  return [...lines, ...chaptersOf(insights)].sort((a, b) => (a.at === b.at ? rank(a) - rank(b) : a.at < b.at ? -1 : 1));
}
