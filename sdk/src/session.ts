/**
 * Who this is and which session it belongs to, shared by the tabs of one browser through localStorage. A session ends after `sessionTimeout`
 * without user activity, at midnight in the project's zone, or on request; one that ended on a page that is gone has no `session_end`.
 */
import { options } from './config.js';
import { guard } from './guard.js';

export interface Identity {
  visitor: string;
  session: string;
  user: string;
  /** Last user activity, ms. */
  active: number;
  /** What the visitor chose: `in`, `out`, or nothing yet. */
  choice: string;
}

/** How stale the stored time of the last activity may get. */
const SAVE_EVERY_MS = 5000;

const nobody: Identity = { visitor: '', session: '', user: '', active: 0, choice: '' };

export let identity: Identity = { ...nobody };
let savedAt = 0;
let isNewDay: (sinceMs: number) => unknown = () => false;

export const storageKey = (): string => `gosight:${options.projectKey}`;

export function save(): void {
  savedAt = Date.now();
  try {
    // Before a visitor agrees there is nothing to remember.
    if (identity.visitor || identity.choice) localStorage[storageKey()] = JSON.stringify(identity);
    else delete localStorage[storageKey()];
  } catch {
    // Blocked or full storage: the identity lives as long as the page.
  }
}

export function load(): void {
  try {
    identity = { ...identity, ...JSON.parse(localStorage[storageKey()]) };
  } catch {
    // As above.
  }
}

/** Forgets everything but the visitor's choice. */
export function forget(choice = identity.choice): void {
  identity = { ...nobody, choice };
  save();
}

const madeUuid = (random = crypto.getRandomValues(new Uint8Array(36))): string =>
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit, at: number) => (+digit ^ ((random[at] as number) & (15 >> (+digit / 4)))).toString(16));

/** RFC 9562 version 4, also where `crypto.randomUUID` is missing (plain http). */
export const uuid = (): string => crypto.randomUUID?.() ?? madeUuid();

/** The second file tells whether a midnight has passed since a time. */
export function onNewDay(run: typeof isNewDay): void {
  isNewDay = guard(run);
}

function overReason(): string {
  if (!identity.session) return 'new';
  if (Date.now() - identity.active > options.sessionTimeout) return 'timeout';
  return isNewDay(identity.active) ? 'midnight' : '';
}

/** Why the session is over, empty while it goes on. Another tab may have kept it alive. */
export function overBecause(): string {
  if (overReason()) load();
  return overReason();
}

export function touch(): void {
  identity.active = Date.now();
  if (identity.active - savedAt > SAVE_EVERY_MS) save();
}

/** Starts a session, and a visitor where there is none. */
export function renew(): void {
  identity.visitor ||= uuid();
  identity.session = uuid();
  identity.active = Date.now();
  save();
}

/** The same answer in every tab: the session's id decides. */
export function isSampled(percent = options.sampling.sessionSampleRate): boolean {
  return (parseInt(identity.session.slice(0, 8), 16) / 2 ** 32) * 100 < percent;
}
