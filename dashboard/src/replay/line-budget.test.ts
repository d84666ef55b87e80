import { describe, expect, it } from 'vitest';
import { factsOf, KIND, type RecordedEvent } from './events';
import { at, event } from './fixtures';
import { LineBudget, LOG_CHARACTERS_MAX } from './line-budget';

const TEXT = 'x'.repeat(1_000);
const said = (text: string, trace = '') =>
  event(1, KIND.plugin, { plugin: 'rrweb/console@1', payload: { level: 'error', payload: [text], trace: [trace] } });
const asked = (url: string) =>
  event(1, KIND.plugin, { plugin: 'rrweb/network@1', payload: { requests: [{ method: 'POST', url }] } });
const times = (count: number, line: RecordedEvent) => Array.from({ length: count }, () => line);

/** Of each of these lines, two thousand characters count. */
const LONG = said(TEXT, TEXT);
const REQUEST = asked('x'.repeat(1_996));

describe('the lines that are kept', () => {
  it('are all of them, of a page that logs as pages do', () => {
    const { console: lines } = new LineBudget().within(factsOf([said('hello'), said('again')]));
    expect(lines).toMatchObject({ kept: [{ text: 'hello' }, { text: 'again' }], leftOut: 0 });
  });

  it.each([
    ['console', LONG],
    ['network', REQUEST],
  ] as const)('of the %s end at a bound, however long the session, and those left out are counted', (log, line) => {
    const budget = new LineBudget();
    const chunk = factsOf(times(400, line));
    const logs = Array.from({ length: 10 }, () => budget.within(chunk)[log]);
    expect(logs.map(({ kept }) => kept.length)).toEqual([400, 400, 200, 0, 0, 0, 0, 0, 0, 0]);
    expect(logs.reduce((sum, { leftOut }) => sum + leftOut, 0)).toBe(4_000 - LOG_CHARACTERS_MAX / 2_000);
  });

  it('are without holes: after one that did not fit comes none', () => {
    const budget = new LineBudget();
    budget.within(factsOf(times(499, LONG)));
    budget.within(factsOf(times(500, LONG)));
    const last = budget.within(factsOf([said(TEXT, `${TEXT}x`), said('short')])).console;
    expect(last).toEqual({ kept: [], leftOut: 2 });
    expect(budget.within(factsOf([said('short')])).console).toEqual({ kept: [], leftOut: 1 });
  });

  it('of the network do not suffer from a page that logs much', () => {
    const budget = new LineBudget();
    const chunk = factsOf([...times(500, LONG), asked('/a')]);
    const logs = Array.from({ length: 10 }, () => budget.within(chunk).network);
    expect(logs.map(({ kept }) => kept[0]?.atMs)).toEqual(Array.from({ length: 10 }, () => at(1)));
  });
});
