/** Each option of a recording, in Chromium: what it changes in what arrives. Time is the page's own clock, turned on by hand. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { CUSTOM, chunksOf, FULL_SNAPSHOT, INCREMENT, META, PLUGIN, type Recorded, recorded, recordingsOf } from './recordings.js';

const MUTATION = 0;
const MOUSE_MOVE = 1;

let browser: Browser;
let page: Page;
let server: Capture;
beforeAll(async () => {
  browser = await launch();
});
afterEach(async () => {
  await page.close();
  await server.close();
});
afterAll(() => browser.close());

interface Site {
  body?: string;
  /** Of `GoSight.init`, beside the key. */
  init?: string;
  settings?: Record<string, unknown>;
  prepare?: (server: Capture) => void;
  /** Else time goes by, as the browser measures it itself. */
  hasOwnClock?: boolean;
}

/** A page whose clock stands at the time of its opening, when it is not turned on; it has its recorder, if it is to have one. */
async function open({ body = '', init = '', settings = {}, prepare = () => {}, hasOwnClock = true }: Site, isLoaded = true): Promise<void> {
  server = await new Capture().listen();
  server.settings = { version: '1', ...settings };
  server.pages['/'] =
    `<!doctype html><html><head><script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', ${init} })</script></head><body>${body}</body></html>`;
  prepare(server);
  page = await browser.newPage();
  if (hasOwnClock) await page.clock.install();
  await page.goto(server.url);
  await server.event('page_load');
  if (!isLoaded) return;
  await expect.poll(() => server.paths, { timeout: 10_000 }).toContain('GET /recorder.js');
  await page.evaluate(`import('/recorder.js')`);
}

/** In steps, so that what is sent has time to arrive. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 5) await page.clock.runFor(Math.min(left, 5) * 1000);
}

/** All the page had to tell until now has arrived. */
async function settle(): Promise<void> {
  await page.evaluate(`GoSight.track('end')`);
  const hasCome = () => server.arrivals.some(({ type, payload }) => type === 'custom_event' && payload.name === 'end');
  await expect.poll(() => pass(4).then(hasCome), { timeout: 30_000 }).toBe(true);
}

/** What was recorded; with its clock turned on, the page sends a chunk again that has no answer yet. */
const told = (): Recorded[] => [...new Map(recorded(server).map((event) => [JSON.stringify(event), event])).values()];

const TICKS = `<p id="tick">tick 0</p><script>let ticks = 0; const ticking = setInterval(() => { tick.firstChild.data = 'tick ' + ++ticks }, 1000)</script>`;
const ticksIn = (events: Recorded[]) => events.filter(({ data }) => data.source === MUTATION && /^tick/.test(data.texts?.[0]?.value));
const ofType = (type: number) => told().filter((event) => event.type === type);
const linesOf = (plugin: string) =>
  ofType(PLUGIN)
    .filter(({ data }) => data.plugin.startsWith(plugin))
    .map(({ data }) => data.payload);
const now = () => page.evaluate(() => Date.now());
const trigger = () => page.evaluate(() => void setTimeout(() => Promise.reject(new Error('broken'))));

/** How long the ticks of each recording went on. */
const lengths = () =>
  [...recordingsOf(server).values()].map((events) => {
    const times = events.filter(({ type }) => type !== CUSTOM).map(({ timestamp }) => timestamp);
    return Math.max(...times) - Math.min(...times);
  });
const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

