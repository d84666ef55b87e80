import { describe, expect, it } from 'vitest';
import { factsOf, KIND } from './events';
import { at, event } from './fixtures';
import { LineBudget, LOG_CHARACTERS_MAX } from './line-budget';

const TEXT = 'x'.repeat(2_000);
const said = (text: string) =>
  event(1, KIND.plugin, { plugin: 'rrweb/console@1', payload: { level: 'log', payload: [text], trace: [] } });
const asked = event(1, KIND.plugin, { plugin: 'rrweb/network@1', payload: { requests: [{ url: '/a', status: 200 }] } });

/** A chunk that logs as much as is kept of a chunk. */
const LOUD = factsOf([...Array.from({ length: 500 }, () => said(TEXT)), asked]);

describe('the lines that are kept', () => {
  it('are all of them, of a page that logs as pages do', () => {
    const { console: lines } = new LineBudget().within(factsOf([said('hello'), said('again')]));
    expect(lines).toMatchObject({ kept: [{ text: 'hello' }, { text: 'again' }], leftOut: 0 });
  });

  it('end at a bound, however long the session, and those left out are counted', () => {
    const budget = new LineBudget();
    const logs = Array.from({ length: 10 }, () => budget.within(LOUD).console);
    const kept = logs.flatMap((log) => log.kept);
    expect(kept.reduce((sum, line) => sum + line.text.length, 0)).toBe(LOG_CHARACTERS_MAX);
    expect(logs.reduce((sum, log) => sum + log.leftOut, kept.length)).toBe(5_000);
  });

  it('of the network do not suffer from a page that logs much', () => {
    const budget = new LineBudget();
    const logs = Array.from({ length: 10 }, () => budget.within(LOUD).network);
    expect(logs.map(({ kept }) => kept[0]?.atMs)).toEqual(Array.from({ length: 10 }, () => at(1)));
  });
});
