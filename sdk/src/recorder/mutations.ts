/**
 * What changes of a tree, as rrweb tells it: after its MutationBuffer (https://github.com/rrweb-io/rrweb, MIT licence), by our rules. A batch of mutations
 * is read as a whole, and told as the tree is by then: parents before their children, each node before the next sibling that is there.
 *
 * Work is in slices (slices.ts): what there is no time for is postponed, and a node beside one that is postponed waits with it.
 */
import type { Add, Attributes } from './events.js';
import { attributeOf, fieldValue, isBlocked, textOf } from './masks.js';
import { idOf, LEFT_OUT, UNTOLD, untell, wasTold } from './mirror.js';
import { childrenOf, hostOf, isUnder, lastOf, nextOf, parentOf, previousOf } from './nodes.js';
import { isOverdue } from './pressure.js';
import { serialize } from './serialize.js';
import { isTimeUp, postpone } from './slices.js';

/** Gathers the mutations of all documents and shadow trees of a page. */
export interface Mutations {
  gather(record: MutationRecord): void;
  tellAll(): void;
  forget(): void;
}

const isArea = (node: Node | null): node is Element => (node as Element | null)?.tagName === 'TEXTAREA';
/** As it is told: what is in a shadow tree is told of its host. */
const parentFor = (parent: Node): Node => hostOf(parent) ?? parent;

/** Whether a node from which something was removed is not there itself. */
function isGone(node: Node): boolean {
  let at: Node | null = node;
  for (; at && !hostOf(at); at = parentOf(at)) {
    if (idOf(at) === UNTOLD) return true;
    if (parentOf(at)?.nodeType === Node.DOCUMENT_NODE) return false;
  }
  return !at;
}