describe('a trigger', () => {
  const clickFast = () => page.click('#still', { clickCount: 5 });
  const clickOnce = () => page.click('#still');
  /** Of a click that nothing answered people look for more of the page. */
  const clickThenScroll = (on: string) => async () => {
    await page.click(on);
    await page.evaluate(() => {
      scrollTo(0, 300);
      return new Promise<void>((done) => addEventListener('scroll', () => done(), { once: true }));
    });
  };
  const track = (name: string) => () => page.evaluate((name) => (window as never as { GoSight: { track(name: string): void } }).GoSight.track(name), name);

  it.each([
    ['an error', '', trigger, true],
    ['an error, where it is off', 'onError: false', trigger, false],
    ['a rage click', '', clickFast, true],
    ['a rage click, where it is off', 'onRageClick: false', clickFast, false],
    ['a dead click', 'onDeadClick: true', clickOnce, true],
    ['a dead click, where it is not on', '', clickOnce, false],
    ['a dead click on a link, whatever is scrolled then', 'onDeadClick: true', clickThenScroll('#link'), true],
    ['no click on a button that scrolls', 'onDeadClick: true', clickThenScroll('#still'), false],
    ['an event of that name', `onCustomEvent: ['failed']`, track('failed'), true],
    ['an event of another name', `onCustomEvent: ['failed']`, track('done'), false],
  ])('is %s', async (_, triggers, act, isRecorded) => {
    const body = `<button id="still">still</button><a id="link" href="/on" onclick="return false">on</a>
      <p style="height: 3000px"></p>`;
    await open({ body, init: `replay: { mode: 'trigger', triggers: { ${triggers} } }` });
    await act();
    await pass(5);
    await settle();
    if (isRecorded) await server.event('replay_chunk');
    expect(recordingsOf(server).size).toBe(isRecorded ? 1 : 0);
  });

  it.each([30, 90])('brings at least the %i s before it, from a snapshot on, and what follows for as long as it is set', async (bufferSeconds) => {
    await open({ body: TICKS, init: `replay: { mode: 'trigger', bufferSeconds: ${bufferSeconds}, recordAfterSeconds: 10 }` });
    await pass(300);
    expect(chunksOf(server)).toEqual([]);
    const at = await now();
    await trigger();
    await pass(30);
    await settle();
    await expect.poll(() => ticksIn(told()).at(-1)?.timestamp ?? 0, { timeout: 20_000 }).toBeGreaterThan(at + 8000);
    const [first] = recorded(server) as [Recorded];
    expect(first.type).toBe(META);
    expect(at - first.timestamp).toBeGreaterThan(bufferSeconds * 1000);
    expect(at - first.timestamp).toBeLessThan(2.5 * bufferSeconds * 1000);
    expect(ticksIn(told()).at(-1)?.timestamp).toBeLessThan(at + 12_000);
  });
});

describe('a page is recorded', () => {
  const OFF = `replay: 'off'`;
  it.each([
    ['where nothing says otherwise', '', {}, true],
    ['where it is among those that are included', `replay: { includeUrls: ['*://127.0.0.1:*'] }`, {}, true],
    ['unless it is not', `replay: { includeUrls: ['*/elsewhere*'] }`, {}, false],
    ['where it is not excluded', `replay: { excludeUrls: ['*/elsewhere*'] }`, {}, true],
    ['where the project includes it', '', { replay_include_urls: ['*://127.0.0.1:*'] }, true],
    ['unless the project does not', '', { replay_include_urls: ['*/elsewhere*'] }, false],
    ['unless the project excludes it', '', { replay_exclude_urls: ['*://127.0.0.1:*'] }, false],
    ['unless the page is set to off', OFF, {}, false],
    ['unless the project is set to off', '', { replay_mode: 'off' }, false],
    ['unless the project waits for a trigger', '', { replay_mode: 'trigger' }, false],
    ['unless the page waits for one, whatever the project wants', `replay: 'trigger'`, { replay_mode: 'full' }, false],
    ['in none of the sessions, if the page says so', 'sampling: { replaySampleRate: 0 }', {}, false],
    ['in none of the sessions, if the project says so', '', { replay_sample_rate: 0 }, false],
    ['in all of them, if both say so', 'sampling: { replaySampleRate: 100 }', { replay_sample_rate: 100 }, true],
  ])('%s', async (_, init, settings, isRecorded) => {
    await open({ init, settings }, isRecorded);
    await pass(5);
    await settle();
    if (isRecorded) await server.event('replay_chunk');
    expect(recordingsOf(server).size).toBe(isRecorded ? 1 : 0);
  });

  it.each([
    ['from the call of startReplay', `replay: 'off', sampling: { replaySampleRate: 0 }`, {}, 1],
    ['not even then where the project forbids it', '', { replay_mode: 'off' }, 0],
    ['not even then where the project excludes the page', OFF, { replay_exclude_urls: ['*'] }, 0],
  ])('%s', async (_, init, settings, count) => {
    await open({ body: TICKS, init, settings }, false);
    await pass(5);
    expect(chunksOf(server)).toEqual([]);
    await page.evaluate('GoSight.startReplay()');
    if (count) await server.event('replay_chunk');
    await pass(5);
    await settle();
    expect(recordingsOf(server).size).toBe(count);
  });

  it.each([
    ['that is excluded', `replay: { excludeUrls: ['*/private*'] }`],
    ['that is blocked', `privacy: { blockUrls: ['*/private*'] }`],
  ])('after a page %s is gone, and not as the address changes, with that page still on the screen', async (_, init) => {
    await open({ body: '<p id="p">before</p>', init });
    await page.evaluate(`history.pushState({}, '', '/private'); p.textContent = 'confided'`);
    await pass(5);
    await page.evaluate(`history.pushState({}, '', '/open'); setTimeout(() => { p.textContent = 'for all to see' }, 500)`);
    await pass(10);
    await settle();
    expect(recordingsOf(server).size).toBe(2);
    const seen = JSON.stringify(told());
    expect(seen).toContain('for all to see');
    expect(seen).not.toContain('confided');
  });

  it('up to the call of stopReplay', async () => {
    await open({ body: TICKS });
    await pass(5);
    await page.evaluate('GoSight.stopReplay()');
    const at = await now();
    await pass(10);
    await settle();
    await server.event('replay_chunk');
    expect(ticksIn(told()).length).toBeGreaterThan(2);
    expect(Math.max(...recorded(server).map(({ timestamp }) => timestamp))).toBeLessThanOrEqual(at);
  });
});

