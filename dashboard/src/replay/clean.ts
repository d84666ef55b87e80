/**
 * The second wall. Pure.
 *
 * A recording comes from a stranger. The server has cleaned it; it is cleaned again right before it is built into a frame, because what
 * is built decides, not what was meant. Node by node and field by field only what is known to be harmless is copied:
 * - no script, handler, `javascript:` or `srcdoc`, and no element that runs, embeds or refreshes something;
 * - **no address that a browser could fetch**: a picture whose bytes were kept gets them, a drawing that is written where its address would be
 *   stays, any other is a quiet grey box.
 *
 * The copies are the Replayer's own: it changes what it plays. Behind this stand the frame's sandbox without scripts, and its
 * content security policy without requests.
 */

import { cleanCss, cleanPiece, cleanPieces, guardText, type Resolve } from './clean-css';
import { drawingIn, pictureOf } from './drawing';
import {
  type Fields,
  fieldsOf,
  isFields,
  type Json,
  KIND,
  listOf,
  numberOf,
  type RecordedEvent,
  SOURCE,
  textOf,
} from './events';

const NODE = { document: 0, doctype: 1, element: 2, text: 3, cdata: 4, comment: 5 } as const;

/** Elements that run, load or embed something, or change what the page is: their place stays, and shows nothing. */
const INERT = new Set(
  'applet base embed fencedframe frame frameset handler listener model object param portal script template'.split(' '),
);
/** Elements whose `src` or `href` is a picture. */
const PICTURES = new Set(['img', 'image', 'input', 'feimage']);
const SHADOW_HOSTS = new Set(
  'article aside blockquote body div footer h1 h2 h3 h4 h5 h6 header main nav p section span'.split(' '),
);

const TAG_NAME = /^[a-z][a-z0-9]*$/i;
const CUSTOM_NAME = /^[a-z][a-z0-9._]*-[a-z0-9._-]*$/;
/** Names that look like a custom element's and are not. */
const RESERVED = /^(?:annotation-xml|color-profile|font-face.*|missing-glyph)$/;
const ADDRESS = /^(?:[\w-]+:)?(?:src|href|poster)$/;
/** What an animation may set. */
const ANIMATED = /^\s*(?!on|style|src|href)[a-z][a-z0-9-]*\s*$/i;
const ATTRIBUTE_NAME = /^[a-z_][a-z0-9_.:-]*$/i;
/** Attributes that hold an address, or switch something that a picture of a page has no use for. */
const REFUSED = new Set(
  (
    'action allow archive as attributionsrc autofocus autoplay background base cite classid code codebase content csp data download ' +
    'dynsrc formaction formmethod formtarget http-equiv icon imagesrcset integrity is longdesc lowsrc manifest method nonce object ping ' +
    'profile rel sandbox shadowrootmode srcdoc srcset target usemap'
  ).split(' '),
);
/** Of rrweb's own attributes, those that put a page as it was. */
const RRWEB = new Set(['rr_width', 'rr_height', 'rr_scrollLeft', 'rr_scrollTop', 'rr_open_mode']);
const PICTURE_DATA = /^data:image\/(?:avif|bmp|gif|jpe?g|png|webp);base64,[a-z0-9+/=%]*$/i;
const FONT_DATA = /^data:(?:font\/[a-z0-9]+|application\/(?:x-)?font-[a-z0-9-]+)(?:;[\w=.-]+)*;base64,[a-z0-9+/=%]*$/i;
const ASSET = 'asset:';

/** A tree deeper than this is no page that a person made. */
const DEPTH_MAX = 500;
const SIZE_MAX_PX = 20_000;

/** A grey box, as large as the page says the picture is. */
export const PLACEHOLDER =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1' height='1' preserveAspectRatio='none'%3E%3Cpath fill='%237f8896' fill-opacity='.25' d='M0 0h1v1H0z'/%3E%3C/svg%3E";

/** A canvas as large as it was; for the frame, before the page's own styles. */
export const CANVAS_RULE =
  ':where(canvas){display:inline-block;width:calc(var(--canvas-width)*1px);height:calc(var(--canvas-height)*1px);' +
  'aspect-ratio:var(--canvas-width)/var(--canvas-height)}';
/**
 * A film is not kept. Where it was is a placeholder as pictures have one, and not the controls that a browser shows where no script runs,
 * unless the page asked for them.
 */
export const FILM_RULES = [
  'video:not([controls])::-webkit-media-controls{display:none!important}',
  ':where(video){background:rgb(127 136 150/.25)}',
];
const OF_CANVAS_STYLE = ['width', 'height', 'style', 'rr_dataURL'];
/** What HTML gives a canvas that does not say. */
const CANVAS_PX = { width: 300, height: 150 };

