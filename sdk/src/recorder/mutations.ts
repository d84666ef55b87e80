/**
 * What changes of a tree, as rrweb's players read it. A batch of mutations is read as a whole: what was put somewhere or taken from there is *touched*,
 * and of the nodes that are touched the topmost go from where they were told to be, and come, with all that is in them, where they are by now.
 *
 *   told    ul ─ a b c        b.remove(), ul.prepend(c, d), c.append(b)        now    ul ─ c(b) d a
 *   tells   removes b, c      adds d before a, c with b before d
 *
 * Whatever happened in between, what is told leads from the tree that was told to the tree that is. Work is in slices (slices.ts): what there is no time for
 * is told later, as it is by then.
 */
import type { Add, Attributes } from './events.js';
import { attributeOf, fieldValue, isArea, isBlocked, textOf } from './masks.js';
import { idOf, isThere, LEFT_OUT, tellerOf, UNTOLD, untell } from './mirror.js';
import { hostOf, nextOf, parentOf, previousOf } from './nodes.js';
import { isOverdue } from './pressure.js';
import { serialize } from './serialize.js';
import { flat, isTimeUp, postpone, takesChildren } from './slices.js';

/** Gathers the mutations of all documents and shadow trees of a page. */
export interface Mutations {
  gather(record: MutationRecord): void;
  tellAll(): void;
  forget(): void;
}

export function gatherMutations(tell: (data: object) => void): Mutations {
  let texts: Set<CharacterData>;
  let attributes: Map<Element, Attributes>;
  /** Nodes that were put somewhere or taken away, and where they were before; nowhere, when they were put first. */
  let touched: Map<Node, Node | null>;
  /** What was gathered of last, and whether it is told: a list that is sorted is one target ten thousand times. */
  let asked: Node | undefined;
  let isTold: boolean;

  function forget(): void {
    texts = new Set();
    attributes = new Map();
    touched = new Map();
    asked = undefined;
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

  function gather({ type, target, oldValue, attributeName, addedNodes, removedNodes }: MutationRecord): void {
    if (target !== asked) isTold = idOf(target) !== LEFT_OUT && !isBlocked(target);
    asked = target;
    if (!isTold) return;
    if (type === 'attributes') changeAttribute(target as Element, attributeName as string, oldValue);
    else if (isArea(target)) changeArea(target);
    else if (type === 'characterData') {
      if (isArea(parentOf(target))) changeArea(parentOf(target) as Element);
      else if ((target as CharacterData).data !== oldValue) texts.add(target as CharacterData);
    } else {
      touch(removedNodes, target);
      touch(addedNodes, null);
    }
  }

  function touch(nodes: NodeList, from: Node | null): void {
    // Of very many not all are looked at.
    for (const node of nodes) if (!isOverdue() && !touched.has(node)) touched.set(node, from);
  }

  function changeAttribute(element: Element, name: string, oldValue: string | null): void {
    const value = element.getAttribute(name);
    const kept = value === oldValue ? undefined : attributeOf(element, name, value);
    if (kept === undefined) return;
    const told = attributesOf(element);
    told[name] = kept;
    if (name === 'open' && element.tagName === 'DIALOG') told.rr_open_mode = element.matches(':modal') ? 'modal' : 'non-modal';
  }

  /** Tells nodes that wait beside each other, the last of them first: each comes before one that is there. */
  function tellRun(node: Node, adds: Add[]): void {
    const parent = parentOf(node) as Node;
    // Of ten thousand that wait none looks for the end of them, and nobody asks where they are.
    if (isTimeUp()) return postpone(parent);
    if (!takesChildren(parent)) return;
    const parentId = idOf(tellerOf(parent));
    let last = node;
    let next = nextOf(last);
    for (; next && idOf(next) < 0; next = nextOf(next)) last = next;
    let nextId = next && idOf(next);
    for (let at: Node | null = last; at && idOf(at) < 0; at = previousOf(at)) {
      if (isTimeUp()) return postpone(parent);
      const told = idOf(at) === LEFT_OUT ? undefined : serialize(at, { isNew: true });
      if (!told) continue;
      adds.push({ parentId, nextId, node: told });
      nextId = told.id;
    }
  }

  /** What went, but for what goes with another. From now on all that is touched is untold. */
  function untellTouched(): object[] {
    const removes = [];
    const isTouched = (node: Node) => touched.has(node);
    /** Most went from the same parent. */
    let parent: Node | null = null;
    let stays = false;
    for (const [node, from] of touched) {
      if (from !== parent) {
        parent = from;
        stays = !!from && isThere(tellerOf(from), isTouched);
      }
      if (from && stays && idOf(node) > 0) removes.push({ parentId: idOf(tellerOf(from)), id: idOf(node), ...(hostOf(from) && { isShadow: true }) });
      untell(node);
    }
    return removes;
  }

  function tellAll(): void {
    const removes = untellTouched();
    const runs: Add[] = [];
    for (const node of touched.keys()) if (node.isConnected && idOf(node) === UNTOLD) tellRun(node, runs);
    const adds = flat(runs);
    const ids = new Set(adds.map(({ node }) => node.id));
    const isOld = (node: Node) => isThere(node) && !ids.has(idOf(node));
    const data = {
      texts: [...texts].filter(isOld).map((node) => ({ id: idOf(node), value: textOf(node, node.data) })),
      attributes: [...attributes].filter(([node]) => isOld(node)).map(([node, told]) => ({ id: idOf(node), attributes: told })),
      removes,
      adds,
    };
    forget();
    if (Object.values(data).some((list) => list[0])) tell(data);
  }

  forget();
  return { gather, tellAll, forget };
}
