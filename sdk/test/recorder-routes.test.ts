/** When a route of a single-page application gets a snapshot of its own. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Routes, watchRoutes } from '../src/recorder/routes.js';

vi.mock('../src/more/core.js', () => ({ later: (run: () => void, waitMs: number) => setTimeout(run, waitMs) }));

let routes: Routes;
let taken: number[];
/** Whether a snapshot may be taken: it is not, under pressure, and soon after another. */
let isWelcome: boolean;
let openedAt: number;

beforeEach(() => {
  vi.useFakeTimers();
  taken = [];
  isWelcome = true;
  openedAt = Date.now();
  routes = watchRoutes('/', () => {
    if (isWelcome) taken.push(Date.now() - openedAt);
    return isWelcome;
  });
});
afterEach(() => {
  routes.stop();
  vi.useRealTimers();
});

it('when nothing has been added or removed for a second', () => {
  routes.enter('/cups');
  for (let i = 0; i < 5; i++) {
    vi.advanceTimersByTime(600);
    routes.change();
  }
  expect(taken).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(taken).toEqual([4000]);
});

it('after ten seconds where it never settles', () => {
  routes.enter('/clock');
  for (let i = 0; i < 40; i++) {
    routes.change();
    vi.advanceTimersByTime(500);
  }
  expect(taken).toEqual([10_000]);
});

it('as soon as one may be taken', () => {
  isWelcome = false;
  routes.enter('/cups');
  vi.advanceTimersByTime(60_000);
  expect(taken).toEqual([]);
  isWelcome = true;
  vi.advanceTimersByTime(500);
  expect(taken).toHaveLength(1);
});

it('once, and the first one never, for it has one', () => {
  for (const path of ['/', '/cups', '/', '/cups', '/']) {
    routes.enter(path);
    vi.advanceTimersByTime(20_000);
  }
  expect(taken).toHaveLength(1);
});

it('not when somebody has hurried through, until he comes back', () => {
  routes.enter('/cups');
  vi.advanceTimersByTime(900);
  routes.enter('/pots');
  vi.advanceTimersByTime(20_000);
  expect(taken).toEqual([1900]);
  routes.enter('/cups');
  vi.advanceTimersByTime(20_000);
  expect(taken).toHaveLength(2);
});

it('not when the recording has ended', () => {
  routes.enter('/cups');
  routes.stop();
  vi.advanceTimersByTime(20_000);
  expect(taken).toEqual([]);
});

it('without a timer that runs in vain when it has it', () => {
  routes.enter('/cups');
  vi.advanceTimersByTime(20_000);
  expect(vi.getTimerCount()).toBe(0);
});