/** The bytes that were kept for an address, as an address in memory; null when there are none. */
export type Kept = (url: string) => string | null;

type Attributes = Record<string, string | number | boolean | null | Record<string, Json>>;

interface BuiltNode {
  [name: string]: unknown;
  type: number;
  id: number;
}

export class Cleaner {
  /** What each node is, for later events to be judged by: its tag, `#text`, or `#style`; one that was told to be two things is null. */
  private readonly kinds = new Map<number, string | null>();
  /** Of each canvas what its style is made of; a change tells one of them. */
  private readonly canvases = new Map<number, Fields>();

  constructor(private readonly kept: Kept) {}

  /** A whole page, as rrweb wrote it down; null when it is none. */
  page(node: unknown): object | null {
    const page = this.node(node, '', 0);
    const isWhole =
      page?.type === NODE.document && listOf(page.childNodes).some((it) => fieldsOf(it).tagName === 'html');
    return isWhole ? page : null;
  }

  /** The event as it may be played, or null. */
  event({ type, timestamp, data }: RecordedEvent): RecordedEvent | null {
    const cleaned = this.data(type, data);
    return cleaned && { type, timestamp, data: cleaned as Fields };
  }

  private data(type: number, data: Fields): object | null {
    switch (type) {
      case KIND.page:
        return { href: '', width: size(data.width), height: size(data.height) };
      case KIND.snapshot: {
        const node = this.page(data.node);
        const { top, left } = fieldsOf(data.initialOffset);
        return node && { node, initialOffset: { top: numberOf(top), left: numberOf(left) } };
      }
      case KIND.change:
        return this.change(data);
      default:
        return null;
    }
  }

  private readonly resolve: Resolve = (told) => {
    const text = told.trim();
    if (text.startsWith('#') || PICTURE_DATA.test(text) || FONT_DATA.test(text)) return text;
    if (!text.startsWith(ASSET)) return null;
    const address = text.slice(ASSET.length);
    const drawing = drawingIn(address);
    return drawing === null ? this.kept(address) : pictureOf(drawing);
  };

  private css(text: string): string {
    return cleanCss(text, this.resolve);
  }

  private node(value: unknown, parent: string, depth: number): BuiltNode | null {
    const node = fieldsOf(value);
    const { id } = node;
    if (typeof id !== 'number' || depth > DEPTH_MAX) return null;
    const common = { id, ...flags(node, ['rootId', 'isShadow']) };
    switch (node.type) {
      case NODE.document:
        return depth === 0 ? this.document(node, common, depth) : null;
      case NODE.doctype:
        return { ...common, type: NODE.doctype, name: 'html', publicId: '', systemId: '' };
      case NODE.element:
        return this.element(node, common, parent, depth);
      case NODE.text:
      case NODE.cdata:
        return this.text(node, common, parent);
      default:
        return { ...common, type: NODE.comment, textContent: '' };
    }
  }

  /** A document holds a doctype and one element; with more the Replayer would stop. */
  private document(node: Fields, common: { id: number }, depth: number): BuiltNode {
    const children = this.children(node, '', depth);
    const doctype = children.find((child) => child.type === NODE.doctype);
    const root = children.find((child) => child.type === NODE.element);
    const childNodes = [doctype, root].filter((child) => child !== undefined);
    const isQuirky = node.compatMode === 'BackCompat' && childNodes.length > 0;
    return { ...common, type: NODE.document, childNodes, ...(isQuirky && { compatMode: 'BackCompat' }) };
  }

  private children(node: Fields, parent: string, depth: number): BuiltNode[] {
    const children = listOf(node.childNodes).map((child) => this.node(child, parent, depth + 1));
    return children.filter((child) => child !== null);
  }

  private element(node: Fields, common: { id: number }, parent: string, depth: number): BuiltNode {
    const isInert = parent === 'noscript';
    const tagName = isInert ? 'noscript' : tagNameOf(textOf(node.tagName));
    const tag = tagName.toLowerCase();
    const isSvg = node.isSVG === true && tag !== 'noscript';
    this.note(common.id, tag);
    this.canvases.delete(common.id);
    return {
      ...common,
      type: NODE.element,
      tagName,
      attributes: tag === 'noscript' ? {} : this.attributesOf(common.id, fieldsOf(node.attributes)),
      childNodes: this.children(node, tag, depth),
      ...(isSvg && { isSVG: true }),
      ...(node.isShadowHost === true && mayHostShadow(tag) && { isShadowHost: true }),
      ...(node.isCustom === true && CUSTOM_NAME.test(tag) && !RESERVED.test(tag) && { isCustom: true }),
    };
  }

