import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawingIn, pictureOf } from './drawing';

/** The server's judge is tested by the same ones. */
const CASES = JSON.parse(readFileSync(new URL('../../../tests/fixtures/drawings.json', import.meta.url), 'utf8')) as {
  drawing: string;
  is_kept: boolean;
}[];

describe('a drawing in an address', () => {
  it.each([
    ['data:image/svg+xml,<svg/>', '<svg/>'],
    ["data:image/svg+xml;charset=utf8,%3csvg width='100%' fill='%23fff'/%3e", "<svg width='100%' fill='#fff'/>"],
    ['DATA:image/svg+xml;utf8,<svg\n/>#a', '<svg/>'],
    ['data:image/svg+xml;base64,PHN2Zy8+', '<svg/>'],
    ['data:image/svg+xml; BASE64,PHN2Zz48L3N2Zz4', '<svg></svg>'],
    ['data:image/svg+xml,%3csvg%3e%C3%A9é', '<svg>éé'],
  ])('is read as a browser reads it: %s', (address, drawing) => {
    expect(drawingIn(address)).toBe(drawing);
  });

  it.each([
    'data:image/svg+xmlx,<svg/>',
    'data:image/svg+xml',
    'data:image/svg+xml;base64,*',
    'data:image/svg+xml,%ff',
  ])('is none in %s', (address) => {
    expect(drawingIn(address)).toBeNull();
  });
});

describe('a drawing as a picture', () => {
  it('is a document of nobody, with all its characters', () => {
    const drawing = '<svg><title>"é" (#1)</title></svg>';
    expect(pictureOf(drawing)).toMatch(/^data:image\/svg\+xml;charset=utf-8,[^"#]*$/);
    expect(drawingIn(pictureOf(drawing) ?? '')).toBe(drawing);
  });

  it.each(
    CASES.map(({ drawing, is_kept }) => [is_kept ? 'shown' : 'not shown', drawing, is_kept] as const),
  )('is %s: %s', (_, drawing, isKept) => {
    expect(pictureOf(drawing) !== null).toBe(isKept);
  });

  it('is none when it is larger than any that is kept', () => {
    expect(pictureOf(`<svg>${' '.repeat(2 * 1024 * 1024)}</svg>`)).toBeNull();
    expect(drawingIn(`data:image/svg+xml${';'.repeat(20_000_000)}`)).toBeNull();
  });
});
