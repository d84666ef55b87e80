/**
 * Real applications as their packages ship them, clicked through once without the SDK and once with it, from another origin and recording: the page
 * does the same and complains of the same, its events arrive, and its recording plays to the same text. First `npm ci --prefix pages`.
 */
import type { Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskPersonal } from '../src/privacy.js';
import { complaints, launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { addressOf, serve } from './packages.js';
import { FULL_SNAPSHOT, play, type Recorded, recordingsOf, TEXTS } from './recordings.js';

interface Application {
  name: string;
  path: string;
  /** Pages of ours beside those of the package, by path. */
  pages?: Record<string, string>;
  /** What a visitor does there. */
  visit(page: Page): Promise<void>;
}

/** Between two keys of someone who types fast: of keys at the very same time the Vue application loses an Enter now and then, whether it is watched or not. */
const KEY_MS = 30;

/** Adds three things to do, does one, shows what is left, clears what is done. */
async function keepTodos(page: Page): Promise<void> {
  const input = page.locator('#new-todo, .new-todo').first();
  for (const todo of ['buy cups', 'fill them', 'drink']) {
    await input.pressSequentially(todo, { delay: KEY_MS });
    await input.press('Enter', { delay: KEY_MS });
    await expect.poll(() => input.inputValue(), { timeout: 10_000 }).toBe('');
  }
  await page.locator('.toggle').nth(1).check();
  await page.click('a[href="#/active"]');
  await page.locator('#todo-list li:visible').nth(1).waitFor();
  await page.click('a[href*="#/"]:has-text("All")');
  await page.click('#clear-completed');
  await expect.poll(() => page.locator('#todo-list li').count()).toBe(2);
}

const petstore = {
  openapi: '3.0.0',
  info: { title: 'Cups', version: '1.0.0', description: 'An interface of **cups**.' },
  paths: Object.fromEntries(
    ['/cups', '/saucers'].map((path) => [
      path,
      {
        get: {
          tags: ['china'],
          summary: `List ${path}`,
          parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' } }],
          responses: { 200: { description: 'All of them' } },
        },
        post: { tags: ['china'], summary: `Make ${path}`, responses: { 201: { description: 'Made' } } },
      },
    ]),
  ),
};

const APPLICATIONS: Application[] = [
  ...['vanillajs', 'react', 'angularjs', 'backbone', 'vue'].map((variant) => ({
    name: `TodoMVC, ${variant}`,
    path: `/todomvc/examples/${variant}/index.html`,
    visit: keepTodos,
  })),
  {
    name: 'Swagger UI',
    path: '/swagger-ui-dist/index.html',
    pages: {
      '/swagger-ui-dist/swagger-initializer.js': `SwaggerUIBundle({ spec: ${JSON.stringify(petstore)}, dom_id: '#swagger-ui', deepLinking: true, presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: 'StandaloneLayout' })`,
    },
    async visit(page) {
      await page.click('.opblock-get .opblock-summary-control >> nth=0');
      await page.click('.try-out__btn');
      await page.fill('input[placeholder="limit"]', '5');
      await page.click('button.execute');
      await page.locator('.responses-table.live-responses-table').waitFor();
      await page.click('.opblock-post .opblock-summary-control >> nth=1');
      await page.click('.opblock-tag');
      await page.click('.opblock-tag');
    },
  },
  {
    name: 'docsify, a documentation site',
    path: '/guide/index.html',
    pages: {
      '/guide/index.html': `<!doctype html><html><head><title>Guide</title><link rel="stylesheet" href="/docsify/dist/themes/core.min.css"></head><body><div id="app"></div>
        <script>window.$docsify = { name: 'Guide', loadSidebar: true, subMaxLevel: 2, search: 'auto' }</script><script src="/docsify/dist/docsify.min.js"></script>
        <script src="/docsify/dist/plugins/search.min.js"></script></body></html>`,
      '/guide/_sidebar.md': '* [Home](/)\n* [Reveal](reveal.md)\n* [Swagger](swagger.md)\n',
      '/guide/README.md': '# Guide\n\nTo [reveal](reveal.md).\n\n## First\n\ntext\n\n## Second\n\n```js\nconst a = 1;\n```\n',
      '/guide/reveal.md': '@reveal.js/README.md',
      '/guide/swagger.md': '@swagger-ui-dist/README.md',
    },
    async visit(page) {
      await page.click('#main a[href*="reveal"]');
      await page.locator('#main >> text=reveal.js').first().waitFor();
      await page.click('.sidebar a:has-text("Swagger")');
      await page.locator('#main >> text=Swagger').first().waitFor();
      await page.goBack();
      await page.locator('#main >> text=reveal.js').first().waitFor();
    },
  },
  {
    name: 'reveal.js, a presentation',
    path: '/reveal.js/demo.html',
    async visit(page) {
      await page.locator('.reveal.ready').waitFor();
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
      await page.click('.navigate-left');
      await page.keyboard.press('Escape');
      await page.locator('.reveal.overview').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('.reveal.overview').waitFor({ state: 'detached' });
    },
  },
  {
    name: 'jQuery UI, a gallery of components',
    path: '/jquery-ui-dist/index.html',
    async visit(page) {
      await page.click('#accordion h3 >> nth=1');
      await page.fill('#autocomplete', 'ja');
      await page.click('.ui-autocomplete li >> nth=0');
      await page.click('#tabs a >> nth=1');
      await page.click('#dialog-link');
      await page.locator('.ui-dialog').waitFor();
      await page.click('.ui-dialog-titlebar-close');
      await page.click('#datepicker td a >> nth=10');
      await page.locator('#spinner').press('ArrowUp');
    },
  },
  {
    name: 'Shoelace, components in shadow trees',
    path: '/gallery/index.html',
    pages: {
      '/gallery/index.html': `<!doctype html><html><head><title>Gallery</title><link rel="stylesheet" href="/@shoelace-style/shoelace/cdn/themes/light.css">
        <script type="module" src="/@shoelace-style/shoelace/cdn/shoelace.js"></script></head><body>
        <sl-button id="open">Open</sl-button><sl-dialog label="A dialog">Inside <sl-input id="name" label="Name"></sl-input><sl-button slot="footer" id="close">Close</sl-button></sl-dialog>
        <sl-tab-group><sl-tab slot="nav" panel="a">One</sl-tab><sl-tab slot="nav" panel="b">Two</sl-tab><sl-tab-panel name="a">first</sl-tab-panel><sl-tab-panel name="b">second</sl-tab-panel></sl-tab-group>
        <sl-details summary="More">what there is</sl-details><sl-switch>Switch</sl-switch><sl-rating></sl-rating>
        <script>const dialog = document.querySelector('sl-dialog'); document.querySelector('#open').onclick = () => dialog.show(); document.querySelector('#close').onclick = () => dialog.hide();</script></body></html>`,
    },
    async visit(page) {
      await page.waitForFunction('customElements.get("sl-dialog")');
      await page.click('#open');
      await page.locator('#name input').fill('Ada');
      await page.click('#close');
      await page.locator('sl-dialog[open]').waitFor({ state: 'detached' });
      await page.click('sl-tab >> nth=1');
      await page.click('sl-details');
      await page.click('sl-switch');
    },
  },
];

let browser: Browser;
let capture: Capture;
let plain: Server;
let watched: Server;

beforeAll(async () => {
  browser = await launch();
  capture = await new Capture().listen();
  capture.settings = { version: '1' };
  const pages = Object.assign({}, ...APPLICATIONS.map((application) => application.pages));
  plain = await serve(pages);
  watched = await serve(pages, `<script async src="${capture.url}/sdk.js" data-project-key="${KEY}"></script>`);
});
afterAll(async () => {
  await browser?.close();
  await capture.close();
  for (const server of [plain, watched]) server.close();
});

/**
 * What the application shows and complains of after a visit. `settled` waits on its page until that may be left; `whenGone` for what the page sends
 * as it is left, and what no beacon took by the next visit.
 */
async function visit(
  { path, visit }: Application,
  server: Server,
  settled = async (_page: Page) => {},
  whenGone = async (_texts: string[], _visitAgain: () => Promise<unknown>) => {},
): Promise<{ texts: string[]; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const heard = complaints(page);
  await page.goto(addressOf(server) + path);
  await visit(page);
  await page.waitForLoadState('networkidle');
  await settled(page);
  const texts = (await page.evaluate(`(${TEXTS})(document)`)) as string[];
  const complained = heard.map((line) => line.replaceAll(addressOf(server), '')).sort();
  await page.goto('about:blank');
  await whenGone(texts, () => page.goto(addressOf(server) + path));
  await context.close();
  return { texts, complaints: complained };
}

const joined = (texts: string[]) => texts.join(' ').replace(/\s+/g, ' ').trim();
/** Without what differs from visit to visit: ports and the time of day. */
const steady = (texts: string[]) => joined(texts).replace(/127\.0\.0\.1:\d+|\d\d:\d\d:\d\d/g, '');

/** What was recorded of the visit, not of the next. */
const recording = () => [...recordingsOf(capture).values()][0] ?? [];
const lastAt = (isIt: (event: Recorded) => boolean) => recording().filter(isIt).at(-1)?.timestamp ?? 0;
/** A recorder that is short of time leaves a gap rather than take it from the page, until it takes a new picture of all. */
const isWhole = () => lastAt(({ type }) => type === FULL_SNAPSHOT) > lastAt(({ data }) => data.tag === 'gosight.gap');

/** What was done is recorded, and what came of it. */
async function recorded(page: Page): Promise<void> {
  const at = await page.evaluate('Date.now()');
  await page.mouse.move(3, 3);
  await page.mouse.move(5, 5);
  await expect.poll(() => isWhole() && lastAt(() => true) >= Number(at), { timeout: 30_000 }).toBe(true);
}

/** A visit is a race between an application of others and its visitor: what fails twice is ours. */
describe('a real application', () => {
  it.each(APPLICATIONS.map((application) => [application.name, application] as const))('%s', { retry: 1 }, async (_, application) => {
    const without = await visit(application, plain);
    const player = await browser.newPage();
    const replay = async () => (await play(player, recording())).text;
    capture.batches.length = 0;
    const withUs = await visit(application, watched, recorded, async (texts, visitAgain) => {
      await visitAgain();
      await capture.event('page_exit');
      await expect.poll(replay, { timeout: 30_000, interval: 500 }).toBe(joined(texts.map(maskPersonal)));
    });
    expect(steady(withUs.texts)).toBe(steady(without.texts));
    expect(withUs.complaints).toEqual(without.complaints);
    for (const type of ['page_view', 'page_load']) await capture.event(type);
    expect(capture.arrivals.some(({ type }) => type === 'click')).toBe(true);
    await player.close();
  });
});
