/** Options of privacy that are wrong: the rest holds, nothing stops, and the page is told. */
import { describe, expect } from 'vitest';
import { KEY } from './capture.js';
import { html, it } from './chromium.js';
import { recorded } from './recordings.js';

interface Seen {
  errors: { code: string; message: string }[];
}

const init = (privacy: string) => `<script src="/sdk.js"></script><script>
  window.errors = [];
  GoSight.init({ projectKey: '${KEY}', privacy: ${privacy}, hooks: { onError: (error) => errors.push(error) } })</script>`;

const BODY =
  '<button id="first" class="secret">Ann Lee</button><button id="second" class="hidden">Bob Ray</button><button id="third">EMP-12 and emp-13</button>';

describe('a selector that is wrong', () => {
  it('is told and skipped, and those beside it hold', async ({ page, server, open }) => {
    server.settings = { version: '1', mask_selectors: ['>>', '.hidden'] };
    await open(BODY, '/', init(`{ maskSelectors: ['p[', '!!', '.secret'], blockSelectors: [':not(p'], ignoreSelectors: ['', '#none'] }`));
    await server.event('replay_chunk');
    for (const id of ['first', 'second', 'third']) await page.click(`#${id}`);
    const { payload } = await server.event('click', ({ payload }) => payload.target.id === 'third');
    expect(payload.target.text).toBe('EMP-12 and emp-13');
    const texts = server.arrivals.filter(({ type }) => type === 'click').map(({ payload }) => payload.target.text);
    expect(texts).toEqual(['*** ***', '*** ***', 'EMP-12 and emp-13']);
    expect(JSON.stringify(recorded(server))).toContain('EMP-12 and emp-13');
    expect(JSON.stringify(recorded(server))).not.toMatch(/Ann|Bob/);
    const { errors } = (await page.evaluate('({ errors })')) as Seen;
    expect(errors.filter(({ code }) => code === 'bad_selector').map(({ message }) => message)).toEqual(
      expect.arrayContaining(['p[', '!!', ':not(p', '', '>>']),
    );
    expect(errors.filter(({ message }) => ['.secret', '.hidden', '#none'].includes(message))).toEqual([]);
  });
});

describe('a selector that is wrong, where the second file does not come', () => {
  it('spoils no other', async ({ page, server }) => {
    await page.route('**/sdk.more.js', (route) => route.abort());
    server.settings = { version: '1', mask_selectors: ['>>', '.hidden'] };
    server.pages['/'] = html(BODY, init(`{ maskSelectors: ['!!', '.secret'] }`));
    await page.goto(server.url);
    await server.event('page_view');
    for (const id of ['first', 'second', 'third']) await page.click(`#${id}`);
    await server.event('click', ({ payload }) => payload.target.id === 'third');
    const texts = server.arrivals.filter(({ type }) => type === 'click').map(({ payload }) => payload.target.text);
    expect(texts).toEqual(['*** ***', '*** ***', 'EMP-12 and emp-13']);
  });
});

describe('a rule of masking without the flag g', () => {
  it('masks every hit, in events and in a recording', async ({ page, server, open }) => {
    server.settings = { version: '1' };
    await open(BODY, '/', init('{ maskRegex: [/emp-\\d+/i] }'));
    await server.event('replay_chunk');
    await page.click('#third');
    const { payload } = await server.event('click');
    expect(payload.target.text).toBe('*** and ***');
    expect(JSON.stringify(recorded(server))).toContain('*** and ***');
    expect(JSON.stringify(server.arrivals.map(({ payload }) => payload))).not.toMatch(/emp-1/i);
    const { errors } = (await page.evaluate('({ errors })')) as Seen;
    expect(errors).toEqual([]);
  });
});
