/** Moments of a session as they stand in addresses. Pure. */

import type { Insight, Session } from '@/api/types';
import { rankOf } from '@/design/ribbon-geometry';
import type { Change } from '@/route/route';

/** An insight is understood by what came right before it. */
export const LEAD_MS = 3_000;

/** To the session of an insight, right before it happened. */
export function beforeInsight({ timestamp }: Insight): Change {
  return { at: new Date(Date.parse(timestamp) - LEAD_MS).toISOString() };
}

/** To the first of the gravest things a session suffered; a session without any begins at its beginning. */
export function beforeWorst({ has_replay, marks }: Session): Change {
  const worst = marks.toSorted((a, b) => rankOf(b.type) - rankOf(a.type) || a.offset_ms - b.offset_ms)[0];
  return worst && has_replay ? { t: String(Math.max(0, Math.round(worst.offset_ms - LEAD_MS))) } : {};
}

/** The moment an address names: `t`, so many ms into the session, or `at`, a time. */
export function momentOf(search: URLSearchParams, sessionMs: number): number | null {
  const t = search.get('t');
  if (t && Number.isFinite(Number(t))) return sessionMs + Number(t);
  const atMs = Date.parse(search.get('at') ?? '');
  return Number.isNaN(atMs) ? null : atMs;
}

/** A session of which nothing has been heard for so long has ended, or its visitor is away. */
const SILENT_MS = 5 * 60_000;

/** Whether there is nothing to follow any more: neither events nor, up to `recordedMs`, anything recorded came lately. */
export function hasEnded({ ended_at }: Pick<Session, 'ended_at'>, recordedMs: number, nowMs: number): boolean {
  return nowMs - Math.max(Date.parse(ended_at), recordedMs) >= SILENT_MS;
}

/** Why there is nothing to watch of a session that was recorded, for who is to be told. */
export type Absence = 'expired' | 'viewer';

/**
 * What to say in place of a recording; nothing of a session that never had one. `status` is how the question for the recording was refused.
 * A session of which there should be one, and there is none, had it dropped before the project came to keep them for longer;
 * while the visit goes on it may as well be on its way.
 */
export function absenceOf(session: Session, status: number, nowMs: number): Absence | null {
  if (session.is_replay_expired) return 'expired';
  if (status === 403) return 'viewer';
  return session.has_replay && status === 404 && hasEnded(session, 0, nowMs) ? 'expired' : null;
}
