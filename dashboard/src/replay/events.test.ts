import { describe, expect, it } from 'vitest';
import { eventsOf, factsOf, hasFailed, KIND, SOURCE } from './events';
import { at, click, event, mark, mutation, page, snapshot } from './fixtures';

describe('the events of a chunk', () => {
  it('are put on the server’s clock, in order of time', () => {
    const chunk = [
      { type: 3, timestamp: 2_000, data: { source: 3 } },
      { type: 2, timestamp: 1_000, data: {} },
    ];
    expect(eventsOf(chunk, 500).map(({ timestamp }) => timestamp)).toEqual([1_500, 2_500]);
  });

  it('are only what looks like events', () => {
    expect(
      eventsOf([null, 1, 'x', [], { type: 'x' }, { type: 2, timestamp: '1', data: {} }, { type: 2, timestamp: 1 }], 0),
    ).toEqual([]);
    expect(eventsOf({ type: 2 }, 0)).toEqual([]);
  });
});

describe('the facts of a chunk', () => {
  it('are what the visitor did, not what the page did, and not every move of the pointer', () => {
    const moves = [1, 1.1, 1.2, 1.4].map((it) => event(it, KIND.change, { source: SOURCE.mouseMove }));
    const { activity } = factsOf([snapshot(0), mutation(0.5), ...moves, click(3)]);
    expect(activity).toEqual([at(1), at(1.4), at(3)]);
  });

  it('are the marks of our recorder', () => {
    const digest = 'a'.repeat(64);
    const facts = factsOf([
      page(0, 'https://shop.test/a'),
      snapshot(0),
      mark(1, 'gosight.asset', { url: 'https://shop.test/a.png', digest }),
      mark(1, 'gosight.asset', { url: 'https://shop.test/b.png', digest: '../../me' }),
      mark(2, 'gosight.gap', { reason: 'busy' }),
      mark(3, 'gosight.visibility', { hidden: true }),
      mark(4, 'of somebody else', {}),
    ]);
    expect(facts.assets).toEqual([{ url: 'https://shop.test/a.png', digest }]);
    expect(facts.gaps).toEqual([at(2)]);
    expect(facts.visibility).toEqual([{ atMs: at(3), isHidden: true }]);
    expect(facts.pages).toEqual([{ atMs: at(0), href: 'https://shop.test/a' }]);
    expect(facts.snapshots).toEqual([at(0)]);
  });

  it('are the lines of the console and the network', () => {
    const facts = factsOf([
      event(1, KIND.plugin, {
        plugin: 'rrweb/console@1',
        payload: { level: 'error', payload: ['a', { b: 1 }], trace: ['x.js:1'] },
      }),
      event(2, KIND.plugin, {
        plugin: 'rrweb/network@1',
        payload: { requests: [{ method: 'POST', url: '/cart', status: 500, duration: 12.5 }, 'nonsense'] },
      }),
    ]);
    expect(facts.console.kept).toEqual([{ atMs: at(1), level: 'error', text: 'a {"b":1}', trace: 'x.js:1' }]);
    expect(facts.network.kept[0]).toMatchObject({ method: 'POST', url: '/cart', status: 500, durationMs: 12.5 });
    expect(facts.network.kept[1]).toMatchObject({ status: null, url: '' });
  });

  it('tell an answer that could not be seen from a request that came to nothing', () => {
    const requests = [
      { url: '/seen', status: 204 },
      { url: '/hidden', status: 0 },
      { url: '/lost', failed: true },
    ];
    const { network } = factsOf([event(1, KIND.plugin, { plugin: 'rrweb/network@1', payload: { requests } })]);
    expect(network.kept.map(({ status, isLost }) => [status, isLost])).toEqual([
      [204, false],
      [null, false],
      [null, true],
    ]);
    expect(network.kept.map(hasFailed)).toEqual([false, false, true]);
    expect(hasFailed({ status: 404, isLost: false })).toBe(true);
  });

  it('are bounded, however much a page logs', () => {
    const line = event(1, KIND.plugin, {
      plugin: 'rrweb/console@1',
      payload: { level: 'log', payload: ['x'.repeat(9_999)], trace: [] },
    });
    const { console: lines } = factsOf(Array.from({ length: 2_000 }, () => line));
    expect(lines.kept).toHaveLength(500);
    expect(lines.leftOut).toBe(1_500);
    expect(lines.kept[0]?.text).toHaveLength(2_000);
  });
});
