// @vitest-environment happy-dom
/** What the recorder tells of texts, attributes and values, case by case; that nothing else slips through is told by privacy.test.ts, in a browser. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { options } from '../src/config.js';
import { addressOf, attributeOf, cssOf, fieldValue, maskText, nameOf, readMarks, textOf } from '../src/recorder/masks.js';

vi.mock('../src/more/core.js', async () => ({ ...(await import('../src/privacy.js')), ...(await import('../src/config.js')) }));

const PICTURE = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"><text>Ada</text></svg>';
const BASE = 'https://shop.example/';

beforeEach(() => {
  document.body.innerHTML = '';
  Object.assign(options.privacy, { maskRegex: [], maskAllText: false });
  readMarks();
});

/** The first element of a page. */
function element(html: string, selector = 'body > *'): Element {
  document.body.innerHTML = html;
  return document.querySelector(selector) as Element;
}
const told = (html: string, name: string, selector?: string) => {
  const it = element(html, selector);
  return attributeOf(it, name, it.getAttribute(name));
};
const under = (html: string) => `<section data-gosight-mask>${html}</section>`;

describe("a page's own rules", () => {
  it.each([
    ['a date', [/\b\d{4}-\d\d-\d\d\b/g], 'born 1980-02-29 in Hue', 'born *** in Hue'],
    ['a date with words around it', [/born \d{4}-\d\d-\d\d/g], 'Ada, born 1980-02-29', 'Ada, ***'],
    ['a short id', [/\bE\d+\b/g], 'E42', '***'],
    ['a short text in a long one', [/\bE\d+\b/g], 'seen by E42 today', 'seen by *** today'],
  ])('mask %s', (_, maskRegex, text, masked) => {
    options.privacy.maskRegex = maskRegex;
    expect(maskText(text)).toBe(masked);
    expect(textOf(document.createTextNode(text), text)).toBe(masked);
    expect(told(`<i title="${text}">`, 'title')).toBe(masked);
  });

  it('leave dates and short texts alone that they do not name', () => {
    options.privacy.maskRegex = [/secret/g];
    expect(maskText('1980-02-29')).toBe('1980-02-29');
    expect(maskText('E42')).toBe('E42');
    // What looks personal is masked beside them.
    expect(maskText('1980-02-29, ada@example.com')).toBe('1980-02-29, ***');
  });
});

