/**
 * A page's styles, kept with the recording, so that it looks right after the site has changed or is gone. A sheet is told by its rules when its element
 * is; one that comes later when it has come. Rules of another origin nobody may read: that sheet is asked for, as its server may let anyone have it.
 */
import { guard } from '../more/core.js';
import { SHEET_LENGTH_MAX, sheetAt } from './assets.js';
import type { Attributes } from './events.js';
import { cssOf, isMasked } from './masks.js';
import { baseOf } from './nodes.js';
import { guardedly } from './tab.js';

/** `[a:b]` of a selector, which Safari writes without the backslash that it needs. */
const BARE_COLON = /(\[[\w-]+[^\\])(:[\w-]+\])/g;

/** The rules of a sheet as text, with those it imports, as they may be told; undefined when they cannot be read. */
function rulesOf(sheet: CSSStyleSheet, isHidden?: boolean): string {
  let text = '';
  for (const { cssText, styleSheet, selectorText } of sheet.cssRules as Iterable<Rule>) {
    const rule = selectorText ? cssText.replace(BARE_COLON, '$1\\$2') : cssText;
    text += (styleSheet && readable(styleSheet, isHidden)) || cssOf(rule, baseOf(sheet), isHidden);
    // The rules that come first are those that lay out a page.
    if (text.length > SHEET_LENGTH_MAX) break;
  }
  return text;
}
const readable = (sheet: CSSStyleSheet, isHidden?: boolean): string | undefined => guardedly(() => rulesOf(sheet, isHidden));

type Rule = CSSRule & Partial<Pick<CSSImportRule, 'styleSheet'> & Pick<CSSStyleRule, 'selectorText'>>;

/** By their addresses, as they came; empty where they cannot be had. */
const brought = new Map<string, string>();
/** They come one after the other: an address is asked for once, whoever wears it, and of what the page's policy forbids only the first. */
let turn: Promise<unknown> = Promise.resolve();
/** The sheet of an element that was told last. */
const told = new WeakMap<Element, CSSStyleSheet>();

/** Tells the style of an element that is told already. */
let tell: (element: Element, attributes: Attributes) => void;
export function whenStyled(run: typeof tell): void {
  tell = run;
}

/** Tells a style by its rules, as scripts may have left them, in place of its address. */
export function styleOf(element: HTMLLinkElement | HTMLStyleElement, attributes: Attributes, isHidden?: boolean): void {
  const { sheet } = element;
  const address = sheet?.href as string;
  const text = sheet && (readable(sheet, isHidden) ?? cssOf(brought.get(address) ?? '', address, isHidden));
  if (!text) return;
  told.set(element, sheet);
  delete attributes.rel;
  delete attributes.href;
  attributes._cssText = text;
}

function tellStyle(link: HTMLLinkElement): void {
  const attributes: Attributes = {};
  styleOf(link, attributes, isMasked(link));
  if (attributes._cssText) tell(link, attributes);
}

export function watchStyle(link: HTMLLinkElement): void {
  const { sheet } = link;
  link.addEventListener('load', onLoad);
  if (!sheet || told.get(link) === sheet) return;
  const address = sheet.href as string;
  if (readable(sheet) !== undefined) return tellStyle(link);
  const take = guard((text?: string) => {
    // What did not come is asked for again with the next snapshot.
    if (text !== undefined) brought.set(address, text);
    tellStyle(link);
  });
  turn = turn.then(() => brought.get(address) ?? sheetAt(address)).then(take);
}

/** One function, so that an element that is told again is not listened to twice. */
const onLoad = ({ target }: Event) => guard(watchStyle)(target as HTMLLinkElement);
