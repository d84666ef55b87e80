/** What stands on a session's timeline: where it hurt. Pure. */

import type { Insight, MarkType, Session, SessionEvent } from '@/api/types';

/**
 * What a page threw, which is what a session's number of errors counts. Resources that failed and lines of the console are told in
 * their panels: blocked trackers and chatty libraries would warm every timeline.
 */
const THROWN: readonly string[] = ['js_error', 'unhandled_rejection'];

export interface TimelineMark {
  offset_ms: number;
  type: MarkType;
}

/** A session's own marks end with the first so many insights; the list of insights, once it is here, knows more. */
export function timelineMarks(
  session: Session,
  insights: readonly Insight[],
  events: readonly SessionEvent[],
): TimelineMark[] {
  const startMs = Date.parse(session.started_at);
  const markAt = (type: MarkType, timestamp: string) => ({ type, offset_ms: Date.parse(timestamp) - startMs });
  const hurts =
    insights.length >= session.marks.length
      ? insights.map(({ type, timestamp }) => markAt(type, timestamp))
      : session.marks;
  const errors = events.filter(({ type }) => THROWN.includes(type));
  return [...hurts, ...errors.map(({ timestamp }) => markAt('error', timestamp))];
}
