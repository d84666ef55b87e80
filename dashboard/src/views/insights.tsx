'use client';

import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { useRef } from 'react';
import { insightsOf, useInsights, useManyInsights } from '@/api/queries';
import type { Hotspot, Insight, InsightType } from '@/api/types';
import { Button, Segmented } from '@/design/controls';
import { HeatBar } from '@/design/heat-bar';
import { Icon } from '@/design/icon';
import { InsightMark } from '@/design/severity';
import { Sparkline } from '@/design/sparkline';
import { Card, CardHead, Empty, Fault, SkeletonRows } from '@/design/states';
import { count, moment, shortId } from '@/format/format';
import { beforeInsight } from '@/replay/moment';
import type { Range } from '@/route/range';
import { useChangeSearch, useHref, useView } from '@/route/route';
import { useListKeys } from '@/shell/list-keys';
import { useLanguage } from '@/text/text';
import { byHarm, harmOf, isAt, trendOf, trendSpan } from './harm';
import { describeInsight, elementOf } from './insight-detail';

const TYPES: readonly InsightType[] = ['rage_click', 'dead_click', 'error_click'];
const COUNTED = ['rage_click', 'error_click', 'dead_click'] as const;
const HOTSPOTS_MAX = 12;
const TREND_PARTS = 20;
/** Trends are drawn from so many pages of insights; the counts are the whole range's. */
const TREND_PAGES_MAX = 5;

interface Place {
  path: string;
  selector: string | null;
}

/** The hotspot the address names, if any. */
function usePlace(): Place | null {
  const search = useSearchParams();
  const path = search.get('path');
  return path === null ? null : { path, selector: search.get('selector') };
}

function useType(): InsightType | undefined {
  const value = useSearchParams().get('type');
  return TYPES.find((type) => type === value);
}

interface HotspotRowProps {
  hotspot: Hotspot;
  insights: Insight[];
  largest: number;
  startMs: number;
  endMs: number;
  isChosen: boolean;
  onChoose(): void;
}

function HotspotRow({ hotspot, insights, largest, startMs, endMs, isChosen, onChoose }: HotspotRowProps) {
  const { text, language } = useLanguage();
  const own = insights.filter((insight) => isAt(insight, hotspot));
  const name = own[0] ? elementOf(own[0]) : hotspot.selector;
  return (
    <li className="border-t border-hairline">
      <button
        type="button"
        aria-pressed={isChosen}
        data-testid="hotspot-row"
        data-path={hotspot.path}
        data-selector={hotspot.selector}
        onClick={onChoose}
        className="grid w-full grid-cols-[minmax(0,1fr)_112px] items-center gap-4 px-4 py-2 text-left transition-colors hover:bg-sunken focus-visible:-outline-offset-2 aria-pressed:bg-accent-soft md:grid-cols-[minmax(0,1fr)_72px_150px]"
      >
        <span className="min-w-0">
          <span className="block truncate text-13 font-medium">{name || text.insights.elsewhere}</span>
          <span className="flex gap-2 text-12 text-muted">
            <span className="shrink-0 font-mono">{hotspot.path}</span>
            {name !== hotspot.selector && <span className="truncate font-mono">{hotspot.selector}</span>}
          </span>
        </span>
        <span className="max-md:hidden">
          <Sparkline values={trendOf(own, startMs, endMs, TREND_PARTS)} width={72} height={24} tone="warm" />
        </span>
        <span>
          <span className="mb-1 flex justify-end gap-2.5 text-12">
            {COUNTED.filter((type) => hotspot[type] > 0).map((type) => (
              <span key={type} title={text.insight[type]} className="flex items-center gap-1">
                <InsightMark type={type} size={8} />
                {count(hotspot[type], language)}
                <span className="sr-only">{text.insight[type]}</span>
              </span>
            ))}
          </span>
          <HeatBar share={harmOf(hotspot) / largest} />
        </span>
      </button>
    </li>
  );
}

interface HotspotsProps {
  hotspots: Hotspot[];
  insights: Insight[];
  /** There are older ones in the range than these. */
  isCut: boolean;
  range: Range;
}

function Hotspots({ hotspots, insights, isCut, range }: HotspotsProps) {
  const place = usePlace();
  const change = useChangeSearch();
  const ranked = byHarm(hotspots).slice(0, HOTSPOTS_MAX);
  const largest = Math.max(1, ...ranked.map(harmOf));
  const [startMs, endMs] = trendSpan(range, insights, isCut, Date.now());
  return (
    <ul data-testid="hotspots">
      {ranked.map((hotspot) => {
        const isChosen = place?.path === hotspot.path && place.selector === hotspot.selector;
        return (
          <HotspotRow
            key={`${hotspot.path} ${hotspot.selector}`}
            hotspot={hotspot}
            insights={insights}
            largest={largest}
            startMs={startMs}
            endMs={endMs}
            isChosen={isChosen}
            onChoose={() =>
              change(isChosen ? { path: null, selector: null } : { path: hotspot.path, selector: hotspot.selector })
            }
          />
        );
      })}
    </ul>
  );
}