export function gatherMutations(tell: (data: object) => void): Mutations {
  let texts: { node: Node; value: string }[];
  let attributes: Map<Node, Attributes>;
  let removes: { parentId: number; id: number; isShadow?: true }[];
  let removed: Node[];
  /** The topmost of them. */
  let removedTops: Set<Node>;
  let added: Set<Node>;
  let moved: Set<Node>;
  /** Which node has moved to which parent. */
  let moves: Set<string>;
  let dropped: Set<Node>;

  function forget(): void {
    texts = [];
    attributes = new Map();
    removes = [];
    removed = [];
    removedTops = new Set();
    added = new Set();
    moved = new Set();
    moves = new Set();
    dropped = new Set();
  }

  function attributesOf(element: Element): Attributes {
    const told = attributes.get(element) ?? {};
    attributes.set(element, told);
    return told;
  }

  /** What is in a text area is its value. */
  function changeArea(area: Element): void {
    attributesOf(area).value = fieldValue(area, area.textContent ?? '');
  }

  function gather(record: MutationRecord): void {
    const { type, target, oldValue } = record;
    if (idOf(target) === LEFT_OUT || isBlocked(target)) return;
    if (type === 'characterData') {
      const { data } = target as CharacterData;
      if (data !== oldValue) texts.push({ node: target, value: textOf(target, data) });
    } else if (type === 'attributes') changeAttribute(target as Element, record.attributeName as string, oldValue);
    else if (isArea(target)) changeArea(target);
    else {
      for (const node of record.addedNodes) add(node, target);
      // Of many that go, too much is not looked at to the end.
      for (const node of record.removedNodes) if (!isOverdue()) remove(node, target);
    }
  }

  function changeAttribute(element: Element, name: string, oldValue: string | null): void {
    const value = element.getAttribute(name);
    const kept = value === oldValue ? undefined : attributeOf(element, name, value);
    if (kept === undefined) return;
    const told = attributesOf(element);
    told[name] = kept;
    if (name === 'open' && element.tagName === 'DIALOG') told.rr_open_mode = element.matches(':modal') ? 'modal' : 'non-modal';
  }

  function add(node: Node, to?: Node): void {
    if (isTimeUp()) {
      untell(node);
      postpone(parentOf(node));
      return;
    }
    if (added.has(node) || moved.has(node)) return;
    if (wasTold(node)) {
      if (idOf(node) === LEFT_OUT) return;
      moved.add(node);
      if (to) moves.add([idOf(node), idOf(parentFor(to))].join());
    } else {
      added.add(node);
      dropped.delete(node);
    }
    if (isBlocked(node)) return;
    for (const child of childrenOf(node)) add(child);
    const { shadowRoot } = node as Element;
    if (shadowRoot) for (const child of childrenOf(shadowRoot)) add(child, node);
  }

  function remove(node: Node, from: Node): void {
    const id = idOf(node);
    const parentId = idOf(parentFor(from));
    if (id < 0) return;
    removed.push(node);
    if (isGone(from)) return;
    if (moved.has(node) && moves.has([id, parentId].join())) return unmove(node);
    removes.push({ parentId, id, ...(hostOf(from) && { isShadow: true }) });
    removedTops.add(node);
  }

  function unmove(node: Node): void {
    moved.delete(node);
    childrenOf(node).forEach(unmove);
  }

  /** Whether what was added to a parent is not to be told, for it is nowhere. */
  function isNowhere(node: Node, parent: Node): boolean {
    if (!parent.isConnected) return true;
    return (isUnder(dropped, parent) || isUnder(removedTops, parent)) && !isUnder(moved, node);
  }

  function tellAdded(): Add[] {
    const adds: Add[] = [];
    const ids = new Set<number>();
    const homeless = new Set<Node>();
    const nodes = added.values();
    let first = nodes.next();
    let node: Node | null = null;
    let parent: Node | null = null;
    let parentId = UNTOLD;
    let next: Node | null = null;
    let isLost = false;
    const isAdded = (it: Node | null | undefined): it is Node => added.has(it as Node);
    while (added.size) {
      if (isTimeUp()) {
        for (const late of added) {
          untell(late);
          postpone(parentOf(late));
        }
        break;
      }
      const previous: Node | null = node && previousOf(node);
      if (isAdded(previous)) {
        next = node;
        node = previous;
      } else {
        if (!isAdded(first.value)) first = nodes.next();
        node = first.value as Node;
        for (parent = parentOf(node); parent && added.has(parentFor(parent)); parent = parentOf(node)) node = parentFor(parent);
        if (homeless.has(parent as Node)) parent = null;
        else if (parent) {
          isLost = isNowhere(node, parent);
          const last = lastOf(parent);
          if (isAdded(last)) {
            node = last;
            next = null;
          } else for (next = nextOf(node); isAdded(next); next = nextOf(node)) node = next;
          parentId = idOf(parentFor(parent));
        }
      }
      added.delete(node);
      if (!parent || parentId === UNTOLD) homeless.add(node);
      else if (isLost) dropped.add(node);
      // The text of an area is its value.
      else if (node.nodeType !== Node.TEXT_NODE || !isArea(parent)) {
        while (next && idOf(next) === LEFT_OUT) next = nextOf(next);
        const nextId = next && idOf(next);
        if (nextId === UNTOLD) {
          postpone(parent);
          node = null;
          continue;
        }
        const isCssTold = (parent as Element).tagName === 'STYLE' && ids.has(parentId);
        const told = serialize(node, { isNew: true, isFlat: true, isCssTold });
        if (!told) continue;
        adds.push({ parentId, nextId, node: told });
        ids.add(told.id);
      }
    }
    return adds;
  }

  function tellAll(): void {
    removed.forEach(untell);
    for (const node of moved) {
      const parent = parentOf(node);
      if (!parent || moved.has(parent) || !isUnder(removedTops, parent)) added.add(node);
    }
    const adds = tellAdded();
    const ids = new Set(adds.map(({ node }) => node.id));
    const isKnown = ({ id }: { id: number }) => id !== UNTOLD && !ids.has(id);
    for (const { node } of texts) {
      const parent = parentOf(node);
      if (isArea(parent)) changeArea(parent);
    }
    const data = {
      texts: texts.map(({ node, value }) => ({ id: idOf(node), value })).filter(isKnown),
      attributes: [...attributes].map(([node, told]) => ({ id: idOf(node), attributes: told })).filter(isKnown),
      removes,
      adds,
    };
    forget();
    if (Object.values(data).some((list) => list[0])) tell(data);
  }

  forget();
  return { gather, tellAll, forget };
}
