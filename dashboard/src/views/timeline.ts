/** A session's events and insights as lines to read: runs of the same quiet thing are one line. Pure. */

import type { Insight, SessionEvent } from '@/api/types';
import { toneOf } from './describe-event';

export type Line =
  | { kind: 'event'; id: string; at: string; event: SessionEvent; repeats: number }
  | { kind: 'insight'; id: string; at: string; insight: Insight };

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

function isShown(event: SessionEvent, detail: Detail): boolean {
  const tone = toneOf(event.type);
  if (detail === 'all') return event.type !== 'replay_chunk';
  if (detail === 'errors') return tone === 'error';
  return tone !== 'quiet' || event.type === 'page_hidden' || event.type === 'page_visible';
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

/** Insights stand right after what began them. */
export function timelineOf(events: SessionEvent[], insights: Insight[], detail: Detail): Line[] {
  const lines = events.filter((event) => isShown(event, detail)).reduce(fold, [] as Line[]);
  const chapters: Line[] = insights.map((insight) => ({
    kind: 'insight',
    id: insight.id,
    at: insight.timestamp,
    insight,
  }));
  const rank = (line: Line) => (line.kind === 'insight' ? 1 : 0);
  return [...lines, ...chapters].sort((a, b) => (a.at === b.at ? rank(a) - rank(b) : a.at < b.at ? -1 : 1));
}
