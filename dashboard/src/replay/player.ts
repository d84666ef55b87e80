/**
 * The player: a clock over a session's timeline, and what must be on the stage at each moment of it. It knows nothing of React; views
 * read `state` and are told when it changes.
 *
 * Every frame asks the same question, `show`: which recording and which of its snapshots does this moment need, is it here, is it
 * built? While the answer is no, the clock stands.
 */

import type { Replay } from '@/api/types';
import { Assets } from './assets';
import { Chunks } from './chunks';
import type { Facts } from './events';
import { Segment } from './segment';
import type { Size, Stage } from './stage';
import {
  aheadOf,
  anchorOf,
  CHUNKS_WITH_ASSETS,
  type Chunk,
  idleSpansOf,
  neededFor,
  type Recording,
  recordingsOf,
  type Showing,
  type Span,
  showingAt,
  showingsOf,
  spanAt,
} from './timeline';

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

/** How far ahead of the playhead chunks are fetched, at normal speed. */
const AHEAD_MS = 10_000;
const AHEAD_CHUNKS_MAX = 16;
/** Of what is to be read when there is nothing else to do, so much is asked for at a time. */
const UNREAD_CHUNKS_MAX = 8;

export interface PlayerState {
  status: 'loading' | 'ready' | 'failed';
  error: unknown;
  isPlaying: boolean;
  speed: number;
  skipsIdle: boolean;
  atMs: number;
  startMs: number;
  endMs: number;
  size: Size | null;
  recording: Recording | null;
  /** The address the recorder noted for what is shown. */
  href: string;
  /** The recorder had given up following the page, or a chunk was lost: what is shown may not be what was there. */
  damage: 'gap' | 'loss' | null;
  idle: readonly Span[];
  /** What is known of the chunks that have been read, in order of time. */
  facts: readonly Facts[];
  /** How many of all chunks that is, from 0 to 1, counting those that could not be read. */
  readShare: number;
  /** Chunks that could not be read, although it was tried again and again. */
  unreadable: number;
  /** Keeps close to what is being recorded right now. */
  isFollowing: boolean;
}

export interface PlayerOptions {
  /** Of the session's replay in the API. */
  path: string;
  assetsPath: string;
  replay: Replay;
  startMs: number;
  endMs: number;
  atMs: number;
}

/** The recording that is built, from which of its chunks, and up to which. */
interface Shown {
  recording: Recording;
  first: number;
  fed: number;
}

function endOf(recordings: readonly Recording[], orMs: number): number {
  return Math.max(orMs, ...recordings.map(({ endMs }) => endMs));
}

export class Player {
  state: PlayerState;
  recordings: Recording[];
  private showings: Showing[];
  private readonly chunks: Chunks;
  private readonly assets: Assets;
  private readonly listeners = new Set<() => void>();
  private stage: Stage | null = null;
  private shown: Shown | null = null;
  private readsAll = false;
  private isBuilding = false;
  private mustRebuild = false;
  private frame = 0;
  private frameMs = 0;
  private isDisposed = false;
  /** What was going on when something failed; it goes on as soon as it can. */
  private interrupted: Pick<PlayerState, 'isPlaying' | 'isFollowing'> | null = null;

