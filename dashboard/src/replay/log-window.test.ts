import { describe, expect, it } from 'vitest';
import { WINDOW_LINES, windowAt, windowMoved, windowWith } from './log-window';

describe('the window of a log', () => {
  it('begins at the first line, and ends at the last', () => {
    expect([windowAt(-5, 1_000), windowAt(900, 1_000), windowAt(3, 10)]).toEqual([0, 1_000 - WINDOW_LINES, 0]);
  });

  it('stays while it has the line the player is at, and is laid around it otherwise', () => {
    expect([windowWith(200, 200), windowWith(499, 200)]).toEqual([200, 200]);
    expect(windowWith(500, 200)).toBe(350);
    expect(windowWith(199, 200)).toBe(49);
  });

  it('is moved by half of itself', () => {
    expect([windowMoved(300, true), windowMoved(300, false)]).toEqual([450, 150]);
  });
});
