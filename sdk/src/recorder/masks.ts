/**
 * What of the page may be told. Everything passes here before it is kept: which nodes, their texts, attributes and values. The rules themselves are
 * the core's (../privacy.ts); here stands where they apply.
 */

import { cleanUrl, closest, isIgnored, looksSecret, marked, options, textToTell } from '../more/core.js';
import { matches, parentOf } from './nodes.js';
import { plan } from './plan.js';
import { guardedly } from './tab.js';

/** A date is no phone number. */
const DATE = /(\b(?:\d{4}-\d\d?-\d\d?|\d\d?[.-]\d\d?[.-]\d{4})\b)/;
/** Shorter texts hold nothing that is personal by its look. */
const PERSONAL_LENGTH_MIN = 6;

/** Attributes nobody needs to see a page: they act, load or let something in. */
const LEFT_OUT = /^(on.*|nonce|integrity|srcdoc|(image)?srcset|sizes|auto(play|focus)|ping|loading|crossorigin)$/;
const ADDRESS = /^(src|(xlink:)?href|poster|(form)?action|data|background|cite|longdesc)$/;
/** Attributes that show a picture. */
const PICTURED = /^(src|(xlink:)?href|poster|style)$/;
/** What a person reads or hears of an element, or scripts keep in it. */
const WORDS = /^(title|alt|placeholder|label|summary|content|value|aria-|data-(?!gosight))/;
/** What a field holds; a framework may write it down a second time. */
const VALUE = /^(value|ng-reflect-(value|model))$/;
/**
 * All that a masked element keeps beside its class and style: the names by which styles, labels and slots find it, what it is, how large it is and in which
 * state. Any other attribute may hold a text, for what a component shows is often handed to it so.
 */
const LAYOUT =
  /^(id|name|for|is|slot|part|exportparts|type|role|dir|lang|width|height|size|rows|cols|(col|row)?span|v?align|border|(bg)?color|face|cell(padding|spacing)|frame|rules|nowrap|start|reversed|multiple|controls|checked|selected|disabled|readonly|hidden|open|inert|wrap|rel|as|media|data-gosight-.*)$/;
/** Of a drawing its shapes as well, and what is a property of style (`isLayout`). */
const DRAWING = /^(d|points|viewbox|preserveaspectratio|[xyr]|[xy][12]|d[xy]|[cfr][xyr]|offset|marker(width|height)|\w+units|\w*transform|xmlns(:\w+)?)$/i;
/** Any option's value: a player shows the first one. */
const CHOICE = '***';
const BUTTON = /^(submit|button|reset|image)$/;
/** Where people type beside fields. */
const EDITED = ',textarea,[contenteditable]:not([contenteditable=false])';

/** Called with each element of which such an attribute is told. */
let onAddress: (element: Element) => void = () => {};
export function whenAddressTold(run: typeof onAddress): void {
  onAddress = run;
}

let masked = '';
let blocked = '';
/** Whether a style that lets people type has been told: to ask each element for its own takes time. */
let isStyleEditing = false;

/** The marks and settings hold for a whole recording. */
export function readMarks(): void {
  masked = marked('mask') + EDITED;
  blocked = marked('block');
}

const stars = (text: string, of = /\S/g) => text.replace(of, '*');

/** The element around a node: its parent, the host of its shadow tree, the frame of its document. */
function elementOf(node: Node): Element | null | undefined {
  if (node.nodeType === 1) return node as Element;
  const { host } = (node.parentNode ?? node) as ShadowRoot;
  return node.parentElement ?? host ?? (node as Document).defaultView?.frameElement;
}

/** Which parents are under which marks, while a batch of mutations is looked at: as long as no script runs that stays as it is. */
let parents: Map<string, Map<Node, boolean>> | undefined;

/** Asks of each parent once in all that `look` does: ten thousand changes have few parents. */
export function lookingAt(look: () => void): void {
  parents = new Map([masked, blocked].map((selector) => [selector, new Map()]));
  try {
    look();
  } finally {
    parents = undefined;
  }
}

