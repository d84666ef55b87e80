'use client';

import Link from 'next/link';
import { Icon } from '@/design/icon';
import { count } from '@/format/format';
import { useLive } from '@/live/live';
import { useHref } from '@/route/route';
import { useLanguage } from '@/text/text';

/** What is going on right now, in one line. */
export function LiveStrip({ newest }: { newest: React.ReactNode }) {
  const { text, language } = useLanguage();
  const href = useHref();
  const metrics = useLive((state) => state.metrics);
  const number = (value: number | undefined) => (value === undefined ? '–' : count(value, language));
  const page = metrics?.current_pages[0];
  return (
    <div
      data-testid="live-strip"
      className="flex min-h-11 flex-wrap items-center gap-x-6 gap-y-1 rounded-card border border-hairline bg-surface px-4 py-2 text-13 group-data-lost/lost:text-muted"
    >
      <Link href={href('live')} className="flex items-center gap-2 font-medium hover:text-accent">
        <Icon name="live" className="text-live-text" />
        <span>
          <span data-testid="live-active-sessions">{number(metrics?.active_sessions)}</span>{' '}
          {text.live.activeNow.toLowerCase()}
        </span>
      </Link>
      <span className="text-muted">
        <span data-testid="live-events-per-minute">{number(metrics?.events_per_minute)}</span>{' '}
        {text.live.eventsPerMinute.toLowerCase()}
      </span>
      {page && (
        <span className="min-w-0 truncate text-muted max-md:hidden">
          <span className="font-mono text-12">{page.path}</span> · {number(page.sessions)}
        </span>
      )}
      <span className="ml-auto min-w-0">{newest}</span>
    </div>
  );
}
