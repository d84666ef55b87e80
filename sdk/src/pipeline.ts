/** From a sensor's event to a batch: the gate, the buffer, the timers. */
import { pack } from './batch.js';
import { options } from './config.js';
import type { EventType, GoSightEvent, Page, Payloads } from './events.js';
import { guard, later, report } from './guard.js';
import { isBlockedUrl, textToTell } from './privacy.js';
import { type EventKind, kinds } from './schema.js';
import { type Identity, identity, isSampled, overBecause, renew, touch, uuid } from './session.js';
import { leave, send } from './transport.js';
import { newView, page, viewPayload } from './view.js';

/** How long after a click on an interactive element its responses are urgent; a change of the page answers whatever was clicked, and the next ones answer nothing. */
const RESPONSE_WINDOW_MS = 1000;
/** Timers come late; this much earlier keeps the promise of `urgentWaitMs`. */
const TIMER_SLACK_MS = 20;
/** The first batch waits at most this long for the project's settings. */
export const SETTINGS_WAIT_MS = 1000;
/** In the order of their field numbers. */
const UTM = ['source', 'medium', 'campaign', 'term', 'content'] as const;

/** Sensors report while it is running and not paused. `recording` is what the page asked for, if it did. */
export const state: { running: boolean; halted: boolean; recording?: boolean } = { running: false, halted: false };

/** When something interactive was clicked that no change of the page has answered yet. */
let clickedAt = 0;

let buffer: GoSightEvent[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let dueAt = Infinity;
let heldUntil = 0;
let urgentWaits = false;

let onWaiting: (events: number, urgent?: boolean) => void = () => {};

/** Called with how many events wait, as often as that changes, and whether the last one is urgent. */
export function countWaiting(run: (events: number, urgent?: boolean) => void): void {
  onWaiting = guard(run);
}

export const awaitResponse = (now: number): number => (clickedAt = now);
export const inResponseWindow = (): boolean => Date.now() < clickedAt + RESPONSE_WINDOW_MS;
export const isOn = (category: string): boolean => options.events[category] !== false;
/** An event that waits in the buffer can still grow. */
export const isWaiting = (event: unknown): boolean => buffer.includes(event as GoSightEvent);

const isWelcome = ({ type, page }: GoSightEvent) => isOn((kinds[type] as EventKind).eventCategory) && !isBlockedUrl(page.url) && isSampled();

/** Whether it runs, whether it is paused, who does it, where; what the page asked of the recorder; what happened. */
export type Listener = (running: boolean, halted: boolean, who: Identity, page: Page, recording?: boolean, event?: GoSightEvent) => void;
let listener: Listener = () => {};

/** Called with every event, and without one when anything else changes that a recording depends on. */
export function listen(run: Listener): void {
  listener = guard(run);
  tell();
}

export const tell = (event?: GoSightEvent): void => listener(state.running, state.halted, identity, page, state.recording, event);

export function emit<T extends EventType>(type: T, payload: Payloads[T], at = Date.now(), on?: Page): GoSightEvent<T> | undefined {
  if (!state.running || state.halted) return;
  const { urgent, isPassive, eventCategory } = kinds[type] as EventKind;
  const over = eventCategory === 'session' ? '' : overBecause();
  // Without a visitor who does something there is no session for it to belong to.
  if (over) {
    if (isPassive) return;
    startSession(over);
  }
  if (!isPassive) touch();
  const event = { id: uuid(), type, timestamp_ms: at, page: on ?? page, payload: Object.seal(payload) };
  tell(event);
  if (!isWelcome(event)) return;
  onWaiting(buffer.push(event), urgent);
  const { maxWaitMs, urgentWaitMs, maxEvents } = options.batching;
  // mouse_, media_, memory: they respond to nothing.
  const hurry = urgent || (inResponseWindow() && type[0] !== 'm');
  urgentWaits ||= hurry;
  if (eventCategory === 'dom' && at >= clickedAt) clickedAt = 0;
  schedule(buffer.length < maxEvents ? (hurry ? urgentWaitMs : maxWaitMs) : 0);
  return event;
}

function schedule(waitMs: number): void {
  const now = Date.now();
  const at = Math.max(now + waitMs - TIMER_SLACK_MS, heldUntil);
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = later(flush, at - now);
}

/** A page was opened, or a single-page application moved on: a view, and a session when none is running. */
export function enterView(referrer?: string): void {
  if (!state.running) return;
  const over = overBecause();
  if (over) return startSession(over);
  newView(referrer);
  emit('page_view', viewPayload());
}

/** Ends the running session, if this page is part of one, and starts the next: it sees the page from its beginning. */
export function startSession(reason: string): void {
  if (identity.session && page) emit('session_end', { reason }, identity.active);
  void flush();
  const is_new_visitor = !identity.visitor;
  renew();
  newView();
  const utm = (name: string) => [`utm_${name}`, page.query[`utm_${name}`] ?? ''];
  const from = document.referrer.split('/')[2] ?? '';
  emit('session_start', {
    is_new_visitor,
    entry_url: page.url,
    ...(Object.fromEntries(UTM.map(utm)) as Record<`utm_${(typeof UTM)[number]}`, string>),
    referrer_domain: from === location.host ? '' : from,
  });
  emit('page_view', viewPayload());
  guard(() => options.hooks.onSessionStart?.(identity.session))();
}

/** Holds the first batch until the settings are known, or late. */
export function hold(): void {
  heldUntil = Date.now() + SETTINGS_WAIT_MS;
}

/** The settings came: what they switch off leaves the buffer. */
export function release(): void {
  heldUntil = 0;
  buffer = buffer.filter(isWelcome);
  tell();
  schedule(0);
}

export function discard(): void {
  buffer = [];
  tell();
}

/** Encodes what waits and hands it to the transport; at page hide by beacon. */
export function flush(leaving?: boolean): Promise<unknown> {
  clearTimeout(timer);
  dueAt = Infinity;
  const events = buffer;
  const urgent = urgentWaits;
  buffer = [];
  onWaiting(0);
  urgentWaits = false;
  if (page) page.title = textToTell(document.title);
  for (const { payload, page } of events) if ('hash' in payload) payload.title = page.title;
  const sent = Promise.all(pack(events).map((batch) => send(batch, urgent, leaving))).catch((error) => report('send', error));
  if (leaving) leave();
  return sent;
}
