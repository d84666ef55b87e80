/** What a heatmap draws: where the clicks of a layer are on the page. Pure. */

import type { Cell, HeatElement } from '@/api/types';
import type { Place } from '@/replay/places';
import type { Dot } from './density';

/** Which of the numbers is drawn. */
export type Layer = 'count' | 'rage' | 'dead';

/** The side of a cell of an element, percent of it. */
const SPOT_PERCENT = 2;

export function clicksOf(of: { clicks: number; rage: number; dead: number }, layer: Layer): number {
  return layer === 'count' ? of.clicks : of[layer];
}

/** The middles of the cells of the page, in its px. */
export function dotsOfCells(cells: readonly Cell[], cellPx: number, layer: Layer): Dot[] {
  return cells
    .filter((cell) => cell[layer] > 0)
    .map((cell) => ({ x: cell.x + cellPx / 2, y: cell.y + cellPx / 2, weight: cell[layer] }));
}

/** The middles of the cells of elements, wherever the elements are now; and how many clicks are on elements that are not there. */
export function dotsOfElements(
  elements: readonly HeatElement[],
  places: ReadonlyMap<string, Place>,
  layer: Layer,
): { dots: Dot[]; unplaced: number } {
  const dots: Dot[] = [];
  let unplaced = 0;
  for (const element of elements) {
    const place = places.get(element.selector);
    if (!place) unplaced += Math.max(0, clicksOf(element, layer));
    for (const spot of place ? element.spots : []) {
      const weight = clicksOf(spot, layer);
      if (weight > 0) dots.push({ ...dotIn(place as Place, spot), weight });
    }
  }
  return { dots, unplaced };
}

function dotIn({ left, top, width, height }: Place, spot: { x: number; y: number }): { x: number; y: number } {
  const share = (percent: number) => (50 + percent + SPOT_PERCENT / 2) / 100;
  return { x: left + width * share(spot.x), y: top + height * share(spot.y) };
}
