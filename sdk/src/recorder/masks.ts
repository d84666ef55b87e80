/**
 * What of the page may be told. Everything passes here before it is kept: which nodes, their texts, attributes and values. The rules themselves are
 * the core's (../privacy.ts); here stands where they apply.
 */

import { cleanUrl, closest, isIgnored, looksSecret, marked, options, textToTell } from '../more/core.js';
import { matches, parentOf } from './nodes.js';
import { plan } from './plan.js';

/** A date is no phone number. */
const DATE = /(\b(?:\d{4}-\d\d?-\d\d?|\d\d?[.-]\d\d?[.-]\d{4})\b)/;
/** Shorter texts hold nothing that is personal by its look. */
const PERSONAL_LENGTH_MIN = 6;

/** Attributes nobody needs to see a page: they act, load or let something in. */
const LEFT_OUT = /^(on.*|nonce|integrity|srcdoc|srcset|imagesrcset|sizes|autoplay|autofocus|ping|loading|crossorigin)$/;
const ADDRESS = /^(src|href|xlink:href|poster|action|formaction|data|background|cite|longdesc)$/;
/** Attributes that show a picture. */
const PICTURED = /^(src|href|xlink:href|poster|style)$/;
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

/** An absolute address without secrets; a reference into the page, and what an address itself holds, stay. What is hidden has no address: it may be a name. */
export function addressOf(value: string, base: string, isHidden = options.privacy.maskAllText): string {
  if (/^#[^=@]*$/.test(value)) return value;
  if (isHidden) return '';
  if (/^data:(image|font)\//i.test(value)) return plan.images === 'placeholder' ? '' : value;
  try {
    return cleanUrl(new URL(value, base));
  } catch {
    return '';
  }
}

/** `url(…)` in a style, up to a quote that is not escaped. */
export const CSS_ADDRESS = /url\(\s*(["']?)((?:\\.|[^\\])*?)\1\s*\)/gs;

/** Before an address that is a name for all the world: without it no rule of the sheet would fit. */
const NAMESPACE = /@namespace\s+[\w-]*\s*$/;
const NAMESPACE_LENGTH_MAX = 50;

/** A style, its addresses as they may be told. */
export function cssOf(text: string, base: string, isHidden?: boolean): string {
  return text.replace(CSS_ADDRESS, (whole, quote, address, at) => {
    const before = text.slice(Math.max(0, at - NAMESPACE_LENGTH_MAX), at);
    return NAMESPACE.test(before) ? whole : `url(${quote}${addressOf(address, base, isHidden)}${quote})`;
  });
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

/** Whether an attribute of something masked says how it looks, and not what it is about. */
function isLayout(element: Element, name: string): boolean {
  return LAYOUT.test(name) || (isDrawing(element) && (DRAWING.test(name) || name in element.style));
}

const isDrawing = (element: Element): element is SVGElement => (element as SVGElement).ownerSVGElement !== undefined;

/** An attribute as it may be told, null when it was removed, undefined when it is not told. */
export function attributeOf(element: Element, name: string, value: string | null, isHidden = isMasked(element)): string | null | undefined {
  if (value === null) return value;
  if (LEFT_OUT.test(name) || (name === 'src' && element.localName === 'iframe')) return;
  const base = element.baseURI;
  if (PICTURED.test(name)) onAddress(element);
  if (ADDRESS.test(name)) return addressOf(value, base, isHidden);
  if (name === 'style') return cssOf(value, base, isHidden);
  if (VALUE.test(name)) return fieldValue(element, value, isHidden);
  if (name === 'class') return value;
  if (WORDS.test(name)) return maskText(value, isHidden || looksSecret(name));
  if (isHidden && !isLayout(element, name)) return maskText(value, true);
  // Numbers of a drawing are no phone numbers.
  return isDrawing(element) ? value : maskText(value);
}

/** A text as it may be told. */
export function textOf(node: Node, text: string | null, isHidden = isMasked(node)): string {
  const parent = node.parentElement;
  if (parent?.localName === 'style') return cssOf(text ?? '', parent.baseURI, isHidden);
  if (parent?.localName === 'textarea') return fieldValue(parent, text ?? '', isHidden);
  return maskText(text ?? '', isHidden);
}
