/**
 * Recording degrades before the page does. When mutations cost more than their share, they are no longer looked at: the recording has a gap, and
 * shows the page again with a fresh snapshot after it, and goes on: what costs too much again has a longer gap. A page that never calms is shown now and then.
 */
import { later, report } from '../more/core.js';
import type { Mutations } from './mutations.js';
import { begin, whenIdle } from './slices.js';

/** One callback's mutations may take so long to look at; what they add is told in slices anyway. */
const TASK_MS_MAX = 25;
/** All of a second's mutations: a tenth of it. */
const SECOND_MS_MAX = 100;
/** Looking at one takes no longer. What did has waited for the processor, which others had, and the page may have its recording all the same. */
const ONE_MS_MAX = 0.5;
/** The clock is asked once for so many: to ask costs as much as to look. */
const ASK_EVERY = 16;
const SECOND_MS = 1000;
/** Gaps one soon after the other are each twice as long as the one before. */
const GAP_MS_FIRST = 1000;
const GAP_MS_MAX = 60_000;

let startedAt = 0;
let secondBegan = 0;
let spentMs = 0;
/** How many mutations and removed nodes this callback has looked at. */
let looked = 0;
let isLate = false;
let gapMs = GAP_MS_FIRST;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Told that a gap begins, and asked for a snapshot at its end. */
let tell: (isGap: boolean) => void = () => {};

export function onPressure(run: typeof tell): void {
  clearTimeout(timer);
  timer = undefined;
  gapMs = GAP_MS_FIRST;
  tell = run;
}

export function takeMutations(batch: MutationRecord[], mutations: Mutations): void {
  startedAt = begin();
  looked = 0;
  isLate = false;
  if (startedAt - secondBegan > SECOND_MS) {
    secondBegan = startedAt;
    spentMs = 0;
  }
  if (timer) return;
  try {
    for (const record of batch) {
      mutations.gather(record);
      if (isOverdue()) return give(mutations);
    }
    mutations.tellAll();
  } catch (error) {
    // What follows would have no base, and nobody would know.
    report('mutations', error);
    return give(mutations);
  }
  spentMs += takenMs();
  if (spentMs > SECOND_MS_MAX) give(mutations);
}

const takenMs = () => Math.min(performance.now() - startedAt, looked * ONE_MS_MAX);

/** Asked at each one: whether what is being looked at has taken too long. */
export function isOverdue(): boolean {
  isLate ||= ++looked % ASK_EVERY === 0 && takenMs() > TASK_MS_MAX;
  return isLate;
}

/** Whether what happens on the page is too much to look at. */
export const isPressed = (): boolean => !!timer;

function give(mutations: Mutations): void {
  mutations.forget();
  tell(true);
  timer = later(() => whenIdle(resume), gapMs);
}

function resume(): void {
  // Another recording may have begun since.
  if (!timer) return;
  gapMs = Math.min(gapMs * 2, GAP_MS_MAX);
  timer = undefined;
  tell(false);
  // Calm for as long as the gap was, it may be short again.
  const until = gapMs;
  setTimeout(() => !timer && gapMs === until && (gapMs = GAP_MS_FIRST), until);
}
