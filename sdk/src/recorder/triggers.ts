/** What makes a recording worth keeping, read from the events as they are told. The insights proper are found on the server. */
import type { GoSightEvent, Payloads } from '../events.js';
import { plan } from './plan.js';

/** As the server's rage click. */
const RAGE_CLICKS = 5;
const RAGE_MS = 2000;
const RAGE_PX = 50;
/** As the server's dead click. */
const DEAD_MS = 1000;

/** What answers a click, by its type. */
const ANSWER = /^(page_|dom_mutation|input_|form_|network_|xhr_|fetch_|scroll|custom_event|js_error|unhandled_)/;

/** Gives a function that is told every event, and calls `pull` when one is a trigger, at most a moment late. */
export function watchTriggers(pull: () => void): (event: GoSightEvent) => void {
  let clicks: GoSightEvent<'click'>[] = [];
  let dead: ReturnType<typeof setTimeout> | undefined;

  function isRage(click: GoSightEvent<'click'>): boolean {
    clicks = [...clicks, click].slice(-RAGE_CLICKS);
    const since = (clicks[0] as GoSightEvent).timestamp_ms;
    const middle = (of: 'page_x' | 'page_y') => clicks.reduce((sum, { payload }) => sum + payload[of], 0) / clicks.length;
    const [x, y] = [middle('page_x'), middle('page_y')];
    const isNear = clicks.every(({ payload }) => Math.hypot(payload.page_x - x, payload.page_y - y) <= RAGE_PX);
    return clicks.length === RAGE_CLICKS && click.timestamp_ms - since <= RAGE_MS && isNear;
  }

  return (event) => {
    const { onError, onRageClick, onDeadClick, onCustomEvent } = plan.triggers;
    const { type } = event;
    const payload = event.payload as Payloads['click'] & Payloads['custom_event'];
    if (ANSWER.test(type)) clearTimeout(dead);
    if (onError && /^(js_error|unhandled_)/.test(type)) pull();
    if (type === 'custom_event' && onCustomEvent.includes(payload.name)) pull();
    if (type !== 'click') return;
    const { looks_interactive, never_dead, ignore_rage } = payload.target;
    if (onRageClick && !ignore_rage && !payload.double_tap && isRage(event as GoSightEvent<'click'>)) pull();
    if (onDeadClick && looks_interactive && !never_dead) {
      clearTimeout(dead);
      dead = setTimeout(pull, DEAD_MS);
    }
  };
}