describe('the longest time of a recording', () => {
  const MAX_MS = 10_000;
  const around = (ms: number) => {
    expect(ms).toBeGreaterThan(MAX_MS - 2500);
    expect(ms).toBeLessThan(MAX_MS + 1500);
  };

  it.each([
    ['as the page says', `replay: { maxDurationMs: ${MAX_MS} }`, {}],
    ['as the project says', '', { replay_duration_max_ms: MAX_MS }],
    ['as the stricter of them says', 'replay: { maxDurationMs: 20_000 }', { replay_duration_max_ms: MAX_MS }],
  ])('is kept to, %s', async (_, init, settings) => {
    await open({ body: TICKS, init, settings });
    await pass(40);
    await settle();
    expect(lengths()).toHaveLength(1);
    around(sum(lengths()));
  });

  it('is not given anew by a pause, which takes none of it', async () => {
    await open({ body: TICKS, init: `replay: { maxDurationMs: ${MAX_MS} }` });
    await pass(5);
    await page.evaluate('GoSight.pause()');
    await pass(40);
    await page.evaluate('GoSight.resume()');
    await pass(40);
    await page.evaluate('GoSight.pause(); GoSight.resume()');
    await pass(10);
    await settle();
    expect(lengths()).toHaveLength(2);
    around(sum(lengths()));
  });

  it('is not given anew by the next page of the tab', async () => {
    await open({ body: TICKS, init: `replay: { maxDurationMs: ${MAX_MS} }` });
    await pass(6);
    await page.goto(server.url);
    await expect.poll(() => server.count('page_load')).toBe(2);
    await pass(30);
    await page.goto(server.url);
    await expect.poll(() => server.count('page_load')).toBe(3);
    await pass(10);
    await settle();
    expect(lengths()).toHaveLength(2);
    around(sum(lengths()));
  });

  it('begins with the trigger, however long nothing was kept before it', async () => {
    await open({ body: TICKS, init: `replay: { mode: 'trigger', maxDurationMs: ${MAX_MS} }` });
    await pass(60);
    const at = await now();
    await trigger();
    await pass(30);
    await settle();
    around((ticksIn(told()).at(-1)?.timestamp ?? 0) - at);
  });
});

