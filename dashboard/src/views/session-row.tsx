'use client';

import Link from 'next/link';
import { memo } from 'react';
import type { Session } from '@/api/types';
import { Icon } from '@/design/icon';
import { Ribbon } from '@/design/ribbon';
import { courseOf } from '@/design/ribbon-geometry';
import { clock, moment, placeName, shortId } from '@/format/format';
import { useLanguage } from '@/text/text';
import { deviceName } from './describe-event';
import { SessionPains } from './session-pains';

/** Columns of a row from the middle width on; on a phone the parts stack. */
export const SESSION_GRID =
  'md:grid md:grid-cols-[120px_minmax(0,1fr)_96px_52px] lg:grid-cols-[120px_minmax(0,2fr)_96px_52px_minmax(0,1fr)_84px] md:items-center md:gap-4';

interface SessionRowProps {
  session: Session;
  href: string;
  nowMs: number;
  /** A newly warm row floats up and says so for a moment. */
  isWarm?: boolean;
}

export const SessionRow = memo(function SessionRow({ session, href, nowMs, isWarm }: SessionRowProps) {
  const { text, language } = useLanguage();
  const place = placeName(session, language);
  const who = session.user_id || shortId(session.visitor_id);
  return (
    <li className="border-t border-hairline first:border-t-0">
      <Link
        href={href}
        prefetch={false}
        data-row
        data-testid="session-row"
        data-session={session.id}
        data-rage={session.rage_click_count}
        data-dead={session.dead_click_count}
        className={`flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-13 transition-colors hover:bg-sunken focus-visible:-outline-offset-2 ${SESSION_GRID} ${isWarm ? 'animate-warm' : ''}`}
      >
        <Ribbon course={courseOf(session)} />
        <span className="min-w-0 flex-1">
          <span className="flex min-w-0 items-center gap-1.5 font-mono text-12">
            <span className="truncate">{session.entry_path}</span>
            {session.exit_path !== session.entry_path && (
              <>
                <span aria-hidden="true" className="text-muted">
                  →
                </span>
                <span className="truncate">{session.exit_path}</span>
              </>
            )}
            {session.has_replay && (
              <span
                role="img"
                aria-label={text.sessions.hasReplay}
                title={text.sessions.hasReplay}
                data-testid="has-replay"
                className="ml-0.5 text-muted"
              >
                <Icon name="recording" size={14} />
              </span>
            )}
          </span>
          <span className="block truncate text-12 text-muted">
            {who} · {text.sessions.pages(session.page_count)} · {text.sessions.clicks(session.click_count)}
          </span>
        </span>
        <span className="flex justify-end max-md:hidden">
          <SessionPains session={session} />
        </span>
        <span className="text-right max-md:hidden">{clock(session.duration_ms)}</span>
        <span className="min-w-0 max-lg:hidden">
          <span className="block truncate">{place || text.common.unknown}</span>
          <span className="block truncate text-12 text-muted">
            {[deviceName(session.device_type, text), session.browser].filter(Boolean).join(' · ')}
          </span>
        </span>
        <span className="text-right text-12 text-muted max-lg:hidden">
          {moment(session.started_at, nowMs, language)}
        </span>
        <span className="flex w-full items-center gap-3 text-12 text-muted md:hidden">
          <span>{moment(session.started_at, nowMs, language)}</span>
          <span>{clock(session.duration_ms)}</span>
          <span>{deviceName(session.device_type, text)}</span>
          <span className="ml-auto">
            <SessionPains session={session} />
          </span>
        </span>
      </Link>
    </li>
  );
});
