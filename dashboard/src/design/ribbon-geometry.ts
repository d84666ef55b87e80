/** The session ribbon's shape: where its pages, its warm ticks and its gaps lie. Pure; the unit is the caller's width. */

import type { MarkType, Session } from '@/api/types';

export type Severity = 'low' | 'medium' | 'high';

export const SEVERITY: Record<MarkType, Severity> = {
  error: 'low',
  rage_click: 'high',
  error_click: 'high',
  dead_click: 'medium',
  thrashed_cursor: 'medium',
  slow_page: 'medium',
  u_turn: 'low',
};

const RANK: Record<Severity, number> = { low: 0, medium: 1, high: 2 };

/** How grave, as a number to compare. */
export function rankOf(type: MarkType): number {
  return RANK[SEVERITY[type]];
}

export interface Course {
  startMs: number;
  endMs: number;
  /** `share` from 0 to 1 of the ribbon at which the page begins. */
  pages: { path: string; share: number }[];
  marks: { type: MarkType; share: number }[];
  gaps: { from: number; to: number }[];
}

/** A session shorter than this is drawn as if it lasted so long: a ribbon needs a length. */
const LENGTH_MIN_MS = 1_000;

/** Puts a session's pages, insights and hidden times on one scale from 0 to 1; a recording may go on after the last event. */
export function courseOf(
  session: Session,
  endMs = Date.parse(session.ended_at),
  marks: readonly { offset_ms: number; type: MarkType }[] = session.marks,
): Course {
  const startMs = Date.parse(session.started_at);
  const lengthMs = Math.max(endMs - startMs, LENGTH_MIN_MS);
  const share = (offsetMs: number) => Math.min(1, Math.max(0, offsetMs / lengthMs));
  const pages = session.pages.length > 0 ? session.pages : [{ offset_ms: 0, path: session.entry_path }];
  return {
    startMs,
    endMs: startMs + lengthMs,
    pages: pages.map((page) => ({ path: page.path, share: share(page.offset_ms) })),
    marks: marks.map((mark) => ({ type: mark.type, share: share(mark.offset_ms) })),
    gaps: session.hidden.map((gap) => ({
      from: share(gap.offset_ms),
      to: share(gap.offset_ms + gap.duration_ms),
    })),
  };
}

export interface Segment {
  x: number;
  width: number;
  path: string;
}

export interface Mark {
  x: number;
  type: MarkType;
  severity: Severity;
  count: number;
}

export interface Ribbon {
  segments: Segment[];
  marks: Mark[];
  gaps: { x: number; width: number }[];
}

const SEGMENT_MIN_PX = 2;
const SEGMENT_SPACE_PX = 1;
const GAP_MIN_PX = 3;
/** Ticks closer than this become one, of the gravest kind among them, which counts its own kind only. */
const MARK_APART_PX = 5;
const MARK_EDGE_PX = 2;

function segmentsOf(course: Course, width: number): Segment[] {
  const merged = course.pages.filter((page, index) => index === 0 || course.pages[index - 1]?.path !== page.path);
  const starts = merged.map((page, index) => (index === 0 ? 0 : page.share * width));
  return merged
    .map((page, index) => {
      const x = starts[index] ?? 0;
      const end = starts[index + 1] ?? width;
      const space = index + 1 < merged.length ? SEGMENT_SPACE_PX : 0;
      return { x, width: Math.max(SEGMENT_MIN_PX, end - x - space), path: page.path };
    })
    .map((segment) => ({ ...segment, x: Math.min(segment.x, width - segment.width) }));
}

function marksOf(course: Course, width: number): Mark[] {
  const marks: Mark[] = [];
  const sorted = course.marks.toSorted((a, b) => a.share - b.share);
  for (const { type, share } of sorted) {
    const x = Math.min(width - MARK_EDGE_PX, Math.max(MARK_EDGE_PX, share * width));
    const severity = SEVERITY[type];
    const last = marks.at(-1);
    if (!last || x - last.x >= MARK_APART_PX) {
      marks.push({ x, type, severity, count: 1 });
      continue;
    }
    if (type === last.type) last.count += 1;
    else if (RANK[severity] > RANK[last.severity]) Object.assign(last, { type, severity, count: 1 });
  }
  return marks;
}

export function layoutRibbon(course: Course, width: number): Ribbon {
  return {
    segments: segmentsOf(course, width),
    marks: marksOf(course, width),
    gaps: course.gaps.map((gap) => ({
      x: gap.from * width,
      width: Math.max(GAP_MIN_PX, (gap.to - gap.from) * width),
    })),
  };
}

export const PAGE_TINTS = 6;

/** A page has the same tint wherever it is seen. */
export function tintOf(path: string): number {
  let hash = 7;
  for (const character of path) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % PAGE_TINTS;
}
