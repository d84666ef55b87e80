/**
 * The recorder: what a page looked like and what happened on it, as rrweb events in chunks. Here it is begun and ended. Start reading at recording.ts;
 * page.ts observes, serialize.ts tells nodes, masks.ts decides what may be told.
 */
import type { ReplayMode } from '../config.js';
import { borrow, on, options } from '../more/core.js';
import type { Turn } from '../more/recorder.js';
import { forgetChunks, leaveChunks } from './chunks.js';
import { leaveEarlier } from './earlier.js';
import { makePlan, plan } from './plan.js';
import { isIdle, isKept, openRecording, type Recording } from './recording.js';
import { remember, remembered } from './tab.js';

/** Where a tab remembers how much of its time a session has been recorded. */
const SPENT = 'spent';

export function start(lent: Parameters<typeof borrow>[0]): Turn {
  borrow(lent);
  let recording: Recording | undefined;
  /** What the recording belongs to: another mode or session, or other settings, want another. */
  let belongsTo = '';
  let latest: Parameters<Turn>;
  /** Of the time that a recording of the session may take: neither a pause nor another page of the tab gives it back. */
  let [spentBy, spentMs]: [string, number] = JSON.parse(remembered(SPENT) ?? '["", 0]');

  function spend(): void {
    spentMs = recording?.keptMs() ?? spentMs;
    remember(SPENT, JSON.stringify([spentBy, spentMs]));
  }

  function end(): void {
    spend();
    recording?.stop();
    recording = undefined;
  }

  /** A session may go on in another tab, and so here. What a trigger started is followed by waiting for the next. */
  function whenOver(mode: ReplayMode): void {
    end();
    if (isIdle(latest[2])) belongsTo = '';
    else if (mode === 'trigger') begin();
  }

  function begin(): void {
    // What the page's deferred scripts build of it comes between "interactive" and that event.
    if (document.readyState !== 'complete' && !performance.timing.domContentLoadedEventStart) return;
    makePlan();
    const [mode, , who, page] = latest;
    // What a trigger started is over when its time is, and the next has all of it.
    if (who.session !== spentBy || (mode === 'trigger' && !isKept())) spentMs = 0;
    spentBy = who.session;
    if (plan.maxDurationMs && spentMs > plan.maxDurationMs) return;
    recording = openRecording(mode, who, page, spentMs, () => whenOver(mode));
  }

  const turn: Turn = (...now) => {
    latest = now;
    const [mode, running, who, page, event] = now;
    const belongs = mode === 'off' || isIdle(who) ? '' : [mode, who.session, options.settings?.version].join();
    if (belongs !== belongsTo) {
      end();
      belongsTo = belongs;
      if (belongs) begin();
    }
    // Who opts out has nothing sent of what was recorded, though it may be over.
    if (!running) {
      forgetChunks();
      leaveEarlier([]);
    }
    recording?.move(who, page);
    if (event) recording?.hear(event);
  };

  // By its state as well: what a page has put in the place of `performance` may know no such time.
  on(document, 'DOMContentLoaded readystatechange', () => belongsTo && !recording && begin());
  on(window, 'pagehide visibilitychange', ({ type }) => {
    if (type !== 'pagehide' && !document.hidden) return;
    recording?.leave();
    leaveChunks();
    spend();
  });
  return turn;
}