describe('what is told beside the page', () => {
  it.each([
    ['is told', '', true],
    ['is not, where it is off', 'mouseMove: false', false],
  ])("of the pointer's way %s", async (_, replay, isTold) => {
    await open({ body: TICKS, init: `replay: { ${replay} }` });
    for (let i = 1; i < 20; i++) await page.mouse.move(i * 9, i * 9);
    await pass(5);
    await page.click('#tick');
    await settle();
    await server.event('replay_chunk');
    expect(ofType(INCREMENT).some(({ data }) => data.source === MOUSE_MOVE)).toBe(isTold);
  });

  it.each([
    ['50 ms, where nothing else is said', '', 50],
    ['as is said', 'sampling: { mouseMoveInterval: 130 }', 130],
  ])('is where the pointer is as often as is set, and where it came to rest: %s', async (_, init, intervalMs) => {
    await open({ init });
    await page.clock.pauseAt((await now()) + 60_000);
    for (let x = 1; x <= 30; x++) {
      await page.evaluate((x) => document.body.dispatchEvent(new MouseEvent('mousemove', { bubbles: true, clientX: x, clientY: 2 * x })), x);
      await page.clock.runFor(20);
    }
    await pass(5);
    await page.clock.resume();
    await settle();
    const places = () =>
      ofType(INCREMENT).flatMap(({ timestamp, data }) =>
        data.source === MOUSE_MOVE
          ? (data.positions as { x: number; y: number; timeOffset: number }[]).map(({ x, y, timeOffset }) => ({ x, y, at: timestamp + timeOffset }))
          : [],
      );
    await expect.poll(() => places().at(-1), { timeout: 20_000 }).toMatchObject({ x: 30, y: 60 });
    const gapsMs = places()
      .map(({ at }, i) => at - (places()[i - 1]?.at ?? Number.NaN))
      .slice(1);
    expect(gapsMs.length).toBeGreaterThan(3);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(intervalMs);
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(intervalMs + 20);
  });

  it.each([
    ['both', '', 1, 1],
    ['no console', 'console: false', 0, 1],
    ['no requests', 'network: false', 1, 0],
  ])('is %s, as it is set', async (_, replay, lines, requests) => {
    await open({ init: `replay: { ${replay} }`, prepare: ({ pages }) => (pages['/data'] = '{}') });
    await page.evaluate(() => fetch('/data').then((answer) => answer.text()));
    await page.evaluate(() => console.info('a line'));
    await pass(5);
    await settle();
    await server.event('replay_chunk');
    expect([linesOf('rrweb/console').length, linesOf('rrweb/network').length]).toEqual([lines, requests]);
  });

  it('are requests by their method, also of the same address at the same time, with a status where there is one', async () => {
    const other = await new Capture().listen();
    await open({
      hasOwnClock: false,
      prepare: ({ pages, held }) => {
        for (const path of ['/data', '/slow', '/v1/orders', '/v1/events/7']) pages[path] = '{}';
        held.add('/slow');
      },
    });
    await page.evaluate(async (elsewhere) => {
      const read = (answer: Response) => answer.text();
      const asked = (method: string, url: string) =>
        new Promise((done) => {
          const request = new XMLHttpRequest();
          request.open(method, url);
          request.onloadend = done;
          request.send();
        });
      await fetch('/v1/orders', { method: 'post' }).then(read);
      await fetch(new Request('/v1/events/7', { method: 'PATCH' })).then(read);
      await asked('PUT', '/data#place');
      await fetch(new URL('/missing', location.href)).then(read);
      await fetch(elsewhere, { mode: 'no-cors' });
      const slow = fetch('/slow?n=1', { method: 'DELETE' });
      (window as never as Record<string, unknown>).both = Promise.all([slow, fetch('/slow?n=1')].map((answer) => answer.then(read)));
    }, `${other.url}/x`);
    server.letGo();
    await page.evaluate('both');
    const requests = () => linesOf('rrweb/network').flatMap((line) => line.requests as { method: string; url: string; status?: number }[]);
    await expect.poll(() => requests().length, { timeout: 30_000 }).toBe(7);
    const found = requests().map(({ method, url, status }) => [method, url.replace(server.url, '').replace(other.url, 'other'), status]);
    expect(found.slice(0, 5)).toEqual([
      ['POST', '/v1/orders', 200],
      ['PATCH', '/v1/events/7', 200],
      ['PUT', '/data#place', 200],
      ['GET', '/missing', 404],
      ['GET', 'other/x', undefined],
    ]);
    expect(found.slice(5).sort()).toEqual([
      ['DELETE', '/slow?n=1', 200],
      ['GET', '/slow?n=1', 200],
    ]);
    await other.close();
  });

  it('are failed requests where the page waited for an answer and none came', async () => {
    const gone = await new Capture().listen();
    const nowhere = gone.url;
    await gone.close();
    await open({ hasOwnClock: false, prepare: ({ held }) => held.add('/slow') });
    await page.evaluate(async (nowhere) => {
      const settle = (answer: Promise<unknown>) => answer.catch(() => {});
      const ask = (url: string) =>
        new Promise<XMLHttpRequest>((done) => {
          const request = new XMLHttpRequest();
          request.open('GET', url);
          request.onloadend = () => done(request);
          request.send();
          if (url.startsWith('/slow')) request.abort();
        });
      const givenUp = new AbortController();
      const slow = settle(fetch('/slow?fetch', { signal: givenUp.signal }));
      givenUp.abort();
      const others = ['/lost-fetch', '/lost-post'].map((path) => fetch(nowhere + path, path.endsWith('post') ? { method: 'POST' } : undefined));
      await Promise.all([slow, ...others.map(settle), settle(fetch(`${nowhere}/unseen`, { mode: 'no-cors' })), ask(`${nowhere}/lost-xhr`), ask('/slow?xhr')]);
      await fetch('/missing');
    }, nowhere);
    const requests = () => linesOf('rrweb/network').flatMap((line) => line.requests as { url: string; failed?: boolean }[]);
    await expect.poll(() => requests().some(({ url }) => url.endsWith('/missing')), { timeout: 30_000 }).toBe(true);
    const failed = requests().filter(({ failed }) => failed);
    expect(failed.map(({ url }) => url.replace(nowhere, '')).sort()).toEqual(['/lost-fetch', '/lost-post', '/lost-xhr']);
    expect(requests().map(({ url }) => url.replace(nowhere, ''))).toContain('/unseen');
  });

  it('leaves the functions of the page as they were, when it is over', async () => {
    await open({ body: `<script>const { fetch } = window, { open } = XMLHttpRequest.prototype</script>` });
    const isAsBefore = () => page.evaluate('[window.fetch === fetch, XMLHttpRequest.prototype.open === open].join()');
    await page.evaluate(() => {
      const { fetch } = window;
      const { open } = XMLHttpRequest.prototype;
      Object.assign(window, { isOurs: () => [window.fetch === fetch, XMLHttpRequest.prototype.open === open].join() });
    });
    expect(await isAsBefore()).toBe('false,false');
    await page.evaluate('GoSight.stopReplay()');
    expect(await page.evaluate('isOurs()')).toBe('false,false');
    await page.evaluate('GoSight.startReplay()');
    await pass(1);
    await page.evaluate(() => {
      const { fetch } = window;
      window.fetch = (...args) => fetch(...args);
      Object.assign(window, { theirs: window.fetch });
    });
    await page.evaluate('GoSight.stopReplay()');
    // Somebody has put his own over ours meanwhile, and keeps it.
    expect(await page.evaluate('window.fetch === theirs')).toBe(true);
  });
});

