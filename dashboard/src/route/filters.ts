import type { Session } from '@/api/types';

/** What narrows sessions, with the API's own names; in the page's address under the same names. */
export const FILTER_NAMES = [
  'rage',
  'dead',
  'error_click',
  'error',
  'replay',
  'duration_min_ms',
  'device',
  'country',
  'browser',
  'path',
  'user',
  'referrer',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type Filters = Partial<Record<FilterName, string>>;

export function readFilters(search: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const name of FILTER_NAMES) {
    const value = search.get(name);
    const isReadable = name !== 'duration_min_ms' || /^\d{1,12}$/.test(value ?? '');
    if (value && isReadable) filters[name] = value;
  }
  return filters;
}

/** Whether a session row passes, as the API judges it. */
export function sessionMatches(session: Session, filters: Filters): boolean {
  const tests: Record<FilterName, (value: string) => boolean> = {
    rage: (value) => String(session.rage_click_count > 0) === value,
    dead: (value) => String(session.dead_click_count > 0) === value,
    error_click: (value) => String(session.error_click_count > 0) === value,
    error: (value) => String(session.error_count > 0) === value,
    replay: (value) => String(session.has_replay) === value,
    duration_min_ms: (value) => session.duration_ms >= Number(value),
    device: (value) => session.device_type === value,
    country: (value) => session.country === value,
    browser: (value) => session.browser === value,
    path: (value) =>
      session.entry_path === value || session.exit_path === value || session.pages.some((page) => page.path === value),
    user: (value) => session.user_id === value || session.visitor_id === value,
    referrer: (value) => session.referrer_domain === value,
  };
  return Object.entries(filters).every(([name, value]) => tests[name as FilterName](value));
}

export function isEmpty(filters: Filters): boolean {
  return Object.keys(filters).length === 0;
}
