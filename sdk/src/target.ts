/** Describes the element an event is about. Work is bound by the depth of the page, never by its size. */
import type { Target } from './events.js';
import { cleanUrl, closest, isBlocked, isIgnored, isMasked, looksSecret, maskPersonal, outsideOf, silent, textToTell } from './privacy.js';

const TEXT_MAX = 50;
const SELECTOR_MAX = 512;
const ATTRIBUTES_MAX = 20;
/** How far above the element under the pointer a class may make an ancestor the target. */
const CLASS_REACH = 3;

const NAMES = ['data-gosight-name', 'data-testid', 'data-test-id', 'data-cy', 'data-analytics'];
const LABELS = [...NAMES, 'id', 'aria-label', 'name'];
const FIELD = 'input,select,textarea';
/** Of the frameworks' own attributes those that are left in the page: Vue and Angular take theirs away. */
const INTERACTIVE = `a,button,label,summary,${FIELD},[onclick],[ng-click],[\\@click],[x-on\\:click]`;
const ROLE = /^(button|link|checkbox|radio|tab|menuitem|switch)$/;
const NO_TEXT_INPUT = /^(button|submit|reset|image|checkbox|radio|file|range|color)$/;

/** Ids and classes that a build or a framework made up: three digits in a row, `:r1:`, `css-1x2y3z`, `Button__aB3xZ`. */
const GENERATED = /\d{3}|[:«@]|^_r_|^(css|sc|jss)-|__\w*[A-Z\d]|(\d[a-z]+\d|[a-z]\d+[a-z])\w*$/;

const isTold = (value: string | null): value is string => !!value && maskPersonal(value) === value;
const isStable = (name: string | null): name is string => isTold(name) && !GENERATED.test(name);
const hasPointer = (element: Element) => getComputedStyle(element).cursor === 'pointer';
const hasClass = (element: Element) => /btn|button|link|clickable/i.test(element.getAttribute('class') as string);
const isPlain = (element: Element) => element.matches(INTERACTIVE) || ROLE.test(element.getAttribute('role') as string) || !!(element as HTMLElement).onclick;

export const looksInteractive = (element: Element): boolean => isPlain(element) || hasClass(element) || hasPointer(element);
export const isField = (element: Element): boolean => element.matches(FIELD);

/** By its attribute, or by a style alone. */
const isEditable = (element: Element): boolean =>
  (element as HTMLElement).isContentEditable || /w/.test((getComputedStyle(element) as unknown as Record<string, string>).webkitUserModify as string);

/** Where a person types or picks a value. */
export const isTextField = (element: Element): boolean => isEditable(element) || (isField(element) && !NO_TEXT_INPUT.test((element as HTMLInputElement).type));

/** The element a pointer event is about: the interactive one around what was hit, else what was hit. */
export function targetOf(event: Event): Element | undefined {
  // Without the window: what that has not, it looks for among the names in the page, which takes long.
  const path = (event.composedPath().slice(0, -1) as Node[]).filter((node): node is Element => node.nodeType === 1);
  return (
    path.find(isPlain) ??
    path.slice(0, CLASS_REACH).find(hasClass) ??
    // The cursor is inherited: the outermost element that shows it is the one that was styled.
    path[Math.max(path.findIndex((element) => !hasPointer(element)) - 1, 0)]
  );
}

/** Visible text, never what a person typed: no field, no editable region, nothing masked or blocked inside. */
function textOf(node: Node): string {
  if (node.nodeType === 3) return node.nodeValue as string;
  return [...node.childNodes].reduce(
    (text, child) =>
      text.length > TEXT_MAX * 4 || ((child as Element).matches && (isTextField(child as Element) || (child as Element).matches(silent())))
        ? text
        : text + textOf(child),
    '',
  );
}

/** Which of its siblings, when there are others of its kind. */
function nthOf(element: Element): string {
  let nth = 0;
  for (let at: Element | null = element; at; at = at.previousElementSibling) if (at.localName === element.localName) nth++;
  return element.matches(':only-of-type') ? '' : `:nth-of-type(${nth})`;
}

/** A stable id or test attribute, else the path down from the nearest one; ` >>> ` enters a shadow root or a frame. */
export function selectorOf(element: Element): string {
  const { localName, parentElement } = element;
  const id = element.getAttribute('id');
  const name = NAMES.find((name) => isTold(element.getAttribute(name)));
  const anchor = isStable(id) ? `#${CSS.escape(id)}` : name && `[${name}="${CSS.escape(element.getAttribute(name) as string)}"]`;
  const parent = !anchor && localName !== 'body' && parentElement;
  const around = parent || outsideOf(element);
  return ((around ? selectorOf(around) + (parent ? ' > ' : ' >>> ') : '') + (anchor || localName + nthOf(element))).slice(0, SELECTOR_MAX);
}

/** Why no response is due to a click, when the browser knows. */
export function neverDead(element: Element, event: MouseEvent): string {
  const link = closest<HTMLAnchorElement>(element, 'a[href]');
  const selection = getSelection();
  if (isIgnored(element)) return 'ignored';
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return 'modified';
  if (link?.hasAttribute('download')) return 'download';
  if (/^(mailto|tel|sms):/.test(link?.href as string)) return 'mailto';
  if (link && /^(?!_(self|top|parent)$)./.test(link.target)) return 'new_tab';
  if (isTextField(closest<HTMLLabelElement>(element, 'label')?.control ?? element)) return 'text_field';
  return selection?.isCollapsed === false && selection.containsNode(element, true) ? 'selection' : '';
}

/** The place of an element's frame in the top window. */
export function frameOffset(element: Element): { x: number; y: number } {
  let x = 0;
  let y = 0;
  for (let at: Element | null | undefined = element; (at = at.ownerDocument.defaultView?.frameElement); ) {
    const rect = at.getBoundingClientRect();
    x += rect.x;
    y += rect.y;
  }
  return { x, y };
}

export function describe(element: Element, never_dead = ''): Target {
  const blocked = isBlocked(element);
  const hidden = blocked || isMasked(element);
  const { localName } = element;
  const shown = /^(button|submit|reset)$/.test((element as HTMLInputElement).type) && (element as HTMLInputElement).value;
  const text = blocked || isTextField(element) ? '' : textToTell((shown || textOf(element)).replace(/\s+/g, ' ').trim(), hidden).slice(0, TEXT_MAX);
  const given = LABELS.map((name) => element.getAttribute(name)).find((name) => name);
  const attributes = element
    .getAttributeNames()
    .filter((name) => !hidden && /^data-/.test(name) && !looksSecret(name))
    .slice(0, ATTRIBUTES_MAX);
  const { top, left, width, height } = element.getBoundingClientRect();
  const offset = frameOffset(element);
  const href = element.getAttribute('href');
  return Object.seal({
    tag: localName,
    // A form's own `id` may be a field of that name.
    id: maskPersonal(element.getAttribute('id') ?? ''),
    classes: maskPersonal(element.classList.value),
    text,
    href: href && !hidden ? cleanUrl(href) : '',
    name:
      (!hidden && given && (isField(element) && looksSecret(given) ? '***' : maskPersonal(given))) ||
      text ||
      [localName, ...[...element.classList].filter(isStable).slice(0, 2)].join('.'),
    selector: selectorOf(element),
    attributes: Object.fromEntries(attributes.map((name) => [name, maskPersonal(element.getAttribute(name) as string)])),
    rect: { top: top + offset.y, left: left + offset.x, width, height },
    looks_interactive: looksInteractive(element),
    ignore_rage: !!closest(element, '[data-gosight-ignore-rage]'),
    never_dead,
  });
}