  constructor(options: PlayerOptions) {
    this.chunks = new Chunks(options.path, options.replay.clock_offset_ms, () => this.onChunk());
    this.assets = new Assets(options.assetsPath, () => this.onAssets());
    this.recordings = recordingsOf(options.replay);
    this.showings = showingsOf(this.recordings, this.chunks.factsOf);
    this.state = {
      status: 'loading',
      error: null,
      isPlaying: false,
      speed: 1,
      skipsIdle: true,
      atMs: options.atMs,
      startMs: options.startMs,
      endMs: endOf(this.recordings, options.endMs),
      size: null,
      recording: null,
      href: '',
      damage: null,
      idle: idleSpansOf(this.recordings, this.chunks.factsOf),
      facts: [],
      readShare: 0,
      unreadable: 0,
      isFollowing: false,
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Puts the player into a page; the answer takes it out again. */
  mount(root: HTMLElement): () => void {
    document.addEventListener('visibilitychange', this.onVisibility);
    void this.setUp(root);
    return () => this.dispose();
  }

  play(): void {
    this.interrupted = null;
    const isAtEnd = this.state.atMs >= this.state.endMs && !this.state.isFollowing;
    if (isAtEnd) this.goTo(this.state.startMs);
    this.change({ isPlaying: true });
    this.frameMs = performance.now();
    if (this.state.status === 'ready') this.stage?.play(this.state.atMs);
    if (this.state.status === 'failed') this.retry();
  }

  pause(): void {
    this.interrupted = null;
    this.change({ isPlaying: false, isFollowing: false });
    if (this.state.status === 'ready') this.stage?.pause(this.state.atMs);
  }

  toggle(): void {
    if (this.state.isPlaying) this.pause();
    else this.play();
  }

  seek(atMs: number): void {
    this.stopFollowing();
    this.goTo(atMs);
  }

  /** Plays on, to the end of what there is. */
  stopFollowing(): void {
    if (this.interrupted) this.interrupted = { ...this.interrupted, isFollowing: false };
    this.change({ isFollowing: false });
  }

  /** Plays what is being recorded, shortly after it happens. */
  follow(): void {
    this.change({ isFollowing: true, speed: 1 });
    this.stage?.setSpeed(1);
    this.play();
    this.goTo(this.newest()?.startMs ?? this.state.endMs);
  }

  /** Takes a newer manifest of the same session. */
  refresh(replay: Replay): void {
    this.recordings = recordingsOf(replay);
    const { shown } = this;
    const recording = this.recordings.find(({ id }) => id === shown?.recording.id);
    if (shown && recording) this.shown = this.moved(shown, recording);
    this.change({ endMs: endOf(this.recordings, this.state.endMs) });
    this.onChunk();
  }

  /** Reads the whole recording, when nothing more urgent is to be read: for what is listed of all of it. */
  readAll(): void {
    this.readsAll = true;
    this.show(false);
  }

  private goTo(atMs: number): void {
    const to = Math.min(this.state.endMs, Math.max(this.state.startMs, atMs));
    this.mustRebuild ||= to < this.state.atMs;
    this.change({ atMs: to });
    this.show(true);
  }

  setSpeed(speed: number): void {
    this.change({ speed });
    this.stage?.setSpeed(speed);
  }

  setSkipsIdle(skipsIdle: boolean): void {
    this.change({ skipsIdle });
  }

  retry(): void {
    this.chunks.retry();
  }

  private async setUp(root: HTMLElement): Promise<void> {
    this.show(false);
    const { Stage } = await import('./stage');
    if (this.isDisposed) return;
    this.stage = new Stage(root, (size) => this.change({ size }));
    this.show(false);
    this.frame = requestAnimationFrame(this.onFrame);
  }

  private dispose(): void {
    this.isDisposed = true;
    document.removeEventListener('visibilitychange', this.onVisibility);
    cancelAnimationFrame(this.frame);
    this.stage?.clear();
    this.chunks.dispose();
    this.assets.dispose();
  }

  private change(part: Partial<PlayerState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }

  /** Nobody watches a tab that is hidden. */
  private readonly onVisibility = (): void => {
    if (document.hidden && this.state.isPlaying && !this.state.isFollowing) this.pause();
  };

  private readonly onFrame = (nowMs: number): void => {
    const passedMs = Math.max(0, nowMs - this.frameMs);
    this.frameMs = nowMs;
    const { isPlaying, status, atMs, speed, endMs, isFollowing } = this.state;
    if (isPlaying && status === 'ready') {
      this.change({ atMs: Math.min(endMs, atMs + passedMs * speed) });
      if (isFollowing) this.catchUp();
      else this.skipIdle();
      this.show(false);
      if (this.state.atMs >= endMs && !isFollowing) this.pause();
    }
    this.frame = requestAnimationFrame(this.onFrame);
  };

  private skipIdle(): void {
    const span = this.state.skipsIdle ? spanAt(this.state.idle, this.state.atMs) : undefined;
    if (span) this.goTo(span.toMs);
  }

  /**
   * Who follows sees the newest chunk, from when it is there, and then waits for the next one: closer than this cannot be, for what was done at
   * its start has waited for its end.
   */
  private catchUp(): void {
    const newest = this.newest();
    if (newest && newest.startMs > this.state.atMs && this.chunks.factsOf(newest.id)) this.goTo(newest.startMs);
  }

  /** Of the tab that is in front at last, for which every tab is taken until its newest chunk has been read. */
  private newest(): Chunk | undefined {
    return this.showings.at(-1)?.recording.chunks.at(-1);
  }

  /** The same recording with more chunks. One that came late belongs among those that are built, so all is built again. */
  private moved({ recording: before, first, fed }: Shown, recording: Recording): Shown {
    const isSame = recording.chunks.slice(0, fed).every(({ id }, position) => before.chunks[position]?.id === id);
    this.mustRebuild ||= !isSame;
    return { recording, first, fed };
  }

  private onChunk(): void {
    this.showings = showingsOf(this.recordings, this.chunks.factsOf);
    const chunks = this.recordings.flatMap((recording) => recording.chunks).sort((a, b) => a.startMs - b.startMs);
    const facts = chunks.map(({ id }) => this.chunks.factsOf(id)).filter((it) => it !== undefined);
    for (const { id, recording } of chunks) this.assets.learn(recording, this.chunks.factsOf(id)?.assets ?? []);
    const idle = idleSpansOf(this.recordings, this.chunks.factsOf);
    const unreadable = chunks.filter(({ id }) => !this.chunks.factsOf(id) && this.chunks.hasFailed(id)).length;
    this.change({ idle, facts, unreadable, readShare: (facts.length + unreadable) / chunks.length });
    this.show(false);
  }

  private onAssets(): void {
    this.mustRebuild = true;
    this.show(false);
  }

  /** Makes the stage show the moment the clock is at, as soon as that can be. */
  private show(isSeek: boolean): void {
    const { atMs } = this.state;
    const recording = showingAt(this.showings, atMs)?.recording;
    if (!recording || this.isBuilding) return;
    const { snapshotMs, isBuilt } = this.anchoring(recording);
    const needed = isBuilt ? this.unfed(recording) : neededFor(recording, atMs, this.chunks.factsOf);
    this.chunks.want({ needed, ahead: this.ahead(), unread: this.unread(recording) });
    if (isBuilt) this.feed(recording);
    const error = this.chunks.errorOf(needed);
    const isComplete = isBuilt
      ? this.unfed(recording).length === 0
      : needed.every(({ id }) => this.chunks.eventsOf(id));
    if (error !== undefined) this.fail(error);
    else if (!isComplete) this.stall();
    else if (isBuilt) this.goOn(isSeek);
    else if (snapshotMs !== undefined && this.stage) {
      void this.build(this.stage, recording, needed, new Segment(snapshotMs));
    } else this.stall();
  }

  /** What plays next: of what is being recorded, the newest. */
  private ahead(): Chunk[] {
    const { atMs, speed, isFollowing } = this.state;
    const newest = this.newest();
    if (isFollowing && newest) return [newest];
    return aheadOf(this.recordings, atMs, AHEAD_MS * speed).slice(0, AHEAD_CHUNKS_MAX);
  }

  /** What has not been read and tells something all the same: where the page's assets are, and, if asked for, everything else. */
  private unread(shown: Recording): Chunk[] {
    const chunks = [
      ...shown.chunks.slice(0, CHUNKS_WITH_ASSETS),
      ...(this.readsAll ? this.recordings : []).flatMap((it) => it.chunks),
    ];
    const unread = chunks.filter(({ id }) => !this.chunks.factsOf(id) && !this.chunks.hasFailed(id));
    return unread.slice(0, UNREAD_CHUNKS_MAX);
  }

  /** The snapshot that showing the moment begins with, and whether the stage is at it already. */
  private anchoring(recording: Recording): { snapshotMs: number | undefined; isBuilt: boolean } {
    const { atMs } = this.state;
    const snapshotMs = anchorOf(recording, atMs, this.chunks.factsOf)?.snapshotMs;
    const isThere = this.shown?.recording.id === recording.id && this.stage?.segment?.snapshotMs === snapshotMs;
    return { snapshotMs, isBuilt: isThere && snapshotMs !== undefined && !this.mustRebuild };
  }

  /** The chunks up to a moment that the stage has not been given. */
  private unfed(recording: Recording): Chunk[] {
    const segment = this.stage?.segment;
    if (!segment || segment.endMs !== Number.POSITIVE_INFINITY) return [];
    return recording.chunks.slice(this.shown?.fed ?? 0).filter(({ startMs }) => startMs <= this.state.atMs);
  }

  private feed(recording: Recording): void {
    const segment = this.stage?.segment;
    if (!segment || !this.shown) return;
    while (segment.endMs === Number.POSITIVE_INFINITY) {
      const chunk = recording.chunks[this.shown.fed];
      const events = chunk && this.chunks.eventsOf(chunk.id);
      if (!events) return;
      this.stage?.add(segment.add(events));
      this.shown.fed += 1;
    }
  }

  private async build(stage: Stage, recording: Recording, chunks: readonly Chunk[], segment: Segment): Promise<void> {
    const first = chunks[0] ? recording.chunks.indexOf(chunks[0]) : 0;
    for (const { id } of chunks) segment.add(this.chunks.eventsOf(id) ?? []);
    this.isBuilding = true;
    this.mustRebuild = false;
    try {
      await stage.build(segment, this.state.atMs, this.state.isPlaying, this.assets.keptBy(recording.id));
      this.shown = { recording, first, fed: first + chunks.length };
    } catch (error) {
      this.fail(error);
      return;
    } finally {
      this.isBuilding = false;
    }
    if (this.isDisposed) {
      stage.clear();
      return;
    }
    this.frameMs = performance.now();
    this.show(true);
  }

  private stall(): void {
    if (this.state.status === 'ready') this.stage?.pause(this.state.atMs);
    if (this.state.status !== 'loading') this.change({ status: 'loading', error: null });
    this.resume();
  }

  private fail(error: unknown): void {
    const { status, isPlaying, isFollowing } = this.state;
    if (status === 'failed' && !isPlaying && !isFollowing) return;
    this.interrupted = { isPlaying, isFollowing };
    this.stage?.pause(this.state.atMs);
    this.change({ status: 'failed', error, isPlaying: false, isFollowing: false });
  }

  private resume(): void {
    const { interrupted } = this;
    this.interrupted = null;
    if (interrupted) this.change(interrupted);
  }

  private goOn(isSeek: boolean): void {
    this.resume();
    const { status, isPlaying, atMs } = this.state;
    if (isSeek || status !== 'ready') {
      if (isPlaying) this.stage?.play(atMs);
      else this.stage?.pause(atMs);
    }
    this.note();
  }

  /** What is known of the moment that is shown. */
  private note(): void {
    const { shown } = this;
    const segment = this.stage?.segment;
    if (!shown || !segment) return;
    const atMs = Math.max(this.state.atMs, segment.snapshotMs);
    const chunks = shown.recording.chunks.slice(shown.first, shown.fed).filter(({ startMs }) => startMs <= atMs);
    const facts = chunks.map(({ id }) => this.chunks.factsOf(id)).filter((it) => it !== undefined);
    const href = facts.flatMap(({ pages }) => pages).findLast((page) => page.atMs <= atMs)?.href ?? '';
    const hasGap = facts.some(({ gaps }) => gaps.some((gapMs) => segment.snapshotMs < gapMs && gapMs <= atMs));
    const hasLoss = chunks.slice(1).some(({ isAfterLoss }) => isAfterLoss);
    const damage = hasLoss ? 'loss' : hasGap ? 'gap' : null;
    const next = { status: 'ready', error: null, recording: shown.recording, href, damage } as const;
    const isNew = Object.entries(next).some(([name, value]) => this.state[name as keyof typeof next] !== value);
    if (isNew) this.change(next);
  }
}
