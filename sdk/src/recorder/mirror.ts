/**
 * Which nodes are told, and by which ids. What counts as told begins anew with every snapshot, and a node keeps its id; one that goes and comes again
 * gets another, for a player may still have what was in it.
 *
 * A node that goes is *untold*, and what is in it is not looked at, however much that is: it keeps ids that are *stale* and gets others as it is told again.
 * So a player has a node when it is told and all around it is (`isThere`).
 */
import type { Told } from './events.js';
import { hostOf, parentOf } from './nodes.js';

/** rrweb's ids of what is not told (yet, or any more), and of what is left out for good. */
export const UNTOLD = -1;
export const LEFT_OUT = -2;

const ids = new WeakMap<Node, number>();
let lastId = 0;
let told = new WeakSet<Node>();
let count = 0;
/** While a snapshot is held: its nodes as they are told. */
let snapshot: WeakMap<Node, Told> | undefined;

export const idOf = (node: Node): number => (told.has(node) ? (ids.get(node) as number) : UNTOLD);
export const untell = (node: Node): unknown => told.delete(node) && ids.delete(node);

/** As it is told: what is in a shadow tree is told of its host. */
export const tellerOf = (parent: Node): Node => hostOf(parent) ?? parent;

/** Whether a player has the node, and nothing around it goes with `isGoing`. */
export function isThere(node: Node, isGoing?: (node: Node) => boolean): boolean {
  for (let at: Node | null = node; at && idOf(at) > 0 && !isGoing?.(at); ) {
    if (at.nodeType === 9) return true;
    const parent: Node | null = parentOf(at);
    at = parent && tellerOf(parent);
  }
  return false;
}

export function add(node: Node, as: Omit<Told, 'id'> | undefined): Told | undefined {
  const known = ids.get(node) ?? LEFT_OUT;
  const id = !as ? LEFT_OUT : known > 0 && !told.has(node) ? known : ++lastId;
  ids.set(node, id);
  told.add(node);
  count++;
  if (!as) return;
  const whole = Object.assign(as, { id });
  snapshot?.set(node, whole);
  return whole;
}

export function beginSnapshot(): void {
  told = new WeakSet();
  snapshot = new WeakMap();
  count = 0;
}

export function endSnapshot(): void {
  snapshot = undefined;
}

/** How many nodes were told since the last snapshot began. */
export const countTold = (): number => count;
export const toldInSnapshot = (node: Node): Told | undefined => snapshot?.get(node);
