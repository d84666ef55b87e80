/** What the live connection itself knows: the newest numbers, the last ticks. */

import type { Iso, SessionEvent } from '@/api/types';
import type { LiveMetrics, Tick } from './messages';

export type Connection = 'connecting' | 'open' | 'lost';

export interface LiveState {
  connection: Connection;
  /** Everything accepted before this moment is on the screen. */
  completeTo: Iso | null;
  /** How far that moment was behind the server's clock when it was told. */
  lagMs: number;
  metrics: Omit<LiveMetrics, 'delta'> | null;
  /** Events per minute at the last ticks, oldest first. */
  pulse: number[];
  events: SessionEvent[];
  recent: readonly Tick[];
}

/** At four ticks a second this covers a minute: longer than any fetch takes. */
const TICKS_MAX = 240;
const PULSE_MAX = 60;
const EVENTS_MAX = 60;
export const INITIAL: LiveState = {
  connection: 'connecting',
  completeTo: null,
  lagMs: 0,
  metrics: null,
  pulse: [],
  events: [],
  recent: [],
};

export function applyTick(state: LiveState, tick: Tick, serverNowMs: number): LiveState {
  return {
    connection: 'open',
    completeTo: tick.complete_to,
    lagMs: serverNowMs - Date.parse(tick.complete_to),
    metrics: tick.metrics ?? state.metrics,
    pulse: tick.metrics ? [...state.pulse, tick.metrics.events_per_minute].slice(-PULSE_MAX) : state.pulse,
    events: tick.events?.length ? [...tick.events.toReversed(), ...state.events].slice(0, EVENTS_MAX) : state.events,
    recent: [...state.recent, tick].slice(-TICKS_MAX),
  };
}

/** Numbers stay on the screen, greyed; the gap makes the ticks worthless. */
export function lose(state: LiveState): LiveState {
  return { ...state, connection: 'lost', recent: [] };
}

/** Whether there is such a session, as far as has been told lately: it may not be in the tables yet. */
export function isTold(ticks: readonly Tick[], session: string): boolean {
  const last = ticks.flatMap(({ sessions }) => sessions ?? []).findLast(({ id }) => id === session);
  return last !== undefined && !last.removed;
}
