'use client';

import { memo, useEffect } from 'react';
import type { Answer } from '@/api/client';
import type { Insight, Session, SessionEvent } from '@/api/types';
import { Segmented } from '@/design/controls';
import { Icon } from '@/design/icon';
import { SEVERITY, tintOf } from '@/design/ribbon-geometry';
import { InsightMark } from '@/design/severity';
import { Card, CardHead } from '@/design/states';
import { clock, count, moment, placeName } from '@/format/format';
import { useLanguage, useText } from '@/text/text';
import { describeEvent, deviceName } from './describe-event';
import { describeInsight, elementOf } from './insight-detail';
import { chaptersOf, type Detail, type InsightLine, type Line } from './timeline';

/** Who, where and with what, as pairs to read. */
export function Facts({ session }: { session: Session }) {
  const { text, language } = useLanguage();
  const now = Date.now();
  const place = placeName(session, language);
  const campaign = [session.utm_source, session.utm_medium, session.utm_campaign].filter(Boolean).join(' / ');
  const facts: [string, string][] = [
    [text.session.started, moment(session.started_at, now, language)],
    [text.session.ended, moment(session.ended_at, now, language)],
    [text.session.entry, session.entry_path],
    [text.session.exit, session.exit_path],
    [text.session.device, deviceName(session.device_type, text)],
    [text.session.browser, session.browser],
    [text.session.os, session.os],
    [text.session.place, place],
    [text.session.referrer, session.referrer_domain || text.overview.direct],
    [text.session.campaign, campaign],
    [text.session.scroll, `${session.max_scroll_percent} %`],
  ];
  const ids: [string, string][] = [
    [text.session.visitor, session.visitor_id],
    [text.session.id, session.id],
  ];
  return (
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
      {ids.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="font-mono text-12 leading-5">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ChaptersProps {
  session: Session;
  insights: Insight[];
  onGo(line: InsightLine): void;
  /** Side by side where there is room, one below the other otherwise. */
  isWide?: boolean;
}

/** The session's insights, each a way to where it happened. */
export function Chapters({ session, insights, onGo, isWide }: ChaptersProps) {
  const text = useText();
  const startMs = Date.parse(session.started_at);
  return (
    <Card className="overflow-hidden">
      <CardHead title={text.session.insights} />
      {insights.length === 0 && <p className="px-4 pb-4 text-13 text-muted">{text.session.noInsights}</p>}
      <ol className={isWide ? 'grid grid-cols-1 md:grid-cols-2' : ''}>
        {chaptersOf(insights).map((line) => (
          <li key={line.id}>
            <button
              type="button"
              data-testid="session-insight"
              data-type={line.insight.type}
              data-repeats={line.repeats}
              onClick={() => onGo(line)}
              className="flex w-full items-baseline gap-3 px-4 py-2 text-left text-13 hover:bg-sunken focus-visible:-outline-offset-2"
            >
              <span className="w-11 shrink-0 text-muted">{clock(Date.parse(line.at) - startMs)}</span>
              <InsightMark type={line.insight.type} />
              <span className="min-w-0 flex-1">
                <span className="font-medium">{text.insight[line.insight.type]}</span>
                {line.repeats > 1 && (
                  <span className="ml-1.5 text-12 text-muted">{text.session.repeated(line.repeats)}</span>
                )}
                <span className="block truncate text-12 text-muted">{elementOf(line.insight)}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Card>
  );
}

interface LineProps<T> {
  line: T;
  startMs: number;
  isCurrent: boolean;
  onPick?: (atMs: number) => void;
}

/** A line is a button where there is a replay to go to. */
function LineBody({ line, startMs, isCurrent, onPick, children }: LineProps<Line> & { children: React.ReactNode }) {
  const atMs = Date.parse(line.at);
  const body = (
    <>
      <span className={`w-11 shrink-0 ${isCurrent ? 'font-medium text-accent' : 'text-muted'}`}>
        {clock(atMs - startMs)}
      </span>
      {children}
    </>
  );
  const look = 'flex w-full items-baseline gap-3 px-4 py-1.5 text-left';
  if (!onPick) return <div className={look}>{body}</div>;
  return (
    <button
      type="button"
      onClick={() => onPick(atMs)}
      className={`${look} hover:bg-sunken focus-visible:-outline-offset-2`}
    >
      {body}
    </button>
  );
}

const Struggle = memo(function Struggle(props: LineProps<InsightLine>) {
  const { insight, repeats } = props.line;
  const text = useText();
  return (
    <li
      id={`line-${insight.id}`}
      data-testid="timeline-insight"
      data-type={insight.type}
      data-repeats={repeats}
      aria-current={props.isCurrent ? 'step' : undefined}
      className="animate-enter border-l-2 bg-heat-soft text-13"
      style={{ borderColor: SEVERITY[insight.type] === 'high' ? 'var(--heat-4)' : 'var(--heat-3)' }}
    >
      <LineBody {...props}>
        <InsightMark type={insight.type} />
        <span className="min-w-0 flex-1">
          <span className="font-medium">{text.insight[insight.type]}</span>{' '}
          <span className="text-muted">{describeInsight(insight, text)}</span>
          {repeats > 1 && <span className="ml-1.5 text-12 text-muted">{text.session.repeated(repeats)}</span>}
          <span className="block truncate text-12 text-muted">{elementOf(insight)}</span>
        </span>
      </LineBody>
    </li>
  );
});

const DOT: Record<string, string> = { page: '', action: 'bg-text', plain: 'bg-edge', quiet: 'bg-hairline' };

function Dot({ event, tone }: { event: SessionEvent; tone: string }) {
  if (tone === 'error') {
    return (
      <span className="translate-y-px">
        <InsightMark type="error" />
      </span>
    );
  }
  const isPage = tone === 'page';
  return (
    <span className="flex w-[10px] shrink-0 items-center justify-center self-center">
      <span
        className={isPage ? 'size-[10px] rounded-[3px]' : `size-[6px] rounded-full ${DOT[tone]}`}
        style={isPage ? { background: `var(--page-${tintOf(event.path)})` } : undefined}
      />
    </span>
  );
}

const EventLine = memo(function EventLine(props: LineProps<Extract<Line, { kind: 'event' }>>) {
  const { event, repeats } = props.line;
  const text = useText();
  const { title, detail, tone } = describeEvent(event, text);
  const isPage = tone === 'page';
  return (
    <li
      id={`line-${event.id}`}
      data-testid="timeline-event"
      data-type={event.type}
      aria-current={props.isCurrent ? 'step' : undefined}
      className={`border-l-2 text-13 ${props.isCurrent ? 'border-l-accent bg-accent-soft' : 'border-l-transparent'} ${isPage ? 'mt-2 border-t border-t-hairline pt-1.5 first:mt-0 first:border-t-0' : ''}`}
    >
      <LineBody {...props}>
        <Dot event={event} tone={tone} />
        <span className={`min-w-0 flex-1 ${tone === 'quiet' ? 'text-muted' : ''}`}>
          <span className={isPage ? 'font-medium' : ''}>{title}</span>{' '}
          <span className={isPage ? 'font-mono text-12' : 'text-muted'}>{detail}</span>
          {repeats > 1 && <span className="ml-1.5 text-12 text-muted">{text.session.repeated(repeats)}</span>}
        </span>
      </LineBody>
    </li>
  );
});

/** How much of what happened is told. */
export function DetailChoice({ detail, onChoose }: { detail: Detail; onChoose(detail: Detail): void }) {
  const text = useText();
  return (
    <Segmented<Detail>
      label={text.session.timeline}
      value={detail}
      options={[
        ['important', text.session.important],
        ['errors', text.session.errors],
        ['all', text.session.all],
      ]}
      onChoose={onChoose}
    />
  );
}

interface EventsCutProps {
  /** None while they are on their way. */
  events: Answer<SessionEvent[]> | undefined;
  startMs: number;
}

/** The session has more events than are listed, and from where on. */
export function EventsCut({ events, startMs }: EventsCutProps) {
  const { text, language } = useLanguage();
  const last = events?.data.at(-1);
  if (!events?.truncated || !last) return null;
  return (
    <p role="status" data-testid="events-cut" className="flex items-baseline gap-2 px-4 py-2 text-12 text-fault">
      <Icon name="fault" size={14} className="translate-y-0.5" />
      {text.session.eventsCut(count(events.data.length, language), clock(Date.parse(last.timestamp) - startMs))}
    </p>
  );
}

interface TimelineProps {
  lines: Line[];
  startMs: number;
  /** The line the replay is at. */
  currentId?: string;
  /** The line that is kept in sight. */
  inSightId?: string;
  onPick?: (atMs: number) => void;
}

export function Timeline({ lines, startMs, currentId, inSightId, onPick }: TimelineProps) {
  useEffect(() => keepInSight(inSightId ? document.getElementById(`line-${inSightId}`) : null), [inSightId]);
  return (
    <ol data-testid="timeline" data-lines={lines.length} className="pb-3">
      {lines.map((line) => {
        const props = { startMs, onPick, isCurrent: line.id === currentId };
        return line.kind === 'insight' ? (
          <Struggle key={line.id} line={line} {...props} />
        ) : (
          <EventLine key={line.id} line={line} {...props} />
        );
      })}
    </ol>
  );
}

/** Scrolls the list's own scroller, and never the page. */
export function keepInSight(line: Element | null | undefined): void {
  const scroller = line?.closest<HTMLElement>('[data-scroller]');
  if (!scroller || !line) return;
  const view = scroller.getBoundingClientRect();
  const box = line.getBoundingClientRect();
  if (box.top >= view.top && box.bottom <= view.bottom) return;
  scroller.scrollTop += box.top - view.top - view.height / 3;
}
