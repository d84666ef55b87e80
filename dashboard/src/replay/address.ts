/**
 * The address over the stage. Pure.
 *
 * A single page changes its address without loading, and its recorder does not always note it; page views do. Where a visitor has two
 * tabs, a page view may be the other tab's: a chunk is an event too, of the view in which it was cut, and so tells whose view that is.
 */

import type { SessionEvent } from '@/api/types';
import type { Recording } from './timeline';

export interface View {
  atMs: number;
  url: string;
}

/** The page views of what is shown, in order of time. One that was over before a chunk was cut is told of where there is one tab only. */
export function viewsOf(
  shown: Recording | null,
  recordings: readonly Recording[],
  events: readonly SessionEvent[],
): View[] {
  const hasTabs = recordings.some(({ tab }) => tab > 0);
  const chunks = new Set(shown?.chunks.map(({ id }) => id));
  const own = new Set(events.filter(({ id }) => chunks.has(id)).map((event) => event.view_id));
  return events
    .filter((event) => event.type === 'page_view' && (!hasTabs || own.has(event.view_id)))
    .map(({ timestamp, url }) => ({ atMs: Date.parse(timestamp), url }));
}

/** Without what only machines read. `href` is what the recorder noted, for when no page view is known. */
export function addressAt(views: readonly View[], atMs: number, href: string): string {
  const url = views.findLast((view) => view.atMs <= atMs)?.url || href;
  return url.replace(/^asset:/, '').replace(/^https?:\/\//, '');
}

/** Where pages come from. */
export function originsOf(hrefs: readonly string[]): ReadonlySet<string> {
  return new Set(hrefs.flatMap((href) => /^(?:asset:)?(https?:\/\/[^/?#]+)/.exec(href)?.[1] ?? []));
}

/** What was asked for, in little room: of the pages' own origins the path alone says it. */
export function requestedOf(url: string, origins: ReadonlySet<string>): string {
  const [, origin = '', rest = ''] = /^(?:asset:)?(https?:\/\/[^/?#]+)?(.*)$/s.exec(url) ?? [];
  return origins.has(origin) && rest ? rest : origin.replace(/^https?:\/\//, '') + rest;
}
