import type { Hotspot, Insight } from '@/api/types';
import { SEVERITY, type Severity } from '@/design/ribbon-geometry';
import { boundsOf, type Range } from '@/route/range';

const WEIGHT: Record<Severity, number> = { low: 1, medium: 2, high: 4 };

/** How much a place hurts: what happened there, each by its severity. */
export function harmOf(hotspot: Hotspot): number {
  return (
    hotspot.rage_click * WEIGHT[SEVERITY.rage_click] +
    hotspot.error_click * WEIGHT[SEVERITY.error_click] +
    hotspot.dead_click * WEIGHT[SEVERITY.dead_click]
  );
}

export function byHarm(hotspots: Hotspot[]): Hotspot[] {
  return hotspots.toSorted((a, b) => harmOf(b) - harmOf(a) || a.path.localeCompare(b.path));
}

export function isAt(insight: Insight, place: { path: string; selector: string }): boolean {
  return insight.path === place.path && insight.selector === place.selector;
}

/** The session that suffered most among these insights. */
export function worstSession(insights: Insight[]): string | null {
  const harm = new Map<string, number>();
  for (const insight of insights) {
    harm.set(insight.session_id, (harm.get(insight.session_id) ?? 0) + WEIGHT[SEVERITY[insight.type]]);
  }
  let worst: string | null = null;
  for (const [session, value] of harm) if (worst === null || value > (harm.get(worst) ?? 0)) worst = session;
  return worst;
}

/** What a trend spans: the range, or as much of it as these insights tell when there are older ones (newest first). */
export function trendSpan(range: Range, insights: Insight[], isCut: boolean, nowMs: number): [number, number] {
  const start = (isCut && insights.at(-1)?.timestamp) || boundsOf(range, nowMs).start;
  return [Date.parse(start), range.kind === 'preset' ? nowMs : Date.parse(range.end)];
}

/** Counts of insights in equal parts of the time they span, for a trend line. */
export function trendOf(insights: Insight[], startMs: number, endMs: number, parts: number): number[] {
  const counts = Array.from({ length: parts }, () => 0);
  for (const insight of insights) {
    const part = Math.floor(((Date.parse(insight.timestamp) - startMs) / (endMs - startMs)) * parts);
    const index = Math.min(parts - 1, part);
    if (index >= 0) counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}
