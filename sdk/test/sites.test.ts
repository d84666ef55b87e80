/**
 * Sites of many documents as their packages ship them, walked over by their own links, once without the SDK and once with it: each page shows the same,
 * complains of the same and comes back as it was left; each view, exit, click, field and form is told once, all in one session, and nothing of what was
 * confided; and the recording of each page load plays to the page as it was left. First `npm ci --prefix pages`.
 */
import type { Server } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskPersonal } from '../src/privacy.js';
import { complaints, launch } from './browser.js';
import { type Arrival, Capture, KEY } from './capture.js';
import { addressOf, serve } from './packages.js';
import { chunksOf, FULL_SNAPSHOT, META, PLUGIN, play, type Recorded, recordingsOf, TEXTS } from './recordings.js';

/** What is told of a view. */
interface Told {
  path: string;
  clicks: number;
  fields: number;
  forms: number;
  /** Where a link led, empty when the page was left in another way, undefined when nobody has left. */
  next: string | undefined;
}

/** A walk over a site, and the account it keeps. */
interface Walk {
  origin: string;
  context: BrowserContext;
  views: (Told & { document: number })[];
  /** Each page load, and what it showed when it was left last; undefined when it was left before that could be recorded. */
  documents: { path: string; texts?: string[] }[];
  complaints: string[][];
  /** What was typed and is nobody's business. */
  secrets: string[];
  /** Waits until a page may be left, if it is to be recorded. */
  settled(page: Page): Promise<unknown>;
}

/** What a visitor does in a tab. */
class Tab {
  private view!: Walk['views'][number];

  private constructor(
    private readonly walk: Walk,
    readonly page: Page,
  ) {
    walk.complaints.push(complaints(page));
  }

  static async open(walk: Walk, path: string): Promise<Tab> {
    const tab = new Tab(walk, await walk.context.newPage());
    await tab.page.goto(walk.origin + path);
    await tab.arrive();
    return tab;
  }

  async click(selector: string): Promise<void> {
    await this.walk.settled(this.page);
    this.view.clicks++;
    await this.page.click(selector);
  }

  async check(selector: string): Promise<void> {
    this.view.fields++;
    await this.click(selector);
  }

  /** Into a field that is left afterwards. */
  async type(selector: string, text: string): Promise<void> {
    await this.walk.settled(this.page);
    this.view.fields++;
    await this.page.locator(selector).pressSequentially(text);
  }

  async confide(selector: string, text: string): Promise<void> {
    this.walk.secrets.push(text);
    await this.type(selector, text);
  }

  async sees(selector: string): Promise<void> {
    await this.page.locator(selector).first().waitFor();
  }

  async misses(selector: string): Promise<void> {
    await this.page.locator(selector).first().waitFor({ state: 'hidden' });
  }

  /** Leaves by a link. */
  async follow(selector: string): Promise<void> {
    await this.sees(selector);
    await this.look();
    await this.hurry(selector);
  }

  /** The same, without a look at the page. */
  async hurry(selector: string): Promise<void> {
    const left = this.leave(await this.hrefOf(selector));
    left.clicks++;
    await Promise.all([this.page.waitForEvent('load'), this.page.click(selector)]);
    await this.arrive();
  }

  /** Opens a link in a tab of its own, as it wants to be or with a key held down. */
  async beside(selector: string, ...modifiers: 'Control'[]): Promise<Tab> {
    this.view.clicks++;
    const [opened] = await Promise.all([this.walk.context.waitForEvent('page'), this.page.click(selector, { modifiers })]);
    const tab = new Tab(this.walk, opened);
    await tab.page.waitForLoadState();
    await tab.arrive();
    return tab;
  }

  /** A link within the page: another view of it. */
  async jump(selector: string): Promise<void> {
    await this.walk.settled(this.page);
    const left = this.leave(await this.hrefOf(selector));
    left.clicks++;
    await this.page.click(selector);
    await this.arrive();
  }

  /** Sends the form that a field is in. */
  async submit(field: string): Promise<void> {
    await this.look();
    this.leave('').forms++;
    await Promise.all([this.page.waitForEvent('load'), this.page.press(field, 'Enter')]);
    await this.arrive();
  }

  back = (path: string): Promise<void> => this.go('back', path);
  forward = (path: string): Promise<void> => this.go('forward', path);

  async close(): Promise<void> {
    await this.look();
    this.leave('');
    await this.page.close({ runBeforeUnload: true });
  }

  /** To a page that was left and comes back as it was, which brings no load event. */
  private async go(where: 'back' | 'forward', path: string): Promise<void> {
    await this.look();
    const left = this.view;
    await this.page.evaluate(`void history.${where}()`);
    await this.page.waitForURL(`**/${path}`, { waitUntil: 'commit' });
    const count = this.walk.documents.length;
    await this.arrive();
    expect(this.walk.documents.length, `${path} came back as it was`).toBe(count);
    left.next = left.document === this.view.document ? this.page.url().replace(this.walk.origin, '') : '';
  }

