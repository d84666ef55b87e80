import { describe, expect } from 'vitest';
import { KEY } from './capture.js';
import { html, it } from './chromium.js';
import { recorded } from './recordings.js';

describe('delivery', () => {
  it('uses gRPC-Web for what is not urgent, and the plain form when that fails', async ({ page, server, errors, open }) => {
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
    expect(moved.batch.gzip).toBe(false);
    // What is larger is compressed.
    await page.evaluate(`GoSight.setCustomAttributes({ long: 'x'.repeat(1000) })`);
    await page.mouse.move(300, 300);
    expect((await server.event('mouse_move', ({ batch }) => !!batch.attributes.long)).batch).toMatchObject({ way: 'http', gzip: true });
    expect(errors.filter((error) => !error.includes('status of 400'))).toEqual([]);
  });

  it('keeps what it cannot send while offline and sends it, with the same ids, when online again', async ({ context, page, server, open }) => {
    await open('<button id="b">b</button>');
    await context.setOffline(true);
    for (let i = 0; i < 3; i++) await page.click('#b');
    await page.evaluate('GoSight.flush()');
    expect(server.arrivals.filter(({ type }) => type === 'click')).toHaveLength(0);
    await context.setOffline(false);
    await expect.poll(() => server.count('click')).toBe(3);
    const ids = server.arrivals.filter(({ type }) => type === 'click').map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('sends on the next visit what an earlier one could not', async ({ context, page, server, open }) => {
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

  it('waits as long as the server asks, then sends once', async ({ page, server, open }) => {
    await open('<button id="b">b</button>');
    server.refuse = { status: 429, retryAfter: 2 };
    await page.click('#b');
    await page.evaluate('GoSight.flush()');
    server.refuse = undefined;
    const click = await server.event('click');
    expect(click.arrivedAt - server.refusedAt).toBeGreaterThan(1900);
    expect(server.arrivals.filter(({ id }) => id === click.id)).toHaveLength(1);
  });

  it('stops when the key is refused', async ({ page, server }) => {
    server.refuse = { status: 401 };
    server.pages['/'] = html(
      '<button id="b">b</button>',
      `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', hooks: { onError: ({ code }) => { if (code === 'rejected') window.isRefused = true } } })</script>`,
    );
    await page.goto(server.url);
    await page.waitForFunction('window.isRefused');
    await page.click('#b');
    await page.evaluate('GoSight.flush()');
    // A second batch may have been on its way when the first was refused; none has the click.
    expect(Buffer.concat(server.bytes).includes('#b')).toBe(false);
  });

  const patient = `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', batching: { flushOnClose: false, maxWaitMs: 6e5, urgentWaitMs: 6e5 } })</script>`;

  it.for([
    ['left', false],
    ['closed', true],
  ] as const)('sends nothing as a page is %s where flushOnClose is off: events and recording come by the next visit', async ([, isClosed], {
    context,
    server,
  }) => {
    server.settings = { version: '1' };
    server.pages['/'] = html('<button id="b">b</button>', patient);
    server.pages['/away'] = '<!doctype html><title>away</title>';
    await context.addInitScript(() => {
      const { sendBeacon } = navigator;
      navigator.sendBeacon = (...args) => {
        localStorage.beacons = Number(localStorage.beacons ?? 0) + 1;
        return sendBeacon.apply(navigator, args);
      };
    });
    const page = await context.newPage();
    await page.goto(server.url);
    // Both files are at work, and nothing goes by itself.
    await expect.poll(() => page.evaluate('GoSight.flush()').then(() => server.count('page_load'))).toBe(1);
    await server.event('replay_chunk');
    await page.click('#b');
    await page.evaluate(`b.textContent = 'pressed'; GoSight.track('last')`);
    if (isClosed) await page.close();
    else await page.goto(`${server.url}/away`);
    expect(server.count('click') + server.count('custom_event') + server.count('page_exit')).toBe(0);
    const again = await context.newPage();
    server.pages['/'] = html('<p>p</p>');
    await again.goto(server.url);
    for (const type of ['click', 'custom_event', 'page_exit']) await server.event(type);
    await expect.poll(() => JSON.stringify(recorded(server))).toContain('pressed');
    expect(await again.evaluate('localStorage.beacons')).toBeUndefined();
    expect(server.batches.filter(({ attributes }) => attributes.sdk_dropped_events)).toEqual([]);
  });

  it('sends what a hidden page had with its next batch where flushOnClose is off', async ({ page, server }) => {
    server.pages['/'] = html('<p>p</p>', patient);
    await page.goto(server.url);
    await expect.poll(() => page.evaluate('GoSight.flush()').then(() => server.count('page_load'))).toBe(1);
    const hide = (isHidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`,
      );
    await page.evaluate(`GoSight.track('before')`);
    await hide(true);
    await hide(false);
    expect(server.count('custom_event')).toBe(0);
    await page.evaluate(`GoSight.track('after'); GoSight.flush()`);
    await expect.poll(() => server.count('custom_event')).toBe(2);
  });
});