  private text(node: Fields, common: { id: number }, parent: string): BuiltNode {
    const text = textOf(node.textContent);
    if (parent === 'noscript') return { ...common, type: NODE.text, textContent: '' };
    const isStyle = parent === 'style' || node.isStyle === true;
    this.note(common.id, isStyle ? '#style' : '#text');
    if (!isStyle) return { ...common, type: NODE.text, textContent: text };
    return { ...common, type: NODE.text, textContent: cleanPiece(text, this.resolve), isStyle: true };
  }

  private attributesOf(id: number, told: Fields): Attributes {
    const tag = this.kindOf(id);
    if (tag !== 'canvas') return this.attributes(told, tag);
    const known = { ...this.canvases.get(id) };
    for (const name of OF_CANVAS_STYLE) if (told[name] !== undefined && !isFields(told[name])) known[name] = told[name];
    this.canvases.set(id, known);
    return this.attributes({ ...told, ...known }, tag);
  }

  /** `tag` is undefined for a node that was not seen: it gets nothing that could be an address. */
  private attributes(all: Fields, tag: string | undefined): Attributes {
    const cleaned: Attributes = {};
    for (const [name, value] of Object.entries(all)) {
      const clean = isAllowed(name, value) ? this.attribute(name, value ?? null, tag, all) : undefined;
      if (clean !== undefined) cleaned[name] = clean;
    }
    if (tag === 'canvas') cleaned.style = `${canvasStyle(all)};${textOf(cleaned.style)}`;
    if (tag === 'img' && all.src === undefined && typeof all.srcset === 'string') {
      cleaned.src = this.fromSet(all.srcset) ?? PLACEHOLDER;
    }
    return cleaned;
  }

  private attribute(name: string, value: Json, tag: string | undefined, all: Fields): Attributes[string] | undefined {
    const lower = name.toLowerCase();
    if (value === null) return null;
    if (lower === 'style' && isFields(value)) return this.styles(value);
    if (typeof value === 'object') return;
    if (name === '_cssText') {
      return tag === 'style' || tag === 'link' ? cleanPieces(String(value), this.resolve) : undefined;
    }
    if (ADDRESS.test(lower)) return this.address(lower, String(value), tag, all);
    return typeof value === 'string' && !PLAIN_TEXT.test(lower) ? this.css(value) : value;
  }

  private address(name: string, value: string, tag: string | undefined, all: Fields): string | undefined {
    if (value.trim().startsWith('#') && name !== 'src') return value;
    if (tag === 'a' || tag === 'area') return ASSET;
    if (tag === undefined || (!PICTURES.has(tag) && !(tag === 'video' && name === 'poster'))) return;
    const drawn = textOf(all.rr_dataURL);
    if (PICTURE_DATA.test(drawn)) return drawn;
    return this.picture(value) ?? this.fromSet(textOf(all.srcset)) ?? PLACEHOLDER;
  }

  /** A fragment alone would be the page itself. */
  private picture(address: string): string | null {
    return address.trim().startsWith('#') ? null : this.resolve(address);
  }

  /** A picture whose main address was not kept may have been shown from its set. */
  private fromSet(candidates: string): string | null {
    for (const candidate of candidates.split(/\s+/)) {
      const found = this.picture(candidate.replace(/,$/, ''));
      if (found) return found;
    }
    return null;
  }

  private styles(styles: Fields): Record<string, Json> {
    const cleaned: Record<string, Json> = {};
    for (const [name, value] of Object.entries(styles)) {
      if (!/^-{0,2}[a-z_][\w-]*$/i.test(name) || name === '__proto__') continue;
      if (typeof value === 'string') cleaned[name] = this.css(value);
      else if (Array.isArray(value)) cleaned[name] = value.slice(0, 2).map((part) => this.css(textOf(part)));
      else if (value === false) cleaned[name] = false;
    }
    return cleaned;
  }

  private change(data: Fields): object | null {
    const { source } = data;
    switch (source) {
      case SOURCE.mutation:
        return this.mutation(data);
      case SOURCE.mouseMove:
      case SOURCE.touchMove:
      case SOURCE.drag:
        return positions(data);
      case SOURCE.mouse:
        return numbers(data, ['source', 'type', 'id', 'x', 'y', 'pointerType']);
      case SOURCE.scroll:
        return numbers(data, ['source', 'id', 'x', 'y']);
      case SOURCE.resize:
        return { source, width: size(data.width), height: size(data.height) };
      case SOURCE.input:
        return { source, id: numberOf(data.id), text: textOf(data.text), isChecked: data.isChecked === true };
      case SOURCE.styleRule:
        return this.styleRule(data);
      case SOURCE.styleDeclaration:
        return this.styleDeclaration(data);
      case SOURCE.adoptedStyles:
        return this.adoptedStyles(data);
      case SOURCE.canvas:
        return canvasFrame(data);
      case SOURCE.font:
        return font(data);
      case SOURCE.selection:
        return { source, ranges: listOf(data.ranges).map((it) => numbers(fieldsOf(it), RANGE)) };
      default:
        return null;
    }
  }

