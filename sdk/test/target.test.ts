// @vitest-environment happy-dom
import { beforeEach, expect, it, describe as suite } from 'vitest';
import { type Config, configure, tighten } from '../src/config.js';
import { cleanUrl, isBlockedUrl, maskPersonal } from '../src/privacy.js';
import { describe, looksInteractive, neverDead, selectorOf } from '../src/target.js';

function html(markup: string, selector = '[x]'): Element {
  document.body.innerHTML = markup;
  return document.querySelector(selector) as Element;
}

function setUp(privacy: Config['privacy'] = {}): void {
  configure({ projectKey: 'k'.repeat(16), privacy });
  tighten({});
}

beforeEach(() => setUp());

suite('what looks interactive', () => {
  it.each([
    ...['a', 'button', 'input', 'select', 'textarea', 'label', 'summary'].map((tag) => [`<${tag} x></${tag}>`]),
    ...['button', 'link', 'checkbox', 'radio', 'tab', 'menuitem', 'switch'].map((role) => [`<div x role="${role}"></div>`]),
    ...['btn-big', 'my-button', 'linkish', 'clickable', 'BTN'].map((name) => [`<div x class="${name}"></div>`]),
    ['<div x onclick="1"></div>'],
    ['<div x ng-click="1"></div>'],
    ['<div x style="cursor: pointer"></div>'],
  ])('%s does', (markup) => {
    expect(looksInteractive(html(markup))).toBe(true);
  });

  it.each(['<div x></div>', '<p x class="card">', '<div x role="row"></div>', '<span x style="cursor: default"></span>'])('%s does not', (markup) => {
    expect(looksInteractive(html(markup))).toBe(false);
  });
});

suite('a name', () => {
  it('comes from the first of its sources', () => {
    const sources = ['data-gosight-name', 'data-testid', 'data-test-id', 'data-cy', 'data-analytics', 'id', 'aria-label', 'name'];
    for (let from = 0; from < sources.length; from++) {
      const attributes = sources.slice(from).map((name, index) => `${name}="n${from + index}"`);
      expect(describe(html(`<button x ${attributes.join(' ')}>text</button>`)).name).toBe(`n${from}`);
    }
    expect(describe(html('<button x class="buy big huge">  Buy\n now </button>')).name).toBe('Buy now');
    expect(describe(html('<i x class="icon heart css-1a2b3c"></i>')).name).toBe('i.icon.heart');
  });

  it('is not told when the field has a secret one', () => {
    for (const name of ['ssn', 'card_number', 'cvv', 'client_secret', 'password']) expect(describe(html(`<input x name="${name}">`)).name).toBe('***');
  });
});

suite('a selector', () => {
  it('is the id, else a test attribute, else a short path from the nearest of them', () => {
    expect(selectorOf(html('<b x id="buy"></b>'))).toBe('#buy');
    expect(selectorOf(html('<b x data-testid="pay"></b>'))).toBe('[data-testid="pay"]');
    expect(selectorOf(html('<div id="list"><p>1</p><p><b x></b></p></div>'))).toBe('#list > p:nth-of-type(2) > b');
    expect(selectorOf(html('<main class="css-9x8y7z"><a></a><a x></a></main>'))).toBe('body > main > a:nth-of-type(2)');
  });

  it('passes over a test attribute that names a person', () => {
    setUp({ maskRegex: [/emp-\d+/g] });
    expect(selectorOf(html('<main><b x data-testid="row-jane@corp.example"></b></main>'))).toBe('body > main > b');
    expect(selectorOf(html('<main><b x data-testid="emp-7"></b></main>'))).toBe('body > main > b');
  });

  it('is of the form, not of its field that is called id or children', () => {
    const form = html('<form x id="order"><input name="id"><input name="children"><p><b></b></p></form>');
    expect(selectorOf(form)).toBe('#order');
    expect(describe(form).id).toBe('order');
    expect(selectorOf(form.querySelector('b') as Element)).toBe('#order > p > b');
  });

  it.each([
    ':r1:',
    'radix-:r3:',
    'item-48213',
    'x1a2b3',
    'row-ada@love.example',
    '_r_4_',
    'sc-abc',
    'Button__root3xK',
  ])('passes over the generated id %s', (id) => {
    expect(selectorOf(html(`<b x id="${id}"></b>`))).toBe('body > b');
  });

  it.each(['checkout', 'step-2', 'add-to-cart', 'heading1', 'block__title'])('keeps the written id %s', (id) => {
    expect(selectorOf(html(`<b x id="${id}"></b>`))).toBe(`#${id}`);
  });

  it('finds its element and is at most 512 bytes long', () => {
    const deep = html(`${'<div><i></i><section>'.repeat(60)}<b x></b>`);
    expect(selectorOf(deep).length).toBeLessThanOrEqual(512);
    const near = html('<ul><li></li><li><a></a><a x></a></li></ul>');
    expect(document.querySelector(selectorOf(near))).toBe(near);
  });
});

