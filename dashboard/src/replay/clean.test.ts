import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cleaner, PLACEHOLDER } from './clean';
import { eventsOf, type Fields, fieldsOf, type Json, KIND, listOf, SOURCE } from './events';
import { event } from './fixtures';

const KEPT = new Map([['https://shop.test/a.png', 'blob:a']]);
const cleaner = () => new Cleaner((url) => KEPT.get(url) ?? null);

let lastId = 10;
function element(tagName: string, attributes: Fields = {}, childNodes: Json[] = [], more: Fields = {}): Fields {
  lastId += 1;
  return { type: 2, id: lastId, tagName, attributes, childNodes, ...more };
}

/** What becomes of an element in a page. */
function built(node: Fields): Fields {
  const page = { type: 0, id: 1, childNodes: [element('html', {}, [node])] };
  const html = fieldsOf(listOf(fieldsOf(cleaner().page(page)).childNodes)[0]);
  return fieldsOf(listOf(html.childNodes)[0]);
}

const attributesOf = (node: Fields) => fieldsOf(built(node).attributes);

describe('an element', () => {
  it('that runs or embeds something keeps its place and shows nothing', () => {
    for (const name of ['script', 'SCRIPT', 'object', 'embed', 'base', 'template', 'frame', 'portal']) {
      const node = element(name, { src: 'https://evil.test', id: 'x' }, [{ type: 3, id: 9, textContent: 'alert(1)' }]);
      expect(built(node), name).toMatchObject({ id: node.id, tagName: 'noscript', attributes: {} });
      expect(JSON.stringify(built(node)), name).not.toContain('alert');
    }
  });

  it('has no handler, and no attribute that loads or switches something', () => {
    const attributes = {
      onclick: 'x()',
      ONERROR: 'x()',
      'xlink:onload': 'x',
      srcdoc: '<p>',
      action: '/',
      sandbox: '',
      ping: '/',
      nonce: 'n',
    };
    expect(attributesOf(element('form', { ...attributes, class: 'kept' }))).toEqual({ class: 'kept' });
  });

  it('without a name that a browser would build is a plain one', () => {
    expect(built(element('a b')).tagName).toBe('span');
    expect(built(element('constructor')).tagName).toBe('span');
    expect(built(element('x-price', {}, [], { isCustom: true, isShadowHost: true }))).toMatchObject({
      tagName: 'x-price',
      isCustom: true,
      isShadowHost: true,
    });
    expect(built(element('font-face', {}, [], { isCustom: true })).isCustom).toBeUndefined();
    expect(built(element('a', {}, [], { isShadowHost: true })).isShadowHost).toBeUndefined();
  });

  it('may animate what it looks like, and not where it leads', () => {
    expect(attributesOf(element('animate', { attributeName: 'opacity', to: '1' }))).toEqual({
      attributeName: 'opacity',
      to: '1',
    });
    for (const attributeName of ['href', 'xlink:href', ' href', 'onclick', 'style']) {
      expect(attributesOf(element('set', { attributeName, to: 'javascript:alert(1)' })).attributeName).toBeUndefined();
    }
  });

  it('has no attribute that every object has', () => {
    const attributes = JSON.parse('{"__proto__":{"polluted":true},"title":"x"}');
    const cleaned = attributesOf(element('p', attributes));
    expect(Object.keys(cleaned)).toEqual(['title']);
    expect('polluted' in cleaned).toBe(false);
  });
});