describe('a picture that an address carries in itself', () => {
  it('is told where nothing is masked', () => {
    expect(addressOf(PICTURE, BASE)).toBe(PICTURE);
    expect(cssOf(`a { background: url('${PICTURE}') }`, BASE)).toContain('Ada');
  });

  it.each([
    ['an image', 'img', 'src'],
    ['a poster', 'video', 'poster'],
    ['a drawing', 'object', 'data'],
  ])('is no picture of %s under a mark', (_, tag, name) => {
    const it = element(under(`<${tag}></${tag}>`), tag);
    expect(attributeOf(it, name, PICTURE)).toBe('');
    expect(attributeOf(it, name, '/avatars/ada.png')).toBe('');
  });

  it.each([
    ['double quotes', `url("${PICTURE.replaceAll('"', '\\"')}")`],
    ['single quotes', `url('${PICTURE}')`],
    ['a bracket after an escaped quote', `url("data:image/svg+xml,<svg fill=\\"url(\\"#x\\") \\"><text>Ada</text></svg>")`],
    ['several lines', `url("data:image/svg+xml,<svg>\n<text>Ada</text></svg>")`],
  ])('is no background under a mark, with %s', (_, value) => {
    const it = element(under('<p></p>'), 'p');
    expect(attributeOf(it, 'style', `width: 9px; background: ${value}; height: 9px`)).toMatch(/^width: 9px; background: url\((["'])\1\); height: 9px$/);
  });

  it('is in no style under a mark', () => {
    const it = element(under(`<style>a { background: url("${PICTURE}") }</style>`), 'style');
    expect(textOf(it.firstChild as Node, it.textContent)).not.toContain('Ada');
  });

  it('is nowhere when all texts are masked, and rules go on to fit', () => {
    options.privacy.maskAllText = true;
    expect(told(`<img src='${PICTURE}'>`, 'src')).toBe('');
    expect(cssOf(`a { background: url("${PICTURE}") }`, BASE)).toBe('a { background: url("") }');
    expect(cssOf('a { fill: url(#gradient) }', BASE)).toBe('a { fill: url(#gradient) }');
    const namespace = '@namespace svg url(http://www.w3.org/2000/svg);';
    expect(cssOf(namespace, BASE)).toBe(namespace);
  });
});

describe('under a mark', () => {
  it.each([
    'heading',
    'tooltip',
    'ng-reflect-value',
    'ng-reflect-name',
    'data-note',
    'aria-label',
    'model',
    'value',
    'title',
    'content',
    'v-text',
  ])('an attribute that may hold words is stars: %s', (name) => {
    expect(told(under(`<x-card ${name}="Ada L."></x-card>`), name, 'x-card')).toMatch(/^\*+ ?\*+$/);
    expect(told(under(`<p ${name}="Ada L."></p>`), name, 'p')).toBe('*** **');
  });

  it.each([
    ['id', 'side'],
    ['class', 'wide card'],
    ['width', '40'],
    ['colspan', '2'],
    ['dir', 'rtl'],
    ['role', 'grid'],
    ['type', 'checkbox'],
    ['slot', 'start'],
    ['media', 'print'],
    ['hidden', ''],
    ['data-gosight-mask', ''],
  ])('an attribute that lays out stays: %s', (name, value) => {
    expect(told(under(`<p ${name}="${value}"></p>`), name, 'p')).toBe(value);
  });

  it('a drawing keeps its shapes and loses its words', () => {
    const shapes = { d: 'M0 0L9 9', viewBox: '0 0 9 9', 'stroke-width': '2', cx: '4', gradientUnits: 'userSpaceOnUse', transform: 'rotate(9)', id: 'gradient' };
    const all = { ...shapes, 'data-name': 'Ada', tooltip: 'Ada', 'aria-label': 'Ada' };
    const html = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
    const path = element(under(`<svg><path ${html.join(' ')}></path></svg>`), 'path');
    const kept = Object.entries(all).map(([name, value]) => [name, attributeOf(path, name, value)]);
    expect(Object.fromEntries(kept)).toEqual({ ...shapes, 'data-name': '***', tooltip: '***', 'aria-label': '***' });
    expect(attributeOf(path, 'href', '#gradient')).toBe('#gradient');
  });

  it.each(['/patients/ada', '#ada'])('a link leads nowhere: %s', (href) => {
    expect(told(under(`<a href="${href}">a</a>`), 'href', 'a')).toBe('');
    expect(told(under(`<svg><a href="${href}"></a></svg>`), 'href', 'a')).toBe('');
  });
});

describe('a name', () => {
  it.each([
    ['user-ada@example.com', '___'],
    ['user-ada.lovelace@mail.example.com wide', '___ wide'],
    ['.user-ada\\@example\\.com:hover', '.___:hover'],
    ['#card-4929123004101003', '#card-___'],
    ['tel:+442079461015', 'tel:___'],
    ['key_Qx7101dKcZ9fLmT4vBpW8sHyRjN2aEuG6tX', 'key____'],
  ])('that is personal by its look is none: %s', (name, told) => {
    expect(nameOf(name)).toBe(told);
  });

  it.each([
    // What builds make up, and what their tools' syntax looks like.
    'Button_primaryLarge__aB3xZ',
    '__Roboto_Mono_a1b2c3',
    'css-1x2y3z svelte-1abc2de',
    'sm:w-1/2 max-@md:p-1.5 hover:@md:w-[12.5px]',
    'w-node-b5ff8ae3-11e2-4d3c-9f0a-1234567890ab',
    'clip0_1234_567890123',
    'SVGID_00000045616879923124578440000009_',
    // Numbers of a style.
    'width: 33.333333333333336%; z-index: 2147483647; flex: 1 1 0.3333333333333333px',
  ])('stays that only looks so to the rules of texts: %s', (name) => {
    expect(nameOf(name)).toBe(name);
  });

  it('is the same in a drawing, where it is referred to, and in a style', () => {
    const drawing = `<svg><g id="ada@example.com" fill="url(#ada@example.com)"></g><use href="#4929123004101003"></use></svg>`;
    expect(told(drawing, 'id', 'g')).toBe('___');
    expect(told(drawing, 'href', 'use')).toBe('#___');
    expect(told('<p class="wide ada@example.com">', 'class')).toBe('wide ___');
  });
});

describe("a style's words", () => {
  const style = (value: string, html = '<p></p>') => attributeOf(element(html, 'p'), 'style', value);

  it.each([
    [`content: "Ada L."`, `content: "*** *."`],
    [`content: 'a; }' "Ada" counter(x) 'L'`, `content: '*; }' "***" counter(x) '*'`],
    [`content: url(/a.png) / 'Ada'`, `content: url() / '***'`],
    [`--name: "Ada"; --n: 'L'`, `--name: "***"; --n: '*'`],
    [`quotes: 'Ada' '»'; list-style: 'Ada'`, `quotes: '***' '»'; list-style: '***'`],
    [`cursor: image-set('/ada.png' 1x)`, `cursor: image-set('/***.***' 1x)`],
    [`content: '\\41 da'`, `content: '* **'`],
    ['color: red /* of Ada */; left: 0', 'color: red ; left: 0'],
  ])('are stars under a mark: %s', (value, masked) => {
    expect(style(value, under('<p></p>'))).toBe(masked);
  });

  it.each([
    // Icons, and other glyphs that are no words.
    String.raw`content: "\e900"; --icon: '\f101 \2022'`,
    `content: "\u{e900}"; --icon: "→ •"`,
    // Names of fonts and areas, and selectors.
    `font-family: "Open Sans"; --font-sans: "Inter", serif; grid-template-areas: "head head"`,
  ])('that are none stay under a mark: %s', (value) => {
    expect(style(value, under('<p></p>'))).toBe(value);
  });

  it('are masked in a sheet when all texts are, and its selectors fit on', () => {
    options.privacy.maskAllText = true;
    const it = element('<style>input[type="text"]::after{content:"Ada"}@media print{a{--x:"Ada";color:red}}</style>', 'style');
    expect(textOf(it.firstChild as Node, it.textContent)).toBe('input[type="text"]::after{content:"***"}@media print{a{--x:"***";color:red}}');
  });

  it('are masked as any text where none is hidden', () => {
    expect(style(`content: "call +44 20 7946 1015"; --mail: ada@example.com`)).toBe(`content: "call ***"; --mail: ___`);
    expect(style(`content: "Ada"; --name: 'Ada'`)).toBe(`content: "Ada"; --name: 'Ada'`);
    options.privacy.maskRegex = [/emp-\d+/g];
    expect(style(`content: "of emp-12"`)).toBe(`content: "of ***"`);
  });

  it('take no time to speak of, however long the style', () => {
    const long = `a { d: path("${'M1.5-3.2.5'.repeat(20_000)}") } ${'.a.b'.repeat(20_000)} ${"'".repeat(20_001)}`;
    expect(cssOf(long, BASE, true).length).toBeGreaterThan(200_000);
  }, 2000);
});

describe('what a field holds', () => {
  it.each([
    'type="EMAIL"',
    'name="card_number"',
    'autocomplete="billing CC-Number"',
    'type="text"',
    '',
  ])('is masked, whatever the field is: %s', (attribute) => {
    expect(told(`<input ${attribute} value="Ada L.">`, 'value')).toBe('******');
  });
});

describe('what a custom element holds', () => {
  it.each(['value', 'ng-reflect-value', 'ng-reflect-model'])('is masked as in any field: %s', (name) => {
    expect(told(`<x-input ${name}="Ada L."></x-input>`, name)).toBe('******');
  });

  it('is masked as well when its properties are objects', () => {
    const it = Object.assign(element('<x-input value="Ada"></x-input>'), { type: {}, name: { first: 'Ada' } });
    expect(fieldValue(it, 'Ada')).toBe('***');
  });
});
