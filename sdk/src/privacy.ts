/** What may leave the browser: elements under a privacy mark, urls, names and texts that look secret. */
import { options } from './config.js';

const SECRET =
  /pass([wcp]|$)|pwd|secret|token|auth(?!or)|(api|access|private)_?-?key|^(key|sid|code|pin|dob)$|birth|session|sig(nature)?$|jwt|otp$|ssn|phone|card|cv[cv]|iban|e-?mail/i;
/** Of a longer text nothing after it is kept anyway (protobuf.ts); so much is masked in no time. */
const TEXT_MAX = 8192;
/** E-mail addresses, tokens, card numbers and international phone numbers, in a text as in a url. */
const PERSONAL =
  /[^\s/?#&=@]{1,64}(@|%40)(?!\d+\.\d)[^\s/?#&=@]{1,99}\.[^\s/?#&=@]+|\b(?=\w*\d)(?=\w*[a-z])(?=\w*[A-Z]|\w{32})\w{20,}[\w.-]*|\b([3-6]\d|2[2-7])\d{12,14}\b|(\+|%2[Bb])\d{8,}/g;
/** Runs of digits as long as a phone's number. In a url they are ids. */
const DIGITS = /\+?\d[\d\s().-]{7,}\d/g;

/** A parameter of an address, wherever it stands in a text: a stack has that of the page. */
const PARAMETER = /[?&#]([^\s/?#&=@]{1,64})=[^\s&]*/g;

export const looksSecret = (name: string): boolean => SECRET.test(name);

/** Every hit of a rule, whether it says so or not. */
const maskAlways = (text: string): string =>
  [PERSONAL, ...options.privacy.maskRegex].reduce<string>(
    (rest, rule) => rest.replaceAll(rule.global === false ? RegExp(rule, `${rule.flags}g`) : rule, '***'),
    text,
  );

export const maskPersonal = (text: string): string =>
  maskAlways(text.slice(0, TEXT_MAX))
    .replaceAll(PARAMETER, (hit, name) => (looksSecret(name) ? '***' : hit))
    .replaceAll(DIGITS, '***');

/** A text of the page, as it may be told. */
export const textToTell = (text: string, isHidden = options.privacy.maskAllText || !options.settings): string =>
  isHidden ? text.replace(/\S/g, '*') : maskPersonal(text);

/** The host of the shadow tree an element is in, else its same-origin frame. A link on no page is a root as well, and its `host` is a text. */
export function outsideOf(element: Element): Element | null | undefined {
  const root = element.getRootNode() as ShadowRoot;
  return (root.nodeType === 11 && root.host) || element.ownerDocument.defaultView?.frameElement;
}

/** The nearest element that matches, the element itself included, across shadow roots and same-origin frames. */
export const closest = <E extends Element>(element: Element | null | undefined, selector: string): E | null | undefined =>
  element && (element.closest<E>(selector) ?? closest(outsideOf(element), selector));

type Mark = 'mask' | 'block' | 'ignore';

/** Of a list in `:is()` one that is wrong is none, and spoils no other. */
export const marked = (mark: Mark): string => `:is(${[`[data-gosight-${mark}]`, ...options.privacy[`${mark}Selectors`]]})`;
const isMarked = (element: Element, mark: Mark) => !!closest(element, marked(mark));

/** Elements, beside text fields, whose text is not read when it is inside of a larger one's. */
export const silent = (): string => `${marked('mask')},${marked('block')},script,style`;
export const isMasked = (element: Element): boolean => options.privacy.maskAllText || isMarked(element, 'mask');
/** Until the project's settings are known, all is blocked: nobody clicks faster than they come. */
export const isBlocked = (element: Element): boolean => !options.settings || isMarked(element, 'block');
export const isIgnored = (element: Element): boolean => isMarked(element, 'ignore');

/** An absolute url without credentials and without parameters that look secret; empty when it is none. */
export function cleanUrl(raw: string | URL): string {
  try {
    const url = new URL(raw, location.href);
    if (!/^(http|ws)/.test(url.protocol)) return url.protocol;
    url.username = url.password = '';
    for (const name of [...url.searchParams.keys()]) if (looksSecret(name)) url.searchParams.delete(name);
    if (/[=@]/.test(url.hash)) url.hash = '';
    return maskAlways(url.href);
  } catch {
    return '';
  }
}

/** Whether globs keep an address out: one of those that exclude matches, or none of those that include. */
export function isKeptOut(url: string, exclude: string[], include: string[]): boolean {
  const matches = (glob: string) => RegExp(`^${glob.replace(/[^\w*]/g, '\\$&').replace(/\*/g, '.*')}$`).test(url);
  return exclude.some(matches) || (!!include[0] && !include.some(matches));
}

export const isBlockedUrl = (url: string): boolean => isKeptOut(url, options.privacy.blockUrls, options.privacy.allowUrls);
