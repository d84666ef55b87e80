/**
 * Which nodes are told, and by which ids. What counts as told begins anew with every snapshot, and a node keeps its id; one that goes and comes again
 * gets another, for a player may still have what was in it.
 */
import type { Told } from './events.js';

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
export const untell = (node: Node): unknown => ids.delete(node) && told.delete(node);

export function add(node: Node, as: Omit<Told, 'id'> | undefined): Told | undefined {
  const known = ids.get(node) ?? LEFT_OUT;
  const id = !as ? LEFT_OUT : known > 0 ? known : ++lastId;
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
