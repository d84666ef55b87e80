'use client';

import { useSearchParams } from 'next/navigation';
import { useRef, useState } from 'react';
import { useHeatmap, useHeatmapPages, useScrollDepth } from '@/api/queries';
import type { Cell, HeatElement, Heatmap, ScrollDepth } from '@/api/types';
import { HeatCanvas, type Layer, type PageShape } from '@/charts/heat-canvas';
import { Segmented, Select } from '@/design/controls';
import { InsightMark } from '@/design/severity';
import { Card, CardHead, Empty, Fault, Skeleton, SkeletonRows } from '@/design/states';
import { count, percent } from '@/format/format';
import { useChangeSearch, useView } from '@/route/route';
import { useWidth } from '@/shell/width';
import { useLanguage } from '@/text/text';

type Device = 'desktop' | 'tablet' | 'mobile';
type Show = Layer | 'scroll';

const DEVICES: readonly Device[] = ['desktop', 'tablet', 'mobile'];
const SHOWS: readonly Show[] = ['count', 'rage', 'dead', 'scroll'];
/** The least width a page of this device is drawn for, and the most px of the screen it takes. */
const PAGE_WIDTH: Record<Device, number> = { desktop: 1280, tablet: 768, mobile: 390 };
const SCREEN_MAX: Record<Device, number> = { desktop: 1040, tablet: 640, mobile: 390 };
const PAGE_HEIGHT_MIN = 900;
const PAGE_HEIGHT_MAX = 20_000;
const BELOW_PX = 160;
const RULE_PX = 500;

function choice<T extends string>(options: readonly T[], value: string | null): T {
  return options.find((option) => option === value) ?? (options[0] as T);
}

/** A page as large as its clicks reach: its true size comes with a recorded snapshot. */
function shapeOf(cells: Cell[], cellPx: number, device: Device): PageShape {
  const right = Math.max(0, ...cells.map((cell) => cell.x + cellPx));
  const bottom = Math.max(0, ...cells.map((cell) => cell.y + cellPx));
  return {
    width: Math.max(PAGE_WIDTH[device], right),
    height: Math.min(PAGE_HEIGHT_MAX, Math.max(PAGE_HEIGHT_MIN, bottom + BELOW_PX)),
  };
}

function sum(cells: Cell[], layer: Layer): number {
  return cells.reduce((total, cell) => total + cell[layer], 0);
}

/** The neutral page under the heat: a frame, and a rule every 500 px. */
function PaperRules({ page }: { page: PageShape }) {
  const rules = Array.from({ length: Math.floor(page.height / RULE_PX) }, (_, index) => (index + 1) * RULE_PX);
  return rules.map((y) => (
    <span
      key={y}
      aria-hidden="true"
      className="absolute inset-x-0 border-t border-dashed border-hairline pl-2 text-12 text-muted"
      style={{ top: `${(y / page.height) * 100}%` }}
    >
      {y}
    </span>
  ));
}