  private mutation(data: Fields): object {
    const adds = listOf(data.adds).map(fieldsOf);
    // An addition may come before its parent's.
    for (const { node } of adds) this.see(fieldsOf(node));
    return {
      source: SOURCE.mutation,
      adds: adds.map((add) => this.addition(add)).filter((add) => add !== null),
      removes: listOf(data.removes).map((value) => {
        const remove = fieldsOf(value);
        return { ...numbers(remove, ['id', 'parentId']), ...flags(remove, ['isShadow']) };
      }),
      texts: listOf(data.texts).map((value) => this.textMutation(fieldsOf(value))),
      attributes: listOf(data.attributes).map((value) => {
        const change = fieldsOf(value);
        const id = numberOf(change.id, -1);
        return { id, attributes: this.attributesOf(id, fieldsOf(change.attributes)) };
      }),
      ...(data.isAttachIframe === true && { isAttachIframe: true }),
    };
  }

  private see({ id, type, tagName }: Fields): void {
    if (type === NODE.element && typeof id === 'number') this.note(id, tagNameOf(textOf(tagName)).toLowerCase());
  }

  private note(id: number, kind: string): void {
    const known = this.kinds.get(id);
    this.kinds.set(id, known === undefined || known === kind ? kind : null);
  }

  /** Undefined for a node that was not seen, or cannot be trusted. */
  private kindOf(id: number): string | undefined {
    return this.kinds.get(id) ?? undefined;
  }

  private addition(add: Fields): object | null {
    const parentId = numberOf(add.parentId, -1);
    const parent = this.kindOf(parentId);
    const node = this.node(add.node, parent ?? '', 0);
    if (!node) return null;
    if (node.type === NODE.text && parent === undefined) {
      this.kinds.set(node.id, null);
      node.textContent = guardText(textOf(node.textContent));
    }
    return { nextId: null, ...numbers(add, ['previousId', 'nextId']), parentId, node };
  }

  private textMutation(change: Fields): { id: number; value: string } {
    const id = numberOf(change.id, -1);
    const value = textOf(change.value);
    const kind = this.kindOf(id);
    if (kind === '#style') return { id, value: cleanPiece(value, this.resolve) };
    return { id, value: kind === '#text' ? value : guardText(value) };
  }

  private styleRule(data: Fields): object {
    return {
      ...numbers(data, ['source', 'id', 'styleId']),
      ...(Array.isArray(data.adds) && { adds: this.rules(data.adds) }),
      ...(Array.isArray(data.removes) && {
        removes: data.removes.map((it) => ({ index: indexOf(fieldsOf(it).index) ?? 0 })),
      }),
      ...(typeof data.replace === 'string' && { replace: this.css(data.replace) }),
      ...(typeof data.replaceSync === 'string' && { replaceSync: this.css(data.replaceSync) }),
    };
  }

  private rules(rules: unknown): object[] {
    return listOf(rules).map((value) => {
      const { rule, index } = fieldsOf(value);
      return { rule: this.css(textOf(rule)), index: indexOf(index) };
    });
  }

  private styleDeclaration(data: Fields): object {
    const set = fieldsOf(data.set);
    const property = textOf(set.property);
    const removed = textOf(fieldsOf(data.remove).property);
    return {
      ...numbers(data, ['source', 'id', 'styleId']),
      index: listOf(data.index).map((it) => numberOf(it)),
      ...(property && {
        set: { property, value: this.css(textOf(set.value)), priority: textOf(set.priority) || undefined },
      }),
      ...(removed && { remove: { property: removed } }),
    };
  }

  private adoptedStyles(data: Fields): object {
    return {
      ...numbers(data, ['source', 'id']),
      styleIds: listOf(data.styleIds).map((it) => numberOf(it)),
      styles: listOf(data.styles).map((value) => {
        const style = fieldsOf(value);
        return { styleId: numberOf(style.styleId), rules: this.rules(style.rules) };
      }),
    };
  }
}

