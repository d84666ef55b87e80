import { buildSync } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { complaints, launch } from './browser.js';
import { type Arrival, Capture, KEY } from './capture.js';
import { message } from './wire.js';

/** By the page's own clock: what is urgent is sent after 200 ms and what is not after a second. In between is what a busy machine adds. */
const AT_ONCE_MS = 900;
const waited = ({ batch, timestamp_ms }: Arrival) => batch.sent_at_ms - timestamp_ms;

const html = (body: string, script = `<script src="/sdk.js" data-project-key="${KEY}"></script>`) =>
  `<!doctype html><html><head><title>Shop</title>${script}</head><body>${body}</body></html>`;

let browser: Browser;
let context: BrowserContext;
let page: Page;
let server: Capture;
let errors: string[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  server = await new Capture().listen();
  context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  page = await context.newPage();
  errors = complaints(page);
});
afterEach(async () => {
  await context.close();
  await server.close();
});

/** Opens a page and waits until both files of the SDK are at work. */
async function open(body: string, path = '/', script?: string): Promise<void> {
  server.pages[new URL(path, server.url).pathname] = html(body, script);
  await page.goto(server.url + path);
  await server.event('page_load');
}

describe('a visit', () => {
  it('tells of the session, the page and the device it began with', async () => {
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

  it('sends the first batch in a form that needs no preflight', async () => {
    await open('<h1>Hello</h1>');
    expect(server.batches[0]).toMatchObject({ way: 'http', contentType: '' });
  });

  it('goes on in the next page and in another tab, and ends when asked', async () => {
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

  it('says by beacon where it went and how far it had scrolled', async () => {
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

  it('comes back to a page that was kept as it was: a new view, by whatever was chosen meanwhile', async () => {
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
    await tab.evaluate('window.kept = 1');
    await tab.goto(`${server.url}/next`);
    const second = await server.event('page_view', ({ payload }) => payload.path === '/next');
    await tab.evaluate(`GoSight.identify('user-9')`);
    await back();
    const again = await server.event('page_view', ({ page }) => page.path === '/' && page.view_id !== first.page.view_id);
    expect(again.batch.user_id).toBe('user-9');
    await tab.goto(`${server.url}/next`);
    await server.event('page_view', ({ page }) => page.path === '/next' && page.view_id !== second.page.view_id);
    await tab.evaluate('GoSight.optOut()');
    await back();
    await tab.evaluate(`GoSight.track('never'); GoSight.flush()`);
    expect(await tab.evaluate('GoSight.hasOptedOut()')).toBe(true);
    expect(server.arrivals.filter(({ type }) => type === 'custom_event')).toEqual([]);
    await keeping.close();
  });

  it('gives every navigation of a single-page application its own view', async () => {
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
});

describe('clicks', () => {
  it('are sent at once, six on a dead button as six', async () => {
    await open('<button id="dead">Nothing</button>');
    for (let i = 0; i < 6; i++) await page.click('#dead', { delay: 5 });
    await server.event('click', () => server.arrivals.filter((arrival) => arrival.type === 'click').length >= 6);
    const clicks = server.arrivals.filter((arrival) => arrival.type === 'click');
    expect(clicks).toHaveLength(6);
    for (const click of clicks) expect(waited(click)).toBeLessThan(AT_ONCE_MS);
    expect(new Set(clicks.map((click) => click.id)).size).toBe(6);
    expect(clicks[0]?.payload).toMatchObject({ button: 'left', pointer_type: 'mouse', double_tap: false });
    expect(clicks[0]?.payload.target).toMatchObject({
      tag: 'button',
      id: 'dead',
      text: 'Nothing',
      name: 'dead',
      selector: '#dead',
      looks_interactive: true,
      never_dead: '',
    });
    const at = clicks[0]?.timestamp_ms as number;
    const answers = /^(page_view|page_exit|dom_mutation|input_|form_|network_|scroll|custom|js_error|unhandled)/;
    expect(
      server.arrivals.filter(({ type, timestamp_ms }) => answers.test(type) && timestamp_ms >= at && timestamp_ms <= at + 1000).map(({ type }) => type),
    ).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('are followed at once by what responds to them', async () => {
    await open(`<button id="b" onclick="setTimeout(() => document.body.append('changed'), 300)">Go</button>`);
    await page.click('#b');
    const click = await server.event('click');
    const mutation = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(mutation.timestamp_ms - click.timestamp_ms).toBeGreaterThanOrEqual(250);
    expect(waited(mutation)).toBeLessThan(AT_ONCE_MS);
  });

  it('are not called dead when a menu opened already as they were pressed', async () => {
    await open(`<button id="b" onmousedown="document.body.append('menu')">Go</button>`);
    await page.click('#b', { delay: 120 });
    const click = await server.event('click');
    await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms && timestamp_ms <= click.timestamp_ms + 1000);
  });

  it('are answered by what the recorder sees in a shadow tree nobody pressed in', async () => {
    server.settings = { version: '1' };
    await open(`<button id="b">b</button><div id="host"></div><script>
      const tree = host.attachShadow({ mode: 'open' }); b.onclick = () => tree.append('x')</script>`);
    await server.event('replay_chunk', ({ payload }) => payload.has_full_snapshot === true);
    await page.click('#b');
    const click = await server.event('click');
    const answer = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(answer.timestamp_ms - click.timestamp_ms).toBeLessThanOrEqual(1000);
  });

  it('are answered by a request that starts and by an error that is thrown', async () => {
    server.pages['/data'] = '{}';
    await open(`<button id="f" onclick="fetch('/data')">F</button><button id="t" onclick="throw new TypeError('broken on purpose')">T</button>`);
    await page.click('#f');
    const fetched = await server.event('click', (click) => click.payload.target.id === 'f');
    await server.event('network_activity', ({ timestamp_ms }) => timestamp_ms >= fetched.timestamp_ms);
    await page.click('#t');
    const error = await server.event('js_error');
    expect(error.payload).toMatchObject({ message: 'Uncaught TypeError: broken on purpose', error_type: 'TypeError' });
    expect(error.payload.stack).toContain('broken on purpose');
  });

  it('say when no response is due', async () => {
    await open(`
      <a id="download" href="/f.zip" download>d</a> <a id="mailto" href="mailto:a@b.example">m</a> <a id="new_tab" href="/x" target="_blank">n</a>
      <button id="modified">b</button> <button id="ignored" data-gosight-ignore>i</button> <input id="text_field"> <label id="label">Name <input></label>
      <button id="rage" data-gosight-ignore-rage><span>r</span></button>
      <script>addEventListener('click', (event) => event.target.closest('a') && event.preventDefault())</script>`);
    for (const id of ['download', 'mailto', 'new_tab', 'ignored', 'text_field']) await page.click(`#${id}`);
    await page.click('#modified', { modifiers: ['Control'] });
    await page.click('#label', { position: { x: 5, y: 5 } });
    await page.click('#rage span');
    for (const id of ['download', 'mailto', 'new_tab', 'ignored', 'text_field', 'modified'])
      expect((await server.event('click', (click) => click.payload.target.id === id)).payload.target.never_dead).toBe(id);
    expect((await server.event('click', (click) => click.payload.target.id === 'label')).payload.target.never_dead).toBe('text_field');
    const rage = await server.event('click', (click) => click.payload.target.id === 'rage');
    expect(rage.payload.target).toMatchObject({ ignore_rage: true, tag: 'button', never_dead: '' });
    expect(server.arrivals.filter((arrival) => arrival.type === 'click')).toHaveLength(8);
  });

  it('on a label are told once, however long the page takes over them', async () => {
    await open(`<label id="label">Name <input type="checkbox" id="box"></label><script>
      label.onclick = () => { const until = performance.now() + 200; while (performance.now() < until); }</script>`);
    await page.click('#label', { position: { x: 5, y: 5 } });
    await server.event('input_change');
    await page.evaluate('GoSight.flush()');
    expect(server.arrivals.filter(({ type }) => type === 'click').map(({ payload }) => payload.target.id)).toEqual(['label']);
    // A click of its own on the same control is another.
    await page.click('#box');
    await server.event('click', ({ payload }) => payload.target.id === 'box');
  });

  it('are seen in shadow trees and in same-origin frames, where they are on the page', async () => {
    server.pages['/frame'] = `<!doctype html><button id="inner" style="position:absolute;left:20px;top:30px;border:0">in</button>
      <iframe id="deep" src="/deep" style="position:absolute;left:10px;top:60px;border:0;width:100px;height:60px"></iframe>`;
    server.pages['/deep'] = '<!doctype html><button id="innermost" style="position:absolute;left:5px;top:6px;border:0">in</button>';
    await open(`<div id="host"></div><iframe id="frame" src="/frame" style="position:absolute;left:200px;top:300px;border:0"></iframe>
      <script>host.attachShadow({ mode: 'open' }).innerHTML = '<button class="go">go</button>'; host.shadowRoot.querySelector('button').onclick = () => host.shadowRoot.append('x')</script>`);
    await page.click('#host >> button');
    const shadow = await server.event('click');
    expect(shadow.payload.target).toMatchObject({ tag: 'button', selector: '#host >>> button' });
    await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= shadow.timestamp_ms);
    await page
      .frameLocator('#frame')
      .locator('#inner')
      .click({ position: { x: 3, y: 4 } });
    const framed = await server.event('click', (click) => click.payload.target.id === 'inner');
    expect(framed.payload).toMatchObject({ page_x: 223, page_y: 334, viewport_x: 223, viewport_y: 334 });
    expect(framed.payload.target.selector).toBe('#frame >>> #inner');
    expect(framed.payload.target.rect).toMatchObject({ left: 220, top: 330 });
    await page
      .frameLocator('#frame')
      .frameLocator('#deep')
      .locator('#innermost')
      .click({ position: { x: 1, y: 2 } });
    const deep = await server.event('click', (click) => click.payload.target.id === 'innermost');
    expect(deep.payload).toMatchObject({ page_x: 216, page_y: 368 });
    expect(deep.payload.target.selector).toBe('#frame >>> #deep >>> #innermost');
  });
});

describe('sensors', () => {
  type Vital = 'LCP' | 'FCP' | 'TTFB' | 'CLS';

  it('tell of forms and fields without a value', async () => {
    await open(`<form id="order" onsubmit="event.preventDefault()"><input name="email" type="email" required><input name="card_number"><textarea name="note"></textarea>
      <input type="checkbox" name="gift"><button>Send</button></form>`);
    await page.click('button');
    await server.event('form_error', ({ payload }) => payload.form === 'order' && payload.kind === 'valueMissing');
    await page.fill('[name=email]', 'ada@secret.example');
    await page.fill('[name=card_number]', '4111111111111111');
    await page.fill('[name=note]', 'leave at the door');
    await page.check('[name=gift]');
    await page.click('button');
    const submit = await server.event('form_submit');
    expect(submit.payload).toMatchObject({ form: 'order', success: true, field_count: 4, fields_filled: 4 });
    await server.event('form_start', ({ payload }) => payload.field_count === 4);
    const change = await server.event('input_change', ({ payload }) => payload.target.selector.includes('textarea'));
    expect(change.payload.value_length).toBe(17);
    const card = await server.event('input_change', ({ payload }) => payload.target.name === '***');
    expect(card.payload.value_length).toBe(0);
    const blur = await server.event('input_blur', ({ payload }) => payload.target.name === 'note');
    expect(blur.payload.changed).toBe(true);
    expect(JSON.stringify(server.arrivals)).not.toMatch(/ada@|secret|41111111|leave at/);
  });

  it('tell of a form that was left', async () => {
    server.pages['/away'] = '<!doctype html>';
    await open('<form name="signup"><input name="first"><input name="last"></form>');
    await page.fill('[name=first]', 'Ada');
    await server.event('form_start');
    await page.goto(`${server.url}/away`);
    const abandon = await server.event('form_abandon');
    expect(abandon.payload).toMatchObject({ form: 'signup', fields_filled: 1, field_count: 2, last_field: 'first' });
  });

  it('tell of errors: rejected promises, missing resources, console errors', async () => {
    await open(`<script>Promise.reject(new RangeError('too far')); console.error('out of', 'stock')</script><img src="/missing.png?token=abc">`);
    expect((await server.event('unhandled_rejection')).payload.reason).toContain('too far');
    expect((await server.event('console_error')).payload.message).toBe('out of stock');
    expect((await server.event('resource_error')).payload).toMatchObject({ url: `${server.url}/missing.png`, kind: 'img' });
  });

  it('tell of scrolling, milestones, pointer, hover and size', async () => {
    await open('<button id="top">top</button><div style="height:4000px"></div>');
    await page.mouse.move(300, 300);
    await page.hover('#top');
    for (let i = 0; i < 8; i++) await page.mouse.move(100 + i * 30, 200, { steps: 3 });
    expect((await server.event('mouse_leave')).payload.target.id).toBe('top');
    await page.hover('#top');
    // Out of the window, to nothing.
    await page.dispatchEvent('#top', 'mouseout');
    await server.event('mouse_leave', () => server.count('mouse_leave') === 2);
    const moves = await server.event('mouse_move', ({ payload }) => payload.positions.length > 0);
    for (const position of moves.payload.positions) expect(position.offset_ms).toBeGreaterThanOrEqual(0);
    await page.evaluate('scrollTo(0, 1e6)');
    await server.event('scroll_milestone', ({ payload }) => payload.percent === 100);
    expect(server.arrivals.filter(({ type }) => type === 'scroll_milestone').map(({ payload }) => payload.percent)).toEqual([25, 50, 75, 90, 100]);
    expect((await server.event('scroll')).payload).toMatchObject({ direction: 'down', depth_percent: 100 });
    await page.setViewportSize({ width: 800, height: 600 });
    expect((await server.event('window_resize')).payload).toMatchObject({ width: 800, height: 600, previous_width: 1000, previous_height: 700 });
  });

  it('measure the page as web-vitals does', async () => {
    server.pages['/vitals.js'] =
      buildSync({
        stdin: {
          contents: `import { onCLS, onFCP, onLCP, onTTFB } from 'web-vitals';
            window.vitals = {};
            for (const on of [onCLS, onFCP, onLCP, onTTFB]) on(({ name, value }) => { vitals[name] = value; }, { reportAllChanges: true });`,
          resolveDir: import.meta.dirname,
        },
        bundle: true,
        write: false,
        format: 'iife',
      }).outputFiles[0]?.text ?? '';
    await open(`<script src="/vitals.js"></script><h1 style="font-size:80px">Largest</h1><p style="height:300px;background:tan">shifts</p>
      <script>setTimeout(() => document.body.insertAdjacentHTML('afterbegin', '<div style="height:200px"></div>'), 300)</script>`);
    expect((await server.event('page_load')).payload.load_ms).toBeGreaterThan(0);
    const theirs = (await (await page.waitForFunction('vitals.LCP && vitals.FCP && vitals.TTFB && vitals.CLS && vitals')).jsonValue()) as Record<Vital, number>;
    // What is final is told as the page is left.
    server.pages['/away'] = '<!doctype html>';
    await page.goto(`${server.url}/away`);
    await server.event('page_exit');
    const { payload } = server.arrivals.filter(({ type }) => type === 'web_vitals').at(-1) as Arrival;
    expect(Math.abs(payload.lcp_ms - theirs.LCP)).toBeLessThanOrEqual(1);
    expect(Math.abs(payload.fcp_ms - theirs.FCP)).toBeLessThanOrEqual(1);
    expect(Math.abs(payload.ttfb_ms - theirs.TTFB)).toBeLessThanOrEqual(1);
    expect(payload.cls).toBeCloseTo(theirs.CLS, 4);
  });

  it('tell of each request when the network category is on', async () => {
    server.pages['/data'] = '0123456789';
    await open(
      '<p>p</p>',
      '/',
      `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', events: { network: true, clipboard: true } })</script>`,
    );
    await page.evaluate(`fetch('/data?password=1', { method: 'post', body: 'abc' }).then((answer) => answer.text())`);
    const request = await server.event('fetch_request');
    expect(request.payload).toMatchObject({ method: 'POST', url: `${server.url}/data`, status: 200, request_bytes: 3 });
    await page.evaluate(`new Promise((done) => { const x = new XMLHttpRequest(); x.onloadend = done; x.open('get', '/nowhere'); x.send(); })`);
    expect((await server.event('xhr_request')).payload).toMatchObject({ method: 'GET', status: 404 });
  });

  /** What the hook of a page sees of the built, minified files, by type. */
  it.each([
    ['the script tag', '<script src="/sdk.js"></script><script>', ''],
    ['the ES module', `<script type="module">import { GoSight } from '/sdk.esm.js';`, 'window.GoSight = GoSight;'],
  ])('show beforeSend every payload by its declared names, in the order of their numbers: %s', async (_, tag, global) => {
    const script = `${tag}
      window.seen = {}; ${global}
      GoSight.init({ projectKey: '${KEY}', endpoint: '${server.url}', events: { network: true, clipboard: true, selection: true },
        hooks: { beforeSend: (event) => { seen[event.type] = event; return event } } });
      GoSight.track('x', { n: 0, yes: false, nothing: null, text: 'a' }, 'c'); GoSight.identify('u1', { plan: 'pro' }); GoSight.group('g1')</script>`;
    await open('<form><input></form><div style="height:3000px"></div><button id="b">b</button>', '/', script);
    await page.fill('input', 'abc');
    await page.click('#b', { button: 'right' });
    await page.dblclick('#b');
    await page.evaluate('scrollTo(0, 1e6); fetch("/"); void Promise.reject(1); console.error("x"); history.pushState({}, "", "/y")');
    await server.event('page_view', ({ payload }) => payload.path === '/y');
    await page.evaluate('GoSight.flush()');
    const seen = (await page.evaluate('seen')) as Record<string, { page: object; payload: Record<string, unknown>; timestamp_ms: number }>;
    const namesOf = (type: string) => message(type).fieldsArray.map((field) => [field.id, field.name]);
    const inOrder = (payload: object) => Object.keys(payload).map((name, index) => [index + 1, name]);
    for (const [type, { page, payload, timestamp_ms }] of Object.entries(seen)) {
      expect(timestamp_ms, type).toBeGreaterThan(0);
      expect(inOrder(page), type).toEqual(namesOf('Page'));
      expect(inOrder(payload), type).toEqual(namesOf(message('Event').fields[type]?.type as string));
      if (payload.target) expect(inOrder(payload.target), type).toEqual(namesOf('Target'));
      if (type === 'mouse_move') expect((payload.positions as object[]).map(Object.keys)).toContainEqual(['x', 'y', 'offset_ms']);
    }
    expect(Object.keys(seen).length).toBeGreaterThan(18);
    const custom = await server.event('custom_event');
    expect(custom.payload.properties.n).toMatchObject({ numberValue: 0 });
    expect(custom.payload.properties.yes).toMatchObject({ boolValue: false });
    expect(custom.payload.properties.text).toMatchObject({ stringValue: 'a' });
    expect((await server.event('identify')).payload.traits.plan).toMatchObject({ stringValue: 'pro' });
  });
});

describe('before the page has loaded', () => {
  const slow = '<img src="/slow.png">';

  it('both files are at work', async () => {
    server.held.add('/slow.png');
    server.pages['/'] = html(`<h1>Hello</h1>${slow}`);
    await page.goto(server.url, { waitUntil: 'commit' });
    await server.event('page_view');
    await page.waitForFunction(() => performance.getEntriesByName(`${location.origin}/sdk.more.js`).length);
    await page.mouse.move(100, 100);
    await page.mouse.move(200, 200, { steps: 5 });
    await server.event('mouse_move');
    expect(await page.evaluate('document.readyState')).not.toBe('complete');
    server.letGo();
    expect((await server.event('page_load')).payload.load_ms).toBeGreaterThan(0);
  });

  it.each([
    ['a scroll', '<button id="b" onclick="window.scrollTo(0, 500)">b</button><div style="height:3000px"></div>'],
    [
      'a scroll of a part',
      '<button id="b" onclick="box.scrollTop = 50">b</button><div id="box" style="height:50px;overflow:auto"><p style="height:500px"></div>',
    ],
    ['a focus', '<button id="b" onclick="i.focus()">b</button><input id="i">'],
    ['a changed field', '<input type="checkbox" id="b">'],
    ['a form that is sent', '<form id="f" onsubmit="event.preventDefault()"><button id="b">b</button></form>'],
  ])('a control is answered by %s, even without the second file', async (_, body) => {
    for (const path of ['/slow.png', '/sdk.more.js']) server.held.add(path);
    server.pages['/'] = html(body + slow);
    await page.goto(server.url, { waitUntil: 'commit' });
    await server.event('page_view');
    await page.click('#b', { noWaitAfter: true });
    const click = await server.event('click');
    const answer = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(answer.timestamp_ms - click.timestamp_ms).toBeLessThanOrEqual(1000);
    expect(waited(answer)).toBeLessThan(AT_ONCE_MS);
  });

  it('a control is not answered by its own focus', async () => {
    for (const path of ['/slow.png', '/sdk.more.js']) server.held.add(path);
    server.pages['/'] = html(`<button id="b">b</button><button id="c">c</button>${slow}`);
    await page.goto(server.url, { waitUntil: 'commit' });
    await server.event('page_view');
    for (const id of ['#b', '#c', '#b']) await page.click(id, { noWaitAfter: true });
    const first = await server.event('click');
    await page.evaluate('new Promise((done) => setTimeout(() => done(GoSight.flush()), 1100))');
    expect(server.arrivals.filter(({ type, timestamp_ms }) => type === 'dom_mutation' && timestamp_ms >= first.timestamp_ms)).toEqual([]);
  });

  it('what could not be sent goes by beacon when the page is left', async () => {
    for (const path of ['/slow.png', '/sdk.more.js']) server.held.add(path);
    server.refuse = { status: 503 };
    server.pages['/'] = html(`<button id="b">b</button>${slow}`);
    server.pages['/away'] = '<!doctype html><title>away</title>';
    await page.goto(server.url, { waitUntil: 'commit' });
    await page.click('#b', { noWaitAfter: true });
    await page.evaluate('GoSight.flush()');
    expect(server.refused).toBeGreaterThan(0);
    expect(server.arrivals).toEqual([]);
    server.refuse = undefined;
    await page.goto(`${server.url}/away`);
    const click = await server.event('click');
    await server.event('page_view');
    await server.event('page_exit');
    expect(click.payload.target.id).toBe('b');
    expect(server.arrivals.filter(({ id }) => id === click.id)).toHaveLength(1);
  });
});

describe('delivery', () => {
  it('uses gRPC-Web for what is not urgent, and the plain form when that fails', async () => {
    await open('<p>p</p>');
    await page.mouse.move(100, 100);
    expect((await server.event('mouse_move')).batch.way).toBe('grpc-web');
    server.grpc = false;
    await page.evaluate(`GoSight.setCustomAttributes({ plan: 'pro' })`);
    const before = server.batches.length;
    await page.mouse.move(200, 200);
    const moved = await server.event('mouse_move', ({ batch }) => server.batches.indexOf(batch) >= before);
    expect(moved.batch.way).toBe('http');
    expect(moved.batch.attributes).toEqual({ plan: 'pro' });
    expect(errors.filter((error) => !error.includes('400'))).toEqual([]);
  });

  it('keeps what it cannot send while offline and sends it, with the same ids, when online again', async () => {
    await open('<button id="b">b</button>');
    await context.setOffline(true);
    for (let i = 0; i < 3; i++) await page.click('#b');
    await page.evaluate('GoSight.flush()');
    expect(server.arrivals.filter(({ type }) => type === 'click')).toHaveLength(0);
    await context.setOffline(false);
    await server.event('click', () => server.count('click') === 3);
    const ids = server.arrivals.filter(({ type }) => type === 'click').map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('sends on the next visit what an earlier one could not', async () => {
    await open('<button id="b">b</button>');
    server.refuse = { status: 503, retryAfter: 60 };
    await page.click('#b');
    await page.evaluate('GoSight.flush()');
    expect(server.refused).toBeGreaterThan(0);
    await page.close();
    server.refuse = undefined;
    expect(server.arrivals.some(({ type }) => type === 'click')).toBe(false);
    const again = await context.newPage();
    await again.goto(server.url);
    expect((await server.event('click')).payload.target.id).toBe('b');
  });

  it('waits as long as the server asks, then sends once', async () => {
    await open('<button id="b">b</button>');
    server.refuse = { status: 429, retryAfter: 2 };
    await page.click('#b');
    await page.evaluate('GoSight.flush()');
    server.refuse = undefined;
    const click = await server.event('click');
    expect(click.arrivedAt - server.refusedAt).toBeGreaterThan(1900);
    expect(server.arrivals.filter(({ id }) => id === click.id)).toHaveLength(1);
  });

  it('stops when the key is refused', async () => {
    server.refuse = { status: 401 };
    server.pages['/'] = html('<button id="b">b</button>');
    await page.goto(server.url);
    await page.evaluate('GoSight.flush()');
    expect(server.refused).toBeGreaterThan(0);
    await page.click('#b');
    await page.evaluate('GoSight.flush()');
    // A second batch may have been on its way when the first was refused; none has the click.
    expect(Buffer.concat(server.bytes).includes('#b')).toBe(false);
  });
});

describe('the page', () => {
  it('works under a strict content security policy, and with storage and network blocked', async () => {
    server.headers['content-security-policy'] = "default-src 'none'; script-src 'self'; connect-src 'self'";
    await open('<button id="b">b</button>');
    await page.click('#b');
    await server.event('click');
    expect(errors).toEqual([]);
    server.headers['content-security-policy'] = "default-src 'none'; script-src 'self'; sandbox allow-scripts";
    server.pages['/blocked'] = html('<button id="b">b</button>');
    const blocked = await context.newPage();
    const uncaught: string[] = [];
    blocked.on('pageerror', (error) => uncaught.push(String(error)));
    await blocked.goto(`${server.url}/blocked`);
    await blocked.click('#b');
    expect(uncaught).toEqual([]);
  });

  it('may call before the script is there', async () => {
    const stub = `<script>window.GoSight={q:[]};"init identify track".split(" ").forEach(function(m){GoSight[m]=function(){GoSight.q.push([m].concat([].slice.call(arguments)))}});
      GoSight.init({projectKey:"${KEY}"});GoSight.identify("u-7");GoSight.track("early",{n:1})</script><script async src="/sdk.js"></script>`;
    await open('<p>p</p>', '/', stub);
    const early = await server.event('custom_event');
    expect(early.payload.name).toBe('early');
    expect((await server.event('identify')).batch.user_id).toBe('u-7');
    expect(await page.evaluate('GoSight.getVersion()')).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('may load it by a script tag from another origin', async () => {
    const site = await new Capture().listen();
    site.pages['/'] = html('<button id="b">b</button>', `<script async src="${server.url}/sdk.js" data-project-key="${KEY}"></script>`);
    await page.goto(site.url);
    // Told by the second file.
    await server.event('page_load');
    await page.click('#b');
    expect((await server.event('click')).page.url).toBe(`${site.url}/`);
    expect(site.paths.filter((path) => path.includes('sdk'))).toEqual([]);
    expect(errors).toEqual([]);
    await site.close();
  });

  it('may load it as a module from another origin', async () => {
    const site = await new Capture().listen();
    site.pages['/'] = html(
      '<button id="b">b</button>',
      `<script type="module">import { GoSight } from '${server.url}/sdk.esm.js'; GoSight.init({ projectKey: '${KEY}', endpoint: '${server.url}' })</script>`,
    );
    await page.goto(site.url);
    await server.event('page_load');
    await page.click('#b');
    expect((await server.event('click')).page.url).toBe(`${site.url}/`);
    expect(server.paths).not.toContain('OPTIONS /v1/events');
    expect(errors).toEqual([]);
    await site.close();
  });

  it('is obeyed: opt-out, consent, privacy marks and the project settings', async () => {
    server.settings = { disabled_categories: ['custom'], mask_selectors: ['.private'], version: 'v7' };
    await open(
      `<button class="private" data-note="x">Ada Lovelace</button><button id="blocked" data-gosight-block>secret</button>`,
      '/?token=abc&utm_source=mail',
    );
    await page.evaluate(`GoSight.track('never')`);
    await page.click('.private');
    const masked = await server.event('click');
    expect(masked.payload.target).toMatchObject({ text: '*** ********', attributes: {} });
    expect(masked.page.url).toBe(`${server.url}/?utm_source=mail`);
    expect((await server.event('session_start')).payload.utm_source).toBe('mail');
    expect(masked.batch.settings_version).toBe('v7');
    await page.click('#blocked');
    expect((await server.event('click', ({ payload }) => payload.target.id === 'blocked')).payload.target.text).toBe('');
    const optedOutAt = Number(await page.evaluate('GoSight.optOut(), Date.now()'));
    await page.click('.private');
    await page.reload();
    await page.click('.private');
    await page.evaluate('GoSight.flush()');
    // What was on its way by then still comes.
    expect(server.arrivals.filter(({ timestamp_ms }) => timestamp_ms > optedOutAt)).toEqual([]);
    expect(await page.evaluate('GoSight.hasOptedOut()')).toBe(true);
    expect(server.arrivals.some(({ type }) => type === 'custom_event')).toBe(false);
  });

  it.each([
    ['cannot be had', async () => page.route('**/v1/settings*', (route) => route.abort())],
    ['are refused', async () => page.route('**/v1/settings*', (route) => route.fulfill({ status: 503, json: { error: { code: 'busy' } } }))],
  ])('is not read while the settings %s: the answer to the first batch brings them', async (_, fail) => {
    server.settings = { version: 'v8', mask_selectors: ['.private'] };
    server.pages['/'] = html('<button id="a">Ada Lovelace</button><button id="b" class="private">Grace Hopper</button>');
    await fail();
    await page.goto(server.url);
    await page.click('#a');
    const first = await server.event('click');
    expect(first.payload.target.text).toBe('');
    expect((await server.event('page_view')).payload.title).toBe('****');
    await expect.poll(() => page.evaluate(`GoSight.flush().then(() => 1)`)).toBe(1);
    await page.click('#b');
    const second = await server.event('click', ({ payload }) => payload.target.id === 'b');
    expect(second.payload.target.text).toBe('***** ******');
    expect(second.batch.settings_version).toBe('v8');
  });

  it('keeps its own unhandled failures of a request, and what it gets for one', async () => {
    server.settings = { version: 'v1' };
    const script = `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', events: { network: true } });
      addEventListener('unhandledrejection', ({ reason }) => { window.unhandled = String(reason) })</script>`;
    server.pages['/data'] = '[1,2]';
    await open('<p>p</p>', '/', script);
    expect(await page.evaluate(`fetch('/data').then((answer) => answer.json())`)).toEqual([1, 2]);
    await page.evaluate(`void fetch('http://127.0.0.1:1/nobody')`);
    await page.waitForFunction('window.unhandled');
    expect(await page.evaluate('window.unhandled')).toContain('TypeError');
    const failed = await server.event('fetch_request', ({ payload }) => payload.url.includes('nobody'));
    expect(failed.payload.status).toBe(0);
    await server.event('unhandled_rejection');
  });

  it('tells once of a request object that is sent again', async () => {
    const script = `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', events: { network: true } })</script>`;
    for (const path of ['/one', '/two']) server.pages[path] = path;
    await open('<p>p</p>', '/', script);
    await page.evaluate(`(async () => {
      const request = new XMLHttpRequest();
      for (const path of ['/one', '/two']) await new Promise((done) => { request.open('POST', path); request.onloadend = done; request.send('x') });
      await GoSight.flush();
    })()`);
    await server.event('xhr_request', ({ payload }) => payload.url.endsWith('/two'));
    expect(server.arrivals.filter(({ type }) => type === 'xhr_request').map(({ payload }) => new URL(payload.url).pathname)).toEqual(['/one', '/two']);
  });

  it('has forms with fields called id and children, and they are told of', async () => {
    await open(`<main><form onsubmit="event.preventDefault()"><input name="id"><input name="children"><button>Send</button></form></main>`);
    await page.fill('[name=children]', '2');
    await page.click('button');
    expect((await server.event('form_start')).payload.form).toBe('body > main > form');
    expect((await server.event('form_submit')).payload).toMatchObject({ form: 'body > main > form', fields_filled: 1 });
    expect((await server.event('click', ({ payload }) => payload.target.tag === 'button')).payload.target.selector).toBe('body > main > form > button');
    expect(errors).toEqual([]);
  });

  it('that moves all the time is counted up to what is enough, and answers a click at once all the same', async () => {
    await open(`<button id="b">b</button><p id="p"></p><script>
      const move = () => { for (let i = 0; i < 50; i++) p.style.width = i + 'px'; requestAnimationFrame(move) }; move()</script>`);
    const calm = await server.event('dom_mutation', ({ payload }) => payload.count > 1);
    // A frame's worth more than a hundred, where each second has thousands.
    expect(calm.payload.count).toBeLessThan(200);
    await page.click('#b');
    const click = await server.event('click');
    const answer = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(answer.timestamp_ms - click.timestamp_ms).toBeLessThanOrEqual(1000);
    expect(waited(answer)).toBeLessThan(AT_ONCE_MS);
    // And goes on being counted.
    await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms > click.timestamp_ms + 1000);
  });

  it('collects nothing before consent', async () => {
    server.pages['/'] = html('<button id="b">b</button>', `<script src="/sdk.js" data-project-key="${KEY}" data-consent="required"></script>`);
    await page.goto(server.url);
    await page.click('#b');
    expect(await page.evaluate('localStorage.length')).toBe(0);
    expect(server.paths.filter((path) => path.includes('/v1/'))).toEqual([]);
    await page.evaluate('GoSight.optIn()');
    await server.event('page_view');
  });
});
