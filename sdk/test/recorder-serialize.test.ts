// @vitest-environment happy-dom
/** What of a tree is told at once, and what waits. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readMarks } from '../src/recorder/masks.js';
import { DEPTH_MAX, serialize } from '../src/recorder/serialize.js';
import { begin, isWhole, onSlice } from '../src/recorder/slices.js';

vi.mock('../src/more/core.js', async () => ({
  ...(await import('../src/privacy.js')),
  ...(await import('../src/config.js')),
  ...(await import('../src/guard.js')),
}));

describe('below the depth that readers take, an element', () => {
  const AMPLE_MS = 60_000;

  beforeEach(() => {
    readMarks();
    // Nothing is left over from the one before.
    onSlice(() => {});
    begin(AMPLE_MS);
  });

  function isToldWhole(make: (element: HTMLElement) => unknown): boolean {
    document.body.innerHTML = '<p></p>';
    const element = document.querySelector('p') as HTMLElement;
    make(element);
    expect(serialize(element, { depth: DEPTH_MAX + 1 })).toMatchObject({ tagName: 'p', childNodes: [] });
    return isWhole();
  }

  it.each([
    ['holds nothing', () => {}, true],
    ['has an empty shadow tree', (element: HTMLElement) => element.attachShadow({ mode: 'open' }), true],
    ['holds a text', (element: HTMLElement) => element.append('a text'), false],
    ['has a shadow tree that does', (element: HTMLElement) => element.attachShadow({ mode: 'open' }).append('a text'), false],
  ])('that %s is told whole or waits for the rest', (_, make, isAllTold) => {
    expect(isToldWhole(make)).toBe(isAllTold);
  });
});
