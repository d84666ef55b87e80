/** The recorder in Chromium, through the files that are served: what it tells, and that it plays to the page that was. */
import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaints, launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { CUSTOM, chunksOf, FULL_SNAPSHOT, PLUGIN, play, type Recorded, recorded, recordingsOf, replayed } from './recordings.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function served(body: string, init = '', settings: Record<string, unknown> = {}): Promise<Capture> {
  const server = await new Capture().listen();
  server.settings = { version: '1', ...settings };
  server.pages['/'] =
    `<!doctype html><html><head><script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', ${init} })</script></head><body>${body}</body></html>`;
  server.pages['/data'] = '{}';
  return server;
}

/** For the page itself: that brings what no beacon took, and for another site a browser does not wait for a page that is slow to leave. */
const leave = (page: Page, server: Capture) => page.goto(server.url);

/** For a page: its compression never ends. */
const NEVER_ZIPPED = 'CompressionStream = function never() { return new TransformStream({ transform: () => new Promise(() => {}) }) };';

const lines = (events: Recorded[], plugin: string) =>
  events.filter(({ type, data }) => type === PLUGIN && data.plugin === plugin).map(({ data }) => data.payload);

describe('a recording', () => {
  it('plays to the page that was, with what was added and without what was typed', async () => {
    const server = await served(`<h1>Cups</h1><ul id="list"></ul><input id="field">
      <button onclick="list.append(Object.assign(document.createElement('li'), { textContent: 'blue' }))">add</button>`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.click('button');
    await page.fill('#field', 'tealeaves');
    await leave(page, server);
    // Its last chunks come in any order.
    for (const last of ['"blue"', '"*********"']) await expect.poll(() => JSON.stringify(recorded(server))).toContain(last);
    const [first] = recordingsOf(server).values();
    const played = await play(page, first as Recorded[]);
    expect(played.text).toContain('Cups');
    expect(played.text).toContain('blue');
    expect(played.complaints).toEqual([]);
    expect(JSON.stringify(recorded(server))).not.toContain('tealeaves');
    await page.close();
    await server.close();
  });

  it.each([
    ['told to its end where its page is left at once', '', true],
    ['forgotten by who opts out', 'GoSight.optOut(); ', false],
  ])('that is over is %s', async (_, then, isTold) => {
    const server = await served('<h1>Cups</h1>');
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    const { session_id } = (await server.event('page_view')).batch;
    const [recording] = recordingsOf(server).keys();
    const unsent = () => page.evaluate(`sessionStorage['gosight:${KEY}:chunks']`);
    await expect.poll(unsent).toBe('0');
    await page.evaluate(`${NEVER_ZIPPED} document.querySelector('h1').append(' of tea')`);
    await expect.poll(unsent).toBe('1');
    await page.evaluate(`GoSight.stopReplay(); ${then}`);
    await leave(page, server);
    await page.evaluate('GoSight.startNewSession(); GoSight.optIn()');
    await server.event('page_view', ({ batch }) => batch.session_id !== session_id);
    const isThere = () => JSON.stringify(recordingsOf(server).get(recording as string)).includes(' of tea');
    if (isTold) await expect.poll(isThere).toBe(true);
    else expect(isThere()).toBe(false);
    await page.close();
    await server.close();
  });

  it('is told to its end where a page is left with more of it than a beacon holds', async () => {
    const server = await served('<ul id="list"></ul>');
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    const [recording] = recordingsOf(server).keys();
    const add = (text: string) => page.evaluate(`list.append(Object.assign(document.createElement('li'), { textContent: '${text}' }))`);
    for (let i = 0; i < 60; i++) await add(`cup${' of tea'.repeat(700)}`);
    await add('the last');
    await leave(page, server);
    const events = () => recordingsOf(server).get(recording as string) ?? [];
    const told = () => JSON.stringify(events()).match(/"(cup|the last)/g)?.length;
    await expect.poll(told, { timeout: 10_000 }).toBe(61);
    const { text } = await play(page, events());
    expect([text.match(/cup/g)?.length, text.endsWith('the last')]).toEqual([60, true]);
    await page.close();
    await server.close();
  });

  it('begins with what the scripts of the page have built of it, however late they come', async () => {
    const server = await served('<main></main><script type="module" src="/app.js"></script>');
    server.pages['/app.js'] = `document.querySelector('main').textContent = 'built'`;
    server.held.add('/app.js');
    const page = await browser.newPage();
    await page.goto(server.url, { waitUntil: 'commit' });
    await expect.poll(() => server.paths).toContain('GET /recorder.js');
    await page.evaluate(`import('/recorder.js')`);
    server.letGo();
    await server.event('replay_chunk');
    const [snapshot] = recorded(server).filter(({ type }) => type === FULL_SNAPSHOT);
    expect(JSON.stringify(snapshot)).toContain('built');
    await page.close();
    await server.close();
  });

  /** What a page shows in its recording after its button was clicked, and whether there was a gap. */
  async function clicked(body: string): Promise<{ text: string; gaps: number }> {
    const server = await served(body);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.click('button');
    await expect.poll(() => JSON.stringify(recorded(server)), { timeout: 10_000 }).toContain('"blue"');
    const { text } = await play(page, recorded(server));
    await page.close();
    await server.close();
    return { text, gaps: recorded(server).filter(({ data }) => data.tag === 'gosight.gap').length };
  }

  it('goes on when a link has changed that is gone by then, whose host is a text', async () => {
    const { text, gaps } = await clicked(`<a href="/cups">cups</a>
      <button onclick="const [link] = document.links; link.className = 'old'; link.replaceWith('blue')">go</button>`);
    expect(text).toContain('blue');
    expect(text).not.toContain('cups');
    expect(gaps).toBe(0);
  });

  it('keeps a style that comes late, and one of another origin whose server shares it', async () => {
    const cdn = await new Capture().listen();
    const css = (body: string, more = {}) => ({ body: Buffer.from(body), headers: { 'content-type': 'text/css', ...more } });
    cdn.files['/shared.css'] = css('h1 { color: rgb(1, 2, 3); background: url(a.png) }', { 'access-control-allow-origin': '*' });
    cdn.files['/own.css'] = css('h2 { color: rgb(4, 5, 6) }');
    const server = await served(
      `<link rel="stylesheet" href="${cdn.url}/shared.css"><link rel="stylesheet" href="${cdn.url}/own.css"><h1>One</h1><h2>Two</h2><h3>Three</h3><iframe src="/frame"></iframe>`,
    );
    server.pages['/frame'] = `<link rel="stylesheet" href="${cdn.url}/shared.css"><h1>Four</h1>`;
    server.files['/late.css'] = css('h3 { color: rgb(7, 8, 9) }');
    server.held.add('/late.css');
    const page = await browser.newPage();
    const heard = complaints(page);
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.evaluate(`document.head.insertAdjacentHTML('beforeend', '<link rel="stylesheet" href="/late.css">')`);
    await page.evaluate('document.querySelector("h3").textContent = "Changed"');
    await expect.poll(() => JSON.stringify(recorded(server))).toContain('Changed');
    server.letGo();
    await expect.poll(() => JSON.stringify(recorded(server)), { timeout: 30_000 }).toMatch(/rgb\(7, 8, 9\)/);
    // A page and its frame share a sheet, and it is asked for once.
    await expect.poll(() => JSON.stringify(recorded(server)).match(/rgb\(1, 2, 3\)/g)).toHaveLength(2);
    const player = await browser.newPage();
    const { html } = await play(player, recorded(server));
    expect(html).toMatch(/<style[^>]*>h1 \{ color: rgb\(1, 2, 3\)/);
    expect(html).toMatch(/<style[^>]*>h3 \{ color: rgb\(7, 8, 9\)/);
    expect(html).toContain(`${cdn.url}/a.png`);
    // What is not shared a browser complains of, once in a tab.
    const refused = () => heard.filter((line) => /own\.css.*policy/.test(line));
    expect(refused()).toHaveLength(1);
    await page.reload();
    await expect.poll(() => recordingsOf(server).size).toBe(2);
    expect(refused()).toHaveLength(1);
    await Promise.all([page.close(), player.close(), server.close(), cdn.close()]);
  });

  it('keeps of a style that is too large what comes first', async () => {
    const rules = Array.from({ length: 30_000 }, (_, i) => `.rule-${i} { color: rgb(1, 2, ${i % 255}) }`);
    const server = await served(`<link rel="stylesheet" href="/large.css"><p>cups</p>`);
    server.files['/large.css'] = { body: Buffer.from(rules.join('\n')), headers: { 'content-type': 'text/css' } };
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    const told = /"_cssText":"(.*?)"/.exec(JSON.stringify(recorded(server)))?.[1] as string;
    expect(told.startsWith('.rule-0 {')).toBe(true);
    expect(told.length).toBeGreaterThan(900_000);
    expect(told.length).toBeLessThan(1_000_100);
    await page.close();
    await server.close();
  });

  it('hears of a field that only says that it has changed', async () => {
    const server = await served(`<input id="field" value="tea"><script>
      // As it is before anybody has put his own over it.
      const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
      const fill = () => { set.call(field, 'oranges'); field.dispatchEvent(new Event('change', { bubbles: true })); };
    </script>`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.evaluate('fill()');
    await expect.poll(() => JSON.stringify(recorded(server)), { timeout: 30_000 }).toContain('"text":"*******"');
    await page.close();
    await server.close();
  });

  it('begins with a form whose field has the name of a method', async () => {
    const { text } = await clicked(`<p>cups</p><form><input name="matches"></form><button onclick="this.after('blue')">go</button>`);
    expect(text).toContain('cups');
  });

  it('goes on with a form whose field has the name of what leads to its parent', async () => {
    const { text, gaps } = await clicked(`<button onclick="const form = document.createElement('form');
      form.innerHTML = '<input name=parentNode>'; this.after(form, 'blue'); form.className = 'new'">go</button>`);
    expect(text).toContain('blue');
    expect(gaps).toBe(0);
  });

  it('keeps what came into a shadow tree that moved at once', async () => {
    const { text } = await clicked(`<div id="host"></div><p id="to">cups</p><script>host.attachShadow({ mode: 'open' })</script>
      <button onclick="const line = document.createElement('p'); line.textContent = 'blue'; host.shadowRoot.append(line); to.append(host)">go</button>`);
    expect(text.match(/blue/g)).toHaveLength(1);
  });

  it('keeps what is in a frame that moved and went on living', async () => {
    const server = await served(`<iframe srcdoc="<p>cups</p>"></iframe><main></main>`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await expect.poll(() => JSON.stringify(recorded(server)), { timeout: 10_000 }).toContain('cups');
    await page.evaluate(`document.querySelector('main').moveBefore(document.querySelector('iframe'), null)`);
    await page.evaluate(`setTimeout(() => document.querySelector('iframe').contentDocument.body.append('blue'), 100)`);
    await expect.poll(() => JSON.stringify(recorded(server)), { timeout: 10_000 }).toContain('"blue"');
    const { found } = await replayed<string>(page, recorded(server), `doc.querySelector('main iframe').contentDocument.body.textContent`);
    expect(found).toBe('cupsblue');
    await page.close();
    await server.close();
  });

  it('goes on in time when the clock is set back', async () => {
    const { text } = await clicked(
      `<p>cups</p><button onclick="const { now } = Date; Date.now = () => now.call(Date) - 7200000; this.after('blue')">go</button>`,
    );
    expect(text).toContain('blue');
  });

  it('takes a new snapshot when it could not look at what changed', async () => {
    const { text, gaps } = await clicked(`<p>cups</p><button onclick="this.getAttribute = () => missing(); title = 'go'; this.after('blue')">go</button>`);
    expect(text).toContain('cups');
    expect(gaps).toBe(1);
  });

  it('tells no picture of what is masked, by whatever style it is shown', async () => {
    const picture = (name: string) => `url("data:image/svg+xml,<svg><text>${name}</text></svg>")`;
    const server = await served(`<style>h1 { background: ${picture('shown')} }</style>
      <section data-gosight-mask><style>h1 { background: ${picture('by its rules')} }</style><h1 style='background: ${picture('its own')}'>Ada</h1></section>`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    const told = JSON.stringify(recorded(server));
    expect(told).toContain('<text>shown</text>');
    expect(told).not.toMatch(/by its rules|its own/);
    await page.close();
    await server.close();
  });

  it('does not tell which option was chosen, not even by its length', async () => {
    const server = await served(`<select><option value="tea">Tea</option><option value="coffee">Coffee</option></select>`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.selectOption('select', 'coffee');
    await leave(page, server);
    const told = () =>
      recorded(server)
        .filter(({ data }) => data.source === 5)
        .map(({ data }) => data.text);
    await expect.poll(told).toEqual(['***']);
    const [options] = /"tagName":"select".*/.exec(JSON.stringify(recorded(server))) ?? [];
    expect([...(options ?? '').matchAll(/"value":"(.*?)"/g)].map(([, value]) => value)).toEqual(['***', '***', '***']);
    await page.close();
    await server.close();
  });

  it('tells lines of the console and requests, with nothing personal and nothing that was in them', async () => {
    const server = await served('<button>go</button>');
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.evaluate(async () => {
      console.warn('mail ada@example.com', { secret: 'cup' });
      await fetch('/data?token=hidden&page=2').then((answer) => answer.text());
    });
    const all = () => recorded(server);
    await expect.poll(() => lines(all(), 'rrweb/network@1').length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(lines(all(), 'rrweb/console@1')).toEqual([{ level: 'warn', payload: ['mail ***', '[object Object]'] }]);
    const [{ requests }] = lines(all(), 'rrweb/network@1') as [{ requests: { url: string; status: number; method: string }[] }];
    expect(requests).toMatchObject([{ method: 'GET', url: `${server.url}/data?page=2`, status: 200 }]);
    await page.close();
    await server.close();
  });

  it('begins with a trigger, and with what led to it', async () => {
    const server = await served('<p>calm</p><button onclick="missing()">break</button>', `replay: { mode: 'trigger' }`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('page_load');
    expect(chunksOf(server)).toEqual([]);
    await page.click('button');
    await server.event('replay_chunk');
    expect((await play(await browser.newPage(), recorded(server))).text).toContain('calm');
    expect(recordingsOf(server).size).toBe(1);
    await page.close();
    await server.close();
  });

  it('goes on with the next page of a tab for as long as a trigger says, and in no other tab', async () => {
    const server = await served('<button onclick="missing()">break</button>', `replay: { mode: 'trigger' }`);
    const context = await browser.newContext();
    const page = await context.newPage();
    const open = async (of: Page, loads: number) => {
      await of.goto(server.url);
      await expect.poll(() => server.count('page_load')).toBe(loads);
    };
    await open(page, 1);
    await page.click('button');
    await expect.poll(() => recordingsOf(server).size).toBe(1);
    await open(page, 2);
    await expect.poll(() => recordingsOf(server).size).toBe(2);
    await open(await context.newPage(), 3);
    await page.evaluate(`sessionStorage['gosight:${KEY}:until'] = 0`);
    await open(page, 4);
    // What is kept from its start has told its first snapshot by now.
    await page.evaluate('GoSight.flush()');
    expect(recordingsOf(server).size).toBe(2);
    await page.click('button');
    await expect.poll(() => recordingsOf(server).size).toBe(3);
    await context.close();
    await server.close();
  });

  it('does not go on with a page of another project in the tab, nor reach back to one', async () => {
    const server = await served('<h1>ours</h1><button onclick="missing()">break</button>', `replay: { mode: 'trigger', bufferSeconds: 60 }`);
    const page = await browser.newPage();
    const open = async () => {
      await page.goto(server.url);
      await expect.poll(() => page.evaluate(`performance.getEntriesByName(new URL('/recorder.js', location).href).length`)).toBe(1);
      await page.evaluate('GoSight.flush()');
    };
    await open();
    server.pages['/'] = (server.pages['/'] as string).replace(KEY, 'another_key_0123456789').replace('ours', 'theirs');
    await open();
    await page.click('button');
    await expect.poll(() => recordingsOf(server).size).toBe(1);
    server.pages['/'] = (server.pages['/'] as string).replace('another_key_0123456789', KEY).replace('theirs', 'ours again');
    await open();
    const clickedAt = Date.now();
    await page.click('button');
    // Two of ours, of which the second began as the first was left.
    await expect.poll(() => recordingsOf(server).size).toBe(3);
    expect(chunksOf(server).filter(({ batch }) => batch.project_key === KEY && batch.at < clickedAt)).toEqual([]);
    await page.close();
    await server.close();
  });

  it('reaches back from a trigger over the pages before it, in its tab, and keeps none of them for who opts out', async () => {
    const server = await served('<h1></h1><button onclick="missing()">break</button>', `replay: { mode: 'trigger', bufferSeconds: 60 }`);
    const context = await browser.newContext();
    const earlier = (page: Page) => page.evaluate(`sessionStorage['gosight:${KEY}:earlier']`);
    const visit = async (page: Page, words: string) => {
      await page.goto(server.url);
      await page.evaluate((words) => document.querySelector('h1')?.append(words), words);
      // A recording takes what was left to it as it begins, and a snapshot with it.
      await expect.poll(() => earlier(page)).toBe('[]');
    };
    const page = await context.newPage();
    const all = ['the cart', 'the payment', 'the error'];
    for (const words of all) await visit(page, words);
    const other = await context.newPage();
    await visit(other, 'another tab');
    expect(chunksOf(server)).toEqual([]);
    // What the trigger brings is still being compressed as the page is left.
    await page.evaluate(NEVER_ZIPPED);
    await page.click('button');
    await leave(page, server);
    await expect.poll(() => recordingsOf(server).size).toBe(4);
    // A page that was there for longer comes in more than one piece.
    await expect.poll(() => all.filter((words) => !JSON.stringify(recorded(server)).includes(words))).toEqual([]);
    const played = [];
    for (const events of [...recordingsOf(server).values()].sort(([a], [b]) => (a as Recorded).timestamp - (b as Recorded).timestamp)) {
      played.push((await play(other, events)).text.replace(' break', ''));
    }
    expect(played.slice(0, 3)).toEqual(all);
    await visit(other, 'left');
    // Nothing was left to this one, so it is asked until it has begun.
    const leaving = () => other.evaluate(`dispatchEvent(new Event('pagehide'))`).then(() => earlier(other));
    await expect.poll(leaving).toContain('left');
    await other.evaluate('GoSight.optOut()');
    expect(await earlier(other)).toBe('[]');
    await context.close();
    await server.close();
  });

  it('is not made where the page, the project or a call says so', async () => {
    const server = await served('<button>go</button>', `replay: { excludeUrls: ['*'] }`);
    const page = await browser.newPage();
    await page.goto(server.url);
    await server.event('page_load');
    await page.click('button');
    await page.evaluate('GoSight.flush()');
    await server.event('click');
    expect(chunksOf(server)).toEqual([]);
    await page.close();
    await server.close();
  });
});

/** A picture of its own for each name, and so a digest of its own. */
async function picturesOf(page: Page, names: string[]): Promise<Record<string, Buffer>> {
  const drawn = await page.evaluate((names) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 20 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    return names.map((name) => {
      context.clearRect(0, 0, 40, 20);
      context.fillText(name, 0, 15);
      return canvas.toDataURL().split(',')[1] as string;
    });
  }, names);
  return Object.fromEntries(names.map((name, i) => [name, Buffer.from(drawn[i] as string, 'base64')]));
}

describe('pictures and fonts', () => {
  const OWN = ['shown', 'twice', 'worn', 'cut', 'inline', 'poster', 'last'];
  const SHEETS = ['one', 'two', 'three'];
  const NOT = ['masked', 'blocked', 'unworn', 'onlyMasked', 'undermasked'];
  const picture = (name: string) => `<img src="/${name}.png">`;
  const BODY = `<style>.worn { background: url(/worn.png) } .cut { mask-image: url(/cut.png) } .nobody { background: url(/unworn.png) } .secret { background: url(/onlyMasked.png) }</style>
    ${picture('shown')}${picture('twice')}${picture('twice')}<div class="worn" style="width:9px;height:9px">w</div><div class="cut">c</div><p style="background-image: url('/inline.png')">i</p>
    <video poster="/poster.png"></video><img src="/drawing.svg"><img src="/worded.svg"><div data-gosight-mask>${picture('masked')}<p class="secret" style="background: url(/undermasked.png)">s</p></div>
    <div data-gosight-block>${picture('blocked')}</div>${picture('last')}`;

  interface Site {
    server: Capture;
    other: Capture;
    page: Page;
    pictures: Record<string, Buffer>;
    complaints: string[];
  }

  async function open(init: string, headers: Record<string, string> = {}, first: (other: string) => string = () => ''): Promise<Site> {
    const page = await browser.newPage();
    const pictures = await picturesOf(page, [...OWN, ...NOT, 'shared', 'foreign']);
    const other = await new Capture().listen();
    const server = await served(`${first(other.url)}${BODY}<img crossorigin src="${other.url}/shared.png"><img src="${other.url}/foreign.png">`, init);
    const file = (body: Buffer, type = 'image/png', more = {}) => ({ body, headers: { 'content-type': type, 'cache-control': 'max-age=600', ...more } });
    for (const name of [...OWN, ...NOT]) server.files[`/${name}.png`] = file(pictures[name] as Buffer);
    const drawing = (inside: string) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">${inside}</svg>`);
    pictures['drawing.svg'] = drawing('<path d="M0 0h20v20z"/>');
    server.files['/drawing.svg'] = file(pictures['drawing.svg'], 'image/svg+xml; charset=utf-8');
    server.files['/worded.svg'] = file(drawing('<text y="9">Ann</text>'), 'image/svg+xml');
    other.files['/shared.png'] = file(pictures.shared as Buffer, 'image/png', { 'access-control-allow-origin': '*' });
    for (const name of SHEETS) other.files[`/${name}.css`] = file(Buffer.from('b { color: red }'), 'text/css');
    other.files['/foreign.png'] = file(pictures.foreign as Buffer);
    Object.assign(server.headers, headers);
    const heard = complaints(page);
    await page.goto(server.url);
    return { server, other, page, pictures, complaints: heard };
  }

  const assetsOf = (server: Capture) =>
    recorded(server)
      .filter(({ type, data }) => type === CUSTOM && data.tag === 'gosight.asset')
      .map(({ data }) => data.payload as { url: string; mime: string; digest: string; data?: string });
  const close = ({ server, other, page }: Site) => Promise.all([page.close(), server.close(), other.close()]);

  it('come once, with what was shown in them, and no private, foreign, worded or unseen one does', async () => {
    const site = await open('events: { network: true }');
    const { server, other, pictures } = site;
    const urls = [...OWN.map((name) => `${server.url}/${name}.png`), `${server.url}/drawing.svg`, `${other.url}/shared.png`].sort();
    await expect.poll(() => assetsOf(server).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(urls.length);
    const assets = assetsOf(server);
    expect(assets.map(({ url }) => url).sort()).toEqual(urls);
    for (const { url, mime, digest, data } of assets) {
      const bytes = pictures[url.replace(/.*\/|\.png/g, '')] as Buffer;
      expect(Buffer.from(data as string, 'base64').equals(bytes), url).toBe(true);
      expect([mime, digest]).toEqual([url.endsWith('.svg') ? 'image/svg+xml' : 'image/png', createHash('sha256').update(bytes).digest('hex')]);
    }
    // From the cache, and as no request of the page.
    for (const name of OWN)
      expect(
        server.paths.filter((path) => path === `GET /${name}.png`),
        name,
      ).toHaveLength(1);
    expect(other.paths.filter((path) => path === 'GET /foreign.png')).toHaveLength(1);
    await site.page.evaluate(`GoSight.track('end'); GoSight.flush()`);
    await server.event('custom_event');
    expect(server.arrivals.filter(({ type }) => /^(network|fetch)_/.test(type))).toEqual([]);
    expect(lines(recorded(server), 'rrweb/network@1')).toEqual([]);
    expect(site.complaints).toEqual([]);
    await close(site);
  });

  it('are told again by their digests where playing may begin', async () => {
    const site = await open('replay: { snapshotInterval: 1000 }');
    const { server, page } = site;
    const wanted = OWN.length + 2;
    await expect.poll(() => assetsOf(server).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(wanted);
    const change = () => page.evaluate(`document.querySelector('.worn').textContent = Date.now()`);
    await expect.poll(() => change().then(() => assetsOf(server).length), { timeout: 30_000 }).toBeGreaterThanOrEqual(2 * wanted);
    expect(assetsOf(server).filter(({ data }) => data)).toHaveLength(wanted);
    await close(site);
  });

  it.each([
    ['the page', `replay: { images: 'placeholder' }`, {}],
    ['the project', '', { replay_images: 'placeholder' }],
    ['a mask of all texts', 'privacy: { maskAllText: true }', {}],
  ])('are not asked for where %s says so', async (_, init, settings) => {
    const page = await browser.newPage();
    const { shown } = await picturesOf(page, ['shown']);
    const server = await served('<img src="/shown.png"><button>go</button>', init);
    server.settings = { version: '1', ...settings };
    server.files['/shown.png'] = { body: shown as Buffer, headers: { 'content-type': 'image/png', 'cache-control': 'no-store' } };
    await page.clock.install();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.clock.runFor(30_000);
    expect(assetsOf(server)).toEqual([]);
    expect(server.paths.filter((path) => path === 'GET /shown.png')).toHaveLength(1);
    await page.close();
    await server.close();
  });

  it.each([
    ['its own pictures', () => '<img src="/shown.png#top">'],
    ['the sheets of others', (other: string) => SHEETS.map((name) => `<link rel="stylesheet" href="${other}/${name}.css">`).join('')],
  ])('are given up at the first that the policy of the page forbids, %s first', async (_, first) => {
    const endpoint = await new Capture().listen();
    endpoint.settings = { version: '1' };
    const site = await open(`endpoint: '${endpoint.url}'`, { 'content-security-policy': `connect-src ${endpoint.url}` }, first);
    await expect.poll(() => site.page.evaluate(`sessionStorage.getItem('gosight:${KEY}:no_assets')`), { timeout: 30_000 }).toBe('1');
    // Of one request Chromium complains twice.
    expect(new Set(site.complaints.filter((line) => /policy/i.test(line)).map((line) => line.match(/http\S+\.(png|css)/)?.[0])).size).toBe(1);
    const before = site.complaints.length;
    await site.page.reload();
    await expect.poll(() => endpoint.count('page_load')).toBe(2);
    expect(site.complaints.slice(before)).toEqual([]);
    await close(site);
    await endpoint.close();
  });
});

describe('a canvas', () => {
  /** Draws in a color when it is called. */
  const canvas = (id: string) => `<canvas id="${id}" width="60" height="30" style="border: 0"></canvas>`;
  const FILL = `function fill(id, color) { const context = document.getElementById(id).getContext('2d'); context.fillStyle = color; context.fillRect(0, 0, 60, 30) }`;
  const WEBGL = `const gl = document.getElementById('gl').getContext('webgl'); (function draw() { gl.clearColor(0, 0, 1, 1); gl.clear(gl.COLOR_BUFFER_BIT); requestAnimationFrame(draw) })();`;

  interface Picture {
    id: number;
    attributes: Record<string, string>;
  }
  const picturesIn = (server: Capture) =>
    recorded(server)
      .flatMap(({ data }) => (data.attributes ?? []) as Picture[])
      .filter(({ attributes }) => attributes.rr_dataURL);
  const nodesOf = (node: Node): Node[] => [node, ...(node.childNodes ?? []).flatMap(nodesOf)];
  interface Node {
    id: number;
    attributes?: Record<string, string>;
    childNodes?: Node[];
  }
  const toldOf = (event: Recorded, id: string) => nodesOf(event.data.node).find(({ attributes }) => attributes?.id === id);
  const snapshotsOf = (server: Capture) => recorded(server).filter(({ type }) => type === FULL_SNAPSHOT);

  /** The color in the middle of a picture. */
  const colorOf = (page: Page, picture: string) =>
    page.evaluate(async (picture) => {
      const image = Object.assign(new Image(), { src: picture });
      await image.decode();
      const context = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      return [...context.getImageData(30, 15, 1, 1).data].map((value) => (value > 127 ? 1 : 0)).join('');
    }, picture);

  it('is shown as it changes, and in a snapshot as it was last, where that is allowed', async () => {
    const server = await served(
      `${canvas('one')}${canvas('gl')}<p id="text">t</p><div data-gosight-mask>${canvas('masked')}</div><script>${FILL} fill('one', 'red'); fill('masked', 'red'); ${WEBGL}</script>`,
      'replay: { canvas: true, snapshotInterval: 1000 }',
      { replay_canvas: true },
    );
    const page = await browser.newPage();
    const heard = complaints(page);
    await page.goto(server.url);
    await expect.poll(() => picturesIn(server).length, { timeout: 30_000 }).toBe(2);
    await page.evaluate(`fill('one', 'lime'); fill('masked', 'lime')`);
    await expect.poll(() => picturesIn(server).length, { timeout: 30_000 }).toBe(3);
    const [first] = snapshotsOf(server) as [Recorded];
    const idOf = (name: string) => toldOf(first, name)?.id;
    const seen = await Promise.all(picturesIn(server).map(async ({ id, attributes }) => [id, await colorOf(page, attributes.rr_dataURL as string)].join()));
    expect(seen.sort()).toEqual([`${idOf('gl')},0011`, `${idOf('one')},0101`, `${idOf('one')},1001`].sort());
    const before = snapshotsOf(server).length;
    // Not every change comes late enough after the last snapshot.
    const change = () => page.evaluate('text.textContent = Date.now()');
    await expect.poll(() => change().then(() => snapshotsOf(server).length), { timeout: 30_000 }).toBeGreaterThan(before);
    const last = snapshotsOf(server).at(-1) as Recorded;
    expect(await colorOf(page, toldOf(last, 'one')?.attributes?.rr_dataURL as string)).toBe('0101');
    expect(toldOf(last, 'masked')?.attributes?.rr_dataURL).toBeUndefined();
    // What has not changed is not told again.
    expect(picturesIn(server)).toHaveLength(3);
    expect(heard).toEqual([]);
    await page.close();
    await server.close();
  });

  it('with a picture of another origin on it is let be', async () => {
    const other = await new Capture().listen();
    const page = await browser.newPage();
    const { foreign } = await picturesOf(page, ['foreign']);
    other.files['/foreign.png'] = { body: foreign as Buffer, headers: { 'content-type': 'image/png' } };
    const server = await served(
      `${canvas('tainted')}${canvas('one')}<img id="image" src="${other.url}/foreign.png">
       <script>${FILL} fill('tainted', 'red'); image.onload = () => { tainted.getContext('2d').drawImage(image, 0, 0); fill('one', 'red') }</script>`,
      'replay: { canvas: true }',
      { replay_canvas: true },
    );
    const heard = complaints(page);
    await page.goto(server.url);
    await expect.poll(() => picturesIn(server).length, { timeout: 30_000 }).toBe(1);
    expect(picturesIn(server)[0]?.id).toBe(toldOf(snapshotsOf(server)[0] as Recorded, 'one')?.id);
    expect(heard).toEqual([]);
    await page.close();
    await Promise.all([server.close(), other.close()]);
  });

  it.each([
    ['not recorded unless that is asked for', '', {}, false],
    ['recorded where the page asks for it', 'replay: { canvas: true }', {}, true],
    ['not recorded where the project forbids it', 'replay: { canvas: true }', { replay_canvas: false }, false],
    ['recorded where the project says so', '', { replay_canvas: true }, true],
    ['not recorded where the page says so', 'replay: { canvas: false }', { replay_canvas: true }, false],
  ])('is %s', async (_, init, settings, isRecorded) => {
    const server = await served(`${canvas('one')}<script>${FILL} fill('one', 'red')</script>`, init, settings);
    const page = await browser.newPage();
    await page.clock.install();
    await page.goto(server.url);
    await server.event('replay_chunk');
    await page.clock.runFor(10_000);
    await leave(page, server);
    await server.event('page_exit');
    // With its clock turned on, the page sends a chunk again that has no answer yet.
    await expect.poll(() => picturesIn(server).length > 0).toBe(isRecorded);
    await page.close();
    await server.close();
  });
});