suite('privacy', () => {
  it('reads no field, no editable text and nothing under a mask or block mark', () => {
    setUp({ maskSelectors: ['.private'], blockSelectors: ['.closed'] });
    expect(describe(html('<textarea x>typed</textarea>')).text).toBe('');
    expect(
      describe(html('<div x>a <textarea>typed</textarea><b data-gosight-mask>Ada</b><i class="private">Bob</i><u class="closed">Eve</u> z</div>')).text,
    ).toBe('a z');
    expect(describe(html('<p data-gosight-mask><a x href="/ada" data-a="1" id="ada">Ada B</a></p>'))).toMatchObject({
      text: '*** *',
      name: '*** *',
      href: '',
      attributes: {},
    });
    expect(describe(html('<p data-gosight-block><b x href="/a" data-a="1" title="t">Ada</b></p>'))).toMatchObject({
      text: '',
      name: 'b',
      href: '',
      attributes: {},
    });
    expect(describe(html('<input x type="submit" value="Send it">')).text).toBe('Send it');
    expect(describe(html('<input x type="text" value="typed">')).text).toBe('');
  });

  it('reads nothing before it is known what the project holds private', () => {
    configure({ projectKey: 'k'.repeat(16) });
    expect(describe(html('<a x href="/a" data-a="1" aria-label="Ada">Ada</a>'))).toMatchObject({ text: '', name: 'a', href: '', attributes: {} });
  });

  it('masks all text when told to', () => {
    setUp({ maskAllText: true });
    expect(describe(html('<button x>Pay now</button>'))).toMatchObject({ text: '*** ***', name: '*** ***' });
  });

  it('drops addresses, card and phone numbers from texts', () => {
    expect(maskPersonal('write to ada@love.example or call +44 20 7946 0958, card 4111 1111 1111 1111')).toBe('write to *** or call ***, card ***');
    expect(maskPersonal('3 items, 49.90 in 2026')).toBe('3 items, 49.90 in 2026');
  });

  it.each([
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'sk_live_51H8aBcDeFgHiJkLmNoP',
    'd41d8cd98f00b204e9800998ecf8427e',
  ])('drops the token %s from texts and urls', (token) => {
    expect(maskPersonal(`it is ${token} today`)).toBe('it is *** today');
    expect(cleanUrl(`https://x.example/reset/${token}?q=${token}`)).toBe('https://x.example/reset/***?q=***');
  });

  it('drops what is personal from a url’s path and values too, and keeps ids, dates and versions', () => {
    expect(cleanUrl('https://x.example/users/ada@love.example/4111111111111111?q=ada%40love.example&n=%2B442079460958')).toBe(
      'https://x.example/users/***/***?q=***&n=***',
    );
    for (const url of [
      'https://x.example/2026-03-10/orders/1732330000000?utm_content=120210987654321098',
      'https://cdn.example/npm/vue@3.5.0/dist/vue.js',
      'https://cdn.example/npm/vue@3/dist/@vue/runtime-dom.js',
      'https://x.example/assets/ReportDashboard-D3x9Kf2a.js',
      'https://x.example/p/507f1f77bcf86cd799439011/550e8400-e29b-41d4-a716-446655440000',
    ])
      expect(cleanUrl(url)).toBe(url);
  });

  it('drops what the page says besides', () => {
    setUp({ maskRegex: [/emp-\d+/gi] });
    expect(maskPersonal('EMP-12 and emp-7')).toBe('*** and ***');
    expect(cleanUrl('https://x.example/emp-12')).toBe('https://x.example/***');
  });

  it('takes no time over a long text', () => {
    const startedAt = performance.now();
    for (const text of ['a', '1', '@', 'a1B', 'a.', '1 ', '%40']) maskPersonal(text.repeat(1_000_000));
    // A tenth of a second; all of it read would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('drops secrets from urls and keeps the rest', () => {
    expect(cleanUrl('https://u:p@x.example/a?token=1&utm_source=mail&api_key=2&q=cups&email=a%40b.c&author=me#top')).toBe(
      'https://x.example/a?utm_source=mail&q=cups&author=me#top',
    );
    expect(cleanUrl('https://x.example/#access_token=1')).toBe('https://x.example/');
    expect(cleanUrl('data:text/html,secret')).toBe('data:');
    expect(cleanUrl('http://[')).toBe('');
  });

  it('knows blocked and allowed pages by globs', () => {
    setUp({ blockUrls: ['*/admin/*', 'https://x.example/me?*'] });
    expect(isBlockedUrl('https://x.example/admin/users')).toBe(true);
    expect(isBlockedUrl('https://x.example/me?a=1')).toBe(true);
    expect(isBlockedUrl('https://x.example/me')).toBe(false);
    setUp({ allowUrls: ['https://x.example/shop/*'] });
    expect(isBlockedUrl('https://x.example/shop/a')).toBe(false);
    expect(isBlockedUrl('https://x.example/other')).toBe(true);
  });
});

suite('no response is due', () => {
  const reason = (markup: string, init: MouseEventInit = {}) => neverDead(html(markup), new MouseEvent('click', init));

  it.each([
    ['<a x href="/f" download>f</a>', 'download'],
    ['<a href="mailto:a@b.c"><b x>m</b></a>', 'mailto'],
    ['<a x href="tel:112">t</a>', 'mailto'],
    ['<a x href="/n" target="_blank">n</a>', 'new_tab'],
    ['<a x href="/n" target="_self">n</a>', ''],
    ['<button x>b</button>', ''],
    ['<div data-gosight-ignore><button x>b</button></div>', 'ignored'],
    ['<input x>', 'text_field'],
    ['<input x type="checkbox">', ''],
    ['<select x></select>', 'text_field'],
  ])('%s: %s', (markup, expected) => {
    expect(reason(markup)).toBe(expected);
  });

  it('after a modified click', () => {
    for (const key of ['ctrlKey', 'metaKey', 'shiftKey', 'altKey'] as const) expect(reason('<a x href="/n">n</a>', { [key]: true })).toBe('modified');
  });
});
