'use client';

import Link from 'next/link';
import { useRef, useState } from 'react';
import { insightsOf, useInsights, useSession, useSessionEvents } from '@/api/queries';
import type { Insight, Session, SessionEvent } from '@/api/types';
import { Segmented } from '@/design/controls';
import { Icon } from '@/design/icon';
import { Ribbon } from '@/design/ribbon';
import { courseOf, SEVERITY, tintOf } from '@/design/ribbon-geometry';
import { InsightMark } from '@/design/severity';
import { Card, CardHead, Empty, Fault, Skeleton, SkeletonRows } from '@/design/states';
import { clock, countryName, duration, moment, shortId } from '@/format/format';
import { parseRange } from '@/route/range';
import { useHref, useRoute } from '@/route/route';
import { useWidth } from '@/shell/width';
import { useLanguage, useText } from '@/text/text';
import { describeEvent } from './describe-event';
import { describeInsight, elementOf } from './insight-detail';
import { SessionPains } from './session-pains';
import { chaptersOf, type Detail, type InsightLine, type Line, timelineOf } from './timeline';

function Facts({ session }: { session: Session }) {
  const { text, language } = useLanguage();
  const now = Date.now();
  const place = [session.city, countryName(session.country, language)].filter(Boolean).join(', ');
  const campaign = [session.utm_source, session.utm_medium, session.utm_campaign].filter(Boolean).join(' / ');
  const facts: [string, string][] = [
    [text.session.started, moment(session.started_at, now, language)],
    [text.session.ended, moment(session.ended_at, now, language)],
    [text.session.entry, session.entry_path],
    [text.session.exit, session.exit_path],
    [text.session.device, session.device_type],
    [text.session.browser, session.browser],
    [text.session.os, session.os],
    [text.session.place, place],
    [text.session.referrer, session.referrer_domain || text.overview.direct],
    [text.session.campaign, campaign],
    [text.session.scroll, `${session.max_scroll_percent} %`],
    [text.session.visitor, session.visitor_id],
    [text.session.id, session.id],
  ];
  return (
    <Card>
      <CardHead title={text.session.details} />
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 px-4 pb-4 text-13">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="truncate" title={value}>
                {value}
              </dd>
            </div>
          ))}
      </dl>
    </Card>
  );
}

