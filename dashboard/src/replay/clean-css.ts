/**
 * Styles that fetch nothing. Pure.
 *
 * Two things in CSS make a browser fetch: a function that takes an address, and `@import`. Here
 * - the address of a `url()` becomes what `resolve` makes of it, or nothing;
 * - other functions that take an address can take it from a variable, so their names are broken with a character that shows nothing;
 * - an import becomes a rule that does nothing, for rules are addressed by their position.
 *
 * What is written is read on from where it was written, so this reader and the browser never disagree on where they are.
 */

/** What an address becomes: one with its bytes in it or in memory, or null. */
export type Resolve = (address: string) => string | null;

/** Loads as nothing, without a request. */
const NOTHING_URL = 'data:,';
const NOTHING_RULE = '@media not all{}';
/** WORD JOINER: to a reader nothing, to CSS a letter. */
const GUARD = '\u2060';
const EDGE = '/**/';
const SPLIT = '/* rr_split */';
const TAKES_ADDRESS = /(url|src|image|image-set|cross-fade|expression)$/i;
const TAKES_ADDRESS_OR_IMPORTS = /(url|src|image|image-set|cross-fade|expression)(?=\()|@(?=import)/gi;
const IS_URL = /(^|[^\w-])url$/i;
const NAME_CHARACTERS_MAX = 16;
const SPECIAL = /["'\\(@/]/g;
const NEWLINE = /[\r\n\f]/;
const ESCAPE = /\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\s\S]))/gi;

/** Writes out the letters among the escapes, so that `\75rl(` hides nothing; the rest stays: `\31 0` is a name, `\"` ends no string. */
function spellOut(css: string): string {
  return css.replace(ESCAPE, (whole: string, hex?: string, plain?: string) => {
    const code = hex === undefined ? 0 : Number.parseInt(hex, 16);
    const character = code > 0 && code < 0x80 ? String.fromCharCode(code) : (plain ?? '');
    return /^[a-z-]$/i.test(character) ? character : whole;
  });
}

/** An address without its escapes. */
function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, hex?: string, plain?: string) => {
    if (hex === undefined) return plain === undefined || NEWLINE.test(plain) ? '' : plain;
    const code = Number.parseInt(hex, 16);
    return code === 0 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  });
}

function quoted(address: string): string {
  return `"${address.replace(/["\\\r\n\f]/g, (it) => `\\${it.charCodeAt(0).toString(16)} `)}"`;
}

function guard(text: string): string {
  return text.replace(TAKES_ADDRESS_OR_IMPORTS, (name) => name + GUARD);
}

/** A text that fetches nothing even if it turns out to be part of a style; to a reader it looks the same. */
export function guardText(text: string): string {
  return text && GUARD + guard(text) + GUARD;
}

class Cleaner {
  private at = 0;
  private out = '';
  /** The end of `out`, kept apart: to look at the end of a text that grows would copy all of it. */
  private tail = '';

  constructor(
    private readonly css: string,
    private readonly resolve: Resolve,
  ) {}

  run(): string {
    while (this.at < this.css.length) this.token();
    return this.out;
  }

  private token(): void {
    const character = this.css[this.at] ?? '';
    if (this.css.startsWith('/*', this.at)) this.copyInert(this.endOfComment());
    else if (character === '"' || character === "'") this.copyInert(this.endOfString(this.at));
    else if (character === '\\') this.copy(this.at + 2);
    else if (character === '(') this.bracket();
    else if (character === '@' && /^@import$/i.test(this.css.slice(this.at, this.at + 7))) this.dropImport();
    else this.copy(this.nextSpecial());
  }

  private nextSpecial(): number {
    SPECIAL.lastIndex = this.at + 1;
    return SPECIAL.exec(this.css)?.index ?? this.css.length;
  }

  private put(text: string): void {
    this.out += text;
    this.tail = (this.tail + text.slice(-NAME_CHARACTERS_MAX)).slice(-NAME_CHARACTERS_MAX);
  }

