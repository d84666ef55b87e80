import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anEvent, anInsight } from '@/live/fixtures';
import { TONES } from './describe-event';
import { chaptersOf, timelineOf, typesOf } from './timeline';

function at(second: number, type: string) {
  return anEvent({ id: `e${second}`, type, timestamp: new Date(second * 1000).toISOString() });
}

const EVENTS = [at(0, 'page_view'), at(1, 'scroll'), at(2, 'scroll'), at(3, 'click'), at(4, 'js_error')];

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
    const click = (second: number, selector: string) => ({ ...at(second, 'click'), selector });
    const lines = timelineOf([click(0, '#buy'), click(1, '#buy'), click(2, '#menu')], [], 'all');
    expect(lines.map((line) => line.kind === 'event' && line.repeats)).toEqual([2, 1]);
  });

  it('leaves out what is quiet unless asked', () => {
    expect(timelineOf(EVENTS, [], 'important')).toHaveLength(3);
    expect(timelineOf(EVENTS, [], 'errors')).toHaveLength(1);
  });

  it('says that a tab was left, and not that a page was for another one', () => {
    const in1 = { view_id: 'view-1' };
    const in2 = { view_id: 'view-2' };
    const events = [
      { ...at(0, 'page_hidden'), ...in1 },
      { ...at(5, 'page_visible'), ...in1 },
      { ...at(9, 'page_exit'), ...in1 },
      { ...at(9.02, 'page_hidden'), ...in1 },
      { ...at(9.4, 'page_view'), ...in2 },
      { ...at(15, 'page_visible'), ...in1 },
      { ...at(20, 'page_hidden'), ...in2 },
      { ...at(50, 'page_exit'), ...in2 },
    ];
    expect(timelineOf(events, [], 'important').map(({ at }) => Date.parse(at) / 1000)).toEqual([0, 5, 9.4, 20]);
    expect(timelineOf(events, [], 'all')).toHaveLength(events.length);
  });

  it('says a run of dead clicks on one element once, after the rage it belongs to', () => {
    const insights = [
      anInsight({ id: '1', type: 'dead_click' }),
      anInsight({ id: '2', type: 'rage_click' }),
      anInsight({
        id: '3',
        type: 'dead_click',
        timestamp: new Date(Date.parse(anInsight().timestamp) + 90).toISOString(),
      }),
    ];
    expect(chaptersOf(insights).map((line) => [line.insight.type, line.repeats])).toEqual([
      ['rage_click', 1],
      ['dead_click', 2],
    ]);
  });

  it('puts an insight right after the click that began it', () => {
    const insight = anInsight({ timestamp: new Date(3000).toISOString() });
    const kinds = timelineOf(EVENTS, [insight], 'important').map((line) => line.kind);
    expect(kinds).toEqual(['event', 'event', 'insight', 'event']);
  });
});

describe('the types that are asked for', () => {
  it('are what the list shows, and not the thousands of moves and changes it leaves out', () => {
    const types = typesOf('important');
    expect(types).toEqual(expect.arrayContaining(['click', 'page_view', 'page_hidden', 'js_error', 'fetch_request']));
    for (const type of ['mouse_move', 'dom_mutation', 'scroll']) expect(types).not.toContain(type);
    expect(typesOf('errors')).toBe(types);
  });

  it('are all of them when everything is to be told', () => {
    expect(typesOf('all')).toBeNull();
  });

  it('are chosen from every type that the wire knows', () => {
    const proto = readFileSync(new URL('../../../proto/proto/gosight/v1/events.proto', import.meta.url), 'utf8');
    const payloads = /oneof payload \{([^}]*)\}/.exec(proto)?.[1] ?? '';
    const types = [...payloads.matchAll(/^\s*\w+ (\w+) = \d+;/gm)].map(([, name]) => name);
    expect(types.length).toBeGreaterThan(50);
    expect(Object.keys(TONES).toSorted()).toEqual(types.toSorted());
  });
});
