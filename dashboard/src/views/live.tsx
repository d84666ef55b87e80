'use client';

import Link from 'next/link';
import { useRef } from 'react';
import { useSessions } from '@/api/queries';
import type { Session, SessionEvent } from '@/api/types';
import { Sparkline } from '@/design/sparkline';
import { Card, CardHead, Empty, Fault, SkeletonRows } from '@/design/states';
import { count, timeOfDay } from '@/format/format';
import { useLive } from '@/live/live';
import { parseRange } from '@/route/range';
import { useHref } from '@/route/route';
import { useListKeys } from '@/shell/list-keys';
import { useNow } from '@/shell/now';
import { useLanguage } from '@/text/text';
import { describeEvent, toneOf } from './describe-event';
import { SessionRow } from './session-row';
import { isStruggling } from './struggling';

const LIVE_RANGE = parseRange('1h');
/** The same five minutes that make a session active. */
const ACTIVE_MS = 300_000;
/** A warm session floats above the others this long after its last event. */
const WARM_MS = 20_000;
const STREAM_ROWS = 14;

/** Active sessions, the newest first; those that struggle right now float above them. */
function activeSessions(sessions: Session[], nowMs: number): Session[] {
  const age = (session: Session) => nowMs - Date.parse(session.ended_at);
  const floats = (session: Session) => isStruggling(session) && age(session) < WARM_MS;
  return sessions
    .filter((session) => age(session) < ACTIVE_MS)
    .toSorted((a, b) => Number(floats(b)) - Number(floats(a)) || (a.started_at < b.started_at ? 1 : -1));
}

function Now() {
  const { text, language } = useLanguage();
  const metrics = useLive((state) => state.metrics);
  const pulse = useLive((state) => state.pulse);
  const number = (value: number | undefined) => (value === undefined ? '–' : count(value, language));
  const numbers = [
    [text.live.activeNow, metrics?.active_sessions, 'live-page-active'],
    [text.live.visitorsNow, metrics?.active_visitors, 'live-page-visitors'],
    [text.live.eventsPerMinute, metrics?.events_per_minute, 'live-page-epm'],
  ] as const;
  return (
    <Card className="grid grid-cols-3 items-center gap-4 px-4 py-4 md:grid-cols-4">
      {numbers.map(([label, value, testId]) => (
        <p key={testId}>
          <span className="block truncate text-13 text-muted">{label}</span>
          <span
            data-testid={testId}
            className="mt-1 block text-28 font-semibold tracking-tight group-data-lost/lost:text-muted"
          >
            {number(value)}
          </span>
        </p>
      ))}
      <div className="max-md:hidden">
        <Sparkline values={pulse} width={240} height={48} />
      </div>
    </Card>
  );
}

function CurrentPages() {
  const { text, language } = useLanguage();
  const pages = useLive((state) => state.metrics?.current_pages ?? null);
  const href = useHref();
  const largest = Math.max(1, ...(pages ?? []).map((page) => page.sessions));
  return (
    <Card data-testid="current-pages">
      <CardHead title={text.live.currentPages} />
      {pages?.length === 0 && <p className="px-4 pb-4 text-13 text-muted">{text.live.noPages}</p>}
      <ol className="px-2 pb-2">
        {pages?.slice(0, 8).map((page) => (
          <li key={page.path}>
            <Link
              href={href('heatmaps', { path: page.path })}
              prefetch={false}
              className="relative flex h-8 items-center gap-3 rounded-md px-2 text-13 hover:bg-sunken"
            >
              <span
                aria-hidden="true"
                className="absolute inset-y-1 left-0 rounded-md bg-accent-soft transition-[width]"
                style={{ width: `${(page.sessions / largest) * 78}%` }}
              />
              <span className="relative min-w-0 flex-1 truncate font-mono text-12">{page.path}</span>
              <span className="relative">{count(page.sessions, language)}</span>
            </Link>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function StreamLine({ event }: { event: SessionEvent }) {
  const { text, language } = useLanguage();
  const href = useHref();
  const { title, detail } = describeEvent(event, text);
  return (
    <li className="animate-enter">
      <Link
        href={href(`sessions/${event.session_id}`)}
        prefetch={false}
        className="flex h-8 items-center gap-3 px-4 text-13 hover:bg-sunken"
      >
        <span className="shrink-0 text-12 text-muted">{timeOfDay(event.timestamp, language)}</span>
        <span className="shrink-0">{title}</span>
        <span className="min-w-0 truncate text-muted">{detail || event.path}</span>
      </Link>
    </li>
  );
}

function Stream() {
  const { text } = useLanguage();
  const events = useLive((state) => state.events);
  const told = events.filter((event) => toneOf(event.type) !== 'quiet').slice(0, STREAM_ROWS);
  return (
    <Card data-testid="live-stream" className="min-h-[300px] overflow-hidden">
      <CardHead title={text.live.stream} />
      <ol className="pb-2">
        {told.map((event) => (
          <StreamLine key={event.id} event={event} />
        ))}
      </ol>
    </Card>
  );
}

export function LivePage() {
  const { text } = useLanguage();
  const href = useHref();
  const root = useRef<HTMLUListElement>(null);
  const nowMs = useNow(5_000);
  useListKeys(root);
  const sessions = useSessions({ range: LIVE_RANGE, filters: {}, isNewestFirst: true });
  const rows =
    sessions.data &&
    activeSessions(
      sessions.data.pages.flatMap((page) => page.data),
      nowMs,
    );
  return (
    <div className="flex flex-col gap-4">
      <h1 className="sr-only">{text.pages.live}</h1>
      <Now />
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_340px]">
        <Card className="overflow-hidden" data-testid="live-sessions">
          <CardHead title={text.live.sessionsNow}>
            <span className="text-12 text-muted">{text.live.last}</span>
          </CardHead>
          {sessions.isPending && <SkeletonRows rows={8} height={49} />}
          {sessions.isError && !rows && <Fault error={sessions.error} onRetry={() => void sessions.refetch()} />}
          {rows?.length === 0 && <Empty>{text.live.empty}</Empty>}
          <ul ref={root} className="border-t border-hairline">
            {rows?.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                href={href(`sessions/${session.id}`)}
                nowMs={nowMs}
                isWarm={isStruggling(session)}
              />
            ))}
          </ul>
        </Card>
        <div className="flex flex-col gap-4 max-lg:contents">
          <div className="max-lg:order-first">
            <CurrentPages />
          </div>
          <Stream />
        </div>
      </div>
    </div>
  );
}
