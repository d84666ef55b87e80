/**
 * Secrets are typed into every kind of field and stand in every place of a page; none of them may be in any byte that leaves the browser,
 * at any level of masking: not in events, not in recordings, not in addresses or headers, neither plain nor encoded.
 */
import { gunzipSync } from 'node:zlib';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { chunksOf, eventsIn, recorded } from './recordings.js';
import { silence } from './silence.js';

type Kind = 'word' | 'email' | 'card' | 'phone' | 'token';

/** What is looked for, by the place it was put. */
class Canaries {
  readonly places: [place: string, value: string][] = [];
  private count = 100;

  /** A secret that stands nowhere else. */
  at(place: string, kind: Kind = 'word'): string {
    const n = String(++this.count);
    const value = {
      word: `Quokka${n}zx`,
      email: `quokka${n}@canary.example`,
      card: luhn(`4929123004${n}00`),
      phone: `+44207946${n}5`,
      token: `ghp_Qx7${n}dKcZ9fLmT4vBpW8sHyRjN2aEuG6tX`,
    }[kind];
    this.places.push([`${kind} in ${place}`, value]);
    return value;
  }
}

/** The number with the digit that makes it a card's. */
function luhn(digits: string): string {
  const sum = [...digits].reverse().reduce((sum, digit, i) => {
    const doubled = Number(digit) * (i % 2 ? 1 : 2);
    return sum + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return digits + ((10 - (sum % 10)) % 10);
}

/** As a name in a style's selectors. */
const escaped = (name: string) => name.replace(/[^\w-]/g, '\\$&');

/** A value as it may stand in bytes: plain, percent-encoded, escaped as in a style's selectors, and as base64 at each of its three alignments. */
function disguises(value: string): string[] {
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  const shifted = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + value).toString('base64');
    return text.slice(shift && shift + 1, text.length - 4);
  });
  return [value, encodeURIComponent(value), json(value), json(escaped(value)), ...shifted];
}

/** All that left the browser, chunks of recordings inflated. */
function everything(server: Capture): string {
  const chunks = chunksOf(server).map(({ payload }) => (payload.encoding === 'gzip' ? gunzipSync(payload.data) : Buffer.from(payload.data)));
  return Buffer.concat([...server.bytes, ...chunks]).toString('latin1');
}

function leaks(server: Capture, canaries: Canaries): string[] {
  const sent = everything(server);
  return canaries.places.filter(([, value]) => disguises(value).some((disguise) => sent.includes(disguise))).map(([place]) => place);
}

const TYPES = ['password', 'text', 'email', 'tel', 'search', 'url', 'number'];
const PERSONAL: Kind[] = ['email', 'card', 'phone', 'token'];

/** Marks of every level: what stands under them is secret whatever it is. */
const MARKED = [
  ['mask', 'data-gosight-mask'],
  ['maskSelectors', 'class="private"'],
  ['block', 'data-gosight-block'],
  ['blockSelectors', 'class="closed"'],
] as const;

/** Fields of every type: `typed` is what goes into them by hand. */
function fields(secret: Canaries, where: string, typed: [selector: string, value: string][]): string {
  const prefix = where.replace(/\W/g, '');
  const field = (id: string, html: string, value: string) => {
    typed.push([`#${prefix}-${id}`, value]);
    return html.replace('>', ` id="${prefix}-${id}">`);
  };
  const at = (place: string, kind: Kind = 'word') => secret.at(`${place} ${where}`, kind);
  const kindOf = (type: string) => (/password|email/.test(type) ? 'word' : type === 'number' ? 'card' : type === 'tel' ? 'phone' : 'word');
  return `<form name="form-${at("a form's name", 'email')}" action="#" onsubmit="event.preventDefault()">
    ${TYPES.map((type) => field(type, `<input type="${type}" name="f_${type}">`, at(`a ${type} field`, kindOf(type)))).join('')}
    ${field('ssn', '<input name="ssn">', at('a field named ssn'))}
    ${field('required', '<input name="mail" type="email" required>', at('a field that is not valid'))}
    ${field('area', '<textarea name="note"></textarea>', at('a textarea'))}
    ${field('editable', '<div contenteditable></div>', at('editable text'))}
    <input type="hidden" name="h" value="${at('a hidden field')}">
    <input name="filled" value="${at("a field's value as the page came")}">
    <input type="password" value="${at("a password's value as the page came")}">
    <textarea name="written">${at('a textarea as the page came')}</textarea>
    <select name="choice"><option>one</option><option value="${at("an option's value")}" selected>two</option></select>
    <input type="checkbox" name="box" value="${at("a checkbox's value")}"><input type="file" name="file">
    <input type="range" name="range"><input type="date" name="date"><input type="color" name="color"><button>Send</button>
  </form>`;
}

