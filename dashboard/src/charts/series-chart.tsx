'use client';

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { SeriesPoint } from '@/api/types';
import { count } from '@/format/format';
import { cssColor, useIsDark } from '@/shell/theme';
import { useLanguage } from '@/text/text';

interface SeriesChartProps {
  series: SeriesPoint[];
  /** The series of the period before, drawn dashed over the same axis. */
  previous: SeriesPoint[];
  /** A bucket was clicked: its bounds. */
  onOpen(start: string, end: string): void;
}

const HEIGHT = 296;
/** Sessions are whole: so are the steps of their axis. */
const WHOLE_STEPS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);
const DOT_ROW_PX = 12;
/** The colour of a dot by the share of a bucket's sessions that struggled. */
function heatOf(share: number): string {
  if (share <= 0.1) return '--heat-2';
  return share <= 0.33 ? '--heat-3' : '--heat-4';
}

function bucketSeconds(series: SeriesPoint[]): number {
  const [first, second] = series;
  return first && second ? (Date.parse(second.time) - Date.parse(first.time)) / 1000 : 3600;
}

interface Dot {
  /** The bucket's start, in seconds. */
  at: number;
  count: number;
  color: string;
}

/** One warm dot for each bucket in which sessions struggled, as grave as their share is large. */
function dotsOf(series: SeriesPoint[]): Dot[] {
  return series
    .filter((point) => point.struggling_sessions > 0)
    .map((point) => {
      const share = point.struggling_sessions / Math.max(1, point.sessions);
      return { at: Date.parse(point.time) / 1000, count: point.struggling_sessions, color: cssColor(heatOf(share)) };
    });
}

function dataOf(series: SeriesPoint[], previous: SeriesPoint[]): uPlot.AlignedData {
  return [
    series.map((point) => Date.parse(point.time) / 1000),
    series.map((_, index) => previous[index]?.sessions ?? null),
    series.map((point) => point.sessions),
  ];
}

/** Draws the dots in a row over the lines. */
function drawDots(chart: uPlot, dots: Dot[]): void {
  const ratio = uPlot.pxRatio;
  const { ctx, bbox } = chart;
  ctx.save();
  for (const dot of dots) {
    const x = chart.valToPos(dot.at, 'x', true);
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    const radius = Math.min(6, 2.5 + Math.sqrt(dot.count)) * ratio;
    ctx.beginPath();
    ctx.arc(x, bbox.top - (DOT_ROW_PX / 2) * ratio, radius, 0, 2 * Math.PI);
    ctx.fillStyle = dot.color;
    ctx.fill();
  }
  ctx.restore();
}

/** The label at the end of the line, instead of a legend. */
function drawEndLabel(chart: uPlot, label: string, color: string, font: string): void {
  const values = chart.data[2] as (number | null)[];
  const last = values.at(-1);
  const at = chart.data[0].at(-1);
  if (last === null || last === undefined || at === undefined) return;
  const { ctx } = chart;
  ctx.save();
  ctx.font = font;
  ctx.fillStyle = color;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(label, chart.valToPos(at, 'x', true) + 8 * uPlot.pxRatio, chart.valToPos(last, 'y', true));
  ctx.restore();
}

interface Tip {
  element: HTMLDivElement;
  show(chart: uPlot): void;
}

function makeTip(words: (index: number) => string[]): Tip {
  const element = document.createElement('div');
  element.className =
    'pointer-events-none absolute z-10 hidden rounded-control border border-hairline bg-surface px-2.5 py-1.5 text-12 whitespace-nowrap';
  const show = (chart: uPlot) => {
    const index = chart.cursor.idx;
    const left = chart.cursor.left ?? -1;
    if (index === null || index === undefined || left < 0) {
      element.style.display = 'none';
      return;
    }
    element.replaceChildren(
      ...words(index).map((line, row) => {
        const part = document.createElement('div');
        part.textContent = line;
        if (row === 0) part.style.color = 'var(--muted)';
        return part;
      }),
    );
    element.style.display = 'block';
    const plot = chart.over;
    const x = plot.offsetLeft + left;
    const isRight = left > plot.clientWidth / 2;
    element.style.left = isRight ? `${x - element.offsetWidth - 12}px` : `${x + 12}px`;
    element.style.top = `${plot.offsetTop + 8}px`;
  };
  return { element, show };
}

