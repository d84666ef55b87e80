/**
 * What was on the pages before this one, for the seconds before a trigger may reach back over some of them. A page that is left leaves it to the next one
 * of its tab, in the tab's storage.
 *
 *   /cart ──── /pay ── /error ×        the trigger brings the last of /cart, all of /pay, and goes on
 */
import type { Page } from '../events.js';
import type { Line } from './chunks.js';
import { guardedly, remember, remembered } from './tab.js';

/** Where a tab keeps it. */
const EARLIER = 'earlier';
/** Characters: a browser gives a tab five million, and the site has its own use for them. */
const LENGTH_MAX = 2_000_000;

export interface Earlier {
  session: string;
  page: Page;
  lines: Line[];
}

const lengthOf = (pages: Earlier[]) => pages.flatMap(({ lines }) => lines).reduce((sum, { json }) => sum + json.length, 0);

/** Those that reach into the last `keptMs`. */
export const since = (pages: Earlier[], keptMs: number): Earlier[] => pages.filter(({ lines }) => (lines.at(-1)?.at ?? 0) > Date.now() - keptMs);

/** What was left to this page, once. */
export function takeEarlier(session: string): Earlier[] {
  const left = guardedly(() => JSON.parse(remembered(EARLIER) || '[]') as Earlier[]) ?? [];
  leaveEarlier([]);
  return left.filter((page) => page.session === session);
}

/** The oldest go where all are too much. */
export function leaveEarlier(pages: Earlier[]): void {
  while (lengthOf(pages) > LENGTH_MAX) pages.shift();
  remember(EARLIER, JSON.stringify(pages));
}
