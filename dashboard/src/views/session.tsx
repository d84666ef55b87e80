'use client';

import Link from 'next/link';
import { useEffect, useRef, useState } from 'react';
import { insightsOf, useManyInsights, useProject, useSession, useSessionEvents, useStruggling } from '@/api/queries';
import type { Insight, Session } from '@/api/types';
import { Icon } from '@/design/icon';
import { Ribbon } from '@/design/ribbon';
import { courseOf } from '@/design/ribbon-geometry';
import { Card, CardHead, Empty, Fault, Skeleton, SkeletonRows } from '@/design/states';
import { clock, duration, moment, shortId } from '@/format/format';
import { timelineMarks } from '@/replay/marks';
import { beforeWorst } from '@/replay/moment';
import { InWords, ReplayView } from '@/replay/replay-view';
import { parseRange } from '@/route/range';
import { useHref, useRoute, useView } from '@/route/route';
import { useLinkKey } from '@/shell/page-keys';
import { useWidth } from '@/shell/width';
import { useLanguage, useText } from '@/text/text';
import { SessionPains } from './session-pains';
import { Chapters, DetailChoice, EventsCut, Facts, Timeline } from './session-timeline';
import { nextAfter } from './struggling';
import { type Detail, type Line, timelineOf, typesOf } from './timeline';

const ALL_TIME = parseRange('1970-01-01T00:00:00.000Z~2999-01-01T00:00:00.000Z');

function scrollToLine(id: string): void {
  document.getElementById(`line-${id}`)?.scrollIntoView({ block: 'center', behavior: 'smooth' });
}

/** The line nearest to a moment, brought into view. */
function goTo(lines: Line[], atMs: number): void {
  const line = lines.findLast(({ at }) => Date.parse(at) <= atMs) ?? lines[0];
  if (line) scrollToLine(line.id);
}

function Head({ session }: { session: Session }) {
  const { text, language } = useLanguage();
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
      <h1>{session.user_id || shortId(session.visitor_id)}</h1>
      <p className="text-13 text-muted max-md:order-last max-md:w-full">
        {[
          moment(session.started_at, Date.now(), language),
          duration(session.duration_ms),
          text.sessions.pages(session.page_count),
          text.sessions.events(session.event_count),
        ].join(' · ')}
      </p>
      <span className="ml-auto">
        <SessionPains session={session} />
      </span>
    </div>
  );
}

/** The session in words: its course, what happened, what is known of the visitor. */
function WithoutReplay({ session, insights }: { session: Session; insights: Insight[] }) {
  const text = useText();
  const [detail, setDetail] = useState<Detail>('important');
  const events = useSessionEvents(session.id, typesOf(detail));
  const stage = useRef<HTMLDivElement>(null);
  const width = useWidth(stage, 1000);
  const lines = timelineOf(events.data?.data ?? [], insights, detail);
  const endMs = Date.parse(session.ended_at);
  const course = courseOf(session, endMs, timelineMarks(session, insights, events.data?.data ?? []));
  return (
    <>
      <Card className="px-4 pt-4 pb-2">
        <div ref={stage}>
          <Ribbon
            course={course}
            width={width}
            height={44}
            isLabelled
            onSeek={(share) => goTo(lines, course.startMs + share * (course.endMs - course.startMs))}
          />
          <p className="mt-1 flex justify-between text-12 text-muted">
            <span>0:00</span>
            <span>{clock(session.duration_ms)}</span>
          </p>
        </div>
      </Card>
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_340px]">
        <Card>
          <CardHead title={text.session.timeline}>
            <DetailChoice detail={detail} onChoose={setDetail} />
          </CardHead>
          {events.isPending && <SkeletonRows rows={10} height={34} />}
          {events.isError && !events.data && <Fault error={events.error} onRetry={() => void events.refetch()} />}
          {events.data && lines.length === 0 && <Empty>{text.session.noEvents}</Empty>}
          <Timeline lines={lines} startMs={course.startMs} />
          <EventsCut events={events.data} startMs={course.startMs} />
        </Card>
        <div className="flex flex-col gap-4 max-lg:order-first">
          <Chapters session={session} insights={insights} onGo={({ id }) => scrollToLine(id)} />
          <Card className="max-lg:hidden">
            <CardHead title={text.session.details} />
            <Facts session={session} />
          </Card>
        </div>
        <Card className="lg:hidden">
          <CardHead title={text.session.details} />
          <Facts session={session} />
        </Card>
      </div>
    </>
  );
}

