import { describe, expect, it } from 'vitest';
import { eventsOf, factsOf, hasFailed, KIND, SOURCE } from './events';
import { at, click, event, hides, mark, mutation, page, returns, snapshot } from './fixtures';

describe('the events of a chunk', () => {
  it('are put on the server’s clock, in order of time', () => {
    const chunk = [
      { type: 3, timestamp: 2_000, data: { source: 3 } },
      { type: 2, timestamp: 1_000, data: {} },
    ];
    expect(eventsOf(chunk, 500).map(({ timestamp }) => timestamp)).toEqual([1_500, 2_500]);
  });

  it('are only what looks like events', () => {
    const event = { type: 2, timestamp: 1, data: {} };
    const broken = [{ type: '2' }, { timestamp: '1' }, { data: undefined }, { data: [] }];
    expect(eventsOf([null, 1, 'x', [], ...broken.map((part) => ({ ...event, ...part })), event], 0)).toEqual([event]);
    expect(eventsOf({ type: 2 }, 0)).toEqual([]);
  });
});

describe('the facts of a chunk', () => {
  it('are what the visitor did, not what the page did, and not every move of the pointer', () => {
    const moves = [1, 1.1, 1.2, 1.4].map((it) => event(it, KIND.change, { source: SOURCE.mouseMove }));
    const { activity } = factsOf([snapshot(0), mutation(0.5), ...moves, click(3)]);
    expect(activity).toEqual([at(1), at(1.4), at(3)]);
  });

  it('count whatever a visitor does as activity, and nothing that a page does by itself', () => {
    const { mouseMove, mouse, scroll, resize, input, touchMove, drag, ...byItself } = SOURCE;
    const activityOf = (source: number) => factsOf([event(1, KIND.change, { source })]).activity;
    for (const source of [mouseMove, mouse, scroll, resize, input, touchMove, drag]) {
      expect(activityOf(source), `source ${source}`).toEqual([at(1)]);
    }
    for (const [name, source] of Object.entries(byItself)) expect(activityOf(source), name).toEqual([]);
  });

  it('are the marks of our recorder', () => {
    const digest = 'a'.repeat(64);
    const facts = factsOf([
      page(0, 'https://shop.test/a'),
      snapshot(0),
      mark(1, 'gosight.asset', { url: 'https://shop.test/a.png', digest }),
      mark(1, 'gosight.asset', { url: 'https://shop.test/b.png', digest: '../../me' }),
      mark(1, 'gosight.asset', { digest }),
      mark(2, 'gosight.gap', { reason: 'busy' }),
      hides(3),
      returns(3.5),
      mark(4, 'of somebody else', {}),
    ]);
    expect(facts.assets).toEqual([{ url: 'https://shop.test/a.png', digest }]);
    expect(facts.gaps).toEqual([at(2)]);
    expect(facts.visibility).toEqual([
      { atMs: at(3), isHidden: true },
      { atMs: at(3.5), isHidden: false },
    ]);
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
        payload: {
          requests: [{ method: 'POST', url: '/cart', status: 500, duration: 12.5, responseBytes: 99 }, 'nonsense'],
        },
      }),
    ]);
    expect(facts.console.kept).toEqual([{ atMs: at(1), level: 'error', text: 'a {"b":1}', trace: 'x.js:1' }]);
    expect(facts.network.kept).toEqual([
      { atMs: at(2), method: 'POST', url: '/cart', status: 500, isLost: false, durationMs: 12.5, responseBytes: 99 },
      { atMs: at(2), method: 'GET', url: '', status: null, isLost: false, durationMs: 0, responseBytes: 0 },
    ]);
  });

  it('have a level of ours for each of the console’s, and where it came from of errors alone', () => {
    const lines = ['error', 'assert', 'warn', 'debug', 'trace', 'log', 'table'].map((level) =>
      event(1, KIND.plugin, { plugin: 'rrweb/console@1', payload: { level, payload: [], trace: ['x.js:1'] } }),
    );
    expect(factsOf(lines).console.kept.map(({ level, trace }) => [level, trace])).toEqual([
      ['error', 'x.js:1'],
      ['error', 'x.js:1'],
      ['warn', ''],
      ['debug', ''],
      ['debug', ''],
      ['info', ''],
      ['info', ''],
    ]);
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
    const long = 'x'.repeat(9_999);
    const line = event(1, KIND.plugin, {
      plugin: 'rrweb/console@1',
      payload: { level: 'error', payload: [long], trace: [long] },
    });
    const request = event(1, KIND.plugin, { plugin: 'rrweb/network@1', payload: { requests: [{ url: long }] } });
    const { console: lines, network } = factsOf([request, ...Array.from({ length: 2_000 }, () => line)]);
    expect(lines.kept).toHaveLength(500);
    expect(lines.leftOut).toBe(1_500);
    expect([lines.kept[0]?.text, lines.kept[0]?.trace, network.kept[0]?.url].map((text) => text?.length)).toEqual([
      2_000, 2_000, 2_000,
    ]);
  });
});
