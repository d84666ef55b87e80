/** What happens on a page beside the changes of its tree, in Chromium: each as rrweb's players read it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { FULL_SNAPSHOT, type Recorded, recorded } from './recordings.js';

interface Node {
  id: number;
  attributes?: Record<string, string>;
  childNodes?: Node[];
}
interface Add {
  node: Node;
}
type Ids = Record<string, number>;

const [MUTATION, MOVE, PRESS, SCROLL, RESIZE, INPUT, RULE, DECLARATION, SELECTION, ADOPTED] = [0, 1, 2, 3, 4, 5, 8, 13, 14, 15];

const BODY = `<style id="own">h1 { color: red } @media print { p { color: red } }</style>
  <h1 id="title">One</h1><p id="words">text to select</p><div id="box" style="height:50px;overflow:auto"><div style="height:500px">tall</div></div><div id="host"></div><div id="old"></div>
  <input id="text"><input id="ignored" data-gosight-ignore><input type="checkbox" id="check">
  <form><input type="radio" name="one" id="first" checked><input type="radio" name="one" id="second"></form><form><input type="radio" name="one" id="other" checked></form>
  <select id="select"><optgroup><option>A</option><option id="option">B</option></optgroup></select><textarea id="area"></textarea><button id="go">go</button>
  <div data-gosight-mask><style id="masked">b { color: red }</style></div>
  <iframe id="frame" srcdoc="<style id='inner'>@media all { p { color: red } }</style><input id='field'><p id='line'>line</p>"></iframe><div style="height:3000px"></div>
  <script>
    // As Angular's zone does.
    window.inZone = [];
    window.__zone_symbol__MutationObserver = MutationObserver;
    window.MutationObserver = class extends MutationObserver {
      observe(node, options) {
        if (options.attributeOldValue) inZone.push(node.nodeName);
        super.observe(node, options);
      }
    };
    old.attachShadow({ mode: 'open' });
    const adopt = (root, rule) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(rule); root.adoptedStyleSheets = [sheet]; return sheet; };
    old.shadowRoot.adoptedStyleSheets = [adopt(document, 'p { color: green }')];
    const [of] = [(id) => document.getElementById(id).sheet];
    const inFrame = () => frame.contentDocument;
  </script>`;

/** What is done, what is told of it, and with what. Each begins where the one before it ended. */
const ACTS: [name: string, act: string, source: number | undefined, told: (ids: Ids) => object][] = [
  ['a rule that is added', `of('own').insertRule('h2 { color: blue }', 1)`, RULE, ({ own }) => ({ id: own, adds: [{ rule: 'h2 { color: blue }', index: 1 }] })],
  ['a rule that goes', `of('own').deleteRule(1)`, RULE, ({ own }) => ({ id: own, removes: [{ index: 1 }] })],
  [
    'a rule by its old name',
    `of('own').addRule('h3', 'color: blue', 2)`,
    RULE,
    ({ own }) => ({ id: own, adds: [{ rule: expect.stringMatching(/^h3 \{ ?color: blue;? ?\}$/), index: 2 }] }),
  ],
  [
    'a rule in a rule',
    `of('own').cssRules[1].insertRule('b { color: blue }', 1)`,
    RULE,
    ({ own }) => ({ id: own, adds: [{ rule: 'b { color: blue }', index: [1, 1] }] }),
  ],
  ['a rule that goes from it', `of('own').cssRules[1].deleteRule(1)`, RULE, ({ own }) => ({ id: own, removes: [{ index: [1, 1] }] })],
  [
    'a rule of a sheet of no element',
    `document.adoptedStyleSheets[0].insertRule('h4 { color: blue }')`,
    RULE,
    () => ({ styleId: expect.any(Number), adds: [expect.objectContaining({ rule: 'h4 { color: blue }' })] }),
  ],
  [
    'a sheet that is filled anew',
    `document.adoptedStyleSheets[0].replaceSync('i { color: blue }')`,
    RULE,
    () => ({ styleId: expect.any(Number), replaceSync: 'i { color: blue }' }),
  ],
  [
    'a sheet that is filled later',
    `document.adoptedStyleSheets[0].replace('u { color: blue }')`,
    RULE,
    () => ({ styleId: expect.any(Number), replace: 'u { color: blue }' }),
  ],
  [
    'a property',
    `of('own').cssRules[0].style.setProperty('color', 'blue', 'important')`,
    DECLARATION,
    ({ own }) => ({ id: own, set: { property: 'color', value: 'blue', priority: 'important' }, index: [0] }),
  ],
  [
    'a property that goes',
    `of('own').cssRules[1].cssRules[0].style.removeProperty('color')`,
    DECLARATION,
    ({ own }) => ({ id: own, remove: { property: 'color' }, index: [1, 0] }),
  ],
  [
    'a sheet that the page adopts',
    `adopt(document, 's { color: blue }')`,
    ADOPTED,
    ({ document }) => ({
      id: document,
      styleIds: [expect.any(Number)],
      styles: [{ styleId: expect.any(Number), rules: [{ rule: 's { color: blue; }', index: 0 }] }],
    }),
  ],
  ['a sheet that an old shadow tree has adopted', '', ADOPTED, ({ old }) => ({ id: old, styleIds: [expect.any(Number)] })],
  [
    'a sheet that a new shadow tree adopts',
    `adopt(host.attachShadow({ mode: 'open' }), 'q { color: blue }'); host.shadowRoot.innerHTML = '<p>in the shadow</p>'`,
    ADOPTED,
    ({ host }) => ({ id: host, styles: [{ styleId: expect.any(Number), rules: [{ rule: 'q { color: blue; }', index: 0 }] }] }),
  ],
  [
    'a text in a new shadow tree',
    '',
    MUTATION,
    ({ host }) => ({
      adds: expect.arrayContaining([expect.objectContaining({ parentId: host, node: expect.objectContaining({ tagName: 'p', isShadow: true }) })]),
    }),
  ],
  ['a scroll of the page', 'scrollTo(0, 40)', SCROLL, ({ document }) => ({ id: document, x: 0, y: 40 })],
  ['a scroll of an element', 'box.scrollTop = 30', SCROLL, ({ box }) => ({ id: box, x: 0, y: 30 })],
  ['a value that a script sets', `text.value = 'tea'`, INPUT, ({ text }) => ({ id: text, text: '***', isChecked: false })],
  ['a box that is checked', 'check.click()', INPUT, ({ check }) => ({ id: check, isChecked: true })],
  ['a choice of several', 'second.click()', INPUT, ({ second }) => ({ id: second, isChecked: true })],
  ['what is chosen no more', '', INPUT, ({ first }) => ({ id: first, isChecked: false })],
  ['an option', 'option.selected = true', INPUT, ({ select }) => ({ id: select, text: '***' })],
  ['a long text', `area.value = 'lines'`, INPUT, ({ area }) => ({ id: area, text: '*****' })],
  [
    'a selection',
    `getSelection().setBaseAndExtent(words.firstChild, 0, words.firstChild, 4)`,
    SELECTION,
    () => ({ ranges: [{ start: expect.any(Number), startOffset: 0, end: expect.any(Number), endOffset: 4 }] }),
  ],
  ['the end of a selection', 'getSelection().removeAllRanges()', SELECTION, () => ({ ranges: [] })],
  [
    'a rule in a frame',
    `inFrame().getElementById('inner').sheet.cssRules[0].insertRule('b { color: red }', 1)`,
    RULE,
    () => ({ adds: [{ rule: 'b { color: red }', index: [0, 1] }] }),
  ],
  ['a value in a frame', `inFrame().getElementById('field').value = 'milk'`, INPUT, () => ({ text: '****' })],
];