/** Where a style alone lets people type, in what is clicked. */
function edited(secret: Canaries, where: string, typed: [selector: string, value: string][]): string {
  const id = `${where.replace(/\W/g, '')}-modified`;
  typed.push([`#${id}`, secret.at(`text that a style lets edit ${where}`)]);
  return `<style>#${id} { -webkit-user-modify: read-write }</style><p>about <b id="${id}">: </b></p>`;
}

/** Places that hold what is personal by its look, seen or not. */
const personalPlaces = (secret: Canaries) =>
  PERSONAL.map((kind) => {
    const at = (place: string) => secret.at(place, kind);
    return `<p class="user-${at('the class of what is clicked')}">call ${at('a text')} now</p><button aria-label="call ${at('aria-label')}">b</button><img alt="of ${at('alt')}" src="/dot.png" title="${at('a title attribute')}">
      <input placeholder="like ${at('a placeholder')}"><a href="/to?q=${encodeURIComponent(at('a link'))}">a</a><button data-note="${at('a data attribute')}" id="id-${at('an id')}">b</button>
      <input type="submit" value="Pay ${at("a button's value")}"><ul><li>${at('a list')}</li></ul><select><option>${at('an option')}</option></select>
      ${namedPlaces(at)}<div style="--said: 'call ${at("a style attribute's property")}'; --bare: ${at('a bare property')}; content: 'call ${at("a style attribute's content")}'"></div>
      <style>/* of ${at('a comment of a style')} */ ${styledPlaces(at)}</style>`;
  }).join('');

type At = (place: string) => string;

/** Names by which styles, labels and the parts of a drawing find each other. */
const namedPlaces = (at: At) =>
  `<div class="wide user-${at('a class')}"></div><label for="${at("a label's field")}">l</label><a href="#${at('a fragment')}" onclick="return false"></a>
   <div data-gosight-block class="user-${at('the class of what is blocked')}"></div>
   <svg><g class="user-${at("a drawing's class")}" inkscape:label="${at("a drawing's label")}"></g>
     ${['<use href="#', '<rect fill="url(#', '<use xlink:href="#', '<linearGradient id="'].map((before) => `${before}${at(`a drawing in ${before}`)}${before.includes('url') ? ')' : ''}"/>`).join('')}</svg>`;

/** Places of a sheet that hold what is personal by its look. */
const styledPlaces = (at: At) => `p::after { content: "call ${at("a sheet's content")}" 'or ${at("a sheet's second content")}' }
  p { --said: "call ${at("a sheet's property")}"; --bare: ${at("a sheet's bare property")} } [data-note="${at("a sheet's attribute")}"] { color: red }
  .user-${escaped(at("a sheet's class"))}, #${escaped(`id-${at("a sheet's id")}`)} { color: red }`;

/** Places under a mark that hold any word. */
const markedPlaces = (secret: Canaries) =>
  MARKED.map(([mark, attribute]) => {
    const at = (place: string) => secret.at(`${place} under ${mark}`);
    // By its name styles and labels find a field: under a mask that is told.
    const form = /block/.test(mark)
      ? `<form name="${at("a form's name")}"><input class="named" name="${at("a field's name")}"><input required name="${at("an empty field's name")}"></form>`
      : '';
    return `<section ${attribute}><p>${at('a text')}</p><button aria-label="${at('aria-label')}" title="${at('a title attribute')}" data-note="${at('a data attribute')}">${at('a button')}</button>
      <img alt="${at('alt')}" src="/${at('a picture that is missing')}.png"><input placeholder="${at('a placeholder')}"><div><button name="n">${at('a deep button')}</button></div>
      <a href="/${at('an address')}" onclick="return false"><p>there</p></a><a href="#${at('a fragment')}" onclick="return false">f</a>
      <svg><a href="#${at('the fragment of a drawn link')}" onclick="return false"></a></svg>
      <div style="/* ${at("a style attribute's comment")} */ ${wordedStyle(at, 'a style attribute')}"></div><style>p { ${wordedStyle(at, 'a style')} }</style><audio src="/${at('an audio')}.wav"></audio>${form}</section>
      <iframe ${attribute} srcdoc="<p>${at('a frame')}</p><button>${at('a button in a frame')}</button>"></iframe>
      <p>around <b ${attribute}>${at('a part of a text')}</b></p>`;
  }).join('');

