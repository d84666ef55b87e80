import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff';
import { anEvent, aSession, aTick, T0, T1 } from './fixtures';
import { applyTick, INITIAL, isTold, lose } from './state';

const NOW_MS = Date.parse(T1) + 400;

describe('the live state', () => {
  it('keeps the newest numbers and the moment they are complete to', () => {
    const state = applyTick(INITIAL, aTick(), NOW_MS);
    expect(state).toMatchObject({ connection: 'open', completeTo: T1, lagMs: 400, pulse: [4] });
    expect(state.metrics?.active_sessions).toBe(1);
  });

  it('shows the newest events first', () => {
    const state = applyTick(
      INITIAL,
      aTick({ events: [anEvent({ id: '1', timestamp: T0 }), anEvent({ id: '2', timestamp: T1 })] }),
      NOW_MS,
    );
    expect(state.events.map((event) => event.id)).toEqual(['2', '1']);
  });

  it('keeps the last numbers when the connection is lost, and forgets the ticks', () => {
    const lost = lose(applyTick(INITIAL, aTick(), NOW_MS));
    expect(lost).toMatchObject({ connection: 'lost', completeTo: T1, recent: [] });
    expect(lost.metrics).not.toBeNull();
  });
});

describe('a session', () => {
  const told = (removed?: boolean) => aTick({ sessions: [{ ...aSession({ id: 'here' }), removed }] });

  it('is there once a tick has told of it, and no other is', () => {
    expect(isTold([aTick(), told(), aTick()], 'here')).toBe(true);
    expect(isTold([told()], 'elsewhere')).toBe(false);
    expect(isTold([], 'here')).toBe(false);
  });

  it('is not there any more when the last that was told is that it went', () => {
    expect(isTold([told(), told(true)], 'here')).toBe(false);
    expect(isTold([told(true), told()], 'here')).toBe(true);
  });
});

describe('the way back', () => {
  it('waits longer each time, up to a limit, and spreads', () => {
    expect([0, 1, 2, 20].map((attempt) => backoffMs(attempt, 0))).toEqual([500, 1000, 2000, 15_000]);
    expect(backoffMs(0, 1)).toBe(600);
  });
});