describe('what is told', () => {
  let browser: Browser;
  let server: Capture;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launch();
    server = await new Capture().listen();
    server.settings = { version: '1' };
    server.pages['/'] =
      `<!doctype html><html><head><script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}' })</script></head><body>${BODY}</body></html>`;
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(server.url);
    // The frame is told after the page.
    await vi.waitUntil(() => 'field' in ids(), { timeout: 30_000 });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const dataOf = (source: number | undefined) =>
    recorded(server)
      .filter(({ data }: Recorded) => data.source === source)
      .map(({ data }) => data);

  /** Of what is on the page, by the names it has there. */
  function ids(): Ids {
    const all = (node: Node): Node[] => [node, ...(node.childNodes ?? []).flatMap(all)];
    const snapshots = recorded(server).filter(({ type }) => type === FULL_SNAPSHOT);
    const later = dataOf(MUTATION).flatMap(({ adds }) => adds as Add[]);
    const roots: Node[] = [...snapshots.map(({ data }) => data), ...later].map(({ node }) => node);
    const named = roots.flatMap(all).map(({ id, attributes }) => [attributes?.id ?? '', id]);
    return { ...Object.fromEntries(named), document: roots[0]?.id };
  }

  /** What has been told of one source. A page that may be gone in a moment waits for no chunk to be full. */
  async function told(source: number | undefined): Promise<Recorded['data'][]> {
    await page.evaluate(`dispatchEvent(new Event('pagehide'))`);
    return dataOf(source);
  }

  it.each(ACTS)('of %s', async (_, act, source, expected) => {
    await page.evaluate(act);
    await expect.poll(() => told(source)).toContainEqual(expect.objectContaining(expected(ids())));
  });

  it('of a press, its pointer and its way there', async () => {
    const { go } = ids();
    await page.click('#go');
    await expect.poll(async () => (await told(PRESS)).map(({ type, id }) => [type, id])).toEqual(expect.arrayContaining([1, 0, 2].map((type) => [type, go])));
    let x = 0;
    const ways = async () => {
      await page.mouse.move(++x, 9);
      return (await told(MOVE)).map(({ positions }) => positions as { timeOffset: number }[]);
    };
    // The first is told at once, those that follow together.
    await expect.poll(async () => Math.max(...(await ways()).map(({ length }) => length))).toBeGreaterThan(1);
    expect((await ways()).flat().every(({ timeOffset }) => timeOffset <= 0 && timeOffset > -1000)).toBe(true);
  });

  it('of another size of the window', async () => {
    await page.setViewportSize({ width: 800, height: 500 });
    await expect.poll(async () => (await told(RESIZE)).at(-1)).toEqual({ source: RESIZE, width: 800, height: 500 });
  });

  it('of no field that is ignored, and of no choice that has not changed', async () => {
    const { ignored, other, text } = ids();
    await page.fill('#ignored', 'secret words');
    // What would have been told of it is told before this.
    await page.fill('#text', 'coffee');
    await expect.poll(() => told(INPUT)).toContainEqual(expect.objectContaining({ id: text, text: '******' }));
    expect(dataOf(INPUT).filter(({ id }) => [ignored, other].includes(id))).toEqual([]);
  });

  it('without a complaint of the page, and without a call of its zone', async () => {
    expect(await page.evaluate('inZone')).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
