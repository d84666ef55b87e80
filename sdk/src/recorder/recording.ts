/** One recording: of one page load in one tab, and of one session. From its events, checkpoints and triggers to its chunks. */
import type { ReplayMode } from '../config.js';
import type { GoSightEvent, Page } from '../events.js';
import { guard, options } from '../more/core.js';
import type { Identity } from '../session.js';
import { type Assets, openAssets } from './assets.js';
import { openCanvases } from './canvas.js';
import { type Chunks, openChunks } from './chunks.js';
import { CUSTOM, FULL_SNAPSHOT, META, PLUGIN, type Recorded } from './events.js';
import { observe } from './page.js';
import { openPanels } from './panels.js';
import { plan } from './plan.js';
import { openRing } from './ring.js';
import { isWhole, whenIdle } from './slices.js';
import { watchTriggers } from './triggers.js';

/** Between two snapshots at least. */
const SNAPSHOT_MS_MIN = 20_000;

export interface Recording {
  move(who: Identity, page: Page): void;
  hear(event: GoSightEvent): void;
  leave(): void;
  stop(isSent: boolean): void;
}

/** Whether the session is over, as far as this tab knows. */
export const isIdle = ({ active }: Identity): boolean => Date.now() - active > options.sessionTimeout;

/** `whenOver` is called when it is over by itself: its session is, or its time. */
export function openRecording(mode: ReplayMode, identity: Identity, view: Page, whenOver: () => void): Recording {
  const startedAt = Date.now();
  const ring = openRing(plan.bufferSeconds * 1000);
  const hear = watchTriggers(guard(trigger));
  let who = identity;
  let page = view;
  /** None until a trigger has fired. */
  let chunks: Chunks | undefined = mode === 'full' ? openChunks(who, page) : undefined;
  let keptUntil = Infinity;
  let snapshotAt = 0;
  let snapshotLength = 0;
  let lengthSince = 0;
  let isSnapshotDue = false;
  let isStopped = false;
  let assets: Assets | undefined;

  const isOver = () => {
    const now = Date.now();
    return now > keptUntil || isIdle(who) || (!!plan.maxDurationMs && now - startedAt > plan.maxDurationMs);
  };

  function take(event: Recorded): void {
    if (isStopped) return;
    if (isOver()) {
      isStopped = true;
      // Not in the midst of what tells.
      setTimeout(guard(whenOver));
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
    }
    // What goes with a page does not outweigh it.
    if (event.type === CUSTOM) return;
    // What a snapshot lacked and told later is part of it.
    if (line.isFull || !isWhole()) snapshotLength += json.length;
    else lengthSince += json.length;
    if (isSnapshotDue || !isDue(event.timestamp - snapshotAt)) return;
    isSnapshotDue = true;
    whenIdle(() => {
      isSnapshotDue = false;
      if (!isStopped) observed.snapshot();
    });
  }

  /** A fresh snapshot when what came since outweighs the last one, so that bytes at most double; what is only kept in memory must begin anew in time. */
  function isDue(ageMs: number): boolean {
    if (!lengthSince) return false;
    if (!chunks) return ageMs > Math.max(plan.bufferSeconds * 1000, SNAPSHOT_MS_MIN);
    if (plan.snapshotInterval) return ageMs > plan.snapshotInterval;
    return ageMs > SNAPSHOT_MS_MIN && lengthSince > snapshotLength;
  }

  function trigger(): void {
    if (mode !== 'trigger' || isStopped) return;
    keptUntil = Date.now() + plan.recordAfterSeconds * 1000;
    if (chunks) return;
    chunks = openChunks(who, page);
    ring.take().forEach(chunks.add);
  }

  const onVisibility = guard(() => tell('gosight.visibility', { hidden: document.hidden }));
  const tell = (tag: string, payload: object) => take({ type: CUSTOM, data: { tag, payload }, timestamp: Date.now() });
  // Before a trigger has fired what is told may be forgotten, and it is told once.
  if (plan.images === 'keep')
    assets = openAssets(
      (asset) => tell('gosight.asset', asset),
      () => !!chunks,
    );
  const canvases = plan.canvas ? openCanvases((canvas, attributes) => observed.describe(canvas, attributes)) : undefined;
  const observed = observe(take, (element) => {
    assets?.watch(element);
    canvases?.watch(element);
  });
  document.addEventListener('visibilitychange', onVisibility);
  const closePanels = openPanels((plugin, payload) => take({ type: PLUGIN, data: { plugin, payload }, timestamp: Date.now() }));

  return {
    hear,
    move(by, to) {
      who = by;
      page = to;
      chunks?.move(by, to);
    },
    leave() {
      observed.leave();
      chunks?.leave();
    },
    stop(isSent) {
      isStopped = true;
      document.removeEventListener('visibilitychange', onVisibility);
      closePanels();
      observed.stop();
      assets?.stop();
      canvases?.stop();
      chunks?.close(isSent);
    },
  };
}