export function SeriesChart({ series, previous, onOpen }: SeriesChartProps) {
  const root = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const { text, language } = useLanguage();
  const isDark = useIsDark();
  const shown = useRef({ series, previous, onOpen, dots: [] as Dot[] });
  shown.current = { ...shown.current, series, previous, onOpen };

  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme's colours are drawn, so the chart is made anew
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const muted = cssColor('--muted');
    const accent = cssColor('--accent');
    const hairline = cssColor('--hairline');
    const fontFamily = getComputedStyle(document.body).fontFamily;
    const font = `12px ${fontFamily}`;
    const canvasFont = `500 ${12 * uPlot.pxRatio}px ${fontFamily}`;
    const timeWords = new Intl.DateTimeFormat(language, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    const tip = makeTip((index) => {
      const { series, previous } = shown.current;
      const point = series[index];
      if (!point) return [];
      const lines = [
        timeWords.format(new Date(point.time)),
        `${text.stats.sessions}: ${count(point.sessions, language)}`,
        `${text.stats.pageviews}: ${count(point.pageviews, language)}`,
      ];
      if (previous[index]) lines.push(`${text.range.previous}: ${count(previous[index].sessions, language)}`);
      if (point.struggling_sessions > 0) {
        lines.push(`${text.stats.struggling}: ${count(point.struggling_sessions, language)}`);
      }
      return lines;
    });
    const axis = { stroke: muted, font, ticks: { show: false } };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [DOT_ROW_PX + 4, 76, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7, fill: accent }, drag: { x: false, y: false } },
        scales: { y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
        axes: [
          {
            ...axis,
            grid: { show: false },
            space: 72,
            size: 32,
            values: (_, splits, __, ___, step) => {
              const isDay = step >= 86_400;
              const format = new Intl.DateTimeFormat(
                language,
                isDay ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
              );
              return splits.map((split) => format.format(new Date(split * 1000)));
            },
          },
          {
            ...axis,
            size: 44,
            space: 48,
            incrs: WHOLE_STEPS,
            grid: { stroke: hairline, width: 1 },
            values: (_, splits) => splits.map((split) => count(split, language)),
          },
        ],
        series: [
          {},
          { stroke: muted, width: 1, dash: [4, 4], points: { show: false } },
          { stroke: accent, width: 1.5, fill: `${accent}14`, points: { show: false } },
        ],
        hooks: {
          draw: [
            (plot) => drawDots(plot, shown.current.dots),
            (plot) => drawEndLabel(plot, text.overview.sessions, accent, canvasFont),
          ],
          setCursor: [(plot) => tip.show(plot)],
        },
      },
      dataOf(shown.current.series, shown.current.previous),
      element,
    );
    element.append(tip.element);
    chart.current = made;
    shown.current.dots = dotsOf(shown.current.series);
    made.redraw();
    const open = () => {
      const { series, onOpen } = shown.current;
      const point = series[made.cursor.idx ?? -1];
      if (!point) return;
      const end = new Date(Date.parse(point.time) + bucketSeconds(series) * 1000).toISOString();
      onOpen(point.time, end);
    };
    made.over.addEventListener('click', open);
    made.over.style.cursor = 'pointer';
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      tip.element.remove();
      chart.current = null;
    };
  }, [isDark, language, text]);

  useEffect(() => {
    shown.current.dots = dotsOf(series);
    chart.current?.setData(dataOf(series, previous));
  }, [series, previous]);

  return (
    <div
      ref={root}
      role="img"
      aria-label={text.overview.series}
      data-testid="series-chart"
      className="relative w-full"
      style={{ height: HEIGHT }}
    />
  );
}
