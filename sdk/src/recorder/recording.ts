/** One recording: of one page load in one tab, and of one session. From its events, checkpoints and triggers to its chunks. */
import type { ReplayMode } from '../config.js';
import type { GoSightEvent, Page } from '../events.js';
import { guard, later, options } from '../more/core.js';
import type { Identity } from '../session.js';
import { type Assets, openAssets } from './assets.js';
import { openCanvases } from './canvas.js';
import { type Chunks, openChunks } from './chunks.js';
import { leaveEarlier, since, takeEarlier } from './earlier.js';
import { CUSTOM, FULL_SNAPSHOT, META, MUTATION, PLUGIN, type Recorded } from './events.js';
import { observe } from './page.js';
import { openPanels } from './panels.js';
import { plan } from './plan.js';
import { isPressed } from './pressure.js';
import { openRing } from './ring.js';
import { ROUTE_SNAPSHOT_MS_MIN, watchRoutes } from './routes.js';
import { isWhole, whenIdle } from './slices.js';
import { remember, remembered } from './tab.js';
import { watchTriggers } from './triggers.js';

/** Where a tab remembers until when a trigger has it recorded. */
const KEPT_UNTIL = 'until';
export const isKept = (): boolean => Number(remembered(KEPT_UNTIL)) > Date.now();

/** Between two snapshots at least. */
const SNAPSHOT_MS_MIN = 20_000;
/**
 * …and so many chunks at most, three quarters of a minute of a page where there is always something: a seek brings all of them before it shows anything
 * (tests/browser/replay-long.spec.ts). By the clock a page that stands still would pay for snapshots as well.
 */
const CHUNKS_MAX = 16;
/** What is told so much before what was told last was held back (page.ts), or the clock was set. */
const LATE_MS_MAX = 5000;

export interface Recording {
  move(who: Identity, page: Page): void;
  hear(event: GoSightEvent): void;
  leave(): void;
  stop(): void;
  /** How long was recorded, and kept: what a trigger brings from before it does not count. */
  keptMs(): number;
}

/** Whether the session is over, as far as this tab knows. */
export const isIdle = ({ active }: Identity): boolean => Date.now() - active > options.sessionTimeout;

