import { describe, expect, it } from 'vitest';
import { colorAt, densityOf, paint, parseColor } from './density';

describe('density', () => {
  it('is highest where the dot is, fades around it, and is nothing far away', () => {
    const { values } = densityOf([{ x: 10, y: 10, weight: 3 }], 40, 20);
    const at = (x: number, y: number) => values[y * 40 + x] ?? -1;
    expect(at(10, 10)).toBe(1);
    expect(at(12, 10)).toBeLessThan(1);
    expect(at(12, 10)).toBeGreaterThan(0);
    expect(at(30, 10)).toBe(0);
  });

  it('adds what overlaps, and stays inside the grid', () => {
    const dots = [
      { x: 0, y: 0, weight: 1 },
      { x: 0, y: 0, weight: 1 },
      { x: 19, y: 0, weight: 1 },
    ];
    const { values } = densityOf(dots, 20, 4);
    expect(values[0]).toBe(1);
    expect(values[19]).toBeLessThan(1);
  });

  it('is nothing without dots', () => {
    expect(densityOf([], 4, 4).values.every((value) => value === 0)).toBe(true);
  });
});

describe('colours', () => {
  it('run through the stops', () => {
    const stops = [parseColor('#000000'), parseColor('#ff0000'), parseColor('#ffffff')];
    expect(colorAt(stops, 0)).toEqual([0, 0, 0]);
    expect(colorAt(stops, 0.5)).toEqual([255, 0, 0]);
    expect(colorAt(stops, 1)).toEqual([255, 255, 255]);
  });

  it('leave the page clear where there is nothing', () => {
    const pixels = new Uint8ClampedArray(2 * 4);
    paint(
      { width: 2, height: 1, values: Float32Array.from([0, 1]) },
      [parseColor('#000'), parseColor('#ff0000')],
      0.4,
      pixels,
    );
    expect(pixels[3]).toBe(0);
    expect([...pixels.slice(4)]).toEqual([255, 0, 0, 255]);
  });
});
