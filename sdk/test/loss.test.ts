/** What the page saw is what the server has, each event once by its id, or a counted drop: whatever happens to the network, the server, the tab, the storage and the clock. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { complaints, launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { chunksOf, play, recorded } from './recordings.js';

const MINUTE_MS = 60_000;
const SDK = `<script>window.saw = []</script><script src="/sdk.js"></script><script>
  GoSight.init({ projectKey: '${KEY}', hooks: { beforeSend(event) { saw.push(event.id); return event } } })</script>`;
const html = (body: string, head = SDK) => `<!doctype html><html><head><title>Shop</title>${head}</head><body>${body}</body></html>`;

let browser: Browser;
let context: BrowserContext;
let page: Page;
let server: Capture;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  server = await new Capture().listen();
  server.pages['/'] = html('<button id="b">b</button>');
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  await server.close();
});

/** Opens the page and waits until both files are at work and the server has what came so far. */
async function open(tab = page): Promise<void> {
  await tab.goto(server.url);
  await server.event('page_load');
}

const track = (names: string[], tab = page) =>
  tab.evaluate((names) => {
    for (const name of names) (window as never as Api).GoSight.track(name);
  }, names);
const flush = (tab = page) => tab.evaluate('GoSight.flush()');
const sawOf = (tab = page) => tab.evaluate('saw') as Promise<string[]>;

interface Api {
  GoSight: { track(name: string): void };
}

const namesFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `t${from + i}`);

/** Waits until the server has every one of these custom events; then each must have come under one id. */
async function arrive(names: string[]): Promise<void> {
  const idsOf = (name: string) => server.arrivals.filter(({ type, payload }) => type === 'custom_event' && payload.name === name).map(({ id }) => id);
  for (const name of names) await server.event('custom_event', ({ payload }) => payload.name === name);
  for (const name of names) expect(new Set(idsOf(name)).size, name).toBe(1);
}

/** Events the pages told as dropped: the newest count of each page load. */
function droppedCount(): number {
  return Math.max(0, ...server.batches.map(({ attributes }) => Number(attributes.sdk_dropped_events ?? 0)));
}

const distinctIds = () => new Set(server.arrivals.map(({ id }) => id));

/** Waits until all that was seen has come. A busy page goes on to see something, so it is asked again. */
async function allSeenCome(): Promise<void> {
  const missing = async () => (await sawOf()).filter((id) => !distinctIds().has(id));
  await expect.poll(missing).toEqual([]);
}

describe('the network', () => {
  it('is gone for ten minutes: all that was seen comes when it is back, in the time it was seen', async () => {
    await page.clock.install();
    await page.goto(server.url);
    await server.event('session_start');
    await context.setOffline(true);
    const startedAt = (await page.evaluate('Date.now()')) as number;
    for (let minute = 0; minute < 10; minute++) {
      await track([`t${minute}`]);
      await page.click('#b');
      await page.clock.runFor(MINUTE_MS);
      await flush();
    }
    expect(server.arrivals.filter(({ type }) => type === 'custom_event')).toEqual([]);
    await context.setOffline(false);
    await arrive(namesFrom(0, 10));
    for (let minute = 0; minute < 10; minute++) {
      const { timestamp_ms } = await server.event('custom_event', ({ payload }) => payload.name === `t${minute}`);
      expect(Math.round((timestamp_ms - startedAt) / MINUTE_MS)).toBe(minute);
    }
    expect(new Set(server.arrivals.filter(({ type }) => type === 'click').map(({ id }) => id)).size).toBe(10);
    expect(droppedCount()).toBe(0);
  });

  it('is gone while more is seen than 5 MB hold: what was dropped is counted', async () => {
    await open();
    await context.setOffline(true);
    const before = server.arrivals.length;
    for (let i = 0; i < 30; i++) {
      await page.evaluate(
        `for (let i = 0; i < 10; i++) GoSight.track('big', Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['p' + i, 'x'.repeat(1000)]))); GoSight.flush()`,
      );
    }
    const bigs = () => server.arrivals.filter(({ type }) => type === 'custom_event').length;
    await context.setOffline(false);
    await track(['last']);
    await arrive(['last']);
    await server.event('custom_event', () => bigs() + droppedCount() >= 301);
    await flush();
    expect(droppedCount()).toBeGreaterThan(30);
    await expect.poll(async () => (await sawOf()).length - distinctIds().size - droppedCount()).toBe(0);
    expect(before).toBeGreaterThan(0);
  });

  it('is closed to us by an ad-blocker, and opened again', async () => {
    await open();
    await context.route(/\/v1\/events|SendBatch/, (route) => route.abort('blockedbyclient'));
    await track(namesFrom(0, 5));
    await flush();
    await page.click('#b');
    await flush();
    await context.unroute(/\/v1\/events|SendBatch/);
    await arrive(namesFrom(0, 5));
    await server.event('click');
    expect(droppedCount()).toBe(0);
  });
});

