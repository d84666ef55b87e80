/** The page view that is being seen: the page context its events share, and what its exit will tell. */
import type { Page, Payloads } from './events.js';
import { cleanUrl } from './privacy.js';
import { uuid } from './session.js';

export let page: Page;
export const view = {} as { url: string; enteredAt: number; scrollPercentMax: number; nextUrl: string; errors: number; milestone: number };

/** Begins a view of where the browser is now; coming from where the page did, unless told otherwise. */
export function newView(referrer = page ? page.referrer : document.referrer && cleanUrl(document.referrer)): void {
  const url = cleanUrl(location.href);
  const { pathname, searchParams } = new URL(url);
  page = {
    url,
    path: pathname,
    // Often set after the navigation: it is read when events are sent.
    title: '',
    referrer,
    query: Object.fromEntries(searchParams),
    view_id: uuid(),
  };
  Object.assign(view, { url, enteredAt: Date.now(), scrollPercentMax: 0, nextUrl: '', errors: 0, milestone: 0 });
}

export function viewPayload(): Payloads['page_view'] {
  // The title may come after the navigation: it is read when the event is sent.
  return { title: '', path: page.path, hash: new URL(page.url).hash };
}
