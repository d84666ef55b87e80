/**
 * What of the page may be told. Everything passes here before it is kept: which nodes, their texts, attributes and values. The rules themselves are
 * the core's (../privacy.ts); here stands where they apply.
 */

import { cleanUrl, closest, isIgnored, looksSecret, marked, options, textToTell } from '../more/core.js';
import { plan } from './plan.js';

/** A date is no phone number. */
const DATE = /(\b(?:\d{4}-\d\d?-\d\d?|\d\d?[.-]\d\d?[.-]\d{4})\b)/;
/** Shorter texts hold nothing personal. */
const PERSONAL_LENGTH_MIN = 6;

/** Attributes nobody needs to see a page: they act, load or let something in. */
const LEFT_OUT = /^(on.*|nonce|integrity|srcdoc|srcset|imagesrcset|sizes|autoplay|autofocus|ping|loading|crossorigin)$/;
const ADDRESS = /^(src|href|xlink:href|poster|action|formaction|data|background|cite|longdesc)$/;
/** Attributes that show a picture. */
const PICTURED = /^(src|href|xlink:href|poster|style)$/;
/** What a person reads or hears of an element, or scripts keep in it. */
const WORDS = /^(title|alt|placeholder|label|summary|content|value|aria-|data-(?!gosight))/;
/** Any option's value: a player shows the first one. */
const CHOICE = '***';
const BUTTON = /^(submit|button|reset|image)$/;
/** Masked whatever is configured. */
const PRIVATE_TYPE = /^(password|hidden|email|tel|number)$/;
/** Where people type beside fields. */
const EDITED = ',textarea,[contenteditable]:not([contenteditable=false])';

/** A field that was once a password's stays one, when a page shows what was typed. */
export const passwords = new WeakSet<Element>();

/** Called with each element of which such an attribute is told. */
let onAddress: (element: Element) => void = () => {};
export function whenAddressTold(run: typeof onAddress): void {
  onAddress = run;
}

let masked = '';
let blocked = '';

/** The marks and settings hold for a whole recording. */
export function readMarks(): void {
  masked = marked('mask') + (options.privacy.maskInputs === false ? '' : EDITED);
  blocked = marked('block');
}

const stars = (text: string, of = /\S/g) => text.replace(of, '*');

/** The element around a node: its parent, the host of its shadow tree, the frame of its document. */
function elementOf(node: Node): Element | null | undefined {
  if (node.nodeType === 1) return node as Element;
  const { host } = (node.parentNode ?? node) as ShadowRoot;
  return node.parentElement ?? host ?? (node as Document).defaultView?.frameElement;
}

function isUnder(node: Node, selector: string): boolean {
  const element = elementOf(node);
  return !!element && !!closest(element, selector);
}

export const isBlocked = (node: Node): boolean => isUnder(node, blocked);
export const isMasked = (node: Node): boolean => options.privacy.maskAllText || node.ownerDocument?.designMode === 'on' || isUnder(node, masked);
/** Nothing that happens in the field is told. */
export const isUnseen = (field: Element): boolean => isIgnored(field);
/** As above, of an element whose ancestors are known to be neither. */
export const isBlock = (element: Element): boolean => element.matches(blocked);
export const isMask = (element: Element): boolean => element.matches(masked);

export function maskText(text: string, isHidden?: boolean): string {
  if (isHidden) return stars(text);
  if (text.length < PERSONAL_LENGTH_MIN) return text;
  return text
    .split(DATE)
    .map((part, index) => (index % 2 ? part : textToTell(part, false)))
    .join('');
}

/** An absolute address without secrets; a reference into the page, and what an address itself holds, stay. */
export function addressOf(value: string, base: string): string {
  if (/^#[^=@]*$/.test(value)) return value;
  if (/^data:(image|font)\//i.test(value)) return plan.images === 'placeholder' ? '' : value;
  try {
    return cleanUrl(new URL(value, base));
  } catch {
    return '';
  }
}

/** `url(…)` in a style. */
export const CSS_ADDRESS = /url\(\s*(["']?)(.*?)\1\s*\)/g;

/** The addresses in a style. */
export function cssOf(text: string, base: string): string {
  return text.replace(CSS_ADDRESS, (_, quote, address) => `url(${quote}${addressOf(address, base)}${quote})`);
}

/** Whether what a field holds is masked. */
export function isPrivate(field: Element, isHidden = isMasked(field)): boolean {
  const { type, name, id, autocomplete } = field as HTMLInputElement;
  if (type === 'password') passwords.add(field);
  const isSecret = PRIVATE_TYPE.test(type) || passwords.has(field) || [name, id, autocomplete].some((word) => looksSecret(word) || /^cc-/.test(word));
  return isSecret || isHidden || options.privacy.maskInputs !== false;
}

/** The value of a field: as many stars as it has characters, unless it is a button's label. How long a choice is would tell which it was. */
export function fieldValue(field: Element, value: string, isHidden = isMasked(field)): string {
  const isChoice = /^(select|option)$/i.test(field.tagName);
  const isField = /^(input|textarea)$/i.test(field.tagName) && !BUTTON.test((field as HTMLInputElement).type);
  if (!(isChoice || isField) || !isPrivate(field, isHidden)) return maskText(value, isHidden);
  return isChoice ? CHOICE : stars(value, /./gs);
}

/** An attribute as it may be told, null when it was removed, undefined when it is not told. */
export function attributeOf(element: Element, name: string, value: string | null, isHidden = isMasked(element)): string | null | undefined {
  if (value === null) return value;
  if (LEFT_OUT.test(name) || (name === 'src' && element.localName === 'iframe')) return;
  const base = element.baseURI;
  if (PICTURED.test(name)) onAddress(element);
  if (ADDRESS.test(name)) return addressOf(value, base);
  if (name === 'style') return cssOf(value, base);
  if (name === 'value') return fieldValue(element, value, isHidden);
  if (name === 'class') return value;
  if (WORDS.test(name)) return maskText(value, isHidden || looksSecret(name));
  // Numbers of a drawing are no phone numbers.
  return (element as SVGElement).ownerSVGElement === undefined ? maskText(value) : value;
}

/** A text as it may be told. */
export function textOf(node: Node, text: string | null, isHidden = isMasked(node)): string {
  const parent = node.parentElement;
  if (parent?.localName === 'style') return cssOf(text ?? '', parent.baseURI);
  if (parent?.localName === 'textarea') return fieldValue(parent, text ?? '', isHidden);
  return maskText(text ?? '', isHidden);
}