  private async arrive(): Promise<void> {
    const { documents, views } = this.walk;
    const document = Number(await this.page.evaluate(`window.walkedAs ??= ${documents.length}`));
    const path = new URL(this.page.url()).pathname;
    documents[document] ??= { path };
    this.view = { path, clicks: 0, fields: 0, forms: 0, next: undefined, document };
    views.push(this.view);
  }

  private async look(): Promise<void> {
    await this.walk.settled(this.page);
    const texts = await this.page.evaluate<string[]>(`(${TEXTS})(document)`);
    Object.assign(this.walk.documents[this.view.document] as object, { texts });
  }

  private leave(next: string): Told {
    this.view.next = next;
    return this.view;
  }

  private async hrefOf(selector: string): Promise<string> {
    const href = await this.page.$eval(selector, (within) => within.closest('a')?.href);
    return (href as string).replace(this.walk.origin, '');
  }
}

interface Site {
  name: string;
  path: string;
  walk(tab: Tab): Promise<void>;
}

const SITES: Site[] = [
  {
    name: 'SB Admin 2, the pages of an administration',
    path: '/startbootstrap-sb-admin-2/index.html',
    async walk(tab) {
      await tab.click('#alertsDropdown');
      await tab.sees('.dropdown-list.show');
      await tab.click('#userDropdown');
      await tab.click('.dropdown-menu.show >> text=Logout');
      await tab.sees('#logoutModal.show');
      await tab.click('#logoutModal >> text=Cancel');
      await tab.misses('#logoutModal');
      await tab.follow('.sidebar >> text=Tables');
      await tab.type('#dataTable_filter input', 'London');
      await tab.sees('text=filtered from 57 total entries');
      await tab.click('#dataTable th >> text=Salary');
      await tab.click('#dataTable_paginate >> text=Next');
      const beside = await tab.beside('.sidebar >> text=Charts', 'Control');
      await beside.click('#sidebarToggle');
      await beside.close();
      await tab.back('index.html');
      await tab.click('#messagesDropdown');
      await tab.forward('tables.html');
      await tab.click('#dataTable_paginate >> text=Previous');
      await tab.click('.sidebar >> text=Pages');
      await tab.follow('#collapsePages.show >> text=Forgot Password');
      await tab.confide('#exampleInputEmail', 'ada@example.com');
      await tab.submit('#exampleInputEmail');
      await tab.hurry('text=Create an Account');
      await tab.hurry('text=Already have an account');
      await tab.confide('#exampleInputPassword', 'analytical engine');
      await tab.check('text=Remember Me');
      await tab.follow('a.btn-user >> text=Login >> nth=0');
      await tab.click('.card >> .dropdown-toggle >> nth=0');
    },
  },
  {
    name: 'vis.js, a documentation of static pages',
    path: '/vis/docs/network/index.html',
    async walk(tab) {
      await tab.click('text=Show the getting started');
      await tab.sees('text=Creating a Network');
      await tab.follow('.modules a >> text=edges');
      await tab.jump('.nav-tabs a >> text=full options');
      await tab.sees('#fullOptions');
      await tab.click('tr.toggle >> text=arrows >> nth=0');
      await tab.sees('tr.visible >> text=arrows.to >> nth=0');
      await tab.back('edges.html');
      await tab.back('index.html');
      await tab.click('text=Hide the getting started');
      const beside = await tab.beside('.modules a >> text=physics', 'Control');
      await beside.click('tr.toggle >> text=barnesHut >> nth=0');
      const third = await beside.beside('a >> text=improvedLayout');
      await third.close();
      await beside.follow('a.navbar-brand');
      await beside.close();
      await tab.type('#tipue_search_input', 'bold');
      await tab.follow('.tipue_search_content_title a >> text=Nodes');
      await tab.sees('#keyword-info');
      await tab.type('#tipue_search_input', 'edge');
      await tab.sees('.tipue_search_content_title');
      await tab.submit('#tipue_search_input');
      await tab.click('text=Go!');
    },
  },
];

let browser: Browser;
let capture: Capture;
let plain: Server;
let watched: Server;

beforeAll(async () => {
  browser = await launch(['--disable-back-forward-cache']);
  capture = await new Capture().listen();
  capture.settings = { version: '1', replay_mode: 'full' };
  plain = await serve({});
  watched = await serve({}, `<script async src="${capture.url}/sdk.js" data-project-key="${KEY}"></script>`);
});
afterAll(async () => {
  await browser?.close();
  await capture.close();
  for (const server of [plain, watched]) server.close();
});