/** `whenOver` is called when it is over by itself: its session is, or its time, of which `spentMs` went to one that was paused. */
export function openRecording(mode: ReplayMode, identity: Identity, view: Page, spentMs: number, whenOver: () => void): Recording {
  const bufferMs = plan.bufferSeconds * 1000;
  const ring = openRing(bufferMs);
  const earlier = mode === 'trigger' ? takeEarlier(identity.session) : [];
  let who = identity;
  let page = view;
  /** None until a trigger has fired. */
  let chunks: Chunks | undefined;
  let keptFrom = Infinity;
  /** Of the last trigger: the next page of the tab goes on until then. */
  let keptUntil = mode === 'full' ? Infinity : Number(remembered(KEPT_UNTIL));
  let snapshotAt = 0;
  let snapshotLength = 0;
  let lengthSince = 0;
  let chunksBefore = 0;
  /** Of what was lost some may have been the base of what follows; should it be lost again, the next one waits longer. */
  let losses = 0;
  let isBaseLost = false;
  let isSnapshotDue = false;
  let setBackMs = 0;
  let lastAt = 0;
  let isStopped = false;
  let assets: Assets | undefined;
  const over = new AbortController();

  const keptMs = () => spentMs + Math.max(0, Date.now() - keptFrom);
  const isOver = () => Date.now() > keptUntil || isIdle(who) || (!!plan.maxDurationMs && keptMs() > plan.maxDurationMs);

  function keep(): Chunks {
    keptFrom = Date.now();
    return openChunks(who, page, () => {
      losses++;
      isBaseLost = true;
    });
  }

  /** A clock may be set back, and a player would show nothing of what follows: the recording's goes on from where it was. */
  function keepTime(event: Recorded): void {
    event.timestamp += setBackMs;
    const backMs = lastAt - event.timestamp;
    if (backMs > LATE_MS_MAX) {
      setBackMs += backMs;
      event.timestamp = lastAt;
    }
    lastAt = Math.max(lastAt, event.timestamp);
  }

  function take(event: Recorded): void {
    if (isStopped) return;
    keepTime(event);
    if (isOver()) {
      isStopped = true;
      remember(KEPT_UNTIL, 0);
      // Not in the midst of what tells.
      later(whenOver);
      return;
    }
    if (event.type === META) assets?.repeat();
    const json = JSON.stringify(event);
    const line = { json, at: event.timestamp, isFull: event.type === FULL_SNAPSHOT };
    if (chunks) chunks.add(line);
    else ring.add(line, event.type === META);
    if (event.type === META) {
      snapshotAt = event.timestamp;
      snapshotLength = lengthSince = 0;
      chunksBefore = chunks?.count() ?? 0;
      isBaseLost = false;
    }
    const { adds, removes, source } = event.data as { adds?: object[]; removes?: object[]; source?: number };
    if (source === MUTATION && (adds?.[0] || removes?.[0])) routes.change();
    // What goes with a page does not outweigh it.
    if (event.type === CUSTOM) return;
    // What a snapshot lacked and told later is part of it.
    if (line.isFull || !isWhole()) snapshotLength += json.length;
    else lengthSince += json.length;
    if (isDue(event.timestamp - snapshotAt)) renew();
  }

  /** A fresh snapshot as soon as there is time. Under pressure there is none, and one comes at its end. */
  function renew(): void {
    if (isSnapshotDue) return;
    isSnapshotDue = true;
    whenIdle(() => {
      isSnapshotDue = false;
      if (!isStopped && !isPressed()) observed.snapshot();
    });
  }

  /**
   * A fresh snapshot when what came since outweighs the last one, so that bytes about double, or is in many chunks; what is only kept in memory must begin
   * anew in time.
   */
  function isDue(ageMs: number): boolean {
    if (!lengthSince) return false;
    if (isBaseLost) return ageMs > SNAPSHOT_MS_MIN * losses;
    if (!chunks) return ageMs > (ring.isEmpty() ? SNAPSHOT_MS_MIN : Math.max(bufferMs, SNAPSHOT_MS_MIN));
    if (plan.snapshotInterval) return ageMs > plan.snapshotInterval;
    return ageMs > SNAPSHOT_MS_MIN && (lengthSince > snapshotLength || chunks.count() - chunksBefore > CHUNKS_MAX);
  }

  /** Whether the route gets its snapshot. */
  function takeRoute(): boolean {
    const isTime = lastAt - snapshotAt >= ROUTE_SNAPSHOT_MS_MIN;
    if (!isTime || isSnapshotDue || isPressed() || !isWhole()) return false;
    renew();
    return true;
  }

  function trigger(): void {
    if (mode !== 'trigger' || isStopped) return;
    keptUntil = Date.now() + plan.recordAfterSeconds * 1000;
    remember(KEPT_UNTIL, keptUntil);
    if (chunks) return;
    for (const { page, lines } of since(earlier, bufferMs)) {
      const past = openChunks(who, page, () => {});
      lines.forEach(past.add);
      past.close();
    }
    chunks = keep();
    const isEmpty = ring.isEmpty();
    ring.take().forEach(chunks.add);
    // Nothing that follows could be played without.
    if (isEmpty && !observed.isHolding() && !isPressed()) observed.snapshot();
  }

  const hear = watchTriggers(guard(trigger));
  if (keptUntil > Date.now()) chunks = keep();
  else keptUntil = Infinity;
  const routes = watchRoutes(page.path, takeRoute);
  const onVisibility = guard(() => tell('gosight.visibility', { hidden: document.hidden }));
  const tell = (tag: string, payload: object) => take({ type: CUSTOM, data: { tag, payload }, timestamp: Date.now() });
  // Before a trigger has fired what is told may be forgotten, and it is told once.
  if (plan.images === 'keep')
    assets = openAssets(
      (asset) => tell('gosight.asset', asset),
      () => !!chunks,
    );
  const canvases = plan.canvas ? openCanvases((canvas, attributes) => observed.describe(canvas, attributes)) : undefined;
  const observed = observe(over.signal, take, (element) => {
    assets?.watch(element);
    canvases?.watch(element);
  });
  document.addEventListener('visibilitychange', onVisibility, over);
  openPanels(over.signal, (plugin, payload) => take({ type: PLUGIN, data: { plugin, payload }, timestamp: Date.now() }));

  return {
    hear,
    move(by, to) {
      who = by;
      page = to;
      chunks?.move(by, to);
      if (chunks) routes.enter(to.path);
    },
    leave() {
      observed.leave();
      if (mode === 'trigger') leaveEarlier(chunks ? [] : [...since(earlier, bufferMs), { session: who.session, page, lines: ring.lines() }]);
    },
    stop() {
      isStopped = true;
      over.abort();
      routes.stop();
      assets?.stop();
      canvases?.stop();
      chunks?.close();
    },
    keptMs,
  };
}
