/**
 * Drawings (SVG) as pictures: judged whole, never changed. Pure.
 *
 * A browser runs nothing in a picture and loads nothing for it. All the same, nothing is shown that holds a script, a handler, an address
 * that leads out of it, or HTML. What is read here as something else than a browser would read is refused: a drawing is either written
 * plainly or a grey box.
 */

import { cleanCss } from './clean-css';

const PREFIX = /^data:image\/svg\+xml((?:;[^,;]*)*),/i;
const TOKEN =
  /<!--[\s\S]*?-->|<\?xml\s[^>]*\?>|<!DOCTYPE\s[^>[]*>|<!\[CDATA\[(?<cdata>[\s\S]*?)\]\]>|<(?<slash>\/?)(?<name>[\w:.-]+)(?<attributes>(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<isEmpty>\/?)>|(?<text>[^<]+)/gy;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITY = /&(?:(lt|gt|amp|quot|apos);)?/g;
const PERCENT = 0x25;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** Elements that draw. */
const DRAWN = new Set(
  (
    'a animate animatemotion animatetransform circle clippath defs desc ellipse feblend fecolormatrix fecomponenttransfer fecomposite ' +
    'feconvolvematrix fediffuselighting fedisplacementmap fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr ' +
    'fegaussianblur feimage femerge femergenode femorphology feoffset fepointlight fespecularlighting fespotlight fetile feturbulence ' +
    'filter g image line lineargradient marker mask metadata mpath path pattern polygon polyline radialgradient rect set stop style svg ' +
    'switch symbol title use view'
  ).split(' '),
);
const HARMFUL = /^(?:on|base$|src|action$|formaction$|data$|background$|poster$|ping$|is$)/;
const WITHIN = /^#|^data:image\/(?:avif|bmp|gif|jpe?g|png|webp);base64,[a-z0-9+/=]*$/i;
/** What an animation may set. */
const ANIMATED = /^(?!on|style$|src|href|.*:)[a-z-]+$/i;
/** What its elements mean is up to a browser. */
const NAMESPACE = /w3\.org\/(?:2000\/svg|1999\/xhtml|1998\/Math)/;

/** The drawing in an address, as a browser reads it; null when there is none. */
export function drawingIn(address: string): string | null {
  const [whole, parameters = ''] = PREFIX.exec(address) ?? [];
  if (whole === undefined) return null;
  const [body = ''] = address
    .slice(whole.length)
    .replace(/[\t\r\n]/g, '')
    .split('#');
  try {
    const bytes = percentDecoded(body);
    const isBase64 = /;\s*base64\s*$/i.test(parameters);
    return new TextDecoder('utf-8', { fatal: true }).decode(isBase64 ? base64Decoded(bytes) : bytes);
  } catch {
    // Not text, or not in base64.
    return null;
  }
}

function percentDecoded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const decoded = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const hex = bytes[at] === PERCENT ? String.fromCharCode(...bytes.subarray(at + 1, at + 3)) : '';
    const isEscape = /^[0-9a-f]{2}$/i.test(hex);
    decoded[length++] = isEscape ? Number.parseInt(hex, 16) : (bytes[at] ?? 0);
    if (isEscape) at += 2;
  }
  return decoded.subarray(0, length);
}

function base64Decoded(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(atob(new TextDecoder().decode(bytes)), (character) => character.charCodeAt(0));
}

/** The address of the drawing as a picture; null when it may not be shown. In itself, so that it is a document of nobody's. */
export function pictureOf(drawing: string): string | null {
  return isHarmless(drawing) ? `data:image/svg+xml,${encodeURIComponent(drawing)}` : null;
}

function isHarmless(drawing: string): boolean {
  const document = drawing.replace(/^\ufeff/, '');
  /** The text of a style comes in pieces, and means what they mean together. */
  let style: string | null = null;
  let hasRoot = false;
  let end = 0;
  for (const { 0: token, index, groups = {} } of document.matchAll(TOKEN)) {
    const { name, slash, attributes = '', isEmpty, cdata, text } = groups;
    if (index !== end) return false;
    end += token.length;
    if (name === undefined) {
      style = style === null ? null : style + (cdata ?? text ?? '');
    } else if (slash) {
      if (style !== null && !isQuiet(style)) return false;
      style = null;
    } else {
      const local = localName(name, hasRoot);
      if (local === null || style !== null || !areHarmless(attributes)) return false;
      hasRoot = true;
      if (local === 'style' && !isEmpty) style = '';
    }
  }
  return hasRoot && end === document.length;
}

/** In lower case; null for an element that does not draw. Programs that draw leave notes to themselves in namespaces of their own. */
function localName(name: string, hasRoot: boolean): string | null {
  const lower = name.toLowerCase();
  const [, prefix = '', local = ''] = /^(?:([^:]*):)?(.*)$/.exec(lower) ?? [];
  const isNote = hasRoot && prefix !== '' && prefix !== 'svg';
  const isDrawn = DRAWN.has(local) && (hasRoot || local === 'svg');
  return isNote || isDrawn ? local : null;
}

function areHarmless(attributes: string): boolean {
  for (const [, name = '', double, single] of attributes.matchAll(ATTRIBUTE)) {
    const value = spelledOut(double ?? single ?? '');
    if (value === null || !isHarmlessAttribute(name.toLowerCase(), value)) return false;
  }
  return true;
}

function isHarmlessAttribute(name: string, value: string): boolean {
  if (name.startsWith('xmlns')) return name === 'xmlns' || name === 'xmlns:svg' || !NAMESPACE.test(value);
  const local = name.slice(name.lastIndexOf(':') + 1);
  if (local === 'href') return WITHIN.test(value);
  if (local === 'attributename') return ANIMATED.test(value.trim());
  return !HARMFUL.test(name) && !HARMFUL.test(local) && isQuiet(value);
}

/** Null when it names something that is not everybody's. */
function spelledOut(value: string): string | null {
  const isKnown = [...value.matchAll(ENTITY)].every(([, name]) => name !== undefined);
  return isKnown ? value.replace(ENTITY, (_, name: string) => ENTITIES[name] ?? '') : null;
}

/** Whether it asks for nothing outside of the drawing, read as a style. */
function isQuiet(style: string): boolean {
  let isWithin = !/[\\&\u2060]|@import/i.test(style);
  const cleaned = cleanCss(style, (address) => {
    isWithin &&= WITHIN.test(address);
    return address;
  });
  return isWithin && !cleaned.includes('\u2060');
}
