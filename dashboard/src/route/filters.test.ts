import { describe, expect, it } from 'vitest';
import { aSession } from '@/live/fixtures';
import { readFilters, sessionMatches } from './filters';

const read = (search: string) => readFilters(new URLSearchParams(search));

describe('the filters of an address', () => {
  it('ask for a recording and for a least duration, by the names of the API', () => {
    expect(read('replay=true&duration_min_ms=30000&range=7d')).toEqual({ replay: 'true', duration_min_ms: '30000' });
  });

  it('leave out a duration that is no number, and what is empty', () => {
    expect(read('duration_min_ms=long&replay=&path=/shop')).toEqual({ path: '/shop' });
  });
});

describe('a session passes', () => {
  const session = aSession({ has_replay: true, duration_ms: 30_000 });

  it('when there is a recording of it, where one is asked for', () => {
    expect(sessionMatches(session, { replay: 'true' })).toBe(true);
    expect(sessionMatches(session, { replay: 'false' })).toBe(false);
    expect(sessionMatches({ ...session, has_replay: false }, { replay: 'true' })).toBe(false);
  });

  it('when it lasted at least as long as is asked for', () => {
    expect(sessionMatches(session, { duration_min_ms: '30000' })).toBe(true);
    expect(sessionMatches(session, { duration_min_ms: '30001' })).toBe(false);
  });

  it('when every filter holds, and not when one does not', () => {
    expect(sessionMatches(session, { replay: 'true', duration_min_ms: '1000', device: 'desktop' })).toBe(true);
    expect(sessionMatches(session, { replay: 'true', duration_min_ms: '1000', device: 'mobile' })).toBe(false);
  });
});