function InsightRow({ insight, href }: { insight: Insight; href: string }) {
  const { text, language } = useLanguage();
  return (
    <li className="animate-enter border-t border-hairline">
      <Link
        href={href}
        prefetch={false}
        data-row
        data-testid="insight-row"
        data-type={insight.type}
        data-id={insight.id}
        data-session={insight.session_id}
        className="grid grid-cols-[12px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2 text-13 transition-colors hover:bg-sunken focus-visible:-outline-offset-2"
      >
        <InsightMark type={insight.type} />
        <span className="min-w-0">
          <span className="flex items-baseline gap-2">
            <span className="shrink-0 font-medium">{text.insight[insight.type]}</span>
            <span className="truncate text-muted">{describeInsight(insight, text)}</span>
          </span>
          <span className="flex min-w-0 gap-2 text-12 text-muted">
            <span className="max-w-[45%] shrink-0 truncate font-mono">{insight.path}</span>
            <span className="truncate">{elementOf(insight)}</span>
          </span>
        </span>
        <span className="text-right text-12 text-muted">
          <span className="block">{moment(insight.timestamp, Date.now(), language)}</span>
          <span className="block font-mono">{shortId(insight.session_id)}</span>
        </span>
      </Link>
    </li>
  );
}

export function InsightsPage() {
  const { text, language } = useLanguage();
  const { range } = useView();
  const type = useType();
  const place = usePlace();
  const change = useChangeSearch();
  const href = useHref();
  const root = useRef<HTMLUListElement>(null);
  useListKeys(root);
  const everything = useManyInsights({ range }, TREND_PAGES_MAX);
  const chosen = useInsights({ range, type, path: place?.path });
  const head = everything.data?.pages[0]?.data;
  const listed = insightsOf(chosen.data).filter((insight) => !place?.selector || insight.selector === place.selector);
  const total = Object.values(head?.summary ?? {}).reduce((sum, value) => sum + value, 0);
  const tab = (name: string, value: number | undefined, mark: InsightType | null) => (
    <>
      {mark && <InsightMark type={mark} size={9} />}
      <span className="max-md:sr-only">{name}</span>
      <span data-testid={mark ? `count-${mark.replace('_', '-')}` : 'count-all'}>
        {head ? count(value ?? 0, language) : '–'}
      </span>
    </>
  );
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1>{text.pages.insights}</h1>
        <Segmented<InsightType | 'all'>
          label={text.pages.insights}
          value={type ?? 'all'}
          options={[
            ['all', tab(text.insights.all, total, null)],
            ...TYPES.map((name) => [name, tab(text.insight[name], head?.summary[name], name)] as const),
          ]}
          onChoose={(value) => change({ type: value === 'all' ? null : value })}
        />
      </div>
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,6fr)_minmax(0,5fr)]">
        <Card className="overflow-hidden">
          <CardHead title={text.insights.hotspots}>
            <span className="text-12 text-muted">{text.insights.harm}</span>
          </CardHead>
          {everything.isPending && <SkeletonRows rows={8} height={53} />}
          {everything.isError && !head && <Fault error={everything.error} onRetry={() => void everything.refetch()} />}
          {head?.hotspots.length === 0 && <Empty>{text.insights.empty}</Empty>}
          {head && (
            <Hotspots
              hotspots={head.hotspots}
              insights={insightsOf(everything.data)}
              isCut={everything.hasNextPage}
              range={range}
            />
          )}
        </Card>
        <Card className="overflow-hidden">
          <CardHead title={place ? text.insights.listOf(place.selector ?? place.path) : text.insights.list}>
            {place && (
              <Button tone="quiet" onClick={() => change({ path: null, selector: null })}>
                <Icon name="close" size={12} />
                {text.insights.showAll}
              </Button>
            )}
          </CardHead>
          {chosen.isPending && <SkeletonRows rows={8} height={53} />}
          {chosen.data && listed.length === 0 && <Empty>{text.insights.empty}</Empty>}
          <ul ref={root} data-testid="insight-list">
            {listed.map((insight) => (
              <InsightRow
                key={insight.id}
                insight={insight}
                href={href(`sessions/${insight.session_id}`, beforeInsight(insight))}
              />
            ))}
          </ul>
          {chosen.hasNextPage && (
            <div className="flex justify-center border-t border-hairline p-2">
              <Button tone="quiet" disabled={chosen.isFetchingNextPage} onClick={() => void chosen.fetchNextPage()}>
                {text.common.more}
              </Button>
            </div>
          )}
        </Card>
      </div>
    </div>
  );
}
