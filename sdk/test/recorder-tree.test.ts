/**
 * Trees that change at random: whatever a page does to its nodes, and in whatever order, the recording plays to the tree that was.
 *
 * Each seed works on a part of its own, so that one visit and one replay judge them all, and a part that differs names its seed.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaints, launch } from './browser.js';
import { Capture, KEY } from './capture.js';
import { FULL_SNAPSHOT, INCREMENT, META, type Recorded, recordingsOf, replayed } from './recordings.js';

/** So few nodes that they meet often, or so many that they are told in slices. */
const SMALL = { seeds: 150, batches: 8, nodesMax: 24, grown: 1 };
const LARGE = { seeds: 3, batches: 5, nodesMax: 9000, grown: 4000 };

/** What a person sees of a tree: no comments, and texts as one where they stand beside each other. */
const SHAPE = `function shape(node) {
  let texts = '';
  const children = [];
  for (const child of node.childNodes) {
    if (child.nodeType === 3) texts += child.nodeValue;
    if (child.nodeType !== 1) continue;
    if (texts) children.push(texts);
    texts = '';
    children.push(shape(child));
  }
  if (texts) children.push(texts);
  if (node.nodeType === 11) return children;
  if (node.hasAttribute('data-gosight-block')) return [node.localName, ','];
  const attributes = ['class', 'title'].map((name) => node.getAttribute(name) ?? '').join();
  return [node.localName, attributes, ...(node.shadowRoot ? [{ shadow: shape(node.shadowRoot) }] : []), ...children];
}`;

const AT_RANDOM = `
  const random = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let it = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
    return ((it ^ (it >>> 14)) >>> 0) / 4294967296;
  };
  const WORDS = ['cup', 'bowl', 'jug', 'vase', 'plate', 'glaze', 'kiln', 'clay'];

  function worker(root, seed, nodesMax, grown) {
    const next = random(seed);
    const below = (count) => Math.floor(next() * count);
    const one = (list) => list[below(list.length)];
    const made = [];
    const isParent = (node) => node.nodeType === 1 || node.nodeType === 11;
    const all = (node) => [node, ...(node.shadowRoot ? all(node.shadowRoot) : []), ...[...node.childNodes].flatMap(all)];
    const there = () => all(root);
    const parents = () => [...there(), ...made.filter((node) => !node.isConnected)].filter(isParent);
    const holds = (node, other) => {
      for (let at = other; at; at = at.parentNode ?? at.host) if (at === node) return true;
      return false;
    };

    function create() {
      const kind = below(10);
      if (kind < 3) return document.createTextNode(one(WORDS));
      if (kind < 4) return document.createComment(one(WORDS));
      const element = document.createElement(kind === 4 ? 'div' : one(['div', 'p', 'b', 'section', 'ul']));
      if (kind === 4) element.attachShadow({ mode: 'open' });
      if (kind === 5) element.setAttribute('data-gosight-block', '');
      return element;
    }

    /** A new node, one that went, or one from somewhere else. */
    function any() {
      const kind = below(3);
      const found = kind === 0 ? undefined : one(kind === 1 ? made : there());
      if (found && found !== root && found.nodeType !== 11) return found;
      const node = create();
      made.push(node);
      return node;
    }

    const ACTS = [
      function put() {
        const node = any();
        const parent = one(parents());
        if (holds(node, parent)) return;
        parent.insertBefore(node, one([null, ...[...parent.childNodes].filter((it) => it !== node)]));
      },
      function putMany() {
        const parent = one(parents());
        const nodes = [any(), any(), any()].filter((node) => !holds(node, parent));
        one([parent.append, parent.prepend, parent.replaceChildren]).apply(parent, nodes);
      },
      function swap() {
        const node = any();
        const old = one(there());
        if (old !== root && old.parentNode && !holds(node, old)) old.parentNode.replaceChild(node, old);
      },
      function take() {
        const node = one(there());
        if (node !== root && node.nodeType !== 11) node.remove();
      },
      function takeAndPutBack() {
        const node = one(there());
        const parent = node.parentNode;
        if (node === root || node.nodeType === 11) return;
        node.remove();
        parent.append(node);
      },
      function write() {
        const text = one(there().filter((node) => node.nodeType === 3));
        if (text) text.data = one(WORDS);
      },
      function split() {
        const text = one(there().filter((node) => node.nodeType === 3 && node.data.length > 1));
        if (text) text.splitText(1);
      },
      function mark() {
        const element = one(there().filter((node) => node.nodeType === 1 && node !== root && !node.hasAttribute('data-gosight-block')));
        if (element) one([() => element.setAttribute(one(['class', 'title']), one(WORDS)), () => element.removeAttribute('class')])();
      },
      function markup() {
        const parent = one(parents());
        if (parent !== root) parent.innerHTML = '<i title="' + one(WORDS) + '">' + one(WORDS) + '<b></b></i>' + one(WORDS);
      },
      function grow() {
        const many = document.createElement('ul');
        for (let at = many, left = grown; left > 0; left--) {
          const node = create();
          at.append(node);
          if (node.localName && !node.hasAttribute('data-gosight-block') && below(3)) at = at.childNodes.length > 9 ? node : at;
        }
        one(parents()).append(many);
      },
      function shadow() {
        const host = one(there().filter((node) => node.localName === 'div' && !node.shadowRoot && !node.hasAttribute('data-gosight-block')));
        if (host) host.attachShadow({ mode: 'open' }).append(one(WORDS));
      },
    ];
    return () => {
      const isMany = there().length > nodesMax;
      for (let acts = 1 + below(8); acts > 0; acts--) (isMany ? one([ACTS[3], ACTS[2], ACTS[5]]) : one(ACTS))();
    };
  }

  /** The recorder sees what is done in one task as a whole. */
  async function work({ batches, nodesMax, grown }) {
    const workers = [...document.querySelectorAll('main')].map((part, seed) => worker(part, seed, nodesMax, grown));
    for (let batch = 0; batch < batches; batch++) {
      for (const act of workers) {
        act();
        await new Promise((done) => setTimeout(done, 4));
      }
    }
  }`;

