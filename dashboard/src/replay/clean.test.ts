import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cleaner, PLACEHOLDER } from './clean';
import { eventsOf, type Fields, fieldsOf, type Json, KIND, listOf, SOURCE, textOf } from './events';
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
      const inside = element('img', { alt: 'alert(1)' });
      const node = element(name, { src: 'https://evil.test', id: 'x' }, [
        { type: 3, id: 9, textContent: 'alert(1)' },
        inside,
      ]);
      const nothing = { type: 2, tagName: 'noscript', attributes: {} };
      expect(built(node), name).toEqual({
        ...nothing,
        id: node.id,
        childNodes: [
          { type: 3, id: 9, textContent: '' },
          { ...nothing, id: inside.id, childNodes: [] },
        ],
      });
    }
  });

  it('has no handler, and no attribute that loads or switches something', () => {
    const attributes = {
      onclick: 'x()',
      ONERROR: 'x()',
      'xlink:onload': 'x',
      'on:click': 'x()',
      'a"b': 'x',
      rr_dataURL: 'https://evil.test',
      title: { a: 1 },
      srcdoc: '<p>',
      action: '/',
      sandbox: '',
      ping: '/',
      nonce: 'n',
    };
    const kept = { class: 'kept', rr_scrollTop: 40, checked: null };
    expect(attributesOf(element('form', { ...attributes, ...kept }))).toEqual(kept);
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
    expect(built(element('p', {}, [], { isCustom: true })).isCustom).toBeUndefined();
    expect(built(element('a', {}, [], { isShadowHost: true })).isShadowHost).toBeUndefined();
    expect(built(element('div', {}, [], { isShadowHost: true })).isShadowHost).toBe(true);
  });

  it('may animate what it looks like, and not where it leads', () => {
    expect(attributesOf(element('animate', { attributeName: 'opacity', to: '1' }))).toEqual({
      attributeName: 'opacity',
      to: '1',
    });
    for (const attributeName of ['href', 'xlink:href', ' href', 'src', 'onclick', 'style']) {
      expect(attributesOf(element('set', { attributeName, to: 'javascript:alert(1)' })).attributeName).toBeUndefined();
    }
  });

  it('has no attribute that every object has', () => {
    const attributes = JSON.parse('{"__proto__":{"polluted":true},"title":"x"}');
    const cleaned = attributesOf(element('p', attributes));
    expect(Object.keys(cleaned)).toEqual(['title']);
    expect('polluted' in cleaned).toBe(false);
    for (const hidden of ['{"__proto__":null}', '{"style":{"__proto__":["a","b"]}}']) {
      const all = attributesOf(element('p', JSON.parse(hidden)));
      for (const it of [all, all.style ?? {}]) expect(Object.getPrototypeOf(it), hidden).toBe(Object.prototype);
    }
  });
});

