/**
 * Where the visitor had scrolled to, by a moment. A Replayer scrolls as far as there is page when it comes to it, and before its pictures and
 * fonts have come a page is shorter than it was. Pure.
 */

import { fieldsOf, KIND, numberOf, type RecordedEvent, SOURCE } from './events';

export interface Scroll {
  left: number;
  top: number;
}

/** By the ids of the nodes that were scrolled: the page's document, or parts of it. */
export function scrollsAt(events: readonly RecordedEvent[], atMs: number): Map<number, Scroll> {
  const scrolls = new Map<number, Scroll>();
  for (const { type, timestamp, data } of events) {
    if (timestamp > atMs) break;
    if (type === KIND.snapshot) {
      const { left, top } = fieldsOf(data.initialOffset);
      scrolls.set(numberOf(fieldsOf(data.node).id), { left: numberOf(left), top: numberOf(top) });
    } else if (type === KIND.change && data.source === SOURCE.scroll) {
      scrolls.set(numberOf(data.id), { left: numberOf(data.x), top: numberOf(data.y) });
    }
  }
  return scrolls;
}