describe('an address', () => {
  it('of a picture is its bytes, or a grey box', () => {
    expect(attributesOf(element('img', { src: 'asset:https://shop.test/a.png' })).src).toBe('blob:a');
    expect(attributesOf(element('img', { src: 'asset:https://shop.test/b.png' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('img', { src: 'https://evil.test/b.png' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('img', { src: 'data:image/png;base64,AAAA' })).src).toBe('data:image/png;base64,AAAA');
    expect(attributesOf(element('img', { src: 'data:image/svg+xml,<svg/>' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('img', { src: '#top', srcset: '#top 1x' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('video', { src: 'asset:https://shop.test/a.png', poster: 'x' }))).toEqual({
      poster: PLACEHOLDER,
    });
  });

  it('of a picture may be found in its set', () => {
    const srcset = 'asset:https://shop.test/b.png 1x, asset:https://shop.test/a.png 2x';
    expect(attributesOf(element('img', { src: 'asset:https://shop.test/c.png', srcset }))).toEqual({ src: 'blob:a' });
    expect(attributesOf(element('img', { srcset }))).toEqual({ src: 'blob:a' });
    expect(attributesOf(element('source', { srcset }))).toEqual({});
  });

  it('of a link still looks like one and leads nowhere', () => {
    expect(attributesOf(element('a', { href: 'javascript:alert(1)' })).href).toBe('asset:');
    expect(attributesOf(element('a', { href: '#top' })).href).toBe('#top');
    expect(attributesOf(element('use', { 'xlink:href': '#icon' }))).toEqual({ 'xlink:href': '#icon' });
    expect(attributesOf(element('use', { href: 'asset:https://shop.test/a.png#icon' }))).toEqual({});
    expect(attributesOf(element('iframe', { src: 'asset:https://shop.test/a.png' }))).toEqual({});
  });

  it('in a style is treated like any other', () => {
    const cleaned = attributesOf(
      element('p', { style: 'background:url(https://evil.test)', fill: 'url(//evil.test)' }),
    );
    expect(JSON.stringify(cleaned)).not.toContain('evil');
    expect(attributesOf(element('style', { _cssText: 'a{b:url("asset:https://shop.test/a.png")}' }))._cssText).toBe(
      'a{b:url("blob:a")}',
    );
    expect(attributesOf(element('p', { _cssText: 'a{}' }))).toEqual({});
  });

  it('in a text is a text', () => {
    const text = 'See url(https://shop.test) and @import';
    expect(built(element('p', { title: text }, [{ type: 3, id: 5, textContent: text }]))).toMatchObject({
      attributes: { title: text },
      childNodes: [{ textContent: text }],
    });
  });
});

describe('a canvas', () => {
  it('shows what was drawn as its background, in its size', () => {
    const style = attributesOf(
      element('canvas', { width: '200', rr_dataURL: 'data:image/webp;base64,AAAA', style: 'color:red' }),
    ).style;
    expect(style).toContain('--canvas-width:200;--canvas-height:150;background:url("data:image/webp;base64,AAAA")');
    expect(style).toContain('color:red');
  });

  it('shows each frame that was taken of it', () => {
    const blob = { rr_type: 'Blob', type: 'image/webp', data: [{ rr_type: 'ArrayBuffer', base64: 'AAAA' }] };
    const drawImage = { property: 'drawImage', args: [{ rr_type: 'ImageBitmap', args: [blob] }, 0, 0] };
    const frame = { source: SOURCE.canvas, id: 7, type: 0, commands: [{ property: 'clearRect', args: [] }, drawImage] };
    expect(cleaner().event(event(1, KIND.change, frame))?.data).toMatchObject({
      source: SOURCE.mutation,
      attributes: [{ id: 7, attributes: { style: { 'background-image': 'url("data:image/webp;base64,AAAA")' } } }],
    });
    const call = { source: SOURCE.canvas, id: 7, type: 0, property: 'fillText', args: ['x', 0, 0] };
    expect(cleaner().event(event(1, KIND.change, call))).toBeNull();
  });
});

describe('a change', () => {
  const changed = (it: Cleaner, data: Fields) => it.event(event(1, KIND.change, data))?.data;

  it('of a node that was seen is judged by what the node is', () => {
    const it = cleaner();
    const picture = element('img');
    const frame = element('iframe');
    it.page({ type: 0, id: 1, childNodes: [element('html', {}, [picture, frame])] });
    const change = (id: Json | undefined) => ({ id: id ?? 0, attributes: { src: 'asset:https://shop.test/a.png' } });
    expect(
      changed(it, { source: SOURCE.mutation, attributes: [picture, frame, { id: 999 }].map(({ id }) => change(id)) }),
    ).toMatchObject({
      attributes: [{ attributes: { src: 'blob:a' } }, { attributes: {} }, { attributes: {} }],
    });
  });

  it('of a style’s text is a style, and of any other a text', () => {
    const it = cleaner();
    const text = (id: number) => ({ type: 3, id, textContent: '' });
    it.page({ type: 0, id: 1, childNodes: [element('html', {}, [element('style', {}, [text(501)]), text(502)])] });
    const value = 'a{b:url("asset:https://shop.test/a.png")}';
    expect(changed(it, { source: SOURCE.mutation, texts: [501, 502, 503].map((id) => ({ id, value })) })).toMatchObject(
      {
        texts: [
          { id: 501, value: '/**/a{b:url("blob:a")}/**/' },
          { id: 502, value },
          { id: 503, value: `\u2060${value.replace('url(', 'url\u2060(')}\u2060` },
        ],
      },
    );
  });

  it('may add a text before the style it belongs to', () => {
    const it = cleaner();
    const text = { type: 3, id: 601, textContent: 'a{b:url(//evil.test)}' };
    const style = element('style');
    const adds = [
      { parentId: style.id ?? 0, node: text },
      { parentId: 3, node: style },
    ];
    expect(JSON.stringify(changed(it, { source: SOURCE.mutation, adds }))).not.toContain('evil');
    const ofUnseen = { source: SOURCE.mutation, adds: [{ parentId: 999, node: text }] };
    expect(JSON.stringify(changed(it, ofUnseen))).not.toContain('url(');
  });

  it('adds no font that would be fetched', () => {
    const font = { source: SOURCE.font, family: 'x', fontSource: 'url(https://evil.test)', buffer: false };
    expect(changed(cleaner(), font)).toBeUndefined();
    expect(changed(cleaner(), { ...font, buffer: true })).toBeUndefined();
    expect(changed(cleaner(), { ...font, fontSource: '[1,2]', buffer: true })).toMatchObject({ fontSource: '[1,2]' });
  });

  it('that plays media, or is not known, is none', () => {
    for (const source of [SOURCE.media, 11, 16, 99]) expect(changed(cleaner(), { source, id: 1 })).toBeUndefined();
  });
});

describe('a page', () => {
  it('that the Replayer would stop at is none', () => {
    expect(cleaner().page({ type: 0, id: 1, childNodes: [] })).toBeNull();
    expect(cleaner().page({ type: 2, id: 1, tagName: 'html', attributes: {}, childNodes: [] })).toBeNull();
    expect(cleaner().page('<html>')).toBeNull();
    const roots = {
      type: 0,
      id: 1,
      childNodes: [element('html'), element('html'), { type: 3, id: 4, textContent: 'x' }],
    };
    expect(listOf(fieldsOf(cleaner().page(roots)).childNodes)).toHaveLength(1);
  });

  it('ends where no page a person made goes on', () => {
    let node = element('div');
    for (let depth = 0; depth < 5_000; depth += 1) node = element('div', {}, [node]);
    expect(() => built(node)).not.toThrow();
  });

  it('is a copy, for the Replayer changes what it plays', () => {
    const data = { source: SOURCE.mutation, removes: [{ id: 1, parentId: 2 }], adds: [], texts: [], attributes: [] };
    const cleaned = cleaner().event(event(1, KIND.change, data));
    expect(cleaned?.data.removes).toEqual(data.removes);
    expect(cleaned?.data.removes).not.toBe(data.removes);
  });
});

/** Everything in what was cleaned that could run, load or lead somewhere. */
function dangersIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((part, index) => dangersIn(part, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  const fields = value as Fields;
  const found: string[] = [];
  const tag = String(fields.tagName ?? '').toLowerCase();
  if (/^(script|object|embed|base|applet|frame|template)$/.test(tag)) found.push(`${path}: <${tag}>`);
  for (const [name, part] of Object.entries(fieldsOf(fields.attributes))) {
    const text = typeof part === 'string' ? part : JSON.stringify(part);
    if (/^on|:on|^(srcdoc|action|formaction|srcset|data|ping|sandbox)$/i.test(name)) found.push(`${path}: ${name}`);
    if (/(^|:)(src|href|poster)$/i.test(name) && !/^("?(blob:|data:image\/|#)|asset:$|null$)/.test(text))
      found.push(`${path}: ${name}=${text}`);
  }
  return [...found, ...Object.entries(fields).flatMap(([name, part]) => dangersIn(part, `${path}.${name}`))];
}

const FETCHES = /(?:^|[^\w-])url\(\s*["']?(?!["']?(?:blob:|data:|#))|image-set\(|cross-fade\(|@import/i;
const STYLES = new Set([
  '_cssText',
  'style',
  'rule',
  'replace',
  'replaceSync',
  'value',
  'fontSource',
  'fill',
  'filter',
  'mask',
  'values',
  'to',
]);

function stylesIn(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return STYLES.has(name) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([inner, part]) =>
    stylesIn(part, Array.isArray(value) || name === 'style' ? name : inner),
  );
}

describe('hostile recordings', () => {
  const file = new URL('../../../tests/fixtures/hostile-recordings.json', import.meta.url);
  const recordings: { name: string; events: unknown }[] = JSON.parse(readFileSync(file, 'utf8'));

  it('are many', () => {
    expect(recordings.length).toBeGreaterThan(200);
  });

  it.each(
    recordings.map(({ name, events }) => [name, events] as const),
  )('leave nothing that runs or loads: %s', (_, events) => {
    const it = cleaner();
    const cleaned = eventsOf(events, 0).map((event) => it.event(event));
    expect(dangersIn(cleaned)).toEqual([]);
    expect(stylesIn(cleaned).filter((style) => FETCHES.test(style))).toEqual([]);
  });
});
