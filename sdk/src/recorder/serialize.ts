/**
 * A node as rrweb tells it (https://github.com/rrweb-io/rrweb, rrweb-snapshot), by our rules: nothing is told that masks.ts does not let pass, and only as long
 * as there is time (slices.ts).
 */
import { guard } from '../more/core.js';
import { pictureOf } from './canvas.js';
import { type Attributes, CDATA, DOCTYPE, DOCUMENT, ELEMENT, TEXT, type Told } from './events.js';
import { attributeOf, fieldValue, isBlock, isMask, isMasked, nameOf, textOf } from './masks.js';
import { add, idOf, untell } from './mirror.js';
import { firstOf, hostOf, nextOf } from './nodes.js';
import { isTimeUp, postpone } from './slices.js';
import { styleOf } from './styles.js';

export interface How {
  /** Inside of something masked; not known yet when undefined. */
  isHidden?: boolean;
  /** It has just been added: it has not been scrolled. */
  isNew?: boolean;
  /** The text of a style that its element has told already. */
  isCssTold?: boolean;
  depth?: number;
}

/** A deeper tree is told in pieces: readers of nested data have a limit. */
export const DEPTH_MAX = 100;
/** What is not seen: scripts and what stands in for them, what is said to search engines, and links other than to a style. */
const UNSEEN = 'script,noscript,meta,base,template,link:not([rel~=stylesheet],[as=style])';
const TAG = /^[a-z][\w:-]*$/;

/** Called with each element that needs an eye kept on it: frames, hosts of shadow trees, images. */
let onElement: (element: Element) => void = () => {};
export function whenTold(run: typeof onElement): void {
  onElement = run;
}

/** A node that cannot be told is left out: a form answers to the names of its fields, one named `matches` included. */
export const serialize = (node: Node, how: How): Told | undefined => guard(tell)(node, how);

function tell(node: Node, how: How): Told | undefined {
  const isHidden = how.isHidden || (how.isHidden === undefined ? isMasked(node) : node.nodeType === 1 && isMask(node as Element));
  const inside = { ...how, isHidden };
  const told = add(node, describe(node, inside));
  if (!told) return;
  const doc = node.ownerDocument;
  if (doc && doc !== document) told.rootId = idOf(doc);
  if (node.parentNode && hostOf(node.parentNode)) told.isShadow = true;
  if (node.nodeType === 1) {
    const { shadowRoot } = node as Element;
    if (shadowRoot) told.isShadowHost = true;
    onElement(node as Element);
    if (told.attributes?.rr_width) return told;
    addChildren(told, node, inside);
    if (shadowRoot) addChildren(told, shadowRoot, inside);
  } else if (node.nodeType === 9) addChildren(told, node, inside);
  return told;
}

/** The children of a parent; when time is up in the midst of them, the parent waits for the next slice, and what is left of them has no stale ids. */
function addChildren(told: Told, parent: Node, { isHidden, isNew, depth = 0 }: How): void {
  const isTop = /^(#document|HTML|HEAD)$/.test(parent.nodeName);
  const isCssTold = told.attributes?._cssText !== undefined;
  if (told.tagName === 'textarea') return;
  let isOver = false;
  for (let child = firstOf(parent); child; child = nextOf(child)) {
    isOver ||= depth > DEPTH_MAX || (!isTop && isTimeUp());
    const one = !isOver && serialize(child, { isHidden, isNew, isCssTold, depth: depth + 1 });
    if (isOver) untell(child);
    if (one) told.childNodes?.push(one);
  }
  if (isOver) postpone(parent);
}

function describe(node: Node, how: How): Omit<Told, 'id'> | undefined {
  switch (node.nodeType) {
    case 1:
      return (node as Element).matches(UNSEEN) ? undefined : elementOf(node as HTMLElement, how);
    case 3:
      return { type: TEXT, textContent: how.isCssTold ? '' : textOf(node, node.nodeValue, how.isHidden) };
    case 4:
      return { type: CDATA, textContent: '' };
    case 9: {
      const { compatMode } = node as Document;
      return { type: DOCUMENT, childNodes: [], ...(compatMode !== 'CSS1Compat' && { compatMode }) };
    }
    case 10: {
      const { name, publicId, systemId } = node as DocumentType;
      return { type: DOCTYPE, name, publicId, systemId };
    }
  }
}

function elementOf(element: HTMLElement, { isHidden, isNew }: How): Omit<Told, 'id'> {
  // A form's `tagName` may be a field of that name.
  const tag = typeof element.tagName === 'string' ? element.tagName.toLowerCase() : 'form';
  const tagName = TAG.test(tag) ? tag : 'div';
  const isCustom = tagName.includes('-') && !!customElements.get(tagName);
  const isSVG = (element as unknown as SVGElement).ownerSVGElement !== undefined;
  const attributes = isBlock(element) ? boxOf(element) : attributesOf(element, tagName, isHidden, isNew);
  return { type: ELEMENT, tagName, attributes, childNodes: [], ...(isSVG && { isSVG }), ...(isCustom && { isCustom }) };
}

/** What is blocked keeps its place and tells nothing else. */
function boxOf(element: Element): Attributes {
  const { width, height } = element.getBoundingClientRect();
  return { class: nameOf(element.getAttribute('class') ?? ''), rr_width: `${width}px`, rr_height: `${height}px` };
}

function attributesOf(element: HTMLElement, tagName: string, isHidden?: boolean, isNew?: boolean): Attributes {
  const told: Attributes = {};
  for (const { name, value } of element.attributes) {
    const kept = attributeOf(element, name, value, isHidden);
    if (kept !== undefined) told[name] = kept;
  }
  const { value, checked, currentSrc, open } = element as HTMLInputElement & HTMLImageElement & HTMLDialogElement;
  if (/^(input|textarea|select)$/.test(tagName)) {
    if (value) told.value = fieldValue(element, value, isHidden);
    else delete told.value;
    delete told.checked;
    if (checked) told.checked = true;
  } else if (tagName === 'option') {
    // Which option was chosen is the value of its field.
    delete told.selected;
  } else if (tagName === 'link' || tagName === 'style') styleOf(element as HTMLLinkElement, told, isHidden);
  else if (tagName === 'img' && currentSrc) told.src = attributeOf(element, 'src', currentSrc, isHidden) ?? null;
  else if (tagName === 'canvas' && !isHidden) Object.assign(told, pictureOf(element));
  else if (tagName === 'dialog' && open) told.rr_open_mode = element.matches(':modal') ? 'modal' : 'non-modal';
  else if (tagName === 'iframe') {
    // A frame of another origin stays empty, a place on the page.
    if (!(element as unknown as HTMLIFrameElement).contentDocument) told.rr_src = attributeOf(element, 'href', element.getAttribute('src'), isHidden) ?? '';
  }
  if (!isNew) {
    const { scrollLeft, scrollTop } = element;
    if (scrollLeft) told.rr_scrollLeft = scrollLeft;
    if (scrollTop) told.rr_scrollTop = scrollTop;
  }
  return told;
}