describe('an address', () => {
  it('of a picture is its bytes, or a grey box', () => {
    expect(attributesOf(element('img', { src: 'asset:https://shop.test/a.png' })).src).toBe('blob:a');
    expect(attributesOf(element('img', { src: 'asset:https://shop.test/b.png' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('img', { src: 'https://evil.test/b.png' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('img', { src: 'data:image/png;base64,AAAA' })).src).toBe('data:image/png;base64,AAAA');
    expect(attributesOf(element('img', { src: 'data:image/svg+xml,<svg/>' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('img', { src: 'data:image/svg+xml;base64,AAAA' })).src).toBe(PLACEHOLDER);
    const drawn = { src: 'https://evil.test/b.png', rr_dataURL: 'data:image/png;base64,AAAA' };
    expect(attributesOf(element('img', drawn))).toEqual({ src: drawn.rr_dataURL });
    for (const [tag, name] of [
      ['image', 'xlink:href'],
      ['feImage', 'href'],
      ['input', 'src'],
    ] as const) {
      expect(attributesOf(element(tag, { [name]: 'asset:https://shop.test/a.png' }))[name], tag).toBe('blob:a');
    }
    expect(attributesOf(element('img', { src: '#top', srcset: '#top 1x' })).src).toBe(PLACEHOLDER);
    expect(attributesOf(element('video', { src: 'asset:https://shop.test/a.png', poster: 'x' }))).toEqual({
      poster: PLACEHOLDER,
    });
  });

  it('gets a drawing that its address holds, unless more is in it than a drawing', () => {
    const address = (inside: string) =>
      `asset:data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'>${inside}</svg>`;
    const drawn = encodeURIComponent("<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0h8'/></svg>");
    const src = (inside: string) => attributesOf(element('img', { src: address(inside) })).src;
    expect(src("<path d='M0 0h8'/>")).toBe(`data:image/svg+xml;charset=utf-8,${drawn}`);
    expect(src("<path onload='x()'/>")).toBe(PLACEHOLDER);
    const style = attributesOf(element('p', { style: `background:url("${address("<path d='M0 0h8'/>")}")` })).style;
    expect(style).toBe(`background:url("data:image/svg+xml;charset=utf-8,${drawn}")`);
  });

  it('of a picture may be found in its set', () => {
    const srcset = 'asset:https://shop.test/b.png 1x, asset:https://shop.test/a.png 2x';
    expect(attributesOf(element('img', { src: 'asset:https://shop.test/c.png', srcset }))).toEqual({ src: 'blob:a' });
    expect(attributesOf(element('img', { srcset }))).toEqual({ src: 'blob:a' });
    expect(attributesOf(element('img', { srcset: 'asset:https://shop.test/a.png, b.png 2x' }))).toEqual({
      src: 'blob:a',
    });
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
    expect(attributesOf(element('link', { _cssText: 'a{}' }))._cssText).toBe('a{}');
    expect(attributesOf(element('p', { _cssText: 'a{}' }))).toEqual({});
    expect(attributesOf(element('rect', { fill: 'url("#shade")' })).fill).toBe('url("#shade")');
    const font = '@font-face{src:url("data:font/woff2;base64,AAAA")}';
    expect(attributesOf(element('style', { _cssText: font }))._cssText).toBe(font);
    const styles = {
      color: false,
      margin: ['0', 'important'],
      mask: 'url(//evil.test)',
      cursor: ['url(//evil.test)', ''],
    };
    const { style } = attributesOf(element('p', { style: styles }));
    expect(style).toMatchObject({ color: false, margin: ['0', 'important'] });
    expect(JSON.stringify(style)).not.toContain('evil');
    const text = { type: 3, id: 5, textContent: 'a{b:url(//evil.test)}', isStyle: true };
    expect(JSON.stringify(built(element('p', {}, [text])))).not.toContain('evil');
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

  it('keeps its size, its style and its picture when one of them changes', () => {
    const it = cleaner();
    const canvas = element('canvas', { width: '200', style: 'color:red' });
    it.page({ type: 0, id: 1, childNodes: [element('html', {}, [canvas])] });
    const changed = (attributes: Fields) => {
      const change = { source: SOURCE.mutation, attributes: [{ id: canvas.id as number, attributes }] };
      const { data } = it.event(event(1, KIND.change, change)) ?? {};
      return fieldsOf(fieldsOf(listOf(data?.attributes)[0]).attributes).style;
    };
    const picture = 'data:image/webp;base64,AAAA';
    const styleOf = (width: number, style: string) =>
      `--canvas-width:${width};--canvas-height:150;background:url("${picture}") 0 0/100% 100% no-repeat;${style}`;
    expect(changed({ rr_dataURL: picture })).toBe(styleOf(200, 'color:red'));
    expect(changed({ class: 'wide' })).toBe(styleOf(200, 'color:red'));
    expect(changed({ width: '300' })).toBe(styleOf(300, 'color:red'));
    expect(changed({ style: { color: 'blue' } })).toBe(styleOf(300, 'color:red'));
    expect(changed({ style: null })).toBe(styleOf(300, ''));
    expect(changed({ rr_dataURL: 'https://evil.test/a.png' })).not.toContain('evil');
  });

  it('shows each frame that was taken of it', () => {
    const blob = { rr_type: 'Blob', type: 'image/webp', data: [{ rr_type: 'ArrayBuffer', base64: 'AAAA' }] };
    const drawImage = { property: 'drawImage', args: [{ rr_type: 'ImageBitmap', args: [blob] }, 0, 0] };
    const frame = { source: SOURCE.canvas, id: 7, type: 0, commands: [{ property: 'clearRect', args: [] }, drawImage] };
    expect(cleaner().event(event(1, KIND.change, frame))?.data).toMatchObject({
      source: SOURCE.mutation,
      attributes: [{ id: 7, attributes: { style: { 'background-image': 'url("data:image/webp;base64,AAAA")' } } }],
    });
    const later = JSON.parse(JSON.stringify(drawImage).replace('AAAA', 'BBBB'));
    const frames = { ...frame, commands: [drawImage, later] };
    expect(JSON.stringify(cleaner().event(event(1, KIND.change, frames)))).toContain('BBBB');
    const page = JSON.parse(JSON.stringify(drawImage).replace('image/webp', 'text/html'));
    const call = { source: SOURCE.canvas, id: 7, type: 0, property: 'fillText', args: ['x', 0, 0] };
    for (const nothing of [call, { ...call, args: drawImage.args }, { ...frame, commands: [page] }]) {
      expect(cleaner().event(event(1, KIND.change, nothing))).toBeNull();
    }
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
    const unseen = cleaner();
    const ofUnseen = { source: SOURCE.mutation, adds: [{ parentId: 999, node: text }] };
    expect(JSON.stringify(changed(unseen, ofUnseen))).not.toContain('url(');
    // What it is in is not known later either.
    const changes = { source: SOURCE.mutation, texts: [{ id: 601, value: text.textContent }] };
    expect(JSON.stringify(changed(unseen, changes))).not.toContain('url(');
  });

  it('keeps what tells where a node is, and whether it is in a shadow or a frame', () => {
    const node = element('p');
    const mutation = {
      adds: [{ parentId: 3, previousId: 4, nextId: 5, node, evil: 1 }],
      removes: [{ id: 6, parentId: 3, isShadow: true, evil: 1 }],
      isAttachIframe: true,
      evil: 1,
    };
    expect(changed(cleaner(), { source: SOURCE.mutation, ...mutation })).toEqual({
      source: SOURCE.mutation,
      adds: [{ parentId: 3, previousId: 4, nextId: 5, node }],
      removes: [{ id: 6, parentId: 3, isShadow: true }],
      texts: [],
      attributes: [],
      isAttachIframe: true,
    });
  });

  it.each<[string, Fields]>([
    ['a click', { source: SOURCE.mouse, type: 2, id: 5, x: 10, y: 20, pointerType: 0 }],
    ['a move', { source: SOURCE.mouseMove, positions: [{ x: 1, y: 2, id: 3, timeOffset: -4 }] }],
    ['a scroll', { source: SOURCE.scroll, id: 5, x: 0, y: 400 }],
    ['a resize', { source: SOURCE.resize, width: 800, height: 600 }],
    ['an input', { source: SOURCE.input, id: 5, text: 'a', isChecked: true }],
    ['a selection', { source: SOURCE.selection, ranges: [{ start: 1, startOffset: 2, end: 3, endOffset: 4 }] }],
  ])('that is %s has what belongs to it, and nothing else', (_, change) => {
    expect(changed(cleaner(), { ...change, evil: 'x' })).toEqual(change);
  });

  it('moves the pointer at no time that is still to come, and not without a place', () => {
    const move = { source: SOURCE.mouseMove, positions: [{ x: 1, y: 2, id: 3, timeOffset: 60_000 }] };
    expect(changed(cleaner(), move)).toMatchObject({ positions: [{ timeOffset: 0 }] });
    expect(changed(cleaner(), { ...move, positions: [] })).toBeUndefined();
  });

  it('adds no font that would be fetched', () => {
    const font = { source: SOURCE.font, family: 'x', fontSource: 'url(https://evil.test)', buffer: false };
    expect(changed(cleaner(), font)).toBeUndefined();
    expect(changed(cleaner(), { ...font, buffer: true })).toBeUndefined();
    expect(changed(cleaner(), { ...font, fontSource: '[1,2]' })).toBeUndefined();
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
    expect(cleaner().event(event(1, KIND.snapshot, { node: { type: 0, id: 1 } }))).toBeNull();
    const roots = {
      type: 0,
      id: 1,
      childNodes: [element('html'), element('html'), { type: 3, id: 4, textContent: 'x' }],
    };
    expect(listOf(fieldsOf(cleaner().page(roots)).childNodes)).toHaveLength(1);
  });

  it('holds no document inside of it, and no node without a number', () => {
    const inner = { type: 0, id: 900, childNodes: [] };
    const nameless = { type: 2, id: '7', tagName: 'p', attributes: {}, childNodes: [] };
    expect(built(element('iframe', {}, [inner, nameless])).childNodes).toEqual([]);
  });

  it('is laid out as the browser did, in a window of a size there is, from where it was scrolled to', () => {
    const html = element('html');
    const node = { type: 0, id: 1, compatMode: 'BackCompat', childNodes: [html] };
    const snapshot = { node, initialOffset: { top: 40, left: 2 } };
    expect(cleaner().event(event(1, KIND.snapshot, snapshot))?.data).toEqual(snapshot);
    const sizes = { href: 'https://evil.test', width: 1e9, height: -3 };
    expect(cleaner().event(event(1, KIND.page, sizes))?.data).toEqual({ href: '', width: 20_000, height: 1 });
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

const RUNS =
  /^(script|object|embed|base|applet|frame|frameset|fencedframe|template|portal|param|handler|listener|model)$/;
/** What the fixtures would run, or ask. */
const HOSTILE = /hostile|javascript:/i;
/** Attributes that are words, or mean nothing without what was taken out beside them. */
const WORDS = /^(title|alt|id|constructor|to|from|actiontype)$/i;

/** Everything in what was cleaned that could run, load or lead somewhere. */
function dangersIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((part, index) => dangersIn(part, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  const fields = value as Fields;
  const found: string[] = [];
  const tag = String(fields.tagName ?? '').toLowerCase();
  if (RUNS.test(tag)) found.push(`${path}: <${tag}>`);
  // Both would be carried out by the dashboard itself.
  const isCarriedOut = fields.source === SOURCE.canvas || (fields.source === SOURCE.font && fields.buffer !== true);
  if (path.endsWith('.data') && isCarriedOut) found.push(`${path}: canvas or font`);
  const isEvent = /^\[\d+\]$/.test(path);
  if (isEvent && (fields.type === KIND.custom || fields.type === KIND.plugin)) found.push(`${path}: no page's event`);
  if (HOSTILE.test(textOf(fields.href))) found.push(`${path}: ${fields.href}`);
  for (const [name, part] of Object.entries(fieldsOf(fields.attributes))) {
    const text = typeof part === 'string' ? part : JSON.stringify(part);
    if (name.toLowerCase() === 'attributename' && /^\s*(on|style|src|.*href)/i.test(text))
      found.push(`${path}: animates ${text}`);
    if (/^on|:on|^(srcdoc|action|formaction|srcset|data|ping|sandbox|http-equiv|rr_src|usemap)$/i.test(name))
      found.push(`${path}: ${name}`);
    if (/(^|:)(src|href|poster)$/i.test(name) && !/^("?(blob:|data:image\/|#)|asset:$|null$)/.test(text))
      found.push(`${path}: ${name}=${text}`);
    if (!STYLES.has(name) && !WORDS.test(name) && HOSTILE.test(text)) found.push(`${path}: ${name}=${text}`);
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
