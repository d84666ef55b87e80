/**
 * Real applications of one page as their packages ship them, used once without the SDK and once with it, from another origin and recording: the page
 * does the same and complains of the same; each press, change of a field, form and route is told once; and its recording plays to the same text.
 * First `npm ci --prefix pages`.
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

/** Adds three things to do, does one, shows what is left, clears what is done, says one better, takes one away and goes back. */
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
  await page.locator('#todo-list label').first().dblclick();
  const edit = page.locator('#todo-list li.editing .edit');
  await edit.press('End');
  await edit.pressSequentially(' and saucers', { delay: KEY_MS });
  await edit.press('Enter', { delay: KEY_MS });
  await page.locator('#todo-list label >> text=and saucers').waitFor();
  await page.locator('#todo-list li').nth(1).hover();
  await page.locator('#todo-list .destroy').nth(1).click();
  await expect.poll(() => page.locator('#todo-list li').count()).toBe(1);
  await page.goBack();
  await page.locator('.selected[href="#/active"]').waitFor();
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
      const limit = page.locator('input[placeholder="limit"]');
      await limit.pressSequentially('5');
      await page.click('button.execute');
      await page.locator('.responses-table.live-responses-table').waitFor();
      await page.click('.btn-clear');
      await limit.pressSequentially('0');
      await page.click('.try-out__btn.cancel');
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
      await page.locator('.search input').pressSequentially('second');
      await page.click('.results-panel >> text=Second');
      await page.locator('#main h2 >> text=Second').waitFor();
      await page.click('#main h2 >> text=First');
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
      await page.keyboard.press('g');
      await page.locator('.jump-to-slide-input').pressSequentially('3');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/demo.html#/2');
      await page.keyboard.press('Shift+?');
      await page.click('.r-overlay-close');
    },
  },
  {
    name: 'jQuery UI, a gallery of components',
    path: '/jquery-ui-dist/index.html',
    async visit(page) {
      await page.click('#accordion h3 >> nth=1');
      await page.locator('#autocomplete').pressSequentially('ja');
      await page.click('.ui-autocomplete li >> nth=0');
      await page.click('#tabs a >> nth=1');
      await page.click('#dialog-link');
      await page.locator('.ui-dialog').waitFor();
      await page.click('.ui-dialog-titlebar-close');
      await page.click('#datepicker td a >> nth=10');
      await page.locator('#spinner').press('ArrowUp');
      await page.click('label[for="radio3"]');
      await page.click('label[for="insurance"]');
      await page.click('#selectmenu-button');
      await page.click('#selectmenu-menu >> text=Fast >> nth=-1');
      await page.locator('#slider .ui-slider-handle').first().press('ArrowRight');
      await page.hover('#tooltip a');
      await page.locator('.ui-tooltip').waitFor();
      await page.hover('#autocomplete');
      await page.locator('.ui-tooltip >> text=this widget').waitFor({ state: 'detached' });
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
        <sl-dropdown><sl-button slot="trigger" id="menu">Menu</sl-button><sl-menu><sl-menu-item>Cut</sl-menu-item><sl-menu-item>Paste</sl-menu-item></sl-menu></sl-dropdown>
        <form><sl-select label="Size"><sl-option value="s">Small</sl-option><sl-option value="l">Large</sl-option></sl-select><sl-textarea label="Note"></sl-textarea>
        <sl-button type="submit" id="send">Send</sl-button><output></output></form>
        <script>const dialog = document.querySelector('sl-dialog'); document.querySelector('#open').onclick = () => dialog.show(); document.querySelector('#close').onclick = () => dialog.hide();
        document.forms[0].onsubmit = (event) => { event.preventDefault(); document.querySelector('output').textContent = 'sent'; };</script></body></html>`,
    },
    async visit(page) {
      await page.waitForFunction('customElements.get("sl-dialog")');
      await page.click('#open');
      await page.locator('#name input').pressSequentially('Ada');
      await page.click('#close');
      await page.locator('sl-dialog[open]').waitFor({ state: 'detached' });
      await page.click('sl-tab >> nth=1');
      await page.click('sl-details');
      await page.click('sl-switch');
      await page.click('sl-rating');
      await page.click('#menu');
      await page.click('sl-menu-item >> text=Paste');
      await page.click('sl-select');
      await page.click('sl-option >> text=Large');
      await page.locator('sl-textarea textarea').pressSequentially('two cups');
      await page.click('#send');
      await page.locator('output >> text=sent').waitFor();
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

/** What was done, as the page's own window hears it: a press is a click, on a label as well, where a second event comes to what it labels. */
const COUNTED = { mousedown: 'click', dblclick: 'dblclick', change: 'input_change', submit: 'form_submit' };
const COUNT = `window.done = {};
for (const [type, name] of Object.entries(${JSON.stringify(COUNTED)})) {
  done[name] = 0;
  addEventListener(type, (event) => { if (event.isTrusted || type !== 'mousedown') done[name]++; }, true);
}`;

interface Visit {
  texts: string[];
  complaints: string[];
  /** Where it went, and how often what was done. */
  done: { routes: string[]; [type: string]: number | string[] };
  from: number;
  to: number;
}

/** Of a hash that may hold a value nothing is told. */
const addressToTell = (url: string) => url.replace(/#.*[=@].*/, '');

/** `ready` and `settled` wait on the page until it may be used, and left; `whenGone` for what it sends as it is left, and what no beacon took by the next visit. */
async function visit(
  { path, visit }: Application,
  server: Server,
  ready = async () => {},
  settled = async (_page: Page) => {},
  whenGone = async (_visit: Visit, _visitAgain: () => Promise<unknown>) => {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addInitScript(COUNT);
  const page = await context.newPage();
  const heard = complaints(page);
  await page.goto(addressOf(server) + path);
  await ready();
  const routes = [addressToTell(page.url())];
  page.on('framenavigated', (frame) => frame === page.mainFrame() && routes.at(-1) !== addressToTell(frame.url()) && routes.push(addressToTell(frame.url())));
  const from = Date.now();
  await visit(page);
  await page.waitForLoadState('networkidle');
  await settled(page);
  const texts = (await page.evaluate(`(${TEXTS})(document)`)) as string[];
  const done = { ...(await page.evaluate<object>('done')), routes: routes.slice(1) };
  const complained = heard.map((line) => line.replaceAll(addressOf(server), '')).sort();
  const visited = { texts, complaints: complained, done, from, to: Date.now() };
  await page.goto('about:blank');
  await whenGone(visited, () => page.goto(addressOf(server) + path));
  await context.close();
  return visited;
}

/** What is told of a visit; each event once, however often it was sent. */
function told({ from, to }: Visit): Visit['done'] {
  const events = [...new Map(capture.arrivals.map((event) => [event.id, event])).values()]
    .filter(({ timestamp_ms: at }) => from <= at && at <= to)
    .sort((one, other) => one.timestamp_ms - other.timestamp_ms);
  const of = (type: string) => events.filter((event) => event.type === type);
  const routes = of('page_view').map(({ page }) => page.url);
  // Whoever leaves a route says which one comes.
  expect(of('page_exit').map(({ payload }) => payload.next_url)).toEqual(routes);
  return { ...Object.fromEntries(Object.values(COUNTED).map((type) => [type, of(type).length])), routes };
}

const joined = (texts: string[]) => texts.join(' ').replace(/\s+/g, ' ').trim();
/** Without what differs from visit to visit: ports and the time of day. */
const steady = (texts: string[]) => joined(texts).replace(/127\.0\.0\.1:\d+|\d\d:\d\d:\d\d/g, '');

/** What was done, and where that led in the end: on the way an application that moves may pass over a route. */
const ended = ({ done }: Visit) => ({ ...done, routes: done.routes.at(-1)?.replace(/:\d+/, '') });

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
    const ready = async () => void (await capture.event('page_load'));
    const withUs = await visit(application, watched, ready, recorded, async (visited, visitAgain) => {
      await visitAgain();
      await capture.event('page_exit', ({ timestamp_ms }) => timestamp_ms >= visited.to);
      await expect.poll(() => told(visited)).toEqual(visited.done);
      await expect.poll(replay, { timeout: 30_000, interval: 500 }).toBe(joined(visited.texts.map(maskPersonal)));
    });
    expect(steady(withUs.texts)).toBe(steady(without.texts));
    expect(withUs.complaints).toEqual(without.complaints);
    expect(ended(withUs)).toEqual(ended(without));
    expect(new Set(capture.batches.map(({ session_id }) => session_id)).size).toBe(1);
    await player.close();
  });
});
