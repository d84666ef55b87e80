import type { ReplayMode } from '../config.js';
import type { Lent } from '../core.js';
import type { GoSightEvent, Page } from '../events.js';
import type { Identity } from '../session.js';

/** What a recording depends on, each time any of it may have changed; and what happened. */
export type Turn = (mode: ReplayMode, running: boolean, who: Identity, page: Page, event?: GoSightEvent) => void;

export function start(lent: Lent): Turn;
