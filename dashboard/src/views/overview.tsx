'use client';

import dynamic from 'next/dynamic';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { insightsOf, useManyInsights, useOverview, usePreviousOverview } from '@/api/queries';
import type { Hotspot, Insight, InsightType, Overview as OverviewData, SeriesPoint, TopRow } from '@/api/types';
import { BarTable } from '@/design/bar-table';
import { ButtonLink } from '@/design/controls';
import { type Form, FormChoice } from '@/design/form-choice';
import { HeatBar } from '@/design/heat-bar';
import { Icon } from '@/design/icon';
import { InsightMark } from '@/design/severity';
import { Sparkline } from '@/design/sparkline';
import { Stat } from '@/design/stat';
import { Card, CardHead, Empty, Fault, Skeleton, SkeletonRows } from '@/design/states';
import { count, countryName, moment, percent, timeOfDay } from '@/format/format';
import { beforeInsight } from '@/replay/moment';
import { isEmpty } from '@/route/filters';
import type { Range } from '@/route/range';
import { type Change, useHref, useView } from '@/route/route';
import { useLanguage } from '@/text/text';
import { deviceName } from './describe-event';
import { byHarm, harmOf, isAt, trendOf, trendSpan, worstSession } from './harm';
import { LiveStrip } from './live-strip';

const SeriesChart = dynamic(() => import('@/charts/series-chart').then((module) => module.SeriesChart), {
  ssr: false,
  loading: () => <Skeleton className="h-[296px] w-full" />,
});

const TOP_ROWS = 9;
const HOTSPOTS = 6;
/** So many pages of insights tell the trends of places: a trend begins where they do. */
const INSIGHT_PAGES_MAX = 5;

/** A page's filters, to be carried along to the sessions. */
function useSessionsHref(): (change?: Change) => string {
  const href = useHref();
  const { filters } = useView();
  return (change = {}) => href('sessions', { ...filters, ...change });
}

function Numbers({ data }: { data: OverviewData | undefined }) {
  const { text, language } = useLanguage();
  const sessionsHref = useSessionsHref();
  const summary = data?.summary;
  const series = (pick: (point: SeriesPoint) => number) => data?.series.map(pick);
  const show = (value: number | null | undefined, format: (value: number, language: string) => string) => {
    if (value === undefined) return null;
    return value === null ? '–' : format(value, language);
  };
  return (
    <Card className="grid grid-cols-2 overflow-hidden md:grid-cols-5 max-md:[&>a:last-child]:col-span-2 [&>a]:shadow-[1px_1px_0_0_var(--hairline)]">
      <Stat
        label={text.stats.sessions}
        value={show(summary?.sessions, count)}
        change={summary?.sessions_change}
        series={series((point) => point.sessions)}
        href={sessionsHref()}
        testId="stat-sessions"
      />
      <Stat
        label={text.stats.visitors}
        value={show(summary?.visitors, count)}
        change={summary?.visitors_change}
        series={series((point) => point.visitors)}
        href={sessionsHref()}
        testId="stat-visitors"
      />
      <Stat
        label={text.stats.pageviews}
        value={show(summary?.pageviews, count)}
        change={summary?.pageviews_change}
        series={series((point) => point.pageviews)}
        href={sessionsHref()}
        testId="stat-pageviews"
      />
      <Stat
        label={text.stats.bounce}
        value={show(summary?.bounce_rate, percent)}
        change={summary?.bounce_rate_change}
        href={sessionsHref()}
        testId="stat-bounce-rate"
      />
      <Stat
        label={text.stats.struggling}
        value={show(summary?.struggling_sessions, count)}
        change={summary?.struggling_sessions_change}
        series={series((point) => point.struggling_sessions)}
        isWarm
        href={sessionsHref({ sort: 'struggling' })}
        testId="stat-struggling-sessions"
      />
    </Card>
  );
}

const COUNTED: readonly InsightType[] = ['rage_click', 'dead_click', 'error_click'];

