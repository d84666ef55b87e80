import { expect, it } from 'vitest';
import { depthBands } from './scroll-depth';

it('tells of each depth how many views came so far, and what share of all they are', () => {
  const reached = [
    { percent: 0, views: 8 },
    { percent: 50, views: 6 },
    { percent: 100, views: 1 },
  ];
  expect(depthBands({ views: 8, reached })).toEqual([
    { percent: 0, views: 8, share: 1 },
    { percent: 50, views: 6, share: 0.75 },
    { percent: 100, views: 1, share: 0.125 },
  ]);
});

it('has a share of nothing where nobody was', () => {
  expect(depthBands({ views: 0, reached: [{ percent: 0, views: 0 }] })).toEqual([{ percent: 0, views: 0, share: 0 }]);
});
