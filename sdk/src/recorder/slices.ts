/**
 * Long work in slices. A snapshot or a mutation that is out of time leaves the rest of a parent's children for later: the parent is *incomplete*.
 * In idle time each incomplete parent is looked at again, as it is by then, and the children that are not told yet are told as additions.
 */
import { afterFrame } from '../more/frame.js';
import type { Add } from './events.js';
import { isArea, isBlocked } from './masks.js';
import { idOf, isThere, LEFT_OUT, tellerOf, UNTOLD } from './mirror.js';
import { serialize } from './serialize.js';

/** A slice, so short that an interaction that comes meanwhile is not felt to wait. */
const SLICE_MS = 10;
/** Where the browser is never idle, the next slice comes after this time. */
const IDLE_WAIT_MS = 300;
/** As the page is left there is no later; what waits is told as far as this goes. */
const LAST_SLICE_MS = 30;

/** An addition, and the node it is added to. */
export interface Late extends Add {
  parent: Node;
}

let deadline = 0;
let isWaiting = false;
const incomplete = new Set<Node>();
/** Takes what a slice told, and of which parents. */
let tell: (adds: Late[]) => void = () => {};

export function onSlice(run: typeof tell): void {
  tell = run;
  incomplete.clear();
}

/** When there is time, and right after a frame: to ask where an element is scrolled at another time would lay the page out once more. */
export function whenIdle(run: () => void): void {
  // Safari has no idle time.
  const wait: (run: () => void, options: object) => unknown = window.requestIdleCallback ?? setTimeout;
  wait(() => afterFrame(run), { timeout: IDLE_WAIT_MS });
}

/** A task of ours begins now and has so much time. */
export function begin(ms = SLICE_MS): number {
  const now = performance.now();
  deadline = now + ms;
  return now;
}

export const isTimeUp = (): boolean => performance.now() > deadline;
export const isWhole = (): boolean => !incomplete.size;

export function postpone(parent: Node | null): void {
  if (!parent) return;
  incomplete.add(parent);
  if (isWaiting) return;
  isWaiting = true;
  whenIdle(() => {
    isWaiting = false;
    slice(SLICE_MS);
  });
}

function slice(ms: number): void {
  begin(ms);
  const adds: Late[] = [];
  for (const parent of [...incomplete]) {
    if (isTimeUp()) break;
    incomplete.delete(parent);
    complete(parent, adds);
    const { shadowRoot } = parent as Element;
    if (shadowRoot) complete(shadowRoot, adds);
  }
  tell(adds);
  for (const parent of incomplete) return postpone(parent);
}

export const lastSlice = (): void => slice(LAST_SLICE_MS);

/** A parent that is gone, or not told itself, is told with its children or not at all; one that is blocked has none, and a text area's is its value. */
export function takesChildren(parent: Node): boolean {
  const teller = tellerOf(parent);
  return isThere(teller) && !isBlocked(teller) && !isArea(parent);
}

/** Tells the children that are not told yet, each before the next sibling that is, as long as there is time. */
function complete(root: Node, adds: Late[]): void {
  if (!takesChildren(root)) return;
  const parent = tellerOf(root);
  const parentId = idOf(parent);
  const missing: [Node, number | null][] = [];
  let nextId: number | null = null;
  for (let child = root.lastChild; child; child = child.previousSibling) {
    const id = idOf(child);
    if (id === UNTOLD) missing.push([child, nextId]);
    else if (id !== LEFT_OUT) nextId = id;
  }
  for (let next = missing.pop(); next; next = missing.pop()) {
    const node = serialize(next[0], {});
    if (node) adds.push({ parent, parentId, nextId: next[1], node });
    if (isTimeUp() && missing.length) return postpone(parent);
  }
}

/** As a player takes additions: each node by itself, parents first. */
export function flat(adds: Add[]): Add[] {
  return adds.flatMap(({ parentId, nextId, node }) => {
    if (!node.childNodes) return { parentId, nextId, node };
    const children = node.childNodes.map((child) => ({ parentId: node.id, nextId: null, node: child }));
    return [{ parentId, nextId, node: { ...node, childNodes: [] } }, ...flat(children)];
  });
}
