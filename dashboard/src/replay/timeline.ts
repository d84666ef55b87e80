/**
 * Several recordings, one timeline. Pure.
 *
 * A session has a recording for each page load, and two at once where a visitor has two tabs. The player asks here which of them is
 * on the screen at a moment, where nothing happens, and which chunks it takes to show a moment. The manifest alone answers roughly;
 * the facts of chunks that have been read make it exact.
 *
 * All times are the server's, in ms.
 */

import type { Replay } from '@/api/types';
import type { Facts } from './events';

export interface Chunk {
  id: string;
  /** The id of the recording it is a part of, and its place there: one that is missing has one too. */
  recording: string;
  index: number;
  startMs: number;
  endMs: number;
  bytes: number;
  hasSnapshot: boolean;
  /** A chunk that should come before it did not arrive. */
  isAfterLoss: boolean;
}

export interface Recording {
  id: string;
  /** Which of the visitor's tabs, from 0. */
  tab: number;
  startMs: number;
  endMs: number;
  chunks: Chunk[];
}

export interface Span {
  fromMs: number;
  toMs: number;
}

export type FactsOf = (chunkId: string) => Facts | undefined;

/** The first chunks of a recording say where the assets of its page are, whatever moment is shown. */
export const CHUNKS_WITH_ASSETS = 3;

/** A page's last chunk and the next page's first may overlap by this much without being two tabs. */
const TAB_OVERLAP_MS = 1_000;

function chunksOf(recording: Replay['recordings'][number]): Chunk[] {
  const sorted = recording.chunks.toSorted((a, b) => a.index - b.index);
  return sorted.map((chunk, position) => ({
    id: chunk.id,
    recording: recording.id,
    index: chunk.index,
    startMs: Date.parse(chunk.started_at),
    endMs: Date.parse(chunk.ended_at),
    bytes: chunk.bytes,
    hasSnapshot: chunk.has_full_snapshot,
    isAfterLoss: chunk.index > (position === 0 ? 0 : (sorted[position - 1]?.index ?? 0) + 1),
  }));
}

/** The manifest's recordings in order of time, each with the tab it happened in: page loads that do not overlap share one. */
export function recordingsOf(replay: Replay): Recording[] {
  const tabEnds: number[] = [];
  return replay.recordings
    .map((recording) => ({ id: recording.id, chunks: chunksOf(recording) }))
    .filter(({ chunks }) => chunks.some((chunk) => chunk.hasSnapshot))
    .map(({ id, chunks }) => ({
      id,
      chunks,
      startMs: Math.min(...chunks.map((chunk) => chunk.startMs)),
      endMs: Math.max(...chunks.map((chunk) => chunk.endMs)),
    }))
    .sort((a, b) => a.startMs - b.startMs)
    .map((recording) => {
      const free = tabEnds
        .map((endMs, tab) => ({ endMs, tab }))
        .filter(({ endMs }) => endMs <= recording.startMs + TAB_OVERLAP_MS);
      const tab = free.sort((a, b) => b.endMs - a.endMs)[0]?.tab ?? tabEnds.length;
      tabEnds[tab] = recording.endMs;
      return { ...recording, tab };
    });
}

interface Mark {
  atMs: number;
  recording: Recording;
  kind: 'load' | 'active' | 'visible' | 'hidden';
}

function marksOf(recording: Recording, factsOf: FactsOf): Mark[] {
  const marks: Mark[] = [{ atMs: recording.startMs, recording, kind: 'load' }];
  for (const chunk of recording.chunks) {
    const facts = factsOf(chunk.id);
    if (!facts) {
      marks.push({ atMs: chunk.startMs, recording, kind: 'active' });
      continue;
    }
    for (const atMs of facts.activity) marks.push({ atMs, recording, kind: 'active' });
    for (const { atMs, isHidden } of facts.visibility) {
      marks.push({ atMs, recording, kind: isHidden ? 'hidden' : 'visible' });
    }
  }
  return marks;
}

export interface Showing {
  recording: Recording;
  fromMs: number;
}

/** Which recording is on the screen when: the tab in which the visitor did something last, among those that are not hidden. */
export function showingsOf(recordings: readonly Recording[], factsOf: FactsOf): Showing[] {
  const marks = recordings.flatMap((recording) => marksOf(recording, factsOf)).sort((a, b) => a.atMs - b.atMs);
  const hidden = new Set<Recording>();
  const activeMs = new Map<Recording, number>();
  const showings: Showing[] = [];
  const show = (recording: Recording, atMs: number) => {
    if (showings.at(-1)?.recording !== recording) showings.push({ recording, fromMs: atMs });
  };
  for (const { atMs, recording, kind } of marks) {
    if (kind === 'hidden') {
      hidden.add(recording);
      const others = [...activeMs.keys()].filter((other) => !hidden.has(other) && other.endMs >= atMs);
      const next = others.sort((a, b) => (activeMs.get(b) ?? 0) - (activeMs.get(a) ?? 0))[0];
      if (next && showings.at(-1)?.recording === recording) show(next, atMs);
      continue;
    }
    hidden.delete(recording);
    activeMs.set(recording, atMs);
    show(recording, atMs);
  }
  return showings;
}

