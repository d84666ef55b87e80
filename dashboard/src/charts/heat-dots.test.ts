import { describe, expect, it } from 'vitest';
import type { HeatElement } from '@/api/types';
import { dotsOfCells, dotsOfElements } from './heat-dots';

const spot = (x: number, y: number, clicks: number, rage = 0) => ({ x, y, clicks, rage, dead: 0, error: 0 });

function element(selector: string, spots: HeatElement['spots']): HeatElement {
  const sum = (name: 'clicks' | 'rage') => spots.reduce((total, it) => total + it[name], 0);
  return { selector, name: '', text: '', clicks: sum('clicks'), rage: sum('rage'), dead: 0, error: 0, spots };
}

describe('the dots of a heatmap', () => {
  it('are in the middles of the cells of a page', () => {
    const cells = [
      { x: 10, y: 20, count: 3, rage: 0, dead: 1 },
      { x: 50, y: 20, count: 1, rage: 0, dead: 0 },
    ];
    expect(dotsOfCells(cells, 10, 'dead')).toEqual([{ x: 15, y: 25, weight: 1 }]);
  });

  it('go where their element goes', () => {
    const buy = element('#buy', [spot(-50, -50, 2), spot(48, 0, 1)]);
    const at = (left: number, width: number) =>
      dotsOfElements([buy], new Map([['#buy', { left, top: 100, width, height: 50 }]]), 'count').dots;
    expect(at(0, 100)).toEqual([
      { x: 1, y: 100.5, weight: 2 },
      { x: 99, y: 125.5, weight: 1 },
    ]);
    expect(at(500, 200).map((dot) => dot.x)).toEqual([502, 698]);
  });

  it('are of one layer', () => {
    const buy = element('#buy', [spot(0, 0, 9, 5), spot(10, 0, 4)]);
    const places = new Map([['#buy', { left: 0, top: 0, width: 100, height: 100 }]]);
    expect(dotsOfElements([buy], places, 'rage').dots).toEqual([{ x: 51, y: 51, weight: 5 }]);
  });

  it('are missing where the element is, and that is told', () => {
    const gone = element('#gone', [spot(0, 0, 3), spot(2, 0, 4)]);
    expect(dotsOfElements([gone], new Map(), 'count')).toEqual({ dots: [], unplaced: 7 });
    expect(dotsOfElements([gone], new Map(), 'rage').unplaced).toBe(0);
  });
});