function InsightCounts({ data }: { data: OverviewData | undefined }) {
  const { text, language } = useLanguage();
  const href = useHref();
  return (
    <div className="flex flex-wrap items-center gap-1">
      {COUNTED.map((type) => (
        <Link
          key={type}
          href={href('insights', { type })}
          prefetch={false}
          className="flex h-8 items-center gap-1.5 rounded-control px-2 text-13 hover:bg-sunken"
        >
          <InsightMark type={type} />
          <span className="text-muted">{text.insight[type]}</span>
          <span data-testid={`stat-${type.replace('_', '-')}`} className="min-w-3 font-semibold">
            {data ? count(data.insights[type] ?? 0, language) : '–'}
          </span>
        </Link>
      ))}
    </div>
  );
}

function SeriesTable({ series }: { series: SeriesPoint[] }) {
  const { text, language } = useLanguage();
  return (
    <div className="max-h-[296px] overflow-y-auto px-4 pb-2">
      <table className="w-full text-13">
        <caption className="sr-only">{text.overview.seriesTable}</caption>
        <thead className="sticky top-0 bg-surface text-left text-12 text-muted">
          <tr>
            <th className="py-1 font-medium">{text.overview.time}</th>
            <th className="py-1 text-right font-medium">{text.stats.sessions}</th>
            <th className="py-1 text-right font-medium">{text.stats.visitors}</th>
            <th className="py-1 text-right font-medium">{text.stats.pageviews}</th>
            <th className="py-1 text-right font-medium">{text.stats.struggling}</th>
          </tr>
        </thead>
        <tbody>
          {series.toReversed().map((point) => (
            <tr key={point.time} className="border-t border-hairline">
              <td className="py-1">{moment(point.time, Date.now(), language)}</td>
              <td className="text-right">{count(point.sessions, language)}</td>
              <td className="text-right">{count(point.visitors, language)}</td>
              <td className="text-right">{count(point.pageviews, language)}</td>
              <td className="text-right">{count(point.struggling_sessions, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface SeriesProps {
  data: OverviewData | undefined;
  previous: SeriesPoint[];
}

function Series({ data, previous }: SeriesProps) {
  const { text } = useLanguage();
  const router = useRouter();
  const sessionsHref = useSessionsHref();
  const [form, setForm] = useState<Form>('chart');
  return (
    <Card>
      <CardHead title={text.overview.series}>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <InsightCounts data={data} />
          <FormChoice label={text.overview.series} form={form} onChoose={setForm} />
        </div>
      </CardHead>
      <div className="min-h-[304px]">
        {!data && <Skeleton className="mx-4 h-[280px]" />}
        {data && form === 'chart' && (
          <SeriesChart
            series={data.series}
            previous={previous}
            onOpen={(start, end) => router.push(sessionsHref({ range: `${start}~${end}` }))}
          />
        )}
        {data && form === 'table' && <SeriesTable series={data.series} />}
      </div>
    </Card>
  );
}

interface PlaceProps {
  hotspot: Hotspot;
  insights: Insight[];
  largest: number;
  bounds: { startMs: number; endMs: number };
}

/** A place that hurts: what, where, how much, since when, and the worst session there. */
function Place({ hotspot, insights, largest, bounds }: PlaceProps) {
  const { text, language } = useLanguage();
  const href = useHref();
  const own = insights.filter((insight) => isAt(insight, hotspot));
  const worstId = worstSession(own);
  // Newest first, so the last is where it began.
  const worst = own.findLast((insight) => insight.session_id === worstId);
  const name = own[0]?.text || own[0]?.name || hotspot.selector || text.insights.elsewhere;
  return (
    <li className="border-t border-hairline">
      <div className="flex items-center gap-3 px-4 py-2">
        <Link
          href={href('insights', { path: hotspot.path, selector: hotspot.selector })}
          prefetch={false}
          className="min-w-0 flex-1 hover:text-accent"
        >
          <span className="block truncate text-13 font-medium">{name}</span>
          <span className="block truncate font-mono text-12 text-muted">{hotspot.path}</span>
        </Link>
        <span className="w-16 shrink-0 max-md:hidden">
          <Sparkline values={trendOf(own, bounds.startMs, bounds.endMs, 16)} width={64} height={24} tone="warm" />
        </span>
        <span className="w-24 shrink-0">
          <span className="mb-1 flex justify-end gap-2 text-12 whitespace-nowrap [overflow-wrap:normal]">
            {COUNTED.filter((type) => hotspot[type as keyof Hotspot]).map((type) => (
              <span key={type} title={text.insight[type]} className="flex items-center gap-1">
                <InsightMark type={type} size={8} />
                {count(Number(hotspot[type as keyof Hotspot]), language)}
              </span>
            ))}
          </span>
          <HeatBar share={harmOf(hotspot) / largest} />
        </span>
        {worst ? (
          <Link
            href={href(`sessions/${worst.session_id}`, beforeInsight(worst))}
            prefetch={false}
            aria-label={`${text.overview.worst}: ${name}`}
            title={text.overview.worst}
            className="flex size-8 items-center justify-center rounded-control text-muted hover:bg-sunken hover:text-text"
          >
            <Icon name="arrow" />
          </Link>
        ) : (
          <span className="size-8" />
        )}
      </div>
    </li>
  );
}

interface HurtsProps {
  hotspots: Hotspot[] | undefined;
  insights: Insight[];
  /** There are older ones in the range than these. */
  isCut: boolean;
  range: Range;
  /** The page is narrowed by filters that insights do not know. */
  isOfAll: boolean;
}

function Hurts({ hotspots, insights, isCut, range, isOfAll }: HurtsProps) {
  const { text } = useLanguage();
  const href = useHref();
  const ranked = byHarm(hotspots ?? []).slice(0, HOTSPOTS);
  const largest = Math.max(1, ...ranked.map(harmOf));
  const [startMs, endMs] = trendSpan(range, insights, isCut, Date.now());
  return (
    <Card data-testid="hotspots">
      <CardHead title={text.overview.hurts}>
        <Link href={href('insights')} className="text-13 text-muted hover:text-text">
          {isOfAll ? text.overview.ofAll : text.pages.insights}
        </Link>
      </CardHead>
      {!hotspots && <SkeletonRows rows={HOTSPOTS} height={52} />}
      {hotspots?.length === 0 && <Empty>{text.overview.hurtsEmpty}</Empty>}
      <ul>
        {ranked.map((hotspot) => (
          <Place
            key={`${hotspot.path} ${hotspot.selector}`}
            hotspot={hotspot}
            insights={insights}
            largest={largest}
            bounds={{ startMs, endMs }}
          />
        ))}
      </ul>
    </Card>
  );
}

/** How warm a row of a list is, in words for who cannot see it. */
function Pain({ shown, words }: { shown: string; words: string }) {
  return (
    <span title={words} className="relative flex items-center gap-1 text-12 whitespace-nowrap text-heat-text">
      <InsightMark type="dead_click" size={8} />
      <span aria-hidden="true">{shown}</span>
      <span className="sr-only">{words}</span>
    </span>
  );
}

function TopPages({ data, hotspots }: { data: OverviewData | undefined; hotspots: Hotspot[] }) {
  const { text, language } = useLanguage();
  const sessionsHref = useSessionsHref();
  const struggles = (path: string) =>
    hotspots
      .filter((hotspot) => hotspot.path === path)
      .reduce((sum, spot) => sum + spot.rage_click + spot.dead_click + spot.error_click, 0);
  return (
    <BarTable
      title={text.overview.topPages}
      unit={text.overview.views}
      empty={text.overview.empty}
      testId="top-pages"
      rows={data?.top_pages.slice(0, TOP_ROWS).map((page) => {
        const pain = struggles(page.path);
        return {
          id: page.path,
          label: <span className="font-mono text-12">{page.path}</span>,
          value: page.views,
          shown: count(page.views, language),
          href: sessionsHref({ path: page.path }),
          aside: pain > 0 && <Pain shown={count(pain, language)} words={text.overview.struggles(pain)} />,
        };
      })}
    />
  );
}

interface TopListProps {
  title: string;
  rows: TopRow[] | undefined;
  filter: string;
  name?: (value: string) => string;
}

function TopList({ title, rows, filter, name = (value) => value }: TopListProps) {
  const { text, language } = useLanguage();
  const sessionsHref = useSessionsHref();
  const rate = (row: TopRow) => percent((100 * row.struggling_sessions) / Math.max(1, row.sessions), language);
  return (
    <BarTable
      title={title}
      unit={text.overview.sessions}
      empty={text.overview.empty}
      rows={rows?.slice(0, TOP_ROWS).map((row) => ({
        id: row.value,
        label: name(row.value),
        value: row.sessions,
        shown: count(row.sessions, language),
        aside: row.struggling_sessions > 0 && <Pain shown={rate(row)} words={text.overview.struggleRate(rate(row))} />,
        href: row.value ? sessionsHref({ [filter]: row.value }) : sessionsHref(),
      }))}
    />
  );
}

function NewestInsight({ insight }: { insight: Insight | undefined }) {
  const { text, language } = useLanguage();
  const href = useHref();
  if (!insight) return null;
  return (
    <Link
      key={insight.id}
      href={href(`sessions/${insight.session_id}`, beforeInsight(insight))}
      prefetch={false}
      data-testid="live-strip-insight"
      data-type={insight.type}
      className="flex min-w-0 animate-enter items-center gap-2 hover:text-accent"
    >
      <InsightMark type={insight.type} />
      <span className="truncate">
        {text.insight[insight.type]} · <span className="font-mono text-12">{insight.path}</span>
      </span>
      <span className="shrink-0 text-muted">{timeOfDay(insight.timestamp, language)}</span>
    </Link>
  );
}

export function Overview() {
  const { text, language } = useLanguage();
  const { range, filters } = useView();
  const href = useHref();
  const overview = useOverview({ range, filters });
  const previous = usePreviousOverview({ range, filters });
  const { path, ...others } = filters;
  const found = useManyInsights({ range, path }, INSIGHT_PAGES_MAX);
  const insights = insightsOf(found.data);
  const hotspots = found.data?.pages[0]?.data.hotspots;
  const data = overview.data?.data;
  if (overview.isError && !data) {
    return <Fault error={overview.error} onRetry={() => void overview.refetch()} />;
  }
  const hasNothing = data !== undefined && data.summary.sessions === 0;
  return (
    <div className="flex flex-col gap-4">
      <h1 className="sr-only">{text.pages.overview}</h1>
      <LiveStrip newest={<NewestInsight insight={insights[0]} />} />
      <Numbers data={data} />
      {hasNothing && (
        <Card>
          <Empty action={<ButtonLink href={href('onboarding')}>{text.overview.toOnboarding}</ButtonLink>}>
            {text.overview.empty}
          </Empty>
        </Card>
      )}
      <div className="grid grid-cols-1 gap-4 xl:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <Series data={data} previous={previous.data?.data.series ?? []} />
        <Hurts
          hotspots={hotspots}
          insights={insights}
          isCut={found.hasNextPage}
          range={range}
          isOfAll={!isEmpty(others)}
        />
      </div>
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-4">
        <TopPages data={data} hotspots={hotspots ?? []} />
        <TopList
          title={text.overview.referrers}
          rows={data?.top_referrers}
          filter="referrer"
          name={(value) => value || text.overview.direct}
        />
        <TopList
          title={text.overview.countries}
          rows={data?.countries}
          filter="country"
          name={(value) => countryName(value, language) || text.common.unknown}
        />
        <div className="flex flex-col gap-4">
          <TopList
            title={text.overview.devices}
            rows={data?.devices.slice(0, 3)}
            filter="device"
            name={(value) => deviceName(value, text) || text.common.unknown}
          />
          <TopList
            title={text.overview.browsers}
            rows={data?.browsers.slice(0, 4)}
            filter="browser"
            name={(value) => value || text.common.unknown}
          />
        </div>
      </div>
    </div>
  );
}
