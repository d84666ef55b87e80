'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import { useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { useHeatmap, useHeatmapPages, useScrollDepth } from '@/api/queries';
import type { Backdrops, Cell, HeatElement, ScrollDepth } from '@/api/types';
import { clicksOf, type Layer } from '@/charts/heat-dots';
import { Segmented, Select } from '@/design/controls';
import { type Form, FormChoice } from '@/design/form-choice';
import { InsightMark } from '@/design/severity';
import { Card, CardHead, Empty, Fault, Skeleton, SkeletonRows } from '@/design/states';
import { count, moment, percent } from '@/format/format';
import { useBackdropAssets, useBackdrops } from '@/replay/use-backdrop';
import { useChangeSearch, useView } from '@/route/route';
import { useLanguage } from '@/text/text';
import { type Device, HeatStage, type Show } from './heat-stage';
import { depthBands } from './scroll-depth';

const DEVICES: readonly Device[] = ['desktop', 'tablet', 'mobile'];
const SHOWS: readonly Show[] = ['count', 'rage', 'dead', 'scroll'];

function choice<T extends string>(options: readonly T[], value: string | null): T {
  return options.find((option) => option === value) ?? (options[0] as T);
}
const CELLS_SHOWN = 40;

function CellsTable({ cells, layer }: { cells: Cell[]; layer: Layer }) {
  const { text, language } = useLanguage();
  const ranked = cells.filter((cell) => cell[layer] > 0).sort((a, b) => b[layer] - a[layer]);
  return (
    <table className="w-full text-13" data-testid="heatmap-table">
      <caption className="sr-only">{text.heatmaps.cellsTable}</caption>
      <thead className="text-left text-12 text-muted">
        <tr>
          <th className="px-4 py-1.5 font-medium">{text.heatmaps.at}</th>
          <th className="px-4 py-1.5 text-right font-medium">{text.heatmaps.clicks}</th>
          <th className="px-4 py-1.5 text-right font-medium">{text.heatmaps.rage}</th>
          <th className="px-4 py-1.5 text-right font-medium">{text.heatmaps.dead}</th>
        </tr>
      </thead>
      <tbody>
        {ranked.slice(0, CELLS_SHOWN).map((cell) => (
          <tr key={`${cell.x},${cell.y}`} className="border-t border-hairline">
            <td className="px-4 py-1">
              {cell.x} × {cell.y} px
            </td>
            <td className="px-4 text-right">{count(cell.count, language)}</td>
            <td className="px-4 text-right">{count(cell.rage, language)}</td>
            <td className="px-4 text-right">{count(cell.dead, language)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the depth band shows, in numbers. */
function DepthTable({ depth }: { depth: UseQueryResult<ScrollDepth> }) {
  const { text, language } = useLanguage();
  if (!depth.data) {
    if (depth.isError) return <Fault error={depth.error} onRetry={() => void depth.refetch()} />;
    return <SkeletonRows rows={21} height={29} />;
  }
  if (depth.data.views === 0) return <Empty>{text.heatmaps.emptyLayer}</Empty>;
  return (
    <table className="w-full text-13" data-testid="depth-table">
      <caption className="sr-only">{text.heatmaps.depthTable}</caption>
      <thead className="text-left text-12 text-muted">
        <tr>
          <th className="px-4 py-1.5 font-medium">{text.heatmaps.depth}</th>
          <th className="px-4 py-1.5 text-right font-medium">{text.heatmaps.viewsReached}</th>
          <th className="px-4 py-1.5 text-right font-medium">{text.heatmaps.share}</th>
        </tr>
      </thead>
      <tbody>
        {depthBands(depth.data).map((band) => (
          <tr key={band.percent} className="border-t border-hairline">
            <td className="px-4 py-1">{band.percent} %</td>
            <td className="px-4 text-right">{count(band.views, language)}</td>
            <td className="relative px-4 text-right">
              <span
                aria-hidden="true"
                className="absolute inset-y-1 right-2 rounded-md bg-accent-soft"
                style={{ width: `${80 * band.share}%` }}
              />
              <span className="relative">{percent(100 * band.share, language)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const ELEMENTS_SHOWN = 20;

interface ElementsProps {
  elements: HeatElement[] | undefined;
  layer: Layer;
  focus: string | null;
  onFocus(selector: string | null): void;
}

/** Brings the element that has the focus into view, on the page. */
function showOnPage(): void {
  document.querySelector('[data-testid=heatmap-focus]')?.scrollIntoView({ block: 'center', behavior: 'smooth' });
}

function Elements({ elements, layer, focus, onFocus }: ElementsProps) {
  const { text, language } = useLanguage();
  const measure = (element: HeatElement) => clicksOf(element, layer);
  const ranked = (elements ?? [])
    .filter((element) => measure(element) > 0)
    .sort((a, b) => measure(b) - measure(a))
    .slice(0, ELEMENTS_SHOWN);
  const largest = Math.max(1, ...ranked.map(measure));
  return (
    <Card data-testid="heatmap-elements">
      <CardHead title={text.heatmaps.elements} />
      {!elements && <SkeletonRows rows={8} height={44} />}
      {elements && ranked.length === 0 && <p className="px-4 pb-4 text-13 text-muted">{text.heatmaps.emptyLayer}</p>}
      <ol className="px-2 pb-2">
        {ranked.map((element) => (
          <li
            key={element.selector}
            data-testid="heatmap-element"
            data-selector={element.selector}
            aria-current={element.selector === focus}
            onPointerEnter={() => onFocus(element.selector)}
            onPointerLeave={() => onFocus(null)}
            className="relative flex items-center gap-3 rounded-md px-2 py-1.5 text-13 outline-accent aria-[current=true]:outline-2"
          >
            <span
              aria-hidden="true"
              className={`absolute inset-y-1 left-0 rounded-md ${layer === 'count' ? 'bg-accent-soft' : 'bg-heat-soft'}`}
              style={{ width: `${(measure(element) / largest) * 100}%` }}
            />
            <button
              type="button"
              onFocus={() => onFocus(element.selector)}
              onClick={showOnPage}
              className="relative min-w-0 flex-1 text-left outline-none"
            >
              <span className="block truncate font-medium">{element.text || element.name || element.selector}</span>
              <span className="block truncate font-mono text-12 text-muted">{element.selector}</span>
            </button>
            {element.rage > 0 && (
              <span title={text.heatmaps.rage} className="relative flex items-center gap-1 text-12">
                <InsightMark type="rage_click" size={8} />
                {count(element.rage, language)}
              </span>
            )}
            {element.dead > 0 && (
              <span title={text.heatmaps.dead} className="relative flex items-center gap-1 text-12">
                <InsightMark type="dead_click" size={8} />
                {count(element.dead, language)}
              </span>
            )}
            <span className="relative w-10 text-right">{count(element.clicks, language)}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function VersionSelect({ backdrops, onChoose }: { backdrops: Backdrops; onChoose(version: string): void }) {
  const { text, language } = useLanguage();
  if (backdrops.versions.length < 2) return null;
  const name = (version: Backdrops['versions'][number]) =>
    text.heatmaps.versionAt(moment(version.taken_at, Date.now(), language), version.width);
  return (
    <Select
      label={text.heatmaps.version}
      value={backdrops.backdrop?.version ?? ''}
      options={backdrops.versions.map((version) => [version.version, name(version)] as const)}
      onChoose={onChoose}
    />
  );
}

export function Heatmaps() {
  const { text, language } = useLanguage();
  const { range } = useView();
  const search = useSearchParams();
  const change = useChangeSearch();
  const [opacity, setOpacity] = useState(0.9);
  const [focus, setFocus] = useState<string | null>(null);
  const [form, setForm] = useState<Form>('chart');
  const pages = useHeatmapPages(range);
  const path = search.get('path') ?? pages.data?.[0]?.path ?? '';
  const device = choice(DEVICES, search.get('device'));
  const show = choice(SHOWS, search.get('layer'));
  const params = { range, path, device };
  const heatmap = useHeatmap(params);
  const depth = useScrollDepth(params);
  const backdrops = useBackdrops({ path, device, version: search.get('version') });
  const pictures = useBackdropAssets(backdrops.data);
  const paths = pages.data?.map((page) => page.path) ?? [];
  const options = path && !paths.includes(path) ? [path, ...paths] : paths;
  const data = heatmap.data?.data;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="mr-auto">{text.pages.heatmaps}</h1>
        <Select
          label={text.heatmaps.page}
          value={path}
          className="max-w-60 font-mono text-12"
          options={options.map((name) => [name, name] as const)}
          onChoose={(value) => change({ path: value, version: null })}
        />
        {backdrops.data && <VersionSelect backdrops={backdrops.data} onChoose={(version) => change({ version })} />}
        <Segmented<Device>
          label={text.heatmaps.device}
          value={device}
          options={DEVICES.map((name) => [name, text.heatmaps[name]] as const)}
          onChoose={(value) => change({ device: value === 'desktop' ? null : value, version: null })}
        />
      </div>
      {pages.data?.length === 0 && !path ? (
        <Card>
          <Empty>{text.heatmaps.emptyPages}</Empty>
        </Card>
      ) : (
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_320px]">
          <Card>
            <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-hairline px-4 py-2.5">
              <Segmented<Show>
                label={text.heatmaps.layer}
                value={show}
                options={[
                  ['count', text.heatmaps.clicks],
                  ['rage', text.heatmaps.rage],
                  ['dead', text.heatmaps.dead],
                  ['scroll', text.heatmaps.scroll],
                ]}
                onChoose={(value) => change({ layer: value === 'count' ? null : value })}
              />
              <span className="text-12 text-muted">{data && text.heatmaps.views(count(data.views, language))}</span>
              <label className="ml-auto flex items-center gap-2 text-12 text-muted">
                {text.heatmaps.opacity}
                <input
                  type="range"
                  min={0.2}
                  max={1}
                  step={0.05}
                  value={opacity}
                  onChange={(event) => setOpacity(Number(event.target.value))}
                  className="w-24 accent-accent"
                />
              </label>
              <FormChoice label={text.pages.heatmaps} form={form} onChoose={setForm} />
            </div>
            <div className={form === 'chart' ? 'rounded-b-card bg-sunken p-4' : 'py-2'}>
              {heatmap.isError && !data && <Fault error={heatmap.error} onRetry={() => void heatmap.refetch()} />}
              {((!data && !heatmap.isError) || (data && form === 'chart' && !backdrops.isFetched)) && (
                <Skeleton className="h-[600px]" />
              )}
              {data && form === 'chart' && backdrops.isFetched && (
                <HeatStage
                  key={`${path} ${device} ${backdrops.data?.backdrop?.version}`}
                  path={path}
                  device={device}
                  show={show}
                  heatmap={data}
                  depth={depth.data}
                  opacity={opacity}
                  backdrop={backdrops.data?.backdrop ?? null}
                  assetsPath={pictures.path}
                  assets={pictures.assets}
                  focus={focus}
                  onFocus={setFocus}
                />
              )}
              {data && form === 'table' && show !== 'scroll' && <CellsTable cells={data.cells} layer={show} />}
              {data && form === 'table' && show === 'scroll' && <DepthTable depth={depth} />}
            </div>
          </Card>
          <Elements
            elements={data?.elements}
            layer={show === 'scroll' ? 'count' : show}
            focus={focus}
            onFocus={setFocus}
          />
        </div>
      )}
    </div>
  );
}
