/** Where elements are on a page that was built from a recording. Reads the page, and changes nothing. */

/** In px of the page. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What the SDK writes between the selector of a frame or a shadow host and one of what is in it. */
const INTO = ' >>> ';

/** The element an SDK's selector names, or null: not on this page, or cut off where the SDK cuts long ones. */
function elementAt(page: Document, selector: string): Element | null {
  let root: Document | ShadowRoot | null = page;
  let element: Element | null = null;
  for (const step of selector.split(INTO)) {
    element = query(root, step);
    root = element && insideOf(element);
  }
  return element;
}

function query(root: Document | ShadowRoot | null, selector: string): Element | null {
  try {
    return root?.querySelector(selector) ?? null;
  } catch {
    // A selector that was cut off is none.
    return null;
  }
}

function insideOf(element: Element): Document | ShadowRoot | null {
  return element.shadowRoot ?? (element as Partial<HTMLIFrameElement>).contentDocument ?? null;
}

/** Null for what is not seen, such as a dialog that is closed. */
function placeOf(element: Element): Place | null {
  const { left, top, width, height } = element.getBoundingClientRect();
  if (width === 0 || height === 0 || getComputedStyle(element).visibility === 'hidden') return null;
  const view = element.ownerDocument.defaultView;
  const frame = view?.frameElement;
  const isWithin = frame?.ownerDocument.defaultView?.frameElement;
  // The outermost frame is the page itself.
  const outer = frame && isWithin ? placeOf(frame) : { left: view?.scrollX ?? 0, top: view?.scrollY ?? 0 };
  return outer && { left: left + outer.left, top: top + outer.top, width, height };
}

/** The places of those elements that are seen. */
export function placesOf(page: Document, selectors: readonly string[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const selector of selectors) {
    const element = elementAt(page, selector);
    const place = element && placeOf(element);
    if (place) places.set(selector, place);
  }
  return places;
}
