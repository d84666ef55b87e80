import { describe, expect } from 'vitest';
import { launch } from './browser.js';
import { KEY } from './capture.js';
import { html, it } from './chromium.js';
import { chunksOf } from './recordings.js';

describe('a visit', () => {
  it('tells of the session, the page and the device it began with', async ({ server, errors, open }) => {
    await open('<h1>Hello</h1>', '/start', undefined);
    const view = await server.event('page_view');
    const start = await server.event('session_start');
    expect(view.payload).toMatchObject({ title: 'Shop', path: '/start' });
    expect(view.page.view_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(start.payload.is_new_visitor).toBe(true);
    expect(start.payload.entry_url).toBe(`${server.url}/start`);
    expect(start.batch).toMatchObject({ project_key: KEY, sdk_name: 'gosight-web' });
    expect(start.batch.device).toMatchObject({ viewport_width: 1000, viewport_height: 700 });
    expect(Math.abs(start.batch.sent_at_ms - start.arrivedAt)).toBeLessThan(5000);
    expect(errors).toEqual([]);
  });

  it('sends the first batch in a form that needs no preflight', async ({ server, open }) => {
    await open('<h1>Hello</h1>');
    expect(server.batches[0]).toMatchObject({ way: 'http', contentType: '' });
  });

  it('goes on in the next page and in another tab, and ends when asked', async ({ context, page, server, open }) => {
    await open('<a href="/next">next</a>');
    server.pages['/next'] = html('<p>next</p>');
    await page.click('a');
    const next = await server.event('page_view', (view) => view.payload.path === '/next');
    const tab = await context.newPage();
    await tab.goto(`${server.url}/next`);
    const third = await server.event('page_view', (view) => view.payload.path === '/next' && view.page.view_id !== next.page.view_id);
    expect(new Set(server.batches.map((batch) => batch.session_id)).size).toBe(1);
    expect(third.batch.visitor_id).toBe(next.batch.visitor_id);
    await tab.evaluate('GoSight.startNewSession()');
    const end = await server.event('session_end');
    expect(end.payload.reason).toBe('requested');
    const start = await server.event('session_start', (event) => event.batch.session_id !== next.batch.session_id);
    expect(start.payload.is_new_visitor).toBe(false);
    await page.bringToFront();
    await page.mouse.click(300, 300);
    const click = await server.event('click', (event) => event.batch.session_id === start.batch.session_id);
    expect(click.page.path).toBe('/next');
  });

  it('says by beacon where it went and how far it had scrolled', async ({ page, server, open }) => {
    server.pages['/away'] = '<!doctype html><title>away</title>';
    await open(`<a href="/away">away</a><div style="height:3000px"></div>`);
    await page.mouse.wheel(0, 1400);
    await server.event('scroll');
    await page.mouse.wheel(0, -1400);
    await server.event('scroll', (scroll) => scroll.payload.direction === 'up');
    await page.click('a');
    const exit = await server.event('page_exit');
    expect(exit.payload.next_url).toBe(`${server.url}/away`);
    expect(exit.payload.max_scroll_percent).toBeGreaterThan(50);
    expect(exit.payload.time_on_page_ms).toBeGreaterThan(0);
    expect(exit.batch.way).toBe('http');
    const click = await server.event('click');
    expect(click.payload.target.href).toBe(`${server.url}/away`);
  });

  it.for([
    ['opened a tab', 'href="/away" target="_blank"'],
    ['stayed', 'href="#" onclick="event.preventDefault()"'],
  ] as const)('does not say that it went where it only %s', async ([, link], { page, server, open }) => {
    server.pages['/away'] = '<!doctype html><title>away</title>';
    await open(`<a ${link}>link</a>`);
    await page.click('a');
    await page.goto(`${server.url}/away`);
    expect((await server.event('page_exit')).payload.next_url).toBe('');
  });

  it('comes back to a page that was kept as it was: a new view, by whatever was chosen meanwhile', async ({ server }) => {
    const keeping = await launch(['--disable-back-forward-cache']);
    const tab = await keeping.newPage();
    for (const path of ['/', '/next']) server.pages[path] = html(`<p>${path}</p>`);
    /** No load event comes with a page that was kept. */
    const back = async () => {
      await tab.evaluate('void history.back()');
      await tab.waitForURL(`${server.url}/`, { waitUntil: 'commit' });
      expect(await tab.evaluate('window.kept')).toBe(1);
    };
    await tab.goto(server.url);
    const first = await server.event('page_view');
    // A page is kept that waits for no answer.
    await server.event('page_load');
    await tab.evaluate('GoSight.flush()');
    await tab.evaluate('window.kept = 1');
    await tab.goto(`${server.url}/next`);
    const second = await server.event('page_view', ({ payload }) => payload.path === '/next');
    await tab.evaluate(`GoSight.identify('user-9')`);
    await back();
    const again = await server.event('page_view', ({ page }) => page.path === '/' && page.view_id !== first.page.view_id);
    expect(again.batch.user_id).toBe('user-9');
    // Where the page came from, not itself.
    expect(again.page.referrer).toBe(first.page.referrer);
    await tab.goto(`${server.url}/next`);
    await server.event('page_view', ({ page }) => page.path === '/next' && page.view_id !== second.page.view_id);
    await tab.evaluate('GoSight.optOut()');
    await back();
    await tab.evaluate(`GoSight.track('never'); GoSight.flush()`);
    expect(await tab.evaluate('GoSight.hasOptedOut()')).toBe(true);
    expect(server.arrivals.filter(({ type }) => type === 'custom_event')).toEqual([]);
    await keeping.close();
  });

  it('gives every navigation of a single-page application its own view', async ({ page, server, open }) => {
    await open(`<button onclick="history.pushState({}, '', '/two'); document.title = 'Two'">go</button>`);
    await page.click('button');
    const second = await server.event('page_view', (view) => view.payload.path === '/two');
    const first = await server.event('page_view', (view) => view.payload.path === '/');
    const exit = await server.event('page_exit');
    expect(second.page.view_id).not.toBe(first.page.view_id);
    expect(second.payload.title).toBe('Two');
    expect(second.page.referrer).toBe(`${server.url}/`);
    expect(exit.page.view_id).toBe(first.page.view_id);
    expect(exit.payload.next_url).toBe(`${server.url}/two`);
    await page.goBack();
    await server.event('page_view', (view) => view.payload.path === '/' && view.page.view_id !== first.page.view_id);
  });

  it.for([
    ['replaces its address', `history.replaceState({}, '', '/two')`, '/two'],
    ['goes to a place of its own', `location.hash = 'two'`, '/#two'],
  ] as const)('that %s has a view more', async ([, go, to], { page, server, open }) => {
    await open('<p>p</p>');
    await page.evaluate(go);
    const second = await server.event('page_view', ({ page }) => page.url === server.url + to);
    const exit = await server.event('page_exit');
    expect(exit.payload.next_url).toBe(server.url + to);
    expect(exit.page.view_id).not.toBe(second.page.view_id);
  });
});

describe('a session at a quarter of the way from 0 to 100', () => {
  const SESSION = '40000000-1234-4123-8123-123456789abc';

  it.for([
    ['is told and recorded where more are', '{ sessionSampleRate: 26, replaySampleRate: 26 }', { session_sample_rate: 26, replay_sample_rate: 26 }, true, true],
    ['is told where a part of a percent more are', '{ sessionSampleRate: 25.1 }', {}, true, true],
    ['is not told where fewer are', '{ sessionSampleRate: 24.9 }', {}, false, false],
    ['is not told where the project wants fewer', '{}', { session_sample_rate: 24 }, false, false],
    ['is not told where the project alone wants fewer', '{ sessionSampleRate: 80 }', { session_sample_rate: 24 }, false, false],
    ['is not told where the page alone wants fewer', '{ sessionSampleRate: 24 }', { session_sample_rate: 80 }, false, false],
    ['is not recorded where fewer are', '{ replaySampleRate: 24 }', {}, true, false],
    ['is not recorded where the project wants fewer', '{}', { replay_sample_rate: 24 }, true, false],
    ['is not recorded where the project alone wants fewer', '{ replaySampleRate: 80 }', { replay_sample_rate: 24 }, true, false],
    ['is not recorded where the page alone wants fewer', '{ replaySampleRate: 24 }', { replay_sample_rate: 80 }, true, false],
  ] as const)('%s, on each of its pages, in each of its tabs', async ([, sampling, settings, isTold, isRecorded], { context, page, server }) => {
    server.settings = { version: '1', ...settings };
    server.pages['/'] = html(
      '<button id="b">b</button>',
      `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', sampling: ${sampling} })</script>`,
    );
    await context.addInitScript(
      ([key, session]) => {
        localStorage[`gosight:${key}`] ??= JSON.stringify({ visitor: 'v', session, user: '', active: Date.now(), choice: '' });
      },
      [KEY, SESSION],
    );
    const visit = async (tab = page) => {
      const settled = tab.waitForResponse('**/v1/settings*');
      await tab.goto(server.url);
      await (await settled).finished();
      await tab.click('#b');
      await tab.evaluate('GoSight.flush()');
    };
    await visit();
    await visit();
    await visit(await context.newPage());
    if (isTold) await expect.poll(() => server.count('click')).toBe(3);
    else expect(server.arrivals.map(({ type }) => type)).toEqual([]);
    if (isRecorded) await expect.poll(() => new Set(chunksOf(server).map(({ payload }) => payload.recording_id)).size).toBe(3);
    else expect(server.paths).not.toContain('GET /recorder.js');
    expect(server.batches.filter(({ session_id }) => session_id !== SESSION)).toEqual([]);
  });
});
