/** Around a node, by the getters of all nodes: a form answers to the names of its fields, and one named `parentNode` would lead in circles. */

type Get<T> = (node: Node) => T;

function getter<T>(name: keyof Node): Get<T> {
  const { get } = Object.getOwnPropertyDescriptor(Node.prototype, name) as PropertyDescriptor;
  return (node) => get?.call(node);
}

export const parentOf: Get<Node | null> = getter('parentNode');
export const firstOf: Get<Node | null> = getter('firstChild');
export const nextOf: Get<Node | null> = getter('nextSibling');
export const previousOf: Get<Node | null> = getter('previousSibling');

/** The element that a shadow tree hangs on. */
export const hostOf = (node: Node): Element | undefined => (node.nodeType === 11 ? (node as ShadowRoot).host : undefined);

export const matches = (element: Element, selector: string): boolean => Element.prototype.matches.call(element, selector);

/** What the addresses of a sheet are relative to. */
export const baseOf = ({ href, ownerNode }: CSSStyleSheet): string => href ?? (ownerNode ?? document).baseURI;
