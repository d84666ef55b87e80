/** A visit in Chromium, and the server it tells: each test that asks for them has its own, all of a file one browser. */
import { test } from 'vitest';
import { complaints, launch } from './browser.js';
import { type Arrival, Capture, KEY } from './capture.js';

/** By the page's own clock: what is urgent is sent after 200 ms and what is not after a second. In between is what a busy machine adds. */
export const AT_ONCE_MS = 900;
export const waited = ({ batch, timestamp_ms }: Arrival): number => batch.sent_at_ms - timestamp_ms;

export const html = (body: string, script = `<script src="/sdk.js" data-project-key="${KEY}"></script>`) =>
  `<!doctype html><html><head><title>Shop</title>${script}</head><body>${body}</body></html>`;

export const it = test
  // biome-ignore lint/correctness/noEmptyPattern: what a fixture needs is read from its pattern.
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launch();
    onCleanup(() => browser.close());
    return browser;
  })
  // biome-ignore lint/correctness/noEmptyPattern: what a fixture needs is read from its pattern.
  .extend('server', async ({}, { onCleanup }) => {
    const server = await new Capture().listen();
    onCleanup(() => server.close());
    return server;
  })
  .extend('context', async ({ browser }, { onCleanup }) => {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
    onCleanup(() => context.close());
    return context;
  })
  .extend('page', ({ context }) => context.newPage())
  // What the page complained of.
  .extend('errors', ({ page }) => complaints(page))
  // Opens a page and waits until both files of the SDK are at work.
  .extend('open', ({ page, server }) => async (body: string, path = '/', script?: string): Promise<void> => {
    server.pages[new URL(path, server.url).pathname] = html(body, script);
    await page.goto(server.url + path);
    await server.event('page_load');
  });
