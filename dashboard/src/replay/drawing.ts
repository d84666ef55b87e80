/**
 * Drawings (SVG) as pictures: judged whole, never changed. Pure.
 *
 * A browser runs nothing in a picture and loads nothing for it. All the same, nothing is shown that holds a script, a handler, an address
 * that leads out of it, or HTML. What might be read here as something else than a browser reads is refused: a drawing is either written
 * plainly or a grey box. The server's judge (`store/src/recording/drawing.rs`) is another program that says the same of the same drawings.
 */

import { cleanCss } from './clean-css';

/** As the server has it. */
const CHARACTERS_MAX = 2 * 1024 * 1024;
/** Icons of a style sheet stand on the page many times, and the page is built at every seek. */
const JUDGED_MAX = 500;
const JUDGED_CHARACTERS_MAX = 16 * 1024;

const PREFIX = /^data:image\/svg\+xml((?:;[^,;]*)*),/i;
const PERCENT = 0x25;
const TOKEN =
  /<!--[\s\S]*?-->|<\?xml\s(?<declared>[^?>]*)\?>|<\?(?!xml)[\w.-]+\s[\s\S]*?\?>|<!DOCTYPE\s(?:[^>["']|"[^"]*"|'[^']*')*>|<!\[CDATA\[(?<cdata>[\s\S]*?)\]\]>|<(?<slash>\/?)(?<name>[\w:.-]+)(?<attributes>(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<isEmpty>\/?)>|(?<text>[^<]+)/gy;
const ENCODING = /encoding\s*=\s*["'](?!utf-8["'])/i;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** Elements that draw, and show no words. */
const DRAWN = new Set(
  (
    'a altglyphdef altglyphitem animate animatecolor animatemotion animatetransform circle clippath color-profile cursor defs desc ellipse ' +
    'feblend fecolormatrix fecomponenttransfer fecomposite feconvolvematrix fediffuselighting fedisplacementmap fedistantlight ' +
    'fedropshadow feflood fefunca fefuncb fefuncg fefuncr fegaussianblur feimage femerge femergenode femorphology feoffset fepointlight ' +
    'fespecularlighting fespotlight fetile feturbulence filter font font-face g glyph glyphref hkern image line lineargradient marker mask ' +
    'metadata mpath path pattern polygon polyline radialgradient rect set solidcolor stop style svg switch symbol title use view vkern'
  ).split(' '),
);
/** Handlers, and what is an address or a switch in one language or another. */
const HARMFUL = /^(?:on.*|action|base|background|data|formaction|is|ping|poster|src|srcdoc|srcset)$/;
/** Attributes that no style is read from. */
const PLAIN = /^(?:aria-.*|class|data-.*|id|(?!xlink:|xml:|svg:).+:.*)$/;
const WITHIN = /^#|^data:image\/(?:avif|bmp|gif|jpe?g|png|webp);base64,[a-z0-9+/=]*$/i;
/** What an animation may set. */
const ANIMATED = /^(?!on|style$|src|href)[a-z][a-z0-9-]*$/i;
/** What its elements mean is up to a browser. */
const NAMESPACE = /w3\.org\/(?:2000\/svg|1999\/xhtml|1998\/Math)/;

/** The drawing in an address; null when there is none. Of its parameters only `base64` counts. */
export function drawingIn(address: string): string | null {
  if (address.length > CHARACTERS_MAX) return null;
  const [whole, parameters = ''] = PREFIX.exec(address) ?? [];
  if (whole === undefined) return null;
  const body = address.slice(whole.length).replace(/#[\s\S]*$|[\t\r\n]/g, '');
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

/** By what was asked, the oldest first. */
const judged = new Map<string, string | null>();

/** The address of the drawing as a picture; null when it may not be shown. In itself, so that it is a document of nobody's. */
export function pictureOf(drawing: string): string | null {
  const known = judged.get(drawing);
  if (known !== undefined) return known;
  const picture = isHarmless(drawing) ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}` : null;
  if (drawing.length <= JUDGED_CHARACTERS_MAX) judged.set(drawing, picture);
  for (const oldest of judged.keys()) if (judged.size > JUDGED_MAX) judged.delete(oldest);
  return picture;
}

function isHarmless(drawing: string): boolean {
  if (drawing.length > CHARACTERS_MAX) return false;
  const document = drawing.replace(/^\ufeff/, '');
  /** The text of a style comes in pieces, and means what they mean together. */
  let style: string | null = null;
  let hasRoot = false;
  const open: string[] = [];
  let end = 0;
  for (const { 0: token, index, groups = {} } of document.matchAll(TOKEN)) {
    const { name, slash, attributes = '', isEmpty, cdata, text, declared = '' } = groups;
    if (index !== end || ENCODING.test(declared)) return false;
    end += token.length;
    if (name === undefined) {
      style = style === null ? null : style + (cdata ?? text ?? '');
    } else if (slash) {
      if (open.pop() !== name || (style !== null && !isQuiet(style))) return false;
      style = null;
    } else {
      const local = judgedElement(name.toLowerCase(), attributes, hasRoot);
      if (local === null || style !== null) return false;
      hasRoot = true;
      if (isEmpty) continue;
      open.push(name);
      if (local === 'style') style = '';
    }
  }
  return hasRoot && open.length === 0 && end === document.length;
}

/** The element's name without a prefix; null for one that may not be. */
function judgedElement(name: string, attributes: string, hasRoot: boolean): string | null {
  const [prefix, local] = /:/.test(name)
    ? [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)]
    : ['', name];
  // Programs that draw leave notes to themselves in namespaces of their own.
  const isNote = hasRoot && prefix !== '' && prefix !== 'svg';
  const isDrawn = DRAWN.has(local) && (hasRoot || local === 'svg');
  if (!isNote && !isDrawn) return null;
  for (const [, attribute = '', double, single] of attributes.matchAll(ATTRIBUTE)) {
    const value = spelledOut(double ?? single ?? '');
    if (value === null || !isHarmlessAttribute(attribute.toLowerCase(), value, isNote)) return null;
  }
  return local;
}

function isHarmlessAttribute(name: string, value: string, isNote: boolean): boolean {
  if (name.startsWith('xmlns:')) return name === 'xmlns:svg' || !NAMESPACE.test(value);
  if (isNote || name === 'xmlns') return true;
  const local = name.slice(name.lastIndexOf(':') + 1);
  // Programs break the lines of what they embed.
  if (local === 'href') return WITHIN.test(value.replace(/\s/g, ''));
  if (local === 'attributename') return ANIMATED.test(value.trim());
  return !HARMFUL.test(name) && !HARMFUL.test(local) && (PLAIN.test(name) || isQuiet(value));
}

/** Null when it names something that is not everybody's. */
function spelledOut(value: string): string | null {
  if (value.replace(ENTITY, '').includes('&')) return null;
  return value.replace(ENTITY, (_, name?: string, decimal?: string, hex?: string) => {
    const code = decimal ? Number(decimal) : Number.parseInt(hex ?? '0', 16);
    return name ? (ENTITIES[name] ?? '&') : String.fromCodePoint(Math.min(code, 0x10ffff));
  });
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
