/** The second file: what can wait a moment, and what is off by default. It works through what the core lends it. */
import type { Lent } from '../core.js';
import { startClipboard } from './clipboard.js';
import { borrow, guard, options, register } from './core.js';
import { startDays } from './days.js';
import { startDelivery } from './delivery.js';
import { startForms } from './forms.js';
import { startFrames } from './frames.js';
import { startHover } from './hover.js';
import { startLedger } from './ledger.js';
import { startMedia } from './media.js';
import { startMoves } from './moves.js';
import { startNetwork } from './network.js';
import { startPerformance } from './performance.js';
import { startReplay } from './replay.js';
import { TABLE } from './schema.js';
import { startScroll } from './scroll.js';
import { startWindow } from './window.js';

/** Defaults that only this file and the recorder ask for, and so the core need not carry. */
const MOUSE_MOVE_INTERVAL_MS = 50;
const SCROLL_THROTTLE_MS = 100;

export function start(lent: Lent): void {
  borrow(lent);
  register(TABLE);
  const { sampling } = options;
  sampling.mouseMoveInterval ??= MOUSE_MOVE_INTERVAL_MS;
  sampling.scrollThrottle ??= SCROLL_THROTTLE_MS;
  for (const startOne of [
    startDelivery,
    startDays,
    startLedger,
    startForms,
    startScroll,
    startFrames,
    startMoves,
    startHover,
    startPerformance,
    startNetwork,
    startWindow,
    startMedia,
    startClipboard,
  ])
    guard(startOne)();
  guard(startReplay)(lent);
}
