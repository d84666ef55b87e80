'use client';

import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { useCallback, useMemo } from 'react';
import { type Filters, readFilters } from './filters';
import { parseRange, type Range, rangeInAddress } from './range';

export const PAGES = ['overview', 'live', 'sessions', 'insights', 'heatmaps', 'alerts', 'settings'] as const;
export type Page = (typeof PAGES)[number];

export interface Route {
  project: string;
  page: string;
  /** What follows the page, such as a session's id. */
  id: string;
}

/** The export holds one file per page with `_` for its parameters: what they are is read from the address itself. */
export function parseRoute(pathname: string): Route {
  const [project = '', page = '', id = ''] = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  return { project, page, id };
}

export function useRoute(): Route {
  const pathname = usePathname();
  return useMemo(() => parseRoute(pathname), [pathname]);
}

export interface View {
  range: Range;
  filters: Filters;
}

export function useView(): View {
  const search = useSearchParams();
  return useMemo(() => ({ range: parseRange(search.get('range')), filters: readFilters(search) }), [search]);
}

export type Change = Record<string, string | null>;

function changed(search: URLSearchParams, change: Change): string {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text ? `?${text}` : '';
}

/** Changes the address' search part in place. */
export function useChangeSearch(): (change: Change) => void {
  const search = useSearchParams();
  const pathname = usePathname();
  const router = useRouter();
  return useCallback(
    (change) => router.replace(`${pathname}${changed(search, change)}`, { scroll: false }),
    [search, pathname, router],
  );
}

/** The address of a page of this project that keeps the range, and only the filters that are given. */
export function useHref(): (page: string, change?: Change) => string {
  const { project } = useRoute();
  const { range } = useView();
  return useCallback(
    (page, change = {}) => {
      const search = changed(new URLSearchParams(), { range: rangeInAddress(range), ...change });
      return `/${encodeURIComponent(project)}/${page}${search}`;
    },
    [project, range],
  );
}