/** How far down visitors came: a band that fades where fewer arrive, the shares at its edge. */
function DepthBand({ depth, opacity }: { depth: ScrollDepth; opacity: number }) {
  const { text, language } = useLanguage();
  const share = (views: number) => (depth.views > 0 ? views / depth.views : 0);
  const steps = depth.reached.filter((step) => step.percent < 100);
  return (
    <ol className="absolute inset-0" data-testid="scroll-depth" data-views={depth.views}>
      {steps.map((step) => {
        const words = percent(100 * share(step.views), language);
        return (
          <li
            key={step.percent}
            title={text.heatmaps.reached(step.percent, words)}
            className="absolute inset-x-0 flex items-start justify-end"
            style={{ top: `${step.percent}%`, height: '5%' }}
          >
            <span
              aria-hidden="true"
              className="absolute inset-0 bg-accent"
              style={{ opacity: opacity * 0.55 * share(step.views) }}
            />
            {step.percent % 10 === 0 && (
              <span className="relative m-1 rounded-md bg-surface px-1.5 text-12 font-medium">{words}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

interface StageProps {
  path: string;
  device: Device;
  show: Show;
  heatmap: Heatmap;
  depth: ScrollDepth | undefined;
  opacity: number;
}

function Stage({ path, device, show, heatmap, depth, opacity }: StageProps) {
  const { text, language } = useLanguage();
  const stage = useRef<HTMLDivElement>(null);
  const room = useWidth(stage, 800);
  const { cells, cell_px: cellPx } = heatmap;
  const page = shapeOf(cells, cellPx, device);
  const width = Math.min(room, SCREEN_MAX[device]);
  const layer: Layer = show === 'scroll' ? 'count' : show;
  const totals = { count: sum(cells, 'count'), rage: sum(cells, 'rage'), dead: sum(cells, 'dead') };
  const names = { count: text.heatmaps.clicks, rage: text.heatmaps.rage, dead: text.heatmaps.dead };
  const isBlank = show !== 'scroll' && totals[layer] <= 0;
  return (
    <div ref={stage}>
      <div className="mx-auto overflow-hidden rounded-lg border border-hairline" style={{ width }}>
        <div aria-hidden="true" className="flex h-8 items-center gap-1.5 border-b border-hairline bg-sunken px-3">
          {['a', 'b', 'c'].map((dot) => (
            <span key={dot} className="size-2 rounded-full bg-hairline" />
          ))}
          <span className="ml-2 min-w-0 truncate rounded-md bg-surface px-2 font-mono text-12 text-muted">{path}</span>
        </div>
        <div className="relative bg-surface" style={{ aspectRatio: `${page.width} / ${page.height}` }}>
          <PaperRules page={page} />
          <div className={show === 'scroll' ? 'invisible' : ''}>
            <HeatCanvas
              cells={cells}
              cellPx={cellPx}
              layer={layer}
              page={page}
              width={width}
              opacity={opacity}
              label={text.heatmaps.canvas(names[layer], path, count(totals[layer], language))}
              data={{
                'data-path': path,
                'data-device': device,
                'data-layer': layer,
                'data-clicks': totals.count,
                'data-rage': totals.rage,
                'data-dead': totals.dead,
                'data-cells': cells.length,
                'data-views': heatmap.views,
              }}
            />
          </div>
          {show === 'scroll' && depth && <DepthBand depth={depth} opacity={opacity} />}
          {isBlank && (
            <div className="absolute inset-x-0 top-24">
              <Empty>{text.heatmaps.emptyLayer}</Empty>
            </div>
          )}
        </div>
      </div>
    </div>
  );
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

const ELEMENTS_SHOWN = 20;

function Elements({ elements, layer }: { elements: HeatElement[] | undefined; layer: Layer }) {
  const { text, language } = useLanguage();
  const measure = (element: HeatElement) => (layer === 'count' ? element.clicks : element[layer]);
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
            className="relative flex items-center gap-3 rounded-md px-2 py-1.5 text-13"
          >
            <span
              aria-hidden="true"
              className={`absolute inset-y-1 left-0 rounded-md ${layer === 'count' ? 'bg-accent-soft' : 'bg-heat-soft'}`}
              style={{ width: `${(measure(element) / largest) * 100}%` }}
            />
            <span className="relative min-w-0 flex-1">
              <span className="block truncate font-medium">{element.text || element.name || element.selector}</span>
              <span className="block truncate font-mono text-12 text-muted">{element.selector}</span>
            </span>
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

export function Heatmaps() {
  const { text, language } = useLanguage();
  const { range } = useView();
  const search = useSearchParams();
  const change = useChangeSearch();
  const [opacity, setOpacity] = useState(0.9);
  const [form, setForm] = useState<'chart' | 'table'>('chart');
  const pages = useHeatmapPages(range);
  const path = search.get('path') ?? pages.data?.[0]?.path ?? '';
  const device = choice(DEVICES, search.get('device'));
  const show = choice(SHOWS, search.get('layer'));
  const params = { range, path, device };
  const heatmap = useHeatmap(params);
  const depth = useScrollDepth(params);
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
          onChoose={(value) => change({ path: value })}
        />
        <Segmented<Device>
          label={text.heatmaps.device}
          value={device}
          options={DEVICES.map((name) => [name, text.heatmaps[name]] as const)}
          onChoose={(value) => change({ device: value === 'desktop' ? null : value })}
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
              <Segmented<'chart' | 'table'>
                label={text.pages.heatmaps}
                value={form}
                options={[
                  ['chart', text.common.chart],
                  ['table', text.common.table],
                ]}
                onChoose={setForm}
              />
            </div>
            <div className={form === 'chart' ? 'bg-sunken p-4' : 'py-2'}>
              {heatmap.isError && !data && <Fault error={heatmap.error} onRetry={() => void heatmap.refetch()} />}
              {!data && !heatmap.isError && <Skeleton className="h-[600px]" />}
              {data && form === 'chart' && (
                <Stage
                  key={`${path} ${device}`}
                  path={path}
                  device={device}
                  show={show}
                  heatmap={data}
                  depth={depth.data}
                  opacity={opacity}
                />
              )}
              {data && form === 'table' && <CellsTable cells={data.cells} layer={show === 'scroll' ? 'count' : show} />}
            </div>
          </Card>
          <Elements elements={data?.elements} layer={show === 'scroll' ? 'count' : show} />
        </div>
      )}
    </div>
  );
}