/** What is on the screen at a moment; before the first page has loaded, that page. */
export function showingAt(showings: readonly Showing[], atMs: number): Showing | undefined {
  return showings.findLast((showing) => showing.fromMs <= atMs) ?? showings[0];
}

/** Longer than this without the visitor doing anything is inactivity. */
const IDLE_MS = 5_000;
/** What comes right after something was done, and right before the next, is shown. */
const AFTER_MS = 1_500;
const BEFORE_MS = 1_000;

/** The times that can be skipped. What has not been read yet counts as busy. */
export function idleSpansOf(recordings: readonly Recording[], factsOf: FactsOf): Span[] {
  const busy: Span[] = [];
  for (const recording of recordings) {
    busy.push({ fromMs: recording.startMs, toMs: recording.startMs });
    for (const chunk of recording.chunks) {
      const facts = factsOf(chunk.id);
      if (facts) busy.push(...facts.activity.map((atMs) => ({ fromMs: atMs, toMs: atMs })));
      else busy.push({ fromMs: chunk.startMs, toMs: chunk.endMs });
    }
  }
  busy.sort((a, b) => a.fromMs - b.fromMs);
  const idle: Span[] = [];
  let untilMs = busy[0]?.toMs ?? 0;
  for (const { fromMs, toMs } of busy) {
    if (fromMs - untilMs > IDLE_MS) idle.push({ fromMs: untilMs + AFTER_MS, toMs: fromMs - BEFORE_MS });
    untilMs = Math.max(untilMs, toMs);
  }
  const endMs = Math.max(...recordings.map((recording) => recording.endMs));
  if (endMs - untilMs > IDLE_MS) idle.push({ fromMs: untilMs + AFTER_MS, toMs: endMs });
  return idle;
}

export function spanAt(spans: readonly Span[], atMs: number): Span | undefined {
  return spans.find((span) => span.fromMs <= atMs && atMs < span.toMs);
}

/** Where building must begin to show a moment: the newest snapshot up to it. */
export interface Anchor {
  /** Position among the recording's chunks. */
  position: number;
  /** Known once the chunk has been read. */
  snapshotMs: number | undefined;
}

export function anchorOf(recording: Recording, atMs: number, factsOf: FactsOf): Anchor | undefined {
  const { chunks } = recording;
  for (let position = chunks.length - 1; position >= 0; position -= 1) {
    const chunk = chunks[position];
    if (!chunk?.hasSnapshot || chunk.startMs > atMs) continue;
    const facts = factsOf(chunk.id);
    if (!facts) return { position, snapshotMs: undefined };
    const snapshotMs = facts.snapshots.findLast((takenMs) => takenMs <= atMs);
    if (snapshotMs !== undefined) return { position, snapshotMs };
  }
  // Before the first snapshot there is nothing to see but it.
  const position = chunks.findIndex((chunk) => chunk.hasSnapshot && factsOf(chunk.id)?.snapshots.length !== 0);
  const first = chunks[position];
  return first && { position, snapshotMs: factsOf(first.id)?.snapshots[0] };
}

/** The chunks without which a moment cannot be shown, in order. */
export function neededFor(recording: Recording, atMs: number, factsOf: FactsOf): Chunk[] {
  const anchor = anchorOf(recording, atMs, factsOf);
  if (!anchor) return [];
  return recording.chunks.slice(anchor.position).filter((chunk, index) => index === 0 || chunk.startMs <= atMs);
}

/** What plays next: the chunks of every tab within `aheadMs`, the soonest first. */
export function aheadOf(recordings: readonly Recording[], atMs: number, aheadMs: number): Chunk[] {
  return recordings
    .flatMap((recording) => recording.chunks)
    .filter((chunk) => chunk.endMs >= atMs && chunk.startMs <= atMs + aheadMs)
    .sort((a, b) => a.startMs - b.startMs);
}

/**
 * The chunk a snapshot is in and those after it, for a page tells of its pictures one by one once it has come to rest. The nearest to the
 * snapshot's time, not the one around it: of a client whose clock is wrong the two are corrected each by itself.
 */
export function chunksFrom(recordings: readonly Recording[], takenMs: number): Chunk[] {
  const away = ({ startMs, endMs }: Chunk) => Math.max(startMs - takenMs, takenMs - endMs, 0);
  const candidates = recordings.flatMap(({ chunks }) =>
    chunks.flatMap((chunk, at) => (chunk.hasSnapshot ? [{ chunks, at, awayMs: away(chunk) }] : [])),
  );
  const nearest = candidates.reduce<(typeof candidates)[number] | undefined>(
    (best, one) => (best && best.awayMs <= one.awayMs ? best : one),
    undefined,
  );
  return nearest ? nearest.chunks.slice(nearest.at) : [];
}