function isUnder(node: Node, selector: string): boolean {
  const element = elementOf(node);
  if (!element) return false;
  const parent = parentOf(element) as Element | null;
  const known = parents?.get(selector);
  if (!known || parent?.nodeType !== 1) return !!closest(element, selector);
  if (matches(element, selector)) return true;
  const isKnown = known.get(parent) ?? !!closest(parent, selector);
  known.set(parent, isKnown);
  return isKnown;
}

export const isBlocked = (node: Node): boolean => isUnder(node, blocked);
export const isMasked = (node: Node): boolean => options.privacy.maskAllText || node.ownerDocument?.designMode === 'on' || isUnder(node, masked);
/** What is in a text area is its value. */
export const isArea = (node: Node | null): node is Element => (node as Element | null)?.tagName === 'TEXTAREA';
/** Nothing that happens in the field is told. */
export const isUnseen = (field: Element): boolean => isIgnored(field);
/** As above, of an element whose ancestors are known to be neither. */
export const isBlock = (element: Element): boolean => element.matches(blocked);
export const isMask = (element: Element): boolean => element.matches(masked);

/** What the page calls private is, however short it is and whatever it looks like. */
const byRules = (text: string): string =>
  options.privacy.maskRegex.reduce((rest, rule) => rest.replaceAll(rule.global === false ? RegExp(rule, `${rule.flags}g`) : rule, '***'), text);

export function maskText(text: string, isHidden?: boolean): string {
  if (isHidden) return stars(text);
  const rest = byRules(text);
  if (rest.length < PERSONAL_LENGTH_MIN) return rest;
  return rest
    .split(DATE)
    .map((part, index) => (index % 2 ? part : textToTell(part, false)))
    .join('');
}

/**
 * What is personal by its look in a name, where a text's rules would hit what builds and drawing tools make up: e-mail addresses, as in a selector too, tokens,
 * card and phone numbers.
 */
const NAMED =
  /(?<![\w\\+-])\w[\w.\\+-]{0,99}(@|%40)[-\w\\]+\.[-\w.\\]+|(?<![a-z\d])(?=([a-z]*\d+[a-z]){3})[a-z\d]{24,}|(?<![\w.])[2-6]\d{13,15}\b|(\+|%2b)\d{8,}/gi;

/** A class, an id or what refers to one, as it may be told: a name still, so that a style's rule goes on to fit. */
export const nameOf = (name: string): string => name.replace(NAMED, '___');

