/** page_view and page_exit, per load and per navigation of a single-page application. */
import { after, guard, on } from '../guard.js';
import { emit, enterView } from '../pipeline.js';
import { cleanUrl } from '../privacy.js';
import { page, view } from '../view.js';

let leave = () => {};

/** Called before a page_exit is told. */
export function onExit(run: () => void): void {
  leave = guard(run);
}

function exit(next_url: string): void {
  leave();
  // Who never scrolled has still seen what fits the window.
  const seen = Math.min(((scrollY + innerHeight) / document.documentElement.scrollHeight) * 100, 100);
  emit('page_exit', { time_on_page_ms: Date.now() - view.enteredAt, max_scroll_percent: Math.max(view.scrollPercentMax, seen), next_url });
}

function moved(): void {
  const url = cleanUrl(location.href);
  if (url === view.url) return;
  exit(url);
  enterView(page.url);
}

export function startPage(): void {
  after(history, 'pushState replaceState', moved);
  on(window, 'popstate hashchange', moved);
  on(window, 'pagehide', () => exit(view.nextUrl));
}
