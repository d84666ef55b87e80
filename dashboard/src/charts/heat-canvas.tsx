'use client';

import { useEffect, useRef } from 'react';
import { cssColor, useIsDark } from '@/shell/theme';
import { type Dot, densityOf, paint, parseColor } from './density';
import type { Layer } from './heat-dots';

export interface PageShape {
  width: number;
  height: number;
}

/** One grid point for this many px of the screen: soft dots need no more. */
const GRID_PX = 3;
const SCALES = {
  count: ['--accent', '--accent'],
  rage: ['--heat-1', '--heat-2', '--heat-3', '--heat-4'],
  dead: ['--heat-1', '--heat-2', '--heat-3', '--heat-4'],
} as const;
/** Plain clicks are one colour that fades in; the heat scale says the rest by its colours. */
const FADE_IN = { count: 1, rage: 0.3, dead: 0.3 } as const;

function stopsOf(layer: Layer) {
  return SCALES[layer].map((name) => parseColor(cssColor(name)));
}

interface HeatCanvasProps {
  /** In px of the page. */
  dots: readonly Dot[];
  layer: Layer;
  page: PageShape;
  /** The page's width on the screen. */
  width: number;
  opacity: number;
  label: string;
  data: Record<`data-${string}`, string | number>;
}

export function HeatCanvas({ dots, layer, page, width, opacity, label, data }: HeatCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isDark = useIsDark();
  const scale = width / page.width;
  const columns = Math.max(1, Math.ceil(width / GRID_PX));
  const rows = Math.max(1, Math.ceil((page.height * scale) / GRID_PX));

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scale's colours follow the theme
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const onGrid = dots.map(({ x, y, weight }) => ({ x: (x * scale) / GRID_PX, y: (y * scale) / GRID_PX, weight }));
    const image = context.createImageData(columns, rows);
    paint(densityOf(onGrid, columns, rows), stopsOf(layer), FADE_IN[layer], image.data);
    context.putImageData(image, 0, 0);
  }, [dots, layer, scale, columns, rows, isDark]);

  return (
    <canvas
      ref={canvas}
      width={columns}
      height={rows}
      role="img"
      aria-label={label}
      data-testid="heatmap-canvas"
      {...data}
      className="absolute inset-0 h-full w-full"
      style={{ opacity }}
    />
  );
}