describe('the server', () => {
  it('is full, broken, slow to shut down and back: nothing is lost and nothing doubled', async () => {
    await open();
    for (const [round, status] of [500, 429, 503, 408].entries()) {
      server.refuse = { status };
      await track(namesFrom(round * 3, round * 3 + 3));
      await flush();
      server.refuse = undefined;
      await arrive(namesFrom(round * 3, round * 3 + 3));
    }
    expect(server.refused).toBeGreaterThanOrEqual(4);
    expect(droppedCount()).toBe(0);
    await allSeenCome();
    expect(server.arrivals).toHaveLength(distinctIds().size);
  });

  it('takes everything and never answers: the next visit sends it again, under the same ids', async () => {
    await open();
    server.isMute = true;
    await track(['unanswered']);
    await server.event('custom_event');
    // A second without an answer, and the batch is kept.
    await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toBe(true);
    server.isMute = false;
    await page.reload();
    await server.event('custom_event', () => server.arrivals.filter(({ type }) => type === 'custom_event').length === 2);
    await arrive(['unanswered']);
  });

  it('hangs: the page keeps its connections, and what waited comes by the next visit', async () => {
    await open();
    for (const path of ['/v1/events', '/gosight.v1.IngestService/SendBatch']) server.held.add(path);
    const before = server.paths.length;
    for (let i = 0; i < 10; i++) {
      await track([`t${i}`]);
      await page.evaluate('void GoSight.flush()');
    }
    await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toBe(true);
    expect(await page.evaluate(`fetch('/').then(({ status }) => status)`)).toBe(200);
    expect(server.paths.slice(before).filter((path) => path === 'POST /v1/events').length).toBeLessThanOrEqual(4);
    server.held.clear();
    await page.goto(server.url);
    await arrive(namesFrom(4, 10));
    server.letGo();
    await arrive(namesFrom(0, 10));
  });
});

/** Whether something waits in the queue. */
const kept = `new Promise((done) => {
  const request = indexedDB.open('gosight:${KEY}');
  request.onsuccess = () => {
    const counted = request.result.transaction('batches').objectStore('batches').count();
    counted.onsuccess = () => { request.result.close(); done(counted.result > 0); };
  };
})`;