/** An absolute address without secrets; a reference into the page, and what an address itself holds, stay. What is hidden has no address: it may be a name. */
export function addressOf(value: string, base: string, isHidden = options.privacy.maskAllText): string {
  if (/^#[^=@]*$/.test(value)) return nameOf(value);
  if (isHidden) return '';
  if (/^data:(image|font)\//i.test(value)) return plan.images === 'placeholder' ? '' : value;
  return guardedly(() => cleanUrl(new URL(value, base))) ?? '';
}

/** `url(…)` in a style, a string of one line, each up to a quote that is not escaped, or a comment. */
export const CSS_PIECE = /url\(\s*(["']?)((?:\\.|[^\\])*?)\1\s*\)|(?<!\\)(["'])((?:\\.|[^\\\n])*?)\3|\/\*.*?(?:\*\/|$)/gs;
/** What a style is split into by them: what stands before one, the mark around an address and the address, the mark around a string and the string. */
const CSS_PARTS = 5;

/** Properties whose strings are seen, or kept for those that are. In others they are names: of fonts, areas, attributes. */
const WORDED = /^\s*(content|quotes|list|background|mask|cursor|--(?!\S*font))[^\s:]*\s*:/i;
/** Letters and digits in such a string, escaped or not, but for icons: they have code points of private use, or of symbols. */
const LETTERS = /\\[013-9a-d][\da-f]*|(?<!\\[\da-f]{0,5})[\p{L}\p{M}\p{N}]/giu;

/** A style, its addresses, names and words as they may be told, and no comments. */
export function cssOf(text: string, base: string, isHidden?: boolean): string {
  isStyleEditing ||= text.includes('user-modify');
  /** What there is of the declaration that a piece is in. */
  let declared = '';
  return text
    .split(CSS_PIECE)
    .map((part = '', at, parts) => {
      const kind = at % CSS_PARTS;
      const mark = parts[at - 1];
      if (!kind) {
        declared = (declared + part).replace(/^.*[;{}]/s, '');
        return nameOf(part);
      }
      if (kind === 4 && mark) return mark + (!WORDED.test(declared) ? nameOf(part) : isHidden ? stars(part, LETTERS) : maskText(part)) + mark;
      // What a namespace names is for all the world: without it no rule of the sheet would fit.
      if (kind === 2 && mark !== undefined) return `url(${mark}${/@namespace/.test(declared) ? part : addressOf(part, base, isHidden)}${mark})`;
      return '';
    })
    .join('');
}

/** By its attribute, for the properties of a custom element are anything. */
const typeOf = (field: Element): string => (field.getAttribute('type') ?? '').toLowerCase();

/**
 * The value of a field: as many stars as it has characters, unless it is a button's label. How long a choice is would tell which it was. A custom element
 * with a value is a field.
 */
export function fieldValue(field: Element, value: string, isHidden = isMasked(field)): string {
  const isChoice = /^(select|option)$/i.test(field.tagName);
  const isField = /^(input|textarea)$|-/i.test(field.tagName) && !BUTTON.test(typeOf(field));
  if (!isChoice && !isField) return maskText(value, isHidden);
  return isChoice ? CHOICE : stars(value, /./gs);
}

/** An attribute as it may be told, null when it was removed, undefined when it is not told. */
export function attributeOf(element: Element, name: string, value: string | null, isHidden = isMasked(element)): string | null | undefined {
  if (value === null) return value;
  const { localName, baseURI } = element;
  const { ownerSVGElement, style } = element as SVGElement;
  const isDrawing = ownerSVGElement !== undefined;
  const isShape = isDrawing && DRAWING.test(name);
  if (LEFT_OUT.test(name) || (name === 'src' && localName === 'iframe')) return;
  if (PICTURED.test(name)) onAddress(element);
  // A hidden link leads nowhere. The parts of a drawing refer to each other.
  if (ADDRESS.test(name)) return isHidden && (localName === 'a' || !isDrawing) ? '' : addressOf(value, baseURI, isHidden);
  if (name === 'style') return cssOf(value, baseURI, isHidden);
  if (VALUE.test(name)) return fieldValue(element, value, isHidden);
  if (name === 'class') return nameOf(value);
  if (WORDS.test(name)) return maskText(value, isHidden || looksSecret(name));
  // What says how something masked looks, and not what it is about, stays.
  if (isHidden && !(LAYOUT.test(name) || isShape || (isDrawing && name in style))) return stars(value);
  // Numbers of a drawing are no phone numbers; what are not its shapes are names, and properties of style.
  if (isDrawing) return isShape ? value : cssOf(value, baseURI, isHidden);
  return maskText(value);
}

/** Where a style lets people type, on a page that has such styles. */
const isTyped = (element: Element): boolean =>
  isStyleEditing && /w/.test((getComputedStyle(element) as unknown as Record<string, string>).webkitUserModify as string);

/** A text as it may be told. */
export function textOf(node: Node, text: string | null, isHidden = isMasked(node)): string {
  const parent = node.parentElement;
  const words = text ?? '';
  if (parent?.localName === 'style') return cssOf(words, parent.baseURI, isHidden);
  if (parent?.localName === 'textarea') return fieldValue(parent, words, isHidden);
  return maskText(words, isHidden || (!!parent && isTyped(parent)));
}
