/** Where the visitor clicked, as ticks along the timeline. Pure. */

import type { SessionEvent } from '@/api/types';

/** Ticks closer than this are one, so that a bar full of clicks is still ticks. */
const APART_PX = 3;

/** Where on a bar of this width the ticks are, in px from its left. */
export function ticksOf(events: readonly SessionEvent[], startMs: number, endMs: number, width: number): number[] {
  const ticks: number[] = [];
  const places = events
    .filter(({ type }) => type === 'click')
    .map(({ timestamp }) => Math.round((width * (Date.parse(timestamp) - startMs)) / (endMs - startMs)));
  for (const place of places.sort((a, b) => a - b)) {
    const isOnBar = place >= 0 && place <= width;
    if (isOnBar && place - (ticks.at(-1) ?? Number.NEGATIVE_INFINITY) >= APART_PX) ticks.push(place);
  }
  return ticks;
}
