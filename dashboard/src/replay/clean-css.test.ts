import { describe, expect, it } from 'vitest';
import { cleanCss, cleanPieces, guardText } from './clean-css';

const KEPT = new Map([
  ['asset:https://shop.test/a b.png', 'blob:kept'],
  ['#gradient', '#gradient'],
]);
const clean = (css: string) => cleanCss(css, (address) => KEPT.get(address) ?? null);
const NOTHING = 'url("data:,")';

describe('a style', () => {
  it('gets the bytes that were kept, and nothing for what was not', () => {
    expect(clean('a{background:url("asset:https://shop.test/a b.png") 0 0}')).toBe(
      'a{background:url("blob:kept") 0 0}',
    );
    expect(clean('a{background:url(asset:https://shop.test/c.png)}')).toBe(`a{background:${NOTHING}}`);
    expect(clean('a{fill:url(#gradient)}')).toBe('a{fill:url("#gradient")}');
  });

  it('reads an address as a browser does', () => {
    expect(clean("a{b:url( 'asset:https://shop.test/a\\20 b.png' )}")).toBe('a{b:url("blob:kept")}');
    expect(clean('a{b:url(asset:https://shop.test/a\\ b.png)}')).toBe('a{b:url("blob:kept")}');
  });

  it.each([
    ['plain', 'a{b:url(https://evil.test/x)}'],
    ['quoted', 'a{b:url("https://evil.test/x")}'],
    ['of another case', 'a{b:URL(https://evil.test/x)}'],
    ['escaped by number', 'a{b:\\75rl(https://evil.test/x)}'],
    ['escaped by long number', 'a{b:u\\000072 l(https://evil.test/x)}'],
    ['escaped by letter', 'a{b:\\url(https://evil.test/x)}'],
    ['without an end', 'a{b:url(https://evil.test/x'],
    ['with a quote without an end', 'a{b:url("https://evil.test/x'],
    ['behind much space', `a{b:url(${' '.repeat(300)}"https://evil.test/x")}`],
    ['after a comment that looks open', '/* \\*/ a{b:url(https://evil.test/x)}'],
    ['after a string that ends at a line', 'a{c:"\n;b:url(https://evil.test/x)}'],
    ['in a custom property', 'a{--b:url(https://evil.test/x)}'],
    ['in a font', '@font-face{src:url(https://evil.test/x) format("woff2")}'],
  ])('fetches nothing from an address that is %s', (_, css) => {
    expect(clean(css).toLowerCase()).toContain(NOTHING);
    expect(clean(css)).not.toContain('evil');
  });

  it('knows no other function that takes an address', () => {
    for (const name of [
      'image-set',
      '-webkit-image-set',
      'cross-fade',
      'src',
      'image',
      'im\\61ge-set',
      'image\\2dset',
    ]) {
      const cleaned = clean(`a{b:${name}("https://evil.test/x" 1x)}`);
      expect(cleaned, name).toContain('\u2060(');
    }
  });

  it('has a rule that does nothing where an import stood, for rules have places', () => {
    const after = '@media not all{}b{c:d}';
    expect(clean('@import "https://evil.test/;x";b{c:d}')).toBe(after);
    expect(clean('@IMPORT url(https://evil.test/;x) screen;b{c:d}')).toBe(after);
    expect(clean('@\\69mport url(https://evil.test/x);b{c:d}')).toBe(after);
    expect(clean('@import "x"{y{z:1}}b{c:d}')).toBe(after);
    expect(clean('a{@import "x"}b{c:d}')).toBe('a{@media not all{}}b{c:d}');
    expect(clean('@import url(https://evil.test')).toBe('@media not all{}');
  });

  it('hides nothing in a string or a comment, which may be none to the next text of the style', () => {
    expect(clean('a{b:"url(x) @import"}/* url(y) */')).toBe('a{b:"url\u2060(x) @\u2060import"}/* url\u2060(y) */');
  });

  it('does not grow together with the text beside it', () => {
    const together = cleanPieces(
      'a{b:u/* rr_split */rl(//evil.test)}/* rr_split */@im/* rr_split */port "x"',
      () => null,
    );
    expect(together.replaceAll('/* rr_split */', '')).toBe(
      '/**/a{b:u/**//**/rl(//evil.test)}/**//**/@im/**//**/port "x"/**/',
    );
  });

  it('stays what it is otherwise', () => {
    for (const css of [
      'a:hover{color:red}',
      '.\\31 0{width:calc(1px + 2px)}',
      'a::before{content:"\\201c (\\"" attr(title)}',
      '@media (min-width:1px){.md\\:flex{display:flex}}',
      'a{transform:translate(1px) rotate(3deg)}/* rr_split */b{c:d}',
    ]) {
      expect(clean(css)).toBe(css);
    }
  });

  it('is harmless when it is cleaned again', () => {
    const once = clean('@import "x";a{b:url(https://evil.test);c:image-set("y" 1x)}');
    expect(clean(once)).toBe(once);
  });
});

describe('a text that may be part of a style', () => {
  it('looks the same and fetches nothing', () => {
    expect(guardText('background:url(//evil.test)').replaceAll('\u2060', '')).toBe('background:url(//evil.test)');
    expect(guardText('background:url(//evil.test)')).not.toContain('url(');
    expect(`u${guardText('rl(//evil.test)')}`).not.toContain('url(');
    expect(guardText('')).toBe('');
  });
});
