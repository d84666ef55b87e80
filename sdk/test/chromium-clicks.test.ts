import { describe, expect } from 'vitest';
import { KEY } from './capture.js';
import { AT_ONCE_MS, html, it, waited } from './chromium.js';

describe('clicks', () => {
  it('are sent at once, six on a dead button as six', async ({ page, server, errors, open }) => {
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

  it('are followed at once by what responds to them', async ({ page, server, open }) => {
    await open(`<button id="b" onclick="setTimeout(() => document.body.append('changed'), 300)">Go</button>`);
    await page.click('#b');
    const click = await server.event('click');
    const mutation = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(mutation.timestamp_ms - click.timestamp_ms).toBeGreaterThanOrEqual(250);
    expect(waited(mutation)).toBeLessThan(AT_ONCE_MS);
  });

  it('are in no hurry to tell of what comes after the page has answered', async ({ page, server, open }) => {
    server.pages['/data'] = '{}';
    await open(
      `<button id="b" onclick="document.body.append('changed'); setTimeout(() => fetch('/data'), 400)">Go</button>`,
      '/',
      `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', events: { network: true } })</script>`,
    );
    await page.click('#b');
    const click = await server.event('click');
    const mutation = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(waited(mutation)).toBeLessThan(AT_ONCE_MS);
    const request = await server.event('fetch_request');
    expect(request.timestamp_ms - click.timestamp_ms).toBeLessThan(1000);
    expect(waited(request)).toBeGreaterThan(500);
  });

  it('are not called dead when a menu opened already as they were pressed', async ({ page, server, open }) => {
    await open(`<button id="b" onmousedown="document.body.append('menu')">Go</button>`);
    await page.click('#b', { delay: 120 });
    const click = await server.event('click');
    await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms && timestamp_ms <= click.timestamp_ms + 1000);
  });

  it('are answered by what the recorder sees in a shadow tree nobody pressed in', async ({ page, server, open }) => {
    server.settings = { version: '1' };
    await open(`<button id="b">b</button><div id="host"></div><script>
      const tree = host.attachShadow({ mode: 'open' }); b.onclick = () => tree.append('x')</script>`);
    await server.event('replay_chunk', ({ payload }) => payload.has_full_snapshot === true);
    await page.click('#b');
    const click = await server.event('click');
    const answer = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(answer.timestamp_ms - click.timestamp_ms).toBeLessThanOrEqual(1000);
  });

  it('are answered by a request that starts and by an error that is thrown', async ({ page, server, open }) => {
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

  it('say when no response is due', async ({ page, server, open }) => {
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

  it('on a label are told once, however long the page takes over them', async ({ page, server, open }) => {
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

  it('are seen in shadow trees and in same-origin frames, where they are on the page', async ({ page, server, open }) => {
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

  it('in a frame with a script of ours are told once, and there', async ({ page, server, open }) => {
    server.pages['/frame'] = html('<button id="inner">in</button>');
    await open('<iframe id="frame" src="/frame"></iframe><button id="outer">out</button>');
    await server.event('page_load', (load) => load.page.path === '/frame');
    await page.frameLocator('#frame').locator('#inner').click();
    await page.click('#outer');
    for (const id of ['inner', 'outer']) await server.event('click', ({ payload }) => payload.target.id === id);
    await page.evaluate('GoSight.flush()');
    const told = server.arrivals.filter(({ type }) => type === 'click').map(({ page, payload }) => `${page.path} ${payload.target.id}`);
    expect(told.sort()).toEqual(['/ outer', '/frame inner']);
  });

  it("are a visitor's: what a page clicks by itself is not told", async ({ page, server, open }) => {
    await open(
      `<button id="all" onclick="document.querySelectorAll('i').forEach((row) => row.click())">Open all</button><i>1</i><i>2</i><i>3</i><b id="end">end</b>`,
    );
    await page.click('#all');
    await page.click('#end');
    await server.event('click', ({ payload }) => payload.target.id === 'end');
    expect(server.arrivals.filter(({ type }) => type === 'click').map(({ payload }) => payload.target.id)).toEqual(['all', 'end']);
  });

  it('by a finger that zooms are a double tap, and on a button they are two', async ({ browser, server }) => {
    server.pages['/'] = html('<p id="p" style="height:99px">p</p><button id="b" style="height:99px">b</button>');
    const context = await browser.newContext({ hasTouch: true });
    const page = await context.newPage();
    await page.goto(server.url);
    await server.event('page_load');
    const taps = () =>
      server.arrivals.filter(({ type }) => type === 'click').map(({ payload: { target, pointer_type, double_tap } }) => [target.id, pointer_type, double_tap]);
    // Each at its time, however long it takes.
    await page.evaluate(`Object.defineProperty(Event.prototype, 'timeStamp', { get: () => window.at })`);
    for (const [id, at] of [
      ['p', 1000],
      ['p', 1299],
      ['p', 1500],
      ['p', 1800],
      ['b', 3000],
      ['b', 3100],
    ] as const) {
      await page.evaluate(`window.at = ${at}`);
      await page.tap(`#${id}`);
    }
    await expect.poll(() => taps().length).toBe(6);
    expect(taps()).toEqual([
      ['p', 'touch', false],
      ['p', 'touch', true],
      ['p', 'touch', false],
      ['p', 'touch', false],
      ['b', 'touch', false],
      ['b', 'touch', false],
    ]);
    await context.close();
  });

  it('are seen where the page lets nothing through, and by listeners that hold nothing up', async ({ page, server, open }) => {
    await page.addInitScript(() => {
      const { addEventListener } = EventTarget.prototype;
      EventTarget.prototype.addEventListener = function (type, listener, options) {
        const { capture, passive } = (options ?? {}) as AddEventListenerOptions;
        // What tells that the page is left may come last.
        if (!(capture && passive) && !/pagehide|visibilitychange/.test(type)) (window as never as { late: string[] }).late.push(type);
        addEventListener.call(this, type, listener, options);
      };
      Object.assign(window, { late: [] });
    });
    await open('<button id="b">b</button>');
    expect(await page.evaluate('late')).toEqual([]);
    await page.evaluate(
      `for (const type of ['pointerdown', 'click']) document.documentElement.addEventListener(type, (event) => event.stopImmediatePropagation(), true)`,
    );
    await page.click('#b');
    expect((await server.event('click')).payload.target.id).toBe('b');
  });

  it('and fields under what the page has ignored are not dead, and not seen', async ({ page, server, open }) => {
    const script = `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', privacy: { ignoreSelectors: ['.own'] } })</script>`;
    await open('<div class="own"><button id="b">b</button><input id="i"></div><input id="j">', '/', script);
    await page.click('#b');
    for (const id of ['#i', '#j']) await page.fill(id, 'x');
    expect((await server.event('click')).payload.target.never_dead).toBe('ignored');
    await server.event('input_focus', ({ payload }) => payload.target.id === 'j');
    const told = server.arrivals.filter(({ type }) => /^(input|form)_/.test(type)).map(({ payload }) => payload.target.id);
    expect(new Set(told)).toEqual(new Set(['j']));
  });
});