describe('the tab', () => {
  /** Ends the tab's process as a system short of memory does, and opens the tab again. */
  async function killAndReload(): Promise<void> {
    const cdp = await browser.newBrowserCDPSession();
    const { targetInfos } = await cdp.send('Target.getTargets');
    const { targetId } = targetInfos.find(({ url }) => url.startsWith(server.url)) as { targetId: string };
    const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: false });
    const crashed = page.waitForEvent('crash');
    // One at a time is open in this browser, which is this file's own.
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    for (const { type, id } of processInfo) if (type === 'renderer') process.kill(id, 'SIGKILL');
    await crashed;
    await cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: 1, method: 'Page.reload', params: {} }) });
  }

  it('is killed while events wait to be sent: they are counted when it is opened again', async () => {
    const prompt = server.pages['/'] as string;
    server.pages['/'] = prompt.replace('projectKey', 'batching: { maxWaitMs: 60_000, urgentWaitMs: 60_000 }, projectKey');
    await page.goto(server.url);
    // Both files are at work, and nothing goes by itself.
    await expect.poll(() => flush().then(() => server.arrivals.some(({ type }) => type === 'page_load'))).toBe(true);
    await track(namesFrom(0, 3));
    server.pages['/'] = prompt;
    await killAndReload();
    // And what the page said of itself meanwhile, if anything.
    await expect.poll(droppedCount, { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
    expect(server.arrivals.filter(({ type }) => type === 'custom_event')).toEqual([]);
  });

  it('is killed in a click that never ends: the click is counted when it is opened again', async () => {
    const prompt = server.pages['/'] as string;
    server.pages['/'] = html('<button onclick="navigator.sendBeacon(\'/hangs\'); for (;;);">b</button>').replace(
      'projectKey',
      'events: { dom: false, performance: false }, batching: { maxWaitMs: 60_000, urgentWaitMs: 60_000 }, projectKey',
    );
    await page.goto(server.url);
    // The pointer is there, and both files are at work: of the press there is the click alone, and nothing is told by itself.
    const point = async () => {
      await page.mouse.move(500, 500);
      await page.hover('button');
      await flush();
      return server.count('mouse_enter');
    };
    await expect.poll(point).not.toBe(0);
    // It is never answered.
    page.click('button').catch(() => {});
    await expect.poll(() => server.paths).toContain('POST /hangs');
    server.pages['/'] = prompt;
    await killAndReload();
    await expect.poll(droppedCount, { timeout: 60_000 }).toBeGreaterThanOrEqual(1);
    expect(server.count('click')).toBe(0);
  });

  it('is killed while it has some of its recording: that is counted when it is opened again', async () => {
    server.settings = { version: '1' };
    server.pages['/'] = (server.pages['/'] as string).replace('projectKey', 'events: { dom: false }, projectKey');
    await open();
    await server.event('replay_chunk');
    await expect.poll(() => page.evaluate(`sessionStorage["gosight:${KEY}:chunks"]`)).toBe('0');
    await flush();
    // A chunk is handed over sooner or later, and the next one begins at once.
    await page.evaluate(`setInterval(() => document.body.append('cups'), 20)`);
    await expect.poll(() => page.evaluate(`sessionStorage["gosight:${KEY}:chunks"]`)).not.toBe('0');
    await killAndReload();
    await expect.poll(droppedCount, { timeout: 60_000 }).toBeGreaterThanOrEqual(1);
    // Of the visit's events none was waiting.
    expect(droppedCount()).toBeLessThanOrEqual(2);
  });

  it('is killed while requests wait for an answer: they are made again', async () => {
    await open();
    for (const path of ['/v1/events', '/gosight.v1.IngestService/SendBatch']) server.held.add(path);
    await track(namesFrom(0, 3));
    await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toBe(true);
    await killAndReload();
    server.held.clear();
    await arrive(namesFrom(0, 3));
    server.letGo();
    // Not these, at most what the page said of itself meanwhile.
    expect(droppedCount()).toBeLessThan(3);
  });

  /** Events of 20 KB, three to a beacon. */
  const trackBig = (count: number) =>
    `for (let i = 0; i < ${count}; i++) GoSight.track('t' + i, Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['p' + i, 'x'.repeat(1000)])));`;
  /** Opens the page where the second file has not come yet, and of which none is seen but what it leaves. */
  const openEarly = async () => {
    for (const path of ['/sdk.more.js', '/v1/events']) server.held.add(path);
    await page.goto(server.url, { waitUntil: 'commit' });
    await page.waitForFunction('window.GoSight?.getSessionId()');
  };
  /** Whatever all pages of the tab saw, less what came, none of it twice, and what was told as dropped. */
  const COUNTING = html('', SDK.replace('return event', 'sessionStorage.seen = 1 + Number(sessionStorage.seen ?? 0); return event'));
  /** …and sends nothing before it is left. */
  const WAITING = COUNTING.replace('projectKey', 'batching: { maxEvents: 1000, maxWaitMs: 60_000, urgentWaitMs: 60_000 }, projectKey');
  const uncounted = async () => Number(await page.evaluate('sessionStorage.seen')) - distinctIds().size - droppedCount();
  const close = async () => {
    await page.close();
    page = await context.newPage();
  };

  const WAYS: [string, string, () => Promise<unknown>][] = [
    ['left', '', () => page.goto(server.url)],
    ['closed', '', close],
    ['left while it sends', 'void GoSight.flush()', () => page.goto(server.url)],
    ['closed while it sends', 'void GoSight.flush()', close],
  ];
  /** The page that is open sees more than a beacon holds, and goes. */
  const allCome = async (then: string, go: () => Promise<unknown>) => {
    await page.evaluate(trackBig(12) + then);
    await go();
    server.letGo();
    await page.goto(server.url);
    await arrive(namesFrom(0, 12));
    expect(droppedCount()).toBe(0);
    // And the site has its storage back.
    await expect.poll(() => page.evaluate('Object.keys(localStorage)')).toEqual([`gosight:${KEY}`]);
  };

  it.each(WAYS)('is %s with more than a beacon holds: the rest comes by the next visit', async (_, then, go) => {
    await open();
    await allCome(then, go);
  });

  it.each(WAYS)('is %s with more than a beacon holds before the second file is there: the rest comes by the next visit', async (_, then, go) => {
    await openEarly();
    await allCome(then, go);
  });

  it('is left before the second file is there, and the site itself left no room: the rest is counted by the next visit', async () => {
    server.pages['/'] = WAITING;
    // As they come, what there is would be sent: on its way it has both, what it came to and a count.
    server.held.add('/v1/settings');
    await openEarly();
    server.pages['/'] = COUNTING;
    await page.evaluate(`localStorage.own = 'x'.repeat(5_200_000); ${trackBig(12)}`);
    await page.goto(server.url);
    server.letGo();
    await expect.poll(uncounted).toBe(0);
    expect(droppedCount()).toBeGreaterThan(6);
  });

  it.each([
    ['than it may leave behind', ''],
    ['than the site itself left room for', `localStorage.own = 'x'.repeat(5_000_000); `],
  ])('is left with more %s: the rest is counted by the next visit', async (_, before) => {
    server.pages['/'] = WAITING;
    await page.goto(server.url);
    await expect.poll(() => flush().then(() => server.count('page_load'))).toBe(1);
    await page.evaluate(before + trackBig(130));
    server.pages['/'] = COUNTING;
    await page.goto(server.url);
    await expect.poll(uncounted, { timeout: 60_000 }).toBe(0);
    expect(droppedCount()).toBeGreaterThan(20);
    expect(server.count('custom_event') + droppedCount()).toBeGreaterThanOrEqual(130);
  });

  it('has a twin: of what a page left, and could not, one of them tells', async () => {
    server.pages['/'] = html('', SDK.replace('beforeSend', "onError: ({ code, message }) => { if (code === 'queue_full') window.told = message }, beforeSend"));
    await page.goto(server.url);
    const twin = await context.newPage();
    await twin.goto(server.url);
    await expect.poll(() => server.count('page_load')).toBe(2);
    const toldBy = () => Promise.all([page, twin].map((tab) => tab.evaluate('Number(window.told ?? 0)')));
    await page.evaluate((key) => {
      for (let i = 0; i < 20; i++) localStorage[`gosight:${key}:left:0.${i}:1`] = 'x'.repeat(50_000);
      localStorage[`gosight:${key}:left:1:7`] = '';
    }, KEY);
    await Promise.all([page, twin].map((tab) => tab.evaluate(`dispatchEvent(new Event('online'))`)));
    const left = () => page.evaluate(`Object.keys(localStorage).filter((name) => name.includes(':left:')).length`);
    await expect.poll(left, { timeout: 30_000 }).toBe(0);
    await expect.poll(async () => (await toldBy()).sort()).toEqual([0, 7]);
  });

  it('has a twin: both were offline, each event comes once, in one session', async () => {
    await open();
    const twin = await context.newPage();
    await twin.goto(server.url);
    await expect.poll(() => server.count('page_load')).toBe(2);
    await context.setOffline(true);
    await track(namesFrom(0, 3));
    await track(namesFrom(3, 6), twin);
    await Promise.all([flush(), flush(twin)]);
    await context.setOffline(false);
    await arrive(namesFrom(0, 6));
    expect(new Set(server.batches.map(({ session_id, visitor_id }) => session_id + visitor_id)).size).toBe(1);
  });
});

