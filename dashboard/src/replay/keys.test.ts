import { describe, expect, it } from 'vitest';
import type { Session } from '@/api/types';
import { anInsight, aSession } from '@/live/fixtures';
import { nextSpeed, nextStop } from './keys';
import { absenceOf, beforeInsight, beforeWorst, hasEnded, momentOf } from './moment';

describe('keys', () => {
  it('go to the next insight and back, and not to the one they are at', () => {
    const stops = [1_000, 5_000, 9_000];
    expect(nextStop(stops, 5_100, true)).toBe(9_000);
    expect(nextStop(stops, 5_100, false)).toBe(1_000);
    expect(nextStop(stops, 9_000, true)).toBeUndefined();
  });

  it('change the speed step by step, and stop at the ends', () => {
    expect([nextSpeed(1, true), nextSpeed(1, false), nextSpeed(8, true), nextSpeed(0.5, false)]).toEqual([
      2, 0.5, 8, 0.5,
    ]);
  });
});

describe('a moment in an address', () => {
  it('is so many ms into the session, or a time', () => {
    expect(momentOf(new URLSearchParams('t=2500'), 10_000)).toBe(12_500);
    expect(momentOf(new URLSearchParams('at=1970-01-01T00:00:07.000Z'), 10_000)).toBe(7_000);
    expect(momentOf(new URLSearchParams('t=soon&at=never'), 10_000)).toBeNull();
  });

  it('lies right before an insight', () => {
    expect(beforeInsight(anInsight({ timestamp: '2026-01-01T12:00:05.000Z' }))).toEqual({
      at: '2026-01-01T12:00:02.000Z',
    });
  });

  it('lies right before the first of the gravest things of a session that was recorded', () => {
    const marks = [
      { offset_ms: 1_000, type: 'u_turn' as const },
      { offset_ms: 8_000, type: 'rage_click' as const },
      { offset_ms: 20_000, type: 'error_click' as const },
    ];
    expect(beforeWorst(aSession({ has_replay: true, marks }))).toEqual({ t: '5000' });
    expect(beforeWorst(aSession({ has_replay: true, marks: marks.slice(0, 1) }))).toEqual({ t: '0' });
    expect(beforeWorst(aSession({ has_replay: false, marks }))).toEqual({});
    expect(beforeWorst(aSession({ has_replay: true }))).toEqual({});
  });
});

describe('a visit', () => {
  const session = { ended_at: '2026-01-01T12:00:00.000Z' };
  const minutesLater = (minutes: number) => Date.parse(session.ended_at) + minutes * 60_000;

  it('has ended when nothing has been heard of it for five minutes', () => {
    expect(hasEnded(session, 0, minutesLater(4.9))).toBe(false);
    expect(hasEnded(session, 0, minutesLater(5))).toBe(true);
  });

  it('goes on while something of it is recorded', () => {
    expect(hasEnded(session, minutesLater(3), minutesLater(7))).toBe(false);
    expect(hasEnded(session, minutesLater(3), minutesLater(8))).toBe(true);
  });
});

describe('where there is nothing to watch', () => {
  const ended = '2026-01-01T12:00:00.000Z';
  const whyNot = (part: Partial<Session>, status: number, minutesLater = 60 * 24) =>
    absenceOf(aSession({ ended_at: ended, ...part }), status, Date.parse(ended) + minutesLater * 60_000);

  it('a recording that the project has kept for as long as it keeps them has expired, for whoever asks', () => {
    expect([0, 403].map((status) => whyNot({ is_replay_expired: true }, status))).toEqual(['expired', 'expired']);
  });

  it('one that should be kept and was dropped before has expired too', () => {
    expect(whyNot({ has_replay: true }, 404)).toBe('expired');
  });

  it('the recording of a visit that goes on is on its way', () => {
    expect(whyNot({ has_replay: true }, 404, 1)).toBeNull();
  });

  it('a session that was never recorded lacks nothing', () => {
    expect([0, 404].map((status) => whyNot({}, status))).toEqual([null, null]);
  });

  it('who may not watch it is told so', () => {
    expect(whyNot({ has_replay: true }, 403)).toBe('viewer');
  });
});
