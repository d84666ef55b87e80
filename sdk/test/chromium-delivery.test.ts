import { describe, expect } from 'vitest';
import { html, it } from './chromium.js';

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