describe('a snapshot is taken again', () => {
  const snapshots = () => ofType(FULL_SNAPSHOT).length;
  const hrefs = () => ofType(META).map(({ data }) => new URL(data.href).pathname);
  /** Outweighs a minute of ticks. */
  const LARGE = `<ul>${'<li>a line of a page that is large and quiet</li>'.repeat(2000)}</ul>`;

  it('after many chunks of a page that is large and quiet, and not while nothing happens', async () => {
    await open({ body: LARGE + TICKS });
    await pass(40);
    await expect.poll(snapshots, { timeout: 20_000 }).toBe(1);
    await pass(25);
    await expect.poll(snapshots, { timeout: 20_000 }).toBe(2);
    await page.evaluate('clearInterval(ticking)');
    await pass(300);
    await page.evaluate(`tick.textContent = 'end'`);
    await expect.poll(() => pass(5).then(() => JSON.stringify(recorded(server))), { timeout: 20_000 }).toContain('"end"');
    expect(snapshots()).toBe(2);
  });

  it('of each route of an application when it has settled, and once', async () => {
    const go = (path: string) =>
      page.evaluate((path) => {
        history.pushState(null, '', path);
        // A page in three steps.
        for (const at of [100, 900, 1700]) setTimeout(() => document.querySelector('main')?.append(`${path} ${at}; `), at);
      }, path);
    await open({ body: `<main></main>${LARGE}` });
    await pass(6);
    expect(hrefs()).toEqual(['/']);
    await go('/cups');
    await pass(6);
    await expect.poll(hrefs, { timeout: 20_000 }).toEqual(['/', '/cups']);
    const [, cups] = ofType(FULL_SNAPSHOT);
    expect(JSON.stringify(cups)).toContain('/cups 1700');
    await go('/pots');
    await go('/');
    await pass(10);
    await go('/cups');
    await pass(10);
    expect(hrefs()).toEqual(['/', '/cups']);
    await go('/pots');
    await pass(20);
    await expect.poll(hrefs, { timeout: 20_000 }).toEqual(['/', '/cups', '/pots']);
  });

  it('by a trigger that finds nothing to begin with, for too much has come', async () => {
    await open({ body: TICKS, init: `replay: { mode: 'trigger' }` });
    // More than is kept in memory, and gone again.
    await page.evaluate(() => {
      const { body } = document;
      for (let i = 0; i < 12; i++) setTimeout(() => (body.className = i < 11 ? i + 'x'.repeat(1e6) : ''), i * 200);
    });
    await pass(5);
    await trigger();
    await pass(2);
    await server.event('replay_chunk');
    await expect.poll(() => recorded(server).map(({ type }) => type)[0], { timeout: 10_000 }).toBe(META);
    expect(recorded(server)[1]?.type).toBe(FULL_SNAPSHOT);
  });

  it('when the last one was too large to go with the page, which was only hidden', async () => {
    const lines = Array.from({ length: 70_000 }, (_, i) => `a line of a style that is large: ${(i * 7919) % 65_537} `).join('');
    await open({
      body: `${TICKS}<style>[title='${lines}'] { color: red }</style>`,
      init: `replay: { mode: 'trigger', triggers: { onCustomEvent: ['now'] } }`,
    });
    await page.evaluate(() => {
      const hide = (isHidden: boolean) => {
        Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      };
      // It leaves while it is being compressed.
      (window as never as { GoSight: { track(name: string): void } }).GoSight.track('now');
      hide(true);
      hide(false);
    });
    await pass(15);
    expect(snapshots()).toBe(0);
    await expect.poll(() => pass(5).then(snapshots), { timeout: 30_000 }).toBe(1);
    await settle();
    expect(server.batches.at(-1)?.attributes.sdk_dropped_events).toBe('1');
    expect(snapshots()).toBe(1);
  });
});

describe('pictures that wait for a trigger', () => {
  it('are the last hundred that were seen', async () => {
    const names = Array.from({ length: 130 }, (_, i) => `/picture-${i}.png`);
    const body = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAADklEQVR4nGNgGAWjAAMAAhAAAfSGgT8AAAAASUVORK5CYII=', 'base64');
    const headers = { 'content-type': 'image/png', 'cache-control': 'max-age=600' };
    await open({
      body: names.map((name) => `<img width="16" height="16" src="${name}">`).join(''),
      init: `replay: { mode: 'trigger' }`,
      prepare: ({ files }) => {
        for (const name of names) files[name] = { body, headers };
      },
    });
    await pass(10);
    await trigger();
    const assets = () => ofType(CUSTOM).filter(({ data }) => data.tag === 'gosight.asset');
    await expect.poll(() => assets().length, { timeout: 60_000 }).toBe(100);
    expect(assets().map(({ data }) => new URL(data.payload.url).pathname)).toEqual(names.slice(-100));
  });
});
