'use client';

import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { Backdrop, Cell, HeatElement, Heatmap, ScrollDepth } from '@/api/types';
import { HeatCanvas, type PageShape } from '@/charts/heat-canvas';
import { dotsOfCells, dotsOfElements, type Layer } from '@/charts/heat-dots';
import { BrowserDots } from '@/design/browser-dots';
import { Empty } from '@/design/states';
import { count, percent } from '@/format/format';
import type { Facts } from '@/replay/events';
import { type Place, placesOf } from '@/replay/places';
import type { Layout, Still } from '@/replay/still';
import { useWidth } from '@/shell/width';
import { useLanguage, useText } from '@/text/text';
import { depthBands } from './scroll-depth';

export type Device = 'desktop' | 'tablet' | 'mobile';
export type Show = Layer | 'scroll';

/** The least width a page of this device is drawn for, and the most px of the screen it takes. */
const PAGE_WIDTH: Record<Device, number> = { desktop: 1280, tablet: 768, mobile: 390 };
const SCREEN_MAX: Record<Device, number> = { desktop: 1040, tablet: 640, mobile: 390 };
/** Of its frame, which takes nothing from the page: what is drawn and what it is drawn over are scaled alike, down to the foot of a long page. */
const BORDER_PX = 1;
const PAGE_HEIGHT_MIN = 900;
const PAGE_HEIGHT_MAX = 20_000;
const BELOW_PX = 160;
const RULE_PX = 500;

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
  const bands = depthBands(depth).filter((band) => band.percent < 100);
  return (
    <ol className="absolute inset-0" data-testid="scroll-depth" data-views={depth.views}>
      {bands.map((band) => {
        const words = percent(100 * band.share, language);
        return (
          <li
            key={band.percent}
            title={text.heatmaps.reached(band.percent, words)}
            className="absolute inset-x-0 flex items-start justify-end"
            style={{ top: `${band.percent}%`, height: '5%' }}
          >
            <span
              aria-hidden="true"
              className="absolute inset-0 bg-accent"
              style={{ opacity: opacity * 0.4 * band.share }}
            />
            {band.percent % 10 === 0 && (
              <span className="relative m-1 rounded-md bg-surface px-1.5 text-12 font-medium">{words}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

interface BackdropPageProps {
  backdrop: Backdrop;
  assetsPath: string | null;
  assets: Facts['assets'];
  scale: number;
  layout: Layout | null;
  /** Null when it cannot be built. */
  onLayout(layout: Layout | null): void;
}

/** The page as it looked; washed out a little, for what is warm on it is the heat. */
function BackdropPage({ backdrop, assetsPath, assets, scale, layout, onLayout }: BackdropPageProps) {
  const root = useRef<HTMLDivElement>(null);
  const [still, setStill] = useState<Still | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page is built once; who listens to its layout may change
  useEffect(() => {
    let made: Still | null = null;
    let isGone = false;
    const build = async () => {
      const { Still } = await import('@/replay/still');
      if (isGone || !root.current) return;
      made = new Still(root.current, { backdrop, assetsPath, onLayout });
      await made.build();
      if (!isGone) setStill(made);
    };
    build().catch(() => {
      if (!isGone) onLayout(null);
    });
    return () => {
      isGone = true;
      made?.dispose();
    };
  }, [backdrop, assetsPath]);
  useEffect(() => still?.learn(assets), [still, assets]);
  return (
    <div
      ref={root}
      aria-hidden="true"
      data-testid="heatmap-backdrop"
      className="absolute top-0 left-0 origin-top-left bg-white opacity-90 saturate-50"
      style={{ ...layout?.size, transform: `scale(${scale})` }}
    />
  );
}

interface FocusBoxProps {
  element: HeatElement;
  place: Place;
  page: PageShape;
  /** From the page's px to the screen's. */
  scale: number;
}

/** What the name of an element takes above it. */
const LABEL_ROOM_PX = 32;

/** The element that the list or the pointer is on. */
function FocusBox({ element, place, page, scale }: FocusBoxProps) {
  const { language } = useLanguage();
  const share = (part: number, whole: number) => `${(part / whole) * 100}%`;
  // The picture cuts off what does not fit into it.
  const row = place.top * scale < LABEL_ROOM_PX ? 'top-full mt-2' : 'bottom-full mb-2';
  const side = place.left > page.width / 2 ? 'right-0' : 'left-0';
  return (
    <span
      data-testid="heatmap-focus"
      className="pointer-events-none absolute rounded-sm outline-2 outline-accent outline-offset-2"
      style={{
        left: share(place.left, page.width),
        top: share(place.top, page.height),
        width: share(place.width, page.width),
        height: share(place.height, page.height),
      }}
    >
      <span
        className={`absolute ${row} ${side} max-w-60 truncate rounded-md bg-accent px-2 py-0.5 text-12 font-medium whitespace-nowrap text-on-accent`}
      >
        {element.text || element.name || element.selector} · {count(element.clicks, language)}
      </span>
    </span>
  );
}

/** The smallest of the places that a point is in: what is on top, as far as one can tell. */
function smallestAt(places: ReadonlyMap<string, Place>, x: number, y: number): string | null {
  const isIn = ({ left, top, width, height }: Place) => x >= left && x <= left + width && y >= top && y <= top + height;
  const hits = [...places].filter(([, place]) => isIn(place));
  const area = ({ width, height }: Place) => width * height;
  return hits.sort(([, a], [, b]) => area(a) - area(b))[0]?.[0] ?? null;
}

export interface HeatStageProps {
  path: string;
  device: Device;
  show: Show;
  heatmap: Heatmap;
  depth: ScrollDepth | undefined;
  opacity: number;
  backdrop: Backdrop | null;
  assetsPath: string | null;
  assets: Facts['assets'];
  /** The selector of the element that is pointed at, here or in the list. */
  focus: string | null;
  onFocus(selector: string | null): void;
}

const NOWHERE: ReadonlyMap<string, Place> = new Map();

export function HeatStage(props: HeatStageProps) {
  const { path, device, show, heatmap, depth, opacity, backdrop, focus, onFocus } = props;
  const { text, language } = useLanguage();
  const stage = useRef<HTMLDivElement>(null);
  const room = useWidth(stage, 800);
  const [layout, setLayout] = useState<Layout | null>(null);
  const [isBroken, setIsBroken] = useState(false);
  const { cells, cell_px: cellPx, elements } = heatmap;
  const selectors = elements.map((element) => element.selector).join('\n');
  const places = useMemo(() => (layout ? placesOf(layout.page, selectors.split('\n')) : NOWHERE), [layout, selectors]);
  const page = layout?.size ?? shapeOf(cells, cellPx, device);
  const width = Math.min(room - 2 * BORDER_PX, SCREEN_MAX[device]);
  const layer: Layer = show === 'scroll' ? 'count' : show;
  const { dots, unplaced } = useMemo(
    () => (layout ? dotsOfElements(elements, places, layer) : { dots: dotsOfCells(cells, cellPx, layer), unplaced: 0 }),
    [layout, elements, places, cells, cellPx, layer],
  );
  const totals = { count: sum(cells, 'count'), rage: sum(cells, 'rage'), dead: sum(cells, 'dead') };
  const names = { count: text.heatmaps.clicks, rage: text.heatmaps.rage, dead: text.heatmaps.dead };
  const isBlank = show !== 'scroll' && totals[layer] <= 0;
  const focused = elements.find((element) => element.selector === focus);
  const place = places.get(focus ?? '');
  const isBuilding = backdrop !== null && !layout && !isBroken;

  const take = (next: Layout | null) => {
    setLayout(next);
    setIsBroken(next === null);
  };
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = page.width / box.width;
    onFocus(smallestAt(places, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale));
  };
  return (
    <div ref={stage}>
      <div
        className="mx-auto box-content overflow-hidden rounded-lg border border-hairline"
        style={{ width, borderWidth: BORDER_PX }}
      >
        <div aria-hidden="true" className="flex h-8 items-center gap-1.5 border-b border-hairline bg-sunken px-3">
          <BrowserDots />
          <span className="ml-2 min-w-0 truncate rounded-md bg-surface px-2 font-mono text-12 text-muted">{path}</span>
        </div>
        <div
          className="relative overflow-hidden bg-surface"
          style={{ aspectRatio: `${page.width} / ${page.height}` }}
          onPointerMove={point}
          onPointerLeave={() => onFocus(null)}
        >
          {backdrop && !isBroken ? (
            <BackdropPage
              key={backdrop.version}
              backdrop={backdrop}
              assetsPath={props.assetsPath}
              assets={props.assets}
              scale={width / page.width}
              layout={layout}
              onLayout={take}
            />
          ) : (
            <PaperRules page={page} />
          )}
          <div className={show === 'scroll' || isBuilding ? 'invisible' : ''}>
            <HeatCanvas
              dots={dots}
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
                'data-backdrop': layout ? (backdrop?.version ?? '') : '',
                'data-dots': dots.length,
                'data-unplaced': unplaced,
              }}
            />
          </div>
          {show === 'scroll' && depth && !isBuilding && <DepthBand depth={depth} opacity={opacity} />}
          {focused && place && show !== 'scroll' && (
            <FocusBox element={focused} place={place} page={page} scale={width / page.width} />
          )}
          {isBlank && (
            <div className="absolute inset-x-0 top-24 flex justify-center">
              <div className="rounded-card border border-hairline bg-surface">
                <Empty>{text.heatmaps.emptyLayer}</Empty>
              </div>
            </div>
          )}
        </div>
      </div>
      <Notes hasBackdrop={backdrop !== null} isBroken={isBroken} unplaced={show === 'scroll' ? 0 : unplaced} />
    </div>
  );
}

/** What one must know of the picture to read it right. */
function Notes({ hasBackdrop, isBroken, unplaced }: { hasBackdrop: boolean; isBroken: boolean; unplaced: number }) {
  const { language } = useLanguage();
  const text = useText();
  const note = !hasBackdrop
    ? text.heatmaps.noBackdrop
    : isBroken
      ? text.heatmaps.brokenBackdrop
      : unplaced > 0 && text.heatmaps.unplaced(count(unplaced, language));
  return note && <p className="mt-3 text-center text-12 text-muted">{note}</p>;
}