function Chapters({ session, insights, onGo }: { session: Session; insights: Insight[]; onGo(id: string): void }) {
  const text = useText();
  const startMs = Date.parse(session.started_at);
  return (
    <Card>
      <CardHead title={text.session.insights} />
      {insights.length === 0 && <p className="px-4 pb-4 text-13 text-muted">{text.session.noInsights}</p>}
      <ol>
        {chaptersOf(insights).map(({ id, insight, repeats }) => (
          <li key={id}>
            <button
              type="button"
              data-testid="session-insight"
              data-type={insight.type}
              data-repeats={repeats}
              onClick={() => onGo(id)}
              className="flex w-full items-baseline gap-3 px-4 py-2 text-left text-13 hover:bg-sunken"
            >
              <span className="w-10 shrink-0 text-muted">{clock(Date.parse(insight.timestamp) - startMs)}</span>
              <InsightMark type={insight.type} />
              <span className="min-w-0 flex-1">
                <span className="font-medium">{text.insight[insight.type]}</span>
                {repeats > 1 && <span className="ml-1.5 text-12 text-muted">{text.session.repeated(repeats)}</span>}
                <span className="block truncate text-12 text-muted">{elementOf(insight)}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Struggle({ line, startMs }: { line: InsightLine; startMs: number }) {
  const { insight, repeats } = line;
  const text = useText();
  return (
    <li
      id={`line-${insight.id}`}
      data-testid="timeline-insight"
      data-type={insight.type}
      data-repeats={repeats}
      className="flex animate-enter items-baseline gap-3 border-l-2 bg-heat-soft px-4 py-2 text-13"
      style={{ borderColor: SEVERITY[insight.type] === 'high' ? 'var(--heat-4)' : 'var(--heat-3)' }}
    >
      <span className="w-11 shrink-0 text-right text-muted">{clock(Date.parse(insight.timestamp) - startMs)}</span>
      <InsightMark type={insight.type} />
      <span className="min-w-0 flex-1">
        <span className="font-medium">{text.insight[insight.type]}</span>{' '}
        <span className="text-muted">{describeInsight(insight, text)}</span>
        {repeats > 1 && <span className="ml-1.5 text-12 text-muted">{text.session.repeated(repeats)}</span>}
        <span className="block truncate text-12 text-muted">{elementOf(insight)}</span>
      </span>
    </li>
  );
}

const DOT: Record<string, string> = { page: '', action: 'bg-text', plain: 'bg-edge', quiet: 'bg-hairline' };

function EventLine({ event, repeats, startMs }: { event: SessionEvent; repeats: number; startMs: number }) {
  const text = useText();
  const { title, detail, tone } = describeEvent(event, text);
  const isPage = tone === 'page';
  return (
    <li
      id={`line-${event.id}`}
      data-testid="timeline-event"
      data-type={event.type}
      className={`flex items-baseline gap-3 border-l-2 border-transparent px-4 py-1.5 text-13 ${isPage ? 'mt-2 border-t border-t-hairline pt-3 first:mt-0 first:border-t-0' : ''}`}
    >
      <span className="w-11 shrink-0 text-right text-muted">{clock(Date.parse(event.timestamp) - startMs)}</span>
      {tone === 'error' ? (
        <span className="translate-y-px">
          <InsightMark type="error" />
        </span>
      ) : (
        <span className="flex size-2.5 shrink-0 items-center justify-center self-center">
          <span
            className={isPage ? 'size-2.5 rounded-[3px]' : `size-1.5 rounded-full ${DOT[tone]}`}
            style={isPage ? { background: `var(--page-${tintOf(event.path)})` } : undefined}
          />
        </span>
      )}
      <span className={`min-w-0 flex-1 ${tone === 'quiet' ? 'text-muted' : ''}`}>
        <span className={isPage ? 'font-medium' : ''}>{title}</span>{' '}
        <span className={isPage ? 'font-mono text-12' : 'text-muted'}>{detail}</span>
        {repeats > 1 && <span className="ml-1.5 text-12 text-muted">{text.session.repeated(repeats)}</span>}
      </span>
    </li>
  );
}

function Timeline({ lines, startMs }: { lines: Line[]; startMs: number }) {
  return (
    <ol data-testid="timeline" data-lines={lines.length} className="pb-3">
      {lines.map((line) =>
        line.kind === 'insight' ? (
          <Struggle key={line.id} line={line} startMs={startMs} />
        ) : (
          <EventLine key={line.id} event={line.event} repeats={line.repeats} startMs={startMs} />
        ),
      )}
    </ol>
  );
}

/** The line nearest to a moment, brought into view. */
function goTo(lines: Line[], atMs: number): void {
  let nearest: Line | undefined;
  for (const line of lines) if (Date.parse(line.at) <= atMs) nearest = line;
  const line = nearest ?? lines[0];
  if (line) document.getElementById(`line-${line.id}`)?.scrollIntoView({ block: 'center', behavior: 'smooth' });
}

const ALL_TIME = parseRange('1970-01-01T00:00:00.000Z~2999-01-01T00:00:00.000Z');

function Head({ session }: { session: Session }) {
  const { text, language } = useLanguage();
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
      <h1>{session.user_id || shortId(session.visitor_id)}</h1>
      <p className="text-13 text-muted">
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

function SessionView({ session }: { session: Session }) {
  const text = useText();
  const events = useSessionEvents(session.id);
  const found = useInsights({ range: ALL_TIME, sessionId: session.id });
  const [detail, setDetail] = useState<Detail>('important');
  const stage = useRef<HTMLDivElement>(null);
  const width = useWidth(stage, 1000);
  const insights = insightsOf(found.data);
  const startMs = Date.parse(session.started_at);
  const lines = timelineOf(events.data?.data ?? [], insights, detail);
  const course = courseOf(session);
  return (
    <>
      <Head session={session} />
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
            <Segmented<Detail>
              label={text.session.timeline}
              value={detail}
              options={[
                ['important', text.session.important],
                ['errors', text.session.errors],
                ['all', text.session.all],
              ]}
              onChoose={setDetail}
            />
          </CardHead>
          {events.isPending && <SkeletonRows rows={10} height={34} />}
          {events.isError && !events.data && <Fault error={events.error} onRetry={() => void events.refetch()} />}
          {events.data && lines.length === 0 && <Empty>{text.session.noEvents}</Empty>}
          <Timeline lines={lines} startMs={startMs} />
        </Card>
        <div className="flex flex-col gap-4 max-lg:order-first">
          <Chapters
            session={session}
            insights={insights}
            onGo={(id) =>
              document.getElementById(`line-${id}`)?.scrollIntoView({ block: 'center', behavior: 'smooth' })
            }
          />
          <div className="max-lg:hidden">
            <Facts session={session} />
          </div>
        </div>
        <div className="lg:hidden">
          <Facts session={session} />
        </div>
      </div>
    </>
  );
}

export function SessionPage() {
  const text = useText();
  const { id } = useRoute();
  const href = useHref();
  const session = useSession(id);
  return (
    <div className="flex flex-col gap-4">
      <Link href={href('sessions')} className="flex w-fit items-center gap-1 text-13 text-muted hover:text-text">
        <Icon name="left" size={14} />
        {text.session.back}
      </Link>
      {session.isPending && <Skeleton className="h-[140px] w-full" />}
      {session.isError && !session.data && <Fault error={session.error} onRetry={() => void session.refetch()} />}
      {session.data && <SessionView session={session.data.data} />}
    </div>
  );
}