/** The session as it was recorded, for who may watch it; in words otherwise. */
function SessionCourse({ session, insights }: { session: Session; insights: Insight[] }) {
  const project = useProject();
  const role = project.data?.role;
  const words = <WithoutReplay session={session} insights={insights} />;
  const { has_replay, is_replay_expired } = session;
  if (!has_replay) return <InWords absence={is_replay_expired ? 'expired' : null}>{words}</InWords>;
  if (role === undefined) return project.isError ? words : <Skeleton className="h-[560px] w-full" />;
  if (role !== 'viewer') return <ReplayView session={session} insights={insights} fallback={words} />;
  return <InWords absence="viewer">{words}</InWords>;
}

/** More insights than this many pages of them nobody goes through in one session. */
const INSIGHT_PAGES_MAX = 10;

function SessionView({ session }: { session: Session }) {
  const found = useManyInsights({ range: ALL_TIME, sessionId: session.id }, INSIGHT_PAGES_MAX);
  return (
    <>
      <Head session={session} />
      <SessionCourse session={session} insights={insightsOf(found.data)} />
    </>
  );
}

/** The next to watch after this session in the ranking of those who struggled, with the range and the filters of the address. */
function NextStruggling({ session }: { session: Session }) {
  const text = useText();
  const href = useHref();
  const view = useView();
  const link = useRef<HTMLAnchorElement>(null);
  useLinkKey('n', link);
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = useStruggling(view);
  const ranking = data?.pages.flatMap((page) => page.data);
  const next = ranking ? nextAfter(session, ranking, !hasNextPage) : 'more';
  const mustGoOn = ranking !== undefined && next === 'more' && !isFetching && !isError;
  useEffect(() => {
    if (mustGoOn) void fetchNextPage();
  }, [mustGoOn, fetchNextPage]);
  const look = 'flex items-center gap-1 text-13 text-muted';
  if (next === null || next === 'more') {
    return (
      <span
        role="link"
        tabIndex={0}
        aria-disabled="true"
        aria-busy={next === 'more'}
        data-testid="next-struggling"
        className={look}
      >
        {next === null ? text.replay.lastStruggling : text.replay.nextStruggling}
      </span>
    );
  }
  return (
    <Link
      ref={link}
      href={href(`sessions/${next.id}`, { ...view.filters, ...beforeWorst(next) })}
      prefetch={false}
      aria-keyshortcuts="n"
      data-testid="next-struggling"
      className={`${look} hover:text-text`}
    >
      {text.replay.nextStruggling}
      <Icon name="right" size={14} />
    </Link>
  );
}

export function SessionPage() {
  const text = useText();
  const { id } = useRoute();
  const href = useHref();
  const { filters } = useView();
  const session = useSession(id);
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <Link
          href={href('sessions', { ...filters })}
          className="flex w-fit items-center gap-1 text-13 text-muted hover:text-text"
        >
          <Icon name="left" size={14} />
          {text.session.back}
        </Link>
        {session.data && <NextStruggling session={session.data.data} />}
      </div>
      {session.isPending && (
        <>
          <Skeleton className="h-7 w-72 max-w-full" />
          <Skeleton className="h-[560px] w-full" />
        </>
      )}
      {session.isError && !session.data && <Fault error={session.error} onRetry={() => void session.refetch()} />}
      {session.data && <SessionView session={session.data.data} />}
    </div>
  );
}