/** Attributes that are never read as a style, so that a text about `url(…)` stays what it says. */
const PLAIN_TEXT = /^(?:alt|aria-.*|class|data-.*|for|id|label|lang|name|placeholder|role|title|type|value)$/;
const RANGE = ['start', 'startOffset', 'end', 'endOffset'];

function tagNameOf(name: string): string {
  if (INERT.has(name.toLowerCase())) return 'noscript';
  // rrweb looks names up in an object, which knows `constructor` too.
  const isName = (TAG_NAME.test(name) || CUSTOM_NAME.test(name.toLowerCase())) && !(name in Object.prototype);
  return isName ? name : 'span';
}

function mayHostShadow(tag: string): boolean {
  return SHADOW_HOSTS.has(tag) || CUSTOM_NAME.test(tag);
}

/** Whether a page may have an attribute of this name; an animation may set none that would not come through here. */
function isAllowed(name: string, value: unknown): boolean {
  const lower = name.toLowerCase();
  const local = lower.slice(lower.lastIndexOf(':') + 1);
  if (!ATTRIBUTE_NAME.test(name) || lower === '__proto__' || lower.startsWith('on') || local.startsWith('on'))
    return false;
  if (lower.startsWith('rr_')) return RRWEB.has(name);
  if (lower === 'attributename') return ANIMATED.test(textOf(value));
  return !REFUSED.has(local);
}

function size(value: unknown): number {
  return Math.min(SIZE_MAX_PX, Math.max(1, Math.round(numberOf(value, 1))));
}

function numbers(fields: Fields, names: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'number') found[name] = value;
  }
  return found;
}

function flags(fields: Fields, names: readonly string[]): Record<string, number | true> {
  const found: Record<string, number | true> = {};
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'number' || value === true) found[name] = value;
  }
  return found;
}

function positions(data: Fields): object | null {
  const list = listOf(data.positions).map((it) => ({
    x: numberOf(fieldsOf(it).x),
    y: numberOf(fieldsOf(it).y),
    id: numberOf(fieldsOf(it).id),
    timeOffset: Math.min(0, numberOf(fieldsOf(it).timeOffset)),
  }));
  return list.length > 0 ? { source: numberOf(data.source), positions: list } : null;
}

function indexOf(value: unknown): number | number[] | undefined {
  if (Array.isArray(value)) return value.map((it) => numberOf(it));
  return typeof value === 'number' ? value : undefined;
}

/** A font as its bytes; one as an address would be fetched by the dashboard itself. */
function font(data: Fields): object | null {
  const bytes = textOf(data.fontSource);
  if (data.buffer !== true || !/^\[[\d,\s]*\]$/.test(bytes)) return null;
  return { source: SOURCE.font, family: textOf(data.family), fontSource: bytes, buffer: true };
}

/**
 * A frame without scripts has no canvas, only a box without a size: what was drawn is its background, and its size is handed to
 * `CANVAS_RULE` so that the page's own rules still win.
 */
function canvasStyle(attributes: Fields): string {
  const width = size(Number.parseInt(String(attributes.width ?? CANVAS_PX.width), 10));
  const height = size(Number.parseInt(String(attributes.height ?? CANVAS_PX.height), 10));
  const drawn = textOf(attributes.rr_dataURL);
  const background = PICTURE_DATA.test(drawn) ? `;background:url("${drawn}") 0 0/100% 100% no-repeat` : '';
  return `--canvas-width:${width};--canvas-height:${height}${background}`;
}

/** The picture in a canvas' frame, wherever rrweb wraps it. */
function pictureIn(value: Json | undefined): string | null {
  if (Array.isArray(value)) {
    for (const part of value) {
      const picture = pictureIn(part);
      if (picture) return picture;
    }
    return null;
  }
  if (!isFields(value)) return null;
  if (value.rr_type === 'Blob') {
    const bytes = textOf(fieldsOf(listOf(value.data)[0]).base64);
    const picture = `data:${textOf(value.type)};base64,${bytes}`;
    return PICTURE_DATA.test(picture) ? picture : null;
  }
  return pictureIn(value.args);
}

/** A frame of a canvas, as a change of its background. */
function canvasFrame(data: Fields): object | null {
  const commands = Array.isArray(data.commands) ? data.commands.map(fieldsOf) : [data];
  const drawn = commands.findLast((command) => command.property === 'drawImage' && pictureIn(command.args));
  const picture = pictureIn(drawn?.args);
  if (!picture) return null;
  const style = { 'background-image': `url("${picture}")`, 'background-size': '100% 100%' };
  const attributes = [{ id: numberOf(data.id, -1), attributes: { style } }];
  return { source: SOURCE.mutation, adds: [], removes: [], texts: [], attributes };
}
