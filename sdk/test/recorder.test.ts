/** The recorder in Chromium, through the files that are served: what it tells, and that it plays to the page that was. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { chunksOf, PLUGIN, play, type Recorded, recorded, recordingsOf } from './recordings.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function served(body: string, init = ''): Promise<Capture> {
  const server = await new Capture().listen();
  server.settings = { version: '1' };
  server.pages['/'] =
    `<!doctype html><html><head><script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', ${init} })</script></head><body>${body}</body></html>`;
  server.pages['/data'] = '{}';
  return server;
}

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
    await page.goto('about:blank');
    await expect.poll(() => JSON.stringify(recorded(server))).toContain('*********');
    const played = await play(page, recorded(server));
    expect(played.text).toContain('Cups');
    expect(played.text).toContain('blue');
    expect(played.complaints).toEqual([]);
    expect(JSON.stringify(recorded(server))).not.toContain('tealeaves');
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
    expect(lines(all(), 'rrweb/console@1')).toEqual([{ level: 'warn', payload: ['mail ***', '[object Object]'], trace: [] }]);
    const [{ requests }] = lines(all(), 'rrweb/network@1') as [{ requests: { url: string; status: number; method: string }[] }];
    expect(requests).toMatchObject([{ method: 'fetch', url: `${server.url}/data?page=2`, status: 200 }]);
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
