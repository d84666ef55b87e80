import { describe, expect, it } from 'vitest';
import { anInsight } from '@/live/fixtures';
import { timelineOf } from './timeline';

function anEvent(second: number, type: string) {
  return {
    id: `e${second}`,
    session_id: 's',
    type,
    timestamp: new Date(second * 1000).toISOString(),
    path: '/',
    url: '',
    payload: {},
  };
}

const EVENTS = [
  anEvent(0, 'page_view'),
  anEvent(1, 'scroll'),
  anEvent(2, 'scroll'),
  anEvent(3, 'click'),
  anEvent(4, 'js_error'),
];

describe('the timeline', () => {
  it('makes one line of a run of scrolling, with how often', () => {
    const lines = timelineOf(EVENTS, [], 'all');
    expect(lines.map((line) => (line.kind === 'event' ? [line.event.type, line.repeats] : line.id))).toEqual([
      ['page_view', 1],
      ['scroll', 2],
      ['click', 1],
      ['js_error', 1],
    ]);
  });

  it('makes one line of clicks on one element, and not of clicks on two', () => {
    const click = (second: number, selector: string) => ({ ...anEvent(second, 'click'), selector });
    const lines = timelineOf([click(0, '#buy'), click(1, '#buy'), click(2, '#menu')], [], 'all');
    expect(lines.map((line) => line.kind === 'event' && line.repeats)).toEqual([2, 1]);
  });

  it('leaves out what is quiet unless asked', () => {
    expect(timelineOf(EVENTS, [], 'important')).toHaveLength(3);
    expect(timelineOf(EVENTS, [], 'errors')).toHaveLength(1);
  });

  it('puts an insight right after the click that began it', () => {
    const insight = anInsight({ timestamp: new Date(3000).toISOString() });
    const kinds = timelineOf(EVENTS, [insight], 'important').map((line) => line.kind);
    expect(kinds).toEqual(['event', 'event', 'insight', 'event']);
  });
});
