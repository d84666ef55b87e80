/** What may leave the browser: elements under a privacy mark, urls, names and texts that look secret. */
import { options } from './config.js';

const SECRET = /pass(w|$)|pwd|secret|token|auth(?!or)|api_?-?key|^key$|session|^sid$|sig(nature)?$|jwt|^code$|otp$|ssn|card|cvv|cvc|iban|e-?mail/i;
/** E-mail addresses and runs of digits as long as a card's or a phone's. */
const PERSONAL = /\S+@\S+\.\S+|\+?\d[\d\s().-]{7,}\d/g;

export const looksSecret = (name: string): boolean => SECRET.test(name);

export const maskPersonal = (text: string): string => text.replace(PERSONAL, '***');

/** The host of the shadow tree an element is in, else its same-origin frame. */
export function outsideOf(element: Element): Element | null | undefined {
  return (element.getRootNode() as ShadowRoot).host ?? element.ownerDocument.defaultView?.frameElement;
}

/** The nearest element that matches, the element itself included, across shadow roots and same-origin frames. */
export function closest<E extends Element>(element: Element, selector: string): E | undefined {
  let at: Element | null | undefined = element;
  while (at) {
    const found = at.closest<E>(selector);
    if (found) return found;
    at = outsideOf(at);
  }
}

const marks = (mark: string, selectors: string[]) => [`[data-gosight-${mark}]`, ...selectors].join();
const ofMask = () => marks('mask', options.privacy.maskSelectors);
const ofBlock = () => marks('block', options.privacy.blockSelectors);

/** Elements whose text is not read when it is inside of a larger one's. */
export const silent = (): string => `script,style,textarea,select,[contenteditable],${ofMask()},${ofBlock()}`;
export const isMasked = (element: Element): boolean => !!options.privacy.maskAllText || !!closest(element, ofMask());
export const isBlocked = (element: Element): boolean => !!closest(element, ofBlock());
export const isIgnored = (element: Element): boolean => !!closest(element, marks('ignore', options.privacy.ignoreSelectors));

/** An absolute url without credentials and without parameters that look secret; empty when it is none. */
export function cleanUrl(raw: string | URL): string {
  try {
    const url = new URL(raw, location.href);
    if (!/^(http|ws)/.test(url.protocol)) return url.protocol;
    url.username = url.password = '';
    for (const name of [...url.searchParams.keys()]) if (looksSecret(name)) url.searchParams.delete(name);
    if (/[=@]/.test(url.hash)) url.hash = '';
    return url.href;
  } catch {
    return '';
  }
}

export function isBlockedUrl(url: string): boolean {
  const { blockUrls, allowUrls } = options.privacy;
  const matches = (glob: string) => RegExp(`^${glob.replace(/[^\w*]/g, '\\$&').replace(/\*/g, '.*')}$`).test(url);
  return blockUrls.some(matches) || (!!allowUrls[0] && !allowUrls.some(matches));
}
