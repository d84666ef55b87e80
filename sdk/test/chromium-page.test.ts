import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { Capture, KEY } from './capture.js';
import { AT_ONCE_MS, html, it, waited } from './chromium.js';

/** As a site's owner copies it. */
const STUB =
  readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    .match(/<script>\n {2}window\.GoSight[^`]*/)?.[0]
    .replace('https://gosight.example', '') ?? '';

describe('the page', () => {
  it('works under a strict content security policy, and with storage and network blocked', async ({ context, page, server, errors, open }) => {
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

  /** The stub of the README with calls behind it, the first of which starts it. */
  const early = (calls: string) =>
    STUB.replace(/ data-project-key="\w+"/, '').replace('</script>', `GoSight.init({ projectKey: '${KEY}', replay: 'off' }); ${calls}</script>`);

  it('may call before the script is there', async ({ page, server, errors, open }) => {
    server.settings = { version: 'v1' };
    const calls = `GoSight.setCustomAttributes({ release: '7' }); GoSight.identify('u-7'); GoSight.group('acme'); GoSight.track('early', { n: 1 });
      GoSight.pause(); GoSight.track('unheard'); GoSight.resume(); GoSight.startNewSession(); GoSight.track('later'); GoSight.startReplay(); GoSight.flush()`;
    await open('<p>p</p>', '/', early(calls));
    const told = await server.event('custom_event', ({ payload }) => payload.name === 'early');
    expect(told.batch.attributes).toMatchObject({ release: '7' });
    expect((await server.event('identify')).batch.user_id).toBe('u-7');
    expect((await server.event('group')).payload.group_id).toBe('acme');
    const later = await server.event('custom_event', ({ payload }) => payload.name === 'later');
    expect(later.batch.session_id).not.toBe(told.batch.session_id);
    await server.event('replay_chunk');
    expect(server.arrivals.filter(({ payload }) => payload.name === 'unheard')).toEqual([]);
    expect(await page.evaluate('GoSight.getVersion()')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(errors).toEqual([]);
  });

  it('belongs to the project that comes first, whichever ways others come', async ({ page, server, open }) => {
    const other = (way: string) => `another_${KEY}_${way}`;
    const script = `<script src="/sdk.js" data-project-key="${KEY}"></script><script src="/sdk.js?" data-project-key="${other('tag')}"></script>
      <script type="module">import { GoSight } from '/sdk.esm.js'; window.heard = [];
        GoSight.init({ projectKey: '${other('module')}', hooks: { onError: ({ code }) => heard.push(code) } })</script>`;
    await open('<div style="height: 9000px">long</div>', '/', script);
    await page.waitForFunction('window.heard?.length');
    expect(await page.evaluate('heard')).toEqual(['bad_init']);
    // Told by the second file, which all of them would share.
    await page.mouse.wheel(0, 3000);
    await server.event('scroll');
    expect(new Set(server.arrivals.map(({ batch }) => batch.project_key))).toEqual(new Set([KEY]));
    expect(server.arrivals.filter(({ type }) => type === 'page_view')).toHaveLength(1);
  });

  it('may call every method before the script is there', async ({ page, server, errors }) => {
    server.settings = { version: 'v1' };
    server.pages['/'] = html(
      '<p>p</p>',
      STUB.replace('</script>', `window.given = Object.keys(GoSight); for (const name of given) if (name !== 'q') GoSight[name]()</script>`),
    );
    await page.goto(server.url);
    await page.waitForFunction('GoSight.getVersion()');
    const [given, there] = await page.evaluate<string[][]>('[given.sort(), Object.keys(GoSight).sort()]');
    expect(given).toEqual(there);
    expect(errors).toEqual([]);
  });

  it('may stop the recording before the script is there', async ({ server, open }) => {
    server.settings = { version: 'v1' };
    await open('<p>p</p>', '/', early('GoSight.startReplay(); GoSight.stopReplay()'));
    expect(server.paths).not.toContain('GET /recorder.js');
  });

  it('may opt out before the script is there', async ({ page, server }) => {
    server.pages['/'] = html('<p>p</p>', early('GoSight.optOut()'));
    await page.goto(server.url);
    await page.waitForFunction('GoSight.getVersion()');
    await page.evaluate('GoSight.flush()');
    expect(await page.evaluate('GoSight.hasOptedOut()')).toBe(true);
    expect(server.arrivals).toEqual([]);
  });

  it('may load it by a script tag from another origin', async ({ page, server, errors }) => {
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

  it('may load it as a module from another origin', async ({ page, server, errors }) => {
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

  it('is obeyed: opt-out, consent, privacy marks and the project settings', async ({ page, server, open }) => {
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

  it.for([
    ['cannot be had', (page: Page) => page.route('**/v1/settings*', (route) => route.abort())],
    ['are refused', (page: Page) => page.route('**/v1/settings*', (route) => route.fulfill({ status: 503, json: { error: { code: 'busy' } } }))],
  ] as const)('is not read while the settings %s: the answer to the first batch brings them', async ([, fail], { page, server }) => {
    server.settings = { version: 'v8', mask_selectors: ['.private'] };
    server.pages['/'] = html('<button id="a">Ada Lovelace</button><button id="b" class="private">Grace Hopper</button>');
    await fail(page);
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

  it('keeps its own unhandled failures of a request, and what it gets for one', async ({ page, server, open }) => {
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

  it('tells once of a request object that is sent again', async ({ page, server, open }) => {
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

  it('has forms with fields called id and children, and they are told of', async ({ page, server, errors, open }) => {
    await open(`<main><form onsubmit="event.preventDefault()"><input name="id"><input name="children"><button>Send</button></form></main>`);
    await page.fill('[name=children]', '2');
    await page.click('button');
    expect((await server.event('form_start')).payload.form).toBe('body > main > form');
    expect((await server.event('form_submit')).payload).toMatchObject({ form: 'body > main > form', fields_filled: 1 });
    expect((await server.event('click', ({ payload }) => payload.target.tag === 'button')).payload.target.selector).toBe('body > main > form > button');
    expect(errors).toEqual([]);
  });

  it('that moves all the time is counted up to what is enough, and answers a click at once all the same', async ({ page, server, open }) => {
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

  it('collects nothing before consent', async ({ page, server }) => {
    server.pages['/'] = html('<button id="b">b</button>', `<script src="/sdk.js" data-project-key="${KEY}" data-consent="required"></script>`);
    await page.goto(server.url);
    await page.click('#b');
    expect(await page.evaluate('localStorage.length')).toBe(0);
    expect(server.paths.filter((path) => path.includes('/v1/'))).toEqual([]);
    await page.evaluate('GoSight.optIn()');
    await server.event('page_view');
  });

  it.for([
    ['Do Not Track', 'doNotTrack', '1'],
    ['Global Privacy Control', 'globalPrivacyControl', true],
  ] as const)('collects and stores nothing where the browser says %s and that is respected, and else does', async ([, name, value], {
    context,
    page,
    server,
  }) => {
    await context.addInitScript(([name, value]) => Object.defineProperty(Navigator.prototype, name, { get: () => value }), [name, value] as const);
    const script = (respectDoNotTrack: boolean) =>
      `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', respectDoNotTrack: ${respectDoNotTrack} })</script>`;
    server.pages['/respected'] = html('<button id="b">b</button>', script(true));
    server.pages['/not'] = html('<p>p</p>', script(false));
    for (let visit = 0; visit < 2; visit++) {
      await page.goto(`${server.url}/respected`);
      await page.click('#b');
      await page.evaluate(`GoSight.identify('u'); GoSight.track('t'); GoSight.startNewSession(); GoSight.startReplay(); GoSight.flush()`);
      expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie.length]')).toEqual([0, 0, 0]);
      // Not for who agrees to this site alone either.
      if (visit) await page.evaluate(`GoSight.optIn(); GoSight.track('t'); GoSight.flush()`);
    }
    expect(server.paths.filter((path) => !/respected|sdk\.js|favicon/.test(path))).toEqual([]);
    await page.goto(`${server.url}/not`);
    expect((await server.event('page_view')).page.path).toBe('/not');
  });

  it('is collected where the browser says nothing of the kind', async ({ context, server, open }) => {
    await context.addInitScript(() => {
      for (const [name, value] of [['doNotTrack', '0'] as const, ['globalPrivacyControl', false] as const])
        Object.defineProperty(Navigator.prototype, name, { get: () => value });
    });
    await open('<p>p</p>', '/', `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', respectDoNotTrack: true })</script>`);
    await server.event('page_view');
  });
});