const PARTS = (doc: string) => `[...${doc}.querySelectorAll('main')].map((part) => JSON.stringify(shape(part)))`;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** A page whose recording has begun. */
async function recorded(head: string, body: string) {
  const server = await new Capture().listen();
  server.settings = { version: '1' };
  server.pages['/'] = `<!doctype html>${head}<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}' })</script>${body}`;
  const page = await browser.newPage();
  const said = complaints(page);
  await page.goto(server.url);
  await server.event('replay_chunk');
  return {
    page,
    server,
    said,
    async close() {
      await page.close();
      await server.close();
    },
  };
}

/** What was on the page when all was done, what a player shows of it by now, and the recording. */
async function worked(how: typeof SMALL) {
  const parts = '<main><p>first</p>text<div></div></main>'.repeat(how.seeds);
  const { page, server, said, close } = await recorded(`<script>${SHAPE}${AT_RANDOM}</script>`, parts);
  await page.evaluate(`work(${JSON.stringify(how)})`);
  const were = (await page.evaluate(PARTS('document'))) as string[];
  await page.evaluate(`document.body.append('the end')`);
  const events = () => [...recordingsOf(server).values()][0] as Recorded[];
  await expect.poll(() => JSON.stringify(events()), { timeout: 20_000 }).toContain('the end');
  const player = await browser.newPage();
  return {
    events,
    said,
    /** The parts that are not as they were, by their seeds. */
    async different() {
      const { found, complaints } = await replayed<string[]>(player, events(), `${SHAPE};${PARTS('doc')}`);
      expect(complaints).toEqual([]);
      return were.flatMap((was, seed) => (was === found[seed] ? [] : [{ seed, was, is: found[seed] }]));
    },
    async close() {
      await player.close();
      await close();
    },
  };
}

/** Counts how often a way from a node to another is asked for. */
const COUNTED = `var asked = 0;
  for (const name of ['parentNode', 'childNodes', 'firstChild', 'lastChild', 'nextSibling', 'previousSibling']) {
    const { get } = Object.getOwnPropertyDescriptor(Node.prototype, name);
    Object.defineProperty(Node.prototype, name, { get() { asked++; return get.call(this); } });
  }`;

const ROWS = 2000;

describe('a long table that is sorted', () => {
  /** On a machine on which a look at the clock takes so long: how often the recorder asked for a way meanwhile, and its gaps. It plays to what the page shows. */
  async function sorted(lookMs: number): Promise<{ asked: number; gaps: number }> {
    const rows = Array.from({ length: ROWS }, (_, row) => `<tr><td>${row}</td><td>${(row * 7919) % ROWS}</td></tr>`).join('');
    const { page, server, said, close } = await recorded(`<script>${COUNTED}</script>`, `<table><tbody>${rows}</tbody></table>`);
    const asked = await page.evaluate(async (lookMs) => {
      const body = document.querySelector('tbody') as HTMLTableSectionElement;
      const sorted = [...body.rows].sort((a, b) => Number(a.cells[1]?.textContent) - Number(b.cells[1]?.textContent));
      const counted = window as unknown as { asked: number };
      let nowMs = performance.now();
      performance.now = () => (nowMs += lookMs);
      counted.asked = 0;
      body.append(...sorted);
      // The recorder was told before.
      await Promise.resolve();
      performance.now = Performance.prototype.now;
      return counted.asked;
    }, lookMs);
    const events = () => [...recordingsOf(server).values()][0] as Recorded[];
    const inPlace = "[...doc.querySelectorAll('td:last-child')].filter((cell, row) => cell.textContent === String(row)).length";
    const player = await browser.newPage();
    await expect.poll(async () => (await replayed<number>(player, events(), inPlace)).found, { timeout: 30_000 }).toBe(ROWS);
    expect(said).toEqual([]);
    await player.close();
    await close();
    return { asked, gaps: events().filter(({ data }) => data.tag === 'gosight.gap').length };
  }

  it('is looked at once a row in the task of the page, whatever is in the rows, and told in slices', async () => {
    const { asked, gaps } = await sorted(0.03);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(2 * ROWS);
    expect(gaps).toBe(0);
  });

  it('is not looked at to its end where that takes too long, and told anew after a gap', async () => {
    const { asked, gaps } = await sorted(0.2);
    // Of the table, whether it is private; of no row.
    expect(asked).toBeLessThan(10);
    expect(gaps).toBeGreaterThan(0);
  });
});

describe('a tree that changes at random', () => {
  it('is played as it was, whatever happened to its nodes', async () => {
    const { events, said, different, close } = await worked(SMALL);
    expect(await different()).toEqual([]);
    // All of it was told as it happened: nothing was set aside for a new snapshot.
    expect(
      events()
        .filter(({ type }) => type !== INCREMENT)
        .map(({ type }) => type),
    ).toEqual([META, FULL_SNAPSHOT]);
    expect(said).toEqual([]);
    await close();
  });

  it('is played as it was in the end where it is so large that it is told in slices', async () => {
    const { said, different, close } = await worked(LARGE);
    await expect.poll(different, { timeout: 30_000 }).toEqual([]);
    expect(said).toEqual([]);
    await close();
  });
});