  private copy(end: number): void {
    this.put(this.css.slice(this.at, end));
    this.at = end;
  }

  /** A style may be built of several texts: what is a string to one may be code to the next. */
  private copyInert(end: number): void {
    this.put(guard(this.css.slice(this.at, end)));
    this.at = end;
  }

  private endOfComment(): number {
    const end = this.css.indexOf('*/', this.at + 2);
    return end < 0 ? this.css.length : end + 2;
  }

  /** Just after the closing quote, or at the line end that breaks the string. */
  private endOfString(start: number): number {
    const quote = this.css[start];
    for (let at = start + 1; at < this.css.length; at += 1) {
      const character = this.css[at] ?? '';
      if (character === '\\') at += 1;
      else if (character === quote) return at + 1;
      else if (NEWLINE.test(character)) return at;
    }
    return this.css.length;
  }

  private bracket(): void {
    if (IS_URL.test(this.tail)) {
      this.url();
      return;
    }
    if (TAKES_ADDRESS.test(this.tail)) this.put(GUARD);
    this.copy(this.at + 1);
  }

  private url(): void {
    const start = this.at + 1 + (/^\s*/.exec(this.css.slice(this.at + 1, this.at + 100))?.[0].length ?? 0);
    const quote = this.css[start];
    const isQuoted = quote === '"' || quote === "'";
    const end = isQuoted ? this.endOfString(start) : this.endOfBracket(start);
    const isClosed = isQuoted && end - start > 1 && this.css[end - 1] === quote;
    const text = isQuoted ? this.css.slice(start + 1, isClosed ? end - 1 : end) : this.css.slice(start, end).trim();
    this.put(`(${quoted(this.resolve(unescaped(text)) ?? NOTHING_URL)})`);
    this.at = this.endOfBracket(end) + 1;
  }

  /** At the closing bracket. */
  private endOfBracket(start: number): number {
    for (let at = start; at < this.css.length; at += 1) {
      if (this.css[at] === '\\') at += 1;
      else if (this.css[at] === ')') return at;
    }
    return this.css.length;
  }

  private dropImport(): void {
    this.put(NOTHING_RULE);
    this.at = this.endOfRule();
  }

  /** Just after the semicolon or the block that ends the rule, or at the bracket of the block it stands in. */
  private endOfRule(): number {
    let depth = 0;
    for (let at = this.at; at < this.css.length; at += 1) {
      const character = this.css[at] ?? '';
      if (character === '"' || character === "'") at = this.endOfString(at) - 1;
      else if (character === '\\') at += 1;
      else if (character === ';' && depth === 0) return at + 1;
      else if (character === '}' && depth === 0) return at;
      else if (character === '}' && depth === 1) return at + 1;
      else if ('({['.includes(character)) depth += 1;
      else if (')}]'.includes(character)) depth = Math.max(0, depth - 1);
    }
    return this.css.length;
  }
}

/** Whether there is anything in it that could make a browser fetch. */
function couldFetch(css: string): boolean {
  return css.includes('(') || css.includes('@') || css.includes('\\');
}

/** A whole style sheet, declarations, or a value. */
export function cleanCss(css: string, resolve: Resolve): string {
  return couldFetch(css) ? new Cleaner(spellOut(css), resolve).run() : css;
}

/** One of a style's texts: nothing grows together with the text beside it, as `u` and `rl(` would. */
export function cleanPiece(css: string, resolve: Resolve): string {
  return css && `${EDGE}${cleanCss(css, resolve)}${EDGE}`;
}

/** A style's texts in one, as rrweb writes them. */
export function cleanPieces(css: string, resolve: Resolve): string {
  const pieces = css.split(SPLIT);
  return pieces.length === 1 ? cleanCss(css, resolve) : pieces.map((it) => cleanPiece(it, resolve)).join(SPLIT);
}
