/** A page's styles, kept with the recording, so that it looks right after the site has changed or is gone. */
import type { Attributes } from './events.js';
import { cssOf } from './masks.js';
import { stringifyStylesheet } from './rrweb.js';

/** Tells a style by its rules, as scripts may have left them, in place of its address. */
export function styleOf({ sheet, baseURI }: HTMLLinkElement | HTMLStyleElement, told: Attributes, isHidden?: boolean): void {
  const text = sheet && stringifyStylesheet(sheet);
  if (!text) return;
  delete told.rel;
  delete told.href;
  told._cssText = isHidden ? cssOf(text, baseURI, true) : text;
}
