import { describe, expect, it } from 'vitest';
import { anEvent, anInsight, aSession, T0, T1, T2 } from '@/live/fixtures';
import { timelineMarks } from './marks';

const session = aSession({ started_at: T0, marks: [{ offset_ms: 250, type: 'rage_click' }] });

describe('the marks of the timeline', () => {
  it('are the insights, and each error the page threw', () => {
    const events = [
      anEvent({ type: 'js_error', timestamp: T1 }),
      anEvent({ type: 'unhandled_rejection', timestamp: T2 }),
    ];
    expect(timelineMarks(session, [anInsight({ timestamp: T1 })], events)).toEqual([
      { offset_ms: 250, type: 'rage_click' },
      { offset_ms: 250, type: 'error' },
      { offset_ms: 500, type: 'error' },
    ]);
  });

  it('are not what failed to load, what the console says, or what is no error', () => {
    const events = ['resource_error', 'console_error', 'form_error', 'click'].map((type) => anEvent({ type }));
    expect(timelineMarks(aSession(), [], events)).toEqual([]);
  });

  it("are the session's own until its insights are known, and then all of them", () => {
    expect(timelineMarks(session, [], [])).toEqual(session.marks);
    const insights = Array.from({ length: 70 }, (_, index) => anInsight({ id: `${index}` }));
    expect(timelineMarks(session, insights, [])).toHaveLength(70);
  });
});