/** What shows words, or keeps them for what does. Its picture the browser asks the page's own server for. */
const wordedStyle = (at: At, where: string, origin = '') =>
  `content: '${at(`${where}'s content`)}' '; }' '${at(`${where}'s second content`)}'; color: red; --said: '${at(`${where}'s property`)}';
   quotes: '${at(`${where}'s quotes`)}' '»'; list-style: '${at(`${where}'s list`)}'; cursor: image-set('${origin}/${at(`${where}'s address`)}' 1x), auto`;

/** With `maskAllText` every text is a secret. */
const allPlaces = (secret: Canaries) =>
  `<p>${secret.at('a text')}</p><button title="${secret.at('a title attribute')}" aria-label="${secret.at('aria-label')}">${secret.at('a button')}</button>
   <img alt="${secret.at('alt')}" src="/dot.png"><input placeholder="${secret.at('a placeholder')}"><button data-note="${secret.at('a data attribute')}">b</button>
   <input type="submit" value="${secret.at("a button's value")}"><select><option>${secret.at('an option')}</option></select>
   <a href="#${secret.at('a fragment')}" onclick="return false"></a><style>.all::after { ${wordedStyle((place) => secret.at(place), 'a style')} }</style>
   <div style="${wordedStyle((place) => secret.at(place), 'a style attribute')}"></div>`;

const quoted = JSON.stringify;

interface Level {
  privacy: Record<string, unknown>;
  settings?: Record<string, unknown>;
  /** Whether every text of the page is secret. */
  isAllText?: boolean;
}

/** All of the page is in it, for what is beside is not clicked. */
const VIEWPORT = { width: 1200, height: 9000 };
const MARKS = { maskSelectors: ['.private'], blockSelectors: ['.closed'] };
const LEVELS: [string, Level][] = [
  ['by default', { privacy: MARKS }],
  ['with all text masked', { privacy: { ...MARKS, maskAllText: true }, isAllText: true }],
  [
    'by what the project has set',
    { privacy: {}, settings: { mask_selectors: ['.private'], block_selectors: ['.closed'], mask_all_text: true }, isAllText: true },
  ],
  ['with everything blocked', { privacy: { ...MARKS, blockSelectors: ['body'] } }],
  ['with every field ignored', { privacy: { ...MARKS, ignoreSelectors: ['form'] } }],
];

/** Key by key into a password, and where a style alone lets type; into other fields at once, as pasted. */
async function type(page: Page, field: Locator, value: string): Promise<void> {
  const id = await field.getAttribute('id');
  if (id?.endsWith('-password')) return field.pressSequentially(value);
  if (!id?.endsWith('-modified')) return field.fill(value, { force: true });
  await field.click();
  await page.keyboard.type(value);
  expect(await field.textContent()).toContain(value);
}

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** The middles of all that can be clicked, in shadow trees and frames too. */
const MIDDLES = `(function middles(root, left, top) {
  return [...root.querySelectorAll('button, input, p, p b, li, img, a, #host, iframe')].flatMap((element) => {
    const box = element.getBoundingClientRect();
    const x = left + box.x, y = top + box.y;
    if (element.shadowRoot) return middles(element.shadowRoot, left, top);
    if (element.contentDocument) return middles(element.contentDocument, x, y);
    return box.width && element.localName !== 'a' ? [{ x: x + Math.min(box.width / 2, 20), y: y + box.height / 2 }] : [];
  });
})(document, 0, 0)`;

describe('no secret leaves the browser', () => {
  it.each(LEVELS)('%s', async (name, { privacy, settings, isAllText }) => {
    const server = await new Capture().listen();
    const site = await new Capture().listen();
    server.settings = { version: '1', ...settings };
    const secret = new Canaries();
    const typed: [string, string][] = [];
    const inFrame: [string, string][] = [];
    const config = { projectKey: KEY, endpoint: server.url, privacy, events: { network: true, media: true, clipboard: true, selection: true } };
    const at = (place: string, kind: Kind) => secret.at(place, kind);
    site.pages['/frame'] = `<!doctype html>${fields(secret, 'in a frame', inFrame)}${personalPlaces(secret)}${edited(secret, 'in a frame', inFrame)}`;
    const shadow = fields(secret, 'in a shadow tree', typed) + personalPlaces(secret) + edited(secret, 'in a shadow tree', typed);
    site.pages['/to'] = '<!doctype html>';
    site.pages['/page'] = site.pages[`/page/${encodeURIComponent('x')}`] = `<!doctype html><html><head>
      <title>Mail of ${PERSONAL.map((kind) => at('the title', kind)).join(' ')} ${isAllText ? secret.at('the title') : ''}</title>
      <link rel="stylesheet" href="/near.css"><link rel="stylesheet" href="${server.url}/far.css"><style id="own">p { color: red }</style>
      <script src="${server.url}/sdk.js"></script><script>GoSight.init(${quoted(config)})</script></head><body>
      ${isAllText ? allPlaces(secret) : ''}${fields(secret, 'of the page', typed)}${personalPlaces(secret)}${markedPlaces(secret)}${edited(secret, 'of the page', typed)}
      <button onclick="failing()">f</button><script>function failing() {
        console.error('failed: /to?pin=${secret.at('a told address')}', new Error('control'));
        Promise.reject(new Error('control'));
        throw new Error('control');
      }</script>
      <div id="host"></div><iframe src="/frame" width="900" height="400"></iframe><canvas width="50" height="50"></canvas>
      <script>host.attachShadow({ mode: 'open' }).innerHTML = ${quoted(shadow)}</script></body></html>`;
    const sheet = (where: string) => ({
      body: Buffer.from(
        `${PERSONAL.map((kind) => styledPlaces((place) => at(`${place}, ${where}`, kind))).join('')} ${isAllText ? `p { ${wordedStyle((place) => secret.at(place), where, site.url)} }` : ''}`,
      ),
      headers: { 'content-type': 'text/css', 'access-control-allow-origin': '*' },
    });
    site.files['/near.css'] = sheet('a sheet of the page');
    server.files['/far.css'] = sheet('a sheet of another origin');
    const context = await browser.newContext({ viewport: VIEWPORT });
    const page = await context.newPage();
    await page.route('**/*.wav', (route) => route.fulfill({ contentType: 'audio/wav', body: silence(100) }));
    const address = `?pwd=${at('a url parameter that errors tell', 'word')}&password=${at('a url parameter', 'token')}&q=${encodeURIComponent(at('a url value', 'email'))}&t=${at('a url value', 'token')}&p=${encodeURIComponent(at('a url value', 'phone'))}&c=${at('a url value', 'card')}`;
    await page.goto(`${site.url}/page${address}#access_token=${at('a hash', 'token')}`);
    await server.event('page_load');

    const frame = page.frameLocator('iframe[src]');
    for (const [selector, value] of typed) await type(page, page.locator(selector), value);
    for (const [selector, value] of inFrame) await type(page, frame.locator(selector), value);
    for (const named of await page.locator('.named').all()) await named.fill('typed');
    await page.evaluate(`for (const it of document.querySelectorAll('.named, audio')) it.form ? it.form.reportValidity() : void it.play().catch(() => {})`);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    for (const { x, y } of (await page.evaluate(MIDDLES)) as { x: number; y: number }[]) await page.mouse.click(x, y);
    await page.selectOption('select[name=choice]', { index: 0 });
    await page.selectOption('select[name=choice]', { index: 1 });
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Control+C');
    const words = (place: string) => `"${PERSONAL.map((kind) => at(place, kind)).join(' ')} ${isAllText ? secret.at(place) : ''}"`;
    const late = {
      error: PERSONAL.map((kind) => at('a thrown error', kind)).join(' '),
      log: PERSONAL.map((kind) => at('the console', kind)).join(' '),
      rejection: PERSONAL.map((kind) => at('a rejected promise', kind)).join(' '),
      places: `${personalPlaces(secret)}${markedPlaces(secret)}<input value="${secret.at('a field that was added')}">`,
      request: `/to?api_key=${at('a request', 'token')}&email=${encodeURIComponent(at('a request', 'email'))}&to=${encodeURIComponent(at('a request value', 'email'))}`,
      body: secret.at('the body of a request'),
      route: `/page/${encodeURIComponent(at('a path', 'email'))}?sid=${at('a route', 'token')}`,
      adopted: words('an adopted sheet'),
      inserted: words('a rule that is inserted'),
      grouped: words('a rule in a group'),
      added: words('a rule that is added'),
      replaced: words('a sheet that is replaced'),
      declared: words("a rule's content"),
      property: words("a rule's property"),
      styled: words("an element's property"),
      text: PERSONAL.map((kind) => at('a text that changed', kind)).join(' '),
      value: secret.at('a value the page set'),
    };
    await page.evaluate((late) => {
      const added = document.createElement('div');
      added.innerHTML = late.places;
      document.body.append(added);
      setTimeout(() => {
        throw new Error(late.error);
      });
      for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) console[level](late.log, new Error(late.log), { of: late.log });
      void Promise.reject(new Error(late.rejection));
      void fetch(late.request, { method: 'POST', body: late.body });
      const xhr = new XMLHttpRequest();
      xhr.open('POST', late.request);
      xhr.send(late.body);
      const image = new Image();
      image.src = late.request;
      document.body.append(image);
      (document.querySelector('p') as HTMLElement).firstChild?.replaceWith(late.text);
      (document.querySelector('input[type=text]') as HTMLInputElement).value = late.value;
      (document.querySelector('p') as HTMLElement).title = late.text;
      history.pushState({}, '', late.route);
      document.title = late.text;
    }, late);
    await page.evaluate(async (late) => {
      const { sheet } = document.querySelector('#own') as HTMLStyleElement;
      const adopted = new CSSStyleSheet();
      adopted.replaceSync(`p { content: ${late.adopted} }`);
      document.adoptedStyleSheets = [adopted];
      // A sheet is known when it is told, which is a moment later.
      await new Promise((done) => setTimeout(done));
      adopted.insertRule(`p { content: ${late.inserted} }`);
      adopted.replaceSync(`p { --said: ${late.replaced} }`);
      sheet?.insertRule('@media print {}');
      (sheet?.cssRules[0] as CSSMediaRule).insertRule(`p { content: ${late.grouped} }`);
      sheet?.addRule('p', `--said: ${late.added}`);
      const { style } = sheet?.cssRules[1] as CSSStyleRule;
      style.setProperty('content', late.declared);
      style.setProperty('--said', late.property, 'important');
      document.querySelector('p')?.style.setProperty('--said', late.styled);
    }, late);
    await page.evaluate(`GoSight.track('control', { visible: 'not-a-secret-${name.length}' }); GoSight.flush()`);
    await server.event('custom_event');
    // What no beacon took comes by the next visit; to another site a browser would not wait for a page that is slow to leave.
    await page.goto(`${site.url}/page`);
    await server.event('page_exit', ({ page }) => page.path !== '/page');
    await server.event('replay_chunk', (chunk) => quoted(eventsIn(chunk)).includes('"set":{'));
    await context.close();
    await Promise.all([server.close(), site.close()]);

    // Everything that is clicked can be.
    expect(height).toBeLessThanOrEqual(VIEWPORT.height);
    // What may be seen is seen by the same eyes.
    expect(everything(server)).toContain(`not-a-secret-${name.length}`);
    expect(server.arrivals.filter(({ type }) => type === 'click').length).toBeGreaterThan(20);
    expect(server.count('media_play')).toBeGreaterThan(0);
    expect(server.arrivals.filter(({ type, payload }) => type === 'js_error' && /failing .*page/.test(payload.stack))).not.toEqual([]);
    expect(server.arrivals.filter(({ type, payload }) => type === 'resource_error' && payload.url === '')).not.toEqual([]);
    expect(recorded(server).length).toBeGreaterThan(20);
    // Of styles: rules that came, a sheet in place of another, a declaration, sheets without an element.
    const replay = quoted(recorded(server));
    for (const part of ['"adds":[{"rule":"p {', '"replaceSync":"p {', '"set":{"property":"content"', '"styleIds":[1]']) expect(replay).toContain(part);
    expect(secret.places.length).toBeGreaterThan(200);
    expect(leaks(server, secret)).toEqual([]);
  });

  it('before it is known what the project holds private', async () => {
    const server = await new Capture().listen();
    const secret = new Canaries();
    server.settings = { version: '1', mask_all_text: true, block_selectors: ['.closed'] };
    server.held.add('/v1/settings');
    server.pages['/'] = `<!doctype html><title>${secret.at('the title')}</title><script src="/sdk.js" data-project-key="${KEY}"></script>
      <a href="#" id="a" data-note="${secret.at('a data attribute')}">${secret.at('a link')}</a>
      <a class="closed" id="b" href="/${secret.at('an address')}">${secret.at('a closed link')}</a>
      <script>addEventListener('click', (event) => { event.preventDefault(); history.pushState({}, '', '/next') })</script>`;
    const page = await browser.newPage();
    await page.goto(server.url);
    for (const id of ['#a', '#b']) await page.click(id);
    server.letGo();
    for (const id of ['a', 'b']) await server.event('click', ({ payload }) => payload.target.id === id);
    await page.close();
    await server.close();
    expect(leaks(server, secret)).toEqual([]);
  });

  it('nor is a secret missed that is encoded', () => {
    const secret = new Canaries();
    const value = secret.at('a test', 'email');
    for (const text of [value, encodeURIComponent(value), ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${value} and more`).toString('base64'))]) {
      const server = new Capture();
      server.bytes.push(Buffer.from(text));
      expect(leaks(server, secret)).toEqual(['email in a test']);
    }
  });
});