/** Walks over the site and ends where it began, where what is left of the walk is told. */
async function walked(site: Site, server: Server, settled: Walk['settled']): Promise<Walk & { elsewhere: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const wanted: string[] = [];
  context.on('request', (request) => wanted.push(request.url()));
  const walk: Walk = { origin: addressOf(server), context, views: [], documents: [], complaints: [], secrets: [], settled };
  const tab = await Tab.open(walk, site.path);
  await site.walk(tab);
  await tab.close();
  await Tab.open(walk, site.path);
  return { ...walk, elsewhere: distinct(wanted.filter((url) => !/^http:\/\/127|^data:|^blob:/.test(url))) };
}

/** The first picture of a page has come. */
async function isRecorded(page: Page): Promise<unknown> {
  const loadedAt = Number(await page.evaluate('performance.timeOrigin'));
  const { pathname } = new URL(page.url());
  return capture.event(
    'replay_chunk',
    (chunk) => chunk.page.path === pathname && chunk.payload.has_full_snapshot && chunk.payload.first_ms >= Math.floor(loadedAt),
  );
}

/** Each once, however often it was sent. */
const arrivals = (): Arrival[] => [...new Map(capture.arrivals.map((arrival) => [arrival.id, arrival])).values()];
const arrived = (type: string): Arrival[] =>
  arrivals()
    .filter((arrival) => arrival.type === type)
    .sort((one, other) => one.timestamp_ms - other.timestamp_ms);

/** What came of each view. */
function told(origin: string): Told[] {
  return arrived('page_view').map(({ page: { view_id }, payload: { path } }) => {
    const of = (type: string) => arrived(type).filter(({ page }) => page.view_id === view_id);
    const [exit, ...others] = of('page_exit').map(({ payload }) => payload.next_url.replace(origin, ''));
    const next = others[0] === undefined ? exit : 'left twice';
    return { path, clicks: of('click').length, fields: of('input_change').length, forms: of('form_submit').length, next };
  });
}

/** The recordings, by the page load they are of. */
function recordings({ views }: Walk): Recorded[][][] {
  const viewIds = arrived('page_view').map(({ page }) => page.view_id);
  const found: Recorded[][][] = [];
  for (const [id, events] of recordingsOf(capture)) {
    const first = chunksOf(capture).find(({ payload }) => payload.recording_id === id && payload.index === 0);
    const document = views[viewIds.indexOf(first?.page.view_id as string)]?.document as number;
    (found[document] ??= []).push(events);
  }
  return found;
}

const joined = (texts: string[]) => texts.map(maskPersonal).join(' ').replace(/\s+/g, ' ').trim();
const distinct = (list: string[]) => [...new Set(list)].sort();
/** Of a page that is left at once some is not heard, and most is heard of each page. */
const complained = ({ complaints, origin }: Walk) => distinct(complaints.flat().map((line) => line.replaceAll(origin, '')));

/** Each view as it was, all in one session, and nothing twice. */
async function expectTold(walk: Walk): Promise<void> {
  await expect.poll(() => told(walk.origin)).toEqual(walk.views.map(({ document, ...view }) => view));
  expect(distinct(capture.batches.map(({ session_id }) => session_id))).toHaveLength(1);
  expect(arrived('session_start')).toHaveLength(1);
  // Two of a page's own errors may well be the same, at the same time.
  const events = arrivals()
    .filter(({ type }) => !type.endsWith('error'))
    .map(({ type, timestamp_ms, page, payload }) => JSON.stringify([type, timestamp_ms, page, { ...payload, data: undefined }]));
  expect(distinct(events)).toEqual(events.sort());
}

/** One recording of each page load, that begins with a picture of all and plays to what the page showed. */
async function expectReplayed(walk: Walk): Promise<void> {
  const player = await browser.newPage();
  for (const [document, { texts }] of walk.documents.entries()) {
    if (!texts) continue;
    const replay = async () => (await play(player, recordings(walk)[document]?.[0] ?? [])).text;
    await expect.poll(replay, { interval: 500 }).toBe(joined(texts));
    const [recording, ...others] = recordings(walk)[document] as Recorded[][];
    const types = recording?.map(({ type }) => type).filter((type) => type !== PLUGIN);
    expect(types?.slice(0, 2)).toEqual([META, FULL_SNAPSHOT]);
    expect(others).toEqual([]);
  }
  await player.close();
}

describe('a site of many pages', () => {
  it.each(SITES.map((site) => [site.name, site] as const))('%s', async (_, site) => {
    const without = await walked(site, plain, async () => {});
    await without.context.close();
    capture.batches.length = capture.bytes.length = 0;
    const withUs = await walked(site, watched, isRecorded);
    await expectTold(withUs);
    await expectReplayed(withUs);
    expect(withUs.documents).toEqual(without.documents);
    expect(complained(without)).toEqual(expect.arrayContaining(complained(withUs)));
    expect(withUs.elsewhere).toEqual(without.elsewhere);
    const sent = Buffer.concat(capture.bytes).toString() + JSON.stringify(recordings(withUs));
    expect(withUs.secrets.filter((secret) => sent.includes(secret))).toEqual([]);
    await withUs.context.close();
  });
});