describe('a recording', () => {
  const added = (from: number, to: number) =>
    page.evaluate(`for (let i = ${from}; i < ${to}; i++) document.body.append(Object.assign(document.createElement('p'), { textContent: 'cup ' + i }))`);
  /** Until every chunk that was cut has come, with what is in it; each once by its id. */
  async function complete(cups: number): Promise<void> {
    const texts = () => JSON.stringify(recorded(server)).match(/"cup \d+"/g) ?? [];
    await expect.poll(() => texts().length, { timeout: 60_000 }).toBe(cups);
    const chunks = chunksOf(server);
    const indexes = chunks.map(({ payload }) => Number(payload.index)).sort((a, b) => a - b);
    expect(indexes).toEqual(indexes.map((_, at) => at));
    const { text } = await play(await context.newPage(), recorded(server));
    expect(text.match(/cup \d+/g)).toEqual(Array.from({ length: cups }, (_, i) => `cup ${i}`));
    expect(droppedCount()).toBe(0);
  }
  beforeEach(async () => {
    server.settings = { version: '1' };
    await page.goto(server.url);
    await server.event('replay_chunk');
  });

  it('goes on while the network is gone, and comes whole when it is back', async () => {
    await context.setOffline(true);
    await added(0, 3);
    await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toBe(true);
    await added(3, 6);
    await context.setOffline(false);
    await added(6, 9);
    await complete(9);
  });

  it('comes whole from a server that was full, broken and slow to shut down', async () => {
    for (const [round, status] of [500, 429, 503].entries()) {
      const before = server.refused;
      server.refuse = { status };
      await added(round * 3, round * 3 + 3);
      await expect.poll(() => server.refused, { timeout: 60_000 }).toBeGreaterThan(before);
      server.refuse = undefined;
    }
    await complete(9);
  });
});

