import { buildSync } from 'esbuild';
import { describe, expect } from 'vitest';
import { type Arrival, KEY } from './capture.js';
import { it } from './chromium.js';
import { message } from './wire.js';

describe('sensors', () => {
  type Vital = 'LCP' | 'FCP' | 'TTFB' | 'CLS';

  it('tell of forms and fields without a value', async ({ page, server, open }) => {
    await open(`<form id="order" onsubmit="event.preventDefault()"><input name="email" type="email" required><input name="card_number"><textarea name="note"></textarea>
      <input type="checkbox" name="gift"><button>Send</button></form>
      <select name="size"><option>S</option><option>XXXL</option></select>`);
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
    await page.selectOption('[name=size]', 'XXXL');
    const choice = await server.event('input_change', ({ payload }) => payload.target.name === 'size');
    expect(choice.payload.value_length).toBe(0);
    const blur = await server.event('input_blur', ({ payload }) => payload.target.name === 'note');
    expect(blur.payload.changed).toBe(true);
    expect(JSON.stringify(server.arrivals)).not.toMatch(/ada@|secret|41111111|leave at/);
  });

  it('tell of a form that was left', async ({ page, server, open }) => {
    server.pages['/away'] = '<!doctype html>';
    await open('<form name="signup"><input name="first"><input name="last"></form>');
    await page.fill('[name=first]', 'Ada');
    await server.event('form_start');
    await page.goto(`${server.url}/away`);
    const abandon = await server.event('form_abandon');
    expect(abandon.payload).toMatchObject({ form: 'signup', fields_filled: 1, field_count: 2, last_field: 'first' });
  });

  it('tell of a form that is begun again while its field keeps the focus', async ({ page, server, open }) => {
    await open('<form id="chat" onsubmit="event.preventDefault()"><input name="line"></form>');
    await page.focus('[name=line]');
    for (const line of ['hello', 'is anybody there?']) await page.keyboard.type(`${line}\n`);
    await expect.poll(() => server.count('form_submit')).toBe(2);
    expect(server.count('form_start')).toBe(2);
  });

  it('tell of errors: rejected promises, missing resources, console errors', async ({ server, open }) => {
    await open(`<script>Promise.reject(new RangeError('too far')); console.error('out of', 'stock')</script><img src="/missing.png?token=abc">`);
    expect((await server.event('unhandled_rejection')).payload.reason).toContain('too far');
    expect((await server.event('console_error')).payload.message).toBe('out of stock');
    expect((await server.event('resource_error')).payload).toMatchObject({ url: `${server.url}/missing.png`, kind: 'img' });
  });

  it('tell of scrolling, milestones, pointer, hover and size', async ({ page, server, open }) => {
    await open('<button id="top">top</button><div style="height:4000px"></div>');
    await page.mouse.move(300, 300);
    await page.hover('#top');
    for (let i = 0; i < 8; i++) await page.mouse.move(100 + i * 30, 200, { steps: 3 });
    expect((await server.event('mouse_leave')).payload.target.id).toBe('top');
    await page.hover('#top');
    // Out of the window, to nothing.
    await page.dispatchEvent('#top', 'mouseout');
    await expect.poll(() => server.count('mouse_leave')).toBe(2);
    const moves = await server.event('mouse_move', ({ payload }) => payload.positions.length > 0);
    for (const position of moves.payload.positions) expect(position.offset_ms).toBeGreaterThanOrEqual(0);
    await page.evaluate('scrollTo(0, 1e6)');
    await server.event('scroll_milestone', ({ payload }) => payload.percent === 100);
    expect(server.arrivals.filter(({ type }) => type === 'scroll_milestone').map(({ payload }) => payload.percent)).toEqual([25, 50, 75, 90, 100]);
    expect((await server.event('scroll')).payload).toMatchObject({ direction: 'down', depth_percent: 100 });
    await page.setViewportSize({ width: 800, height: 600 });
    expect((await server.event('window_resize')).payload).toMatchObject({ width: 800, height: 600, previous_width: 1000, previous_height: 700 });
  });

  const withSampling = (sampling: string) => `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', sampling: ${sampling} })</script>`;

  it.for([
    ['50 ms, where nothing else is said', '{}', 50],
    ['as is said', '{ mouseMoveInterval: 130 }', 130],
  ] as const)('tell where the pointer is as often as is set, and where it came to rest: %s', async ([, sampling, intervalMs], { page, server, open }) => {
    await page.clock.install();
    await open('<p>p</p>', '/', withSampling(sampling));
    await page.clock.pauseAt(Date.now() + 60_000);
    for (let x = 1; x <= 30; x++) {
      await page.evaluate((x) => document.body.dispatchEvent(new MouseEvent('mousemove', { bubbles: true, clientX: x, clientY: 2 * x })), x);
      await page.clock.runFor(20);
    }
    await page.clock.runFor(2000);
    const places = () =>
      server.arrivals.flatMap(({ type, timestamp_ms, payload }) =>
        type === 'mouse_move'
          ? (payload.positions as { x: number; y: number; offset_ms: number }[]).map(({ x, y, offset_ms }) => ({ x, y, at: timestamp_ms + offset_ms }))
          : [],
      );
    await expect.poll(() => places().at(-1)).toMatchObject({ x: 30, y: 60 });
    const gapsMs = places()
      .map(({ at }, i) => at - (places()[i - 1]?.at ?? Number.NaN))
      .slice(1);
    expect(gapsMs.length).toBeGreaterThan(3);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(intervalMs);
    // It moved all the time: as soon as the next is due, it is told.
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(intervalMs + 20);
  });

  it.for([
    ['100 ms, where nothing else is said', '{}', 100],
    ['as is said', '{ scrollThrottle: 250 }', 250],
  ] as const)('tell of scrolling as often as is set, and where it came to rest: %s', async ([, sampling, intervalMs], { page, server, open }) => {
    await page.clock.install();
    await open('<div style="height:9000px"></div>', '/', withSampling(sampling));
    await page.clock.pauseAt(Date.now() + 60_000);
    for (let top = 100; top <= 3000; top += 100) {
      // The event comes with a frame, which is none of the page's clock.
      await page.evaluate(
        (top) =>
          new Promise((done) => {
            addEventListener('scroll', done, { once: true });
            scrollTo(0, top);
          }),
        top,
      );
      await page.clock.runFor(20);
    }
    await page.clock.runFor(2000);
    const told = () => server.arrivals.filter(({ type }) => type === 'scroll').sort((one, other) => one.timestamp_ms - other.timestamp_ms);
    await expect.poll(() => told().at(-1)?.payload.top).toBe(3000);
    const gapsMs = told()
      .map(({ timestamp_ms }, i) => timestamp_ms - (told()[i - 1]?.timestamp_ms ?? Number.NaN))
      .slice(1);
    expect(gapsMs.length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(intervalMs);
    // The next scroll, and a frame in which to look.
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(intervalMs + 60);
  });

  it('measure the page as web-vitals does', async ({ page, server, open }) => {
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

  it('tell once of a page that has loaded, though the browser may show its entry twice', async ({ page, server, open }) => {
    await page.addInitScript(() => {
      const Native = PerformanceObserver;
      window.PerformanceObserver = class extends Native {
        constructor(seen: PerformanceObserverCallback) {
          super((list, observer) => {
            seen(list, observer);
            seen(list, observer);
          });
        }
      };
    });
    await open('<p>p</p>');
    await page.evaluate('GoSight.flush()');
    expect(server.count('page_load')).toBe(1);
  });

  it('tell of each request when the network category is on', async ({ page, server, open }) => {
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
  it.for([
    ['the script tag', '<script src="/sdk.js"></script><script>', ''],
    ['the ES module', `<script type="module">import { GoSight } from '/sdk.esm.js';`, 'window.GoSight = GoSight;'],
  ])('show beforeSend every payload by its declared names, in the order of their numbers: %s', async ([, tag, global], { page, server, open }) => {
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