/** What is added to the page from now on is recorded too, and played with what was there. */
async function isRecorded(): Promise<void> {
  await page.evaluate(`document.body.append('saucers')`);
  await expect.poll(() => JSON.stringify(recorded(server)), { timeout: 30_000 }).toContain('saucers');
  const { text } = await play(await context.newPage(), recorded(server));
  expect(text).toBe('cups saucers');
}

describe('storage', () => {
  beforeEach(() =>
    page.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('blocked', 'SecurityError');
          },
        });
    }),
  );

  it.each([
    ['full', ''],
    ['trigger', `GoSight.track('now')`],
  ])('is blocked: what is to be recorded is, %s', async (mode, trigger) => {
    server.settings = { version: '1' };
    const replay = `replay: { mode: '${mode}', triggers: { onCustomEvent: ['now'] } }, projectKey`;
    server.pages['/'] = html('<p>cups</p>', SDK.replace('projectKey', replay));
    const heard = complaints(page);
    await open();
    await expect.poll(() => server.paths, { timeout: 30_000 }).toContain('GET /recorder.js');
    await page.evaluate(`import('/recorder.js')`);
    await page.evaluate(trigger);
    await isRecorded();
    expect(heard).toEqual([]);
  });

  it('is blocked: what the server refuses waits in memory', async () => {
    await open();
    await track(['first']);
    await arrive(['first']);
    server.refuse = { status: 503 };
    await track(namesFrom(0, 3));
    await flush();
    server.refuse = undefined;
    await track(['last']);
    await arrive(['last', ...namesFrom(0, 3)]);
    await allSeenCome();
    expect(droppedCount()).toBe(0);
  });
});

describe('the page', () => {
  const STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";
  const BY_FILES = '<script src="/sdk.js"></script><script src="/start.js"></script>';

  it('has the strictest policy that lets us speak: it is recorded, and has nothing to complain of', async () => {
    server.settings = { version: '1' };
    server.headers['content-security-policy'] = STRICT;
    server.pages['/start.js'] = `GoSight.init({ projectKey: '${KEY}', replay: { canvas: true } })`;
    server.pages['/'] = html('<p>cups</p><canvas></canvas>', BY_FILES);
    const heard = complaints(page);
    await open();
    await server.event('replay_chunk');
    await isRecorded();
    expect(heard).toEqual([]);
  });

  it('has the strictest policy that lets us speak: nothing is lost', async () => {
    server.headers['content-security-policy'] = STRICT;
    server.pages['/start.js'] = `window.saw = []; GoSight.init({ projectKey: '${KEY}', hooks: { beforeSend(event) { saw.push(event.id); return event } } })`;
    server.pages['/'] = html('<button id="b">b</button>', BY_FILES);
    await open();
    await page.click('#b');
    await track(namesFrom(0, 3));
    await arrive(namesFrom(0, 3));
    await flush();
    await allSeenCome();
  });

  it.each([
    ['forward by two hours', 2 * 60 * MINUTE_MS],
    ['back by two hours', -2 * 60 * MINUTE_MS],
  ])('has its clock set %s: all still comes, in time', async (_, shiftMs) => {
    await open();
    await page.evaluate(`{ const { now } = Date; Date.now = () => now() + ${shiftMs}; }`);
    await track(namesFrom(0, 3));
    await page.click('#b');
    for (let x = 0; x < 5; x++) await page.mouse.move(100 + 20 * x, 100);
    await arrive(namesFrom(0, 3));
    const shifted = ({ timestamp_ms }: { timestamp_ms: number }) => Math.abs(timestamp_ms - shiftMs - Date.now()) < MINUTE_MS;
    await server.event('click', shifted);
    await server.event('mouse_move', shifted);
    await flush();
    await allSeenCome();
    expect(droppedCount()).toBe(0);
  });
});
