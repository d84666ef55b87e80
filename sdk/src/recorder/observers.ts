/** What a visitor does on a document, and what scripts do with its fields, as rrweb's events tell it. */
import { guard, options } from '../more/core.js';
import { afterFrame } from '../more/frame.js';
import { throttled } from '../more/throttle.js';
import { DRAG, INPUT, MOUSE_INTERACTION, MOUSE_MOVE, RESIZE, SCROLL, SELECTION, TOUCH_MOVE } from './events.js';
import { fieldValue, isBlocked, isUnseen } from './masks.js';
import { idOf } from './mirror.js';
import { overhearSetter } from './overhear.js';
import { plan } from './plan.js';

export type Tell = (source: number, data: object) => void;

/** Pointer positions are told together. */
const MOVES_MS = 500;
const SCROLL_MS = 100;
const RESIZE_MS = 200;
const SELECTION_MS = 100;

const MOVES: Record<string, number> = { mousemove: MOUSE_MOVE, touchmove: TOUCH_MOVE, drag: DRAG };
/** rrweb's numbers of them. */
const INTERACTIONS: Record<string, number> = { pointerup: 0, pointerdown: 1, click: 2, contextmenu: 3, dblclick: 4, focus: 5, blur: 6, touchcancel: 10 };
const POINTERS = ['mouse', 'pen', 'touch'];

function listen<E extends Event>(target: EventTarget, types: string[], signal: AbortSignal, hear: (event: E) => void): void {
  for (const type of types) target.addEventListener(type, guard(hear) as EventListener, { capture: true, passive: true, signal });
}

const targetOf = (event: Event) => (event.composedPath()[0] ?? event.target) as HTMLInputElement;

/** After a frame, for to ask what is selected or scrolled may lay out the page. */
const framed = (run: () => void, everyMs: number) => throttled(() => afterFrame(run), everyMs);

function observeMoves(doc: Document, signal: AbortSignal, tell: Tell): void {
  let move: { x: number; y: number; id: number };
  let moves: (typeof move & { at: number })[] = [];
  let source = MOUSE_MOVE;
  const tellMoves = throttled(() => {
    const now = Date.now();
    tell(source, { positions: moves.map(({ at, ...move }) => ({ ...move, timeOffset: at - now })) });
    moves = [];
  }, MOVES_MS);
  const take = throttled(() => {
    moves.push({ ...move, at: Date.now() });
    tellMoves();
  }, options.sampling.mouseMoveInterval as number);
  listen(doc, Object.keys(MOVES), signal, (event: MouseEvent & TouchEvent) => {
    const { clientX, clientY } = event.changedTouches?.[0] ?? event;
    move = { x: clientX, y: clientY, id: idOf(targetOf(event)) };
    source = MOVES[event.type] as number;
    take();
  });
}

/** A press, a click, a focus. What kind of pointer it was is told where the number does not say it. */
function observeInteractions(doc: Document, signal: AbortSignal, tell: Tell): void {
  let lastPointer = -1;
  listen(doc, Object.keys(INTERACTIONS), signal, (event: PointerEvent & TouchEvent) => {
    const target = targetOf(event);
    if (isBlocked(target)) return;
    const number = INTERACTIONS[event.type] as number;
    const touch = event.changedTouches?.[0];
    let pointerType = touch ? 2 : POINTERS.indexOf(event.pointerType);
    const type = pointerType === 2 && number < 2 ? 9 - 2 * number : number;
    if (pointerType >= 0) {
      lastPointer = pointerType;
      if ((pointerType === 0 && type < 2) || (pointerType === 2 && type > 6)) pointerType = -1;
    } else if (type === 2) {
      pointerType = lastPointer;
      lastPointer = -1;
    }
    const { clientX, clientY } = touch ?? event;
    tell(MOUSE_INTERACTION, { type, id: idOf(target), x: clientX, y: clientY, ...(pointerType >= 0 && { pointerType }) });
  });
}

/** Of a document, or of a shadow tree, which keeps its scrolls to itself. */
export function observeScrolls(root: Document | ShadowRoot, signal: AbortSignal, tell: Tell): void {
  const scrolled = new Set<Node>();
  const tellScrolls = framed(() => {
    for (const target of scrolled) {
      const { scrollLeft, scrollTop } = target as Element;
      const { scrollX = scrollLeft, scrollY = scrollTop } = (target as Document).defaultView ?? {};
      tell(SCROLL, { id: idOf(target), x: scrollX, y: scrollY });
    }
    scrolled.clear();
  }, SCROLL_MS);
  listen(root, ['scroll'], signal, (event) => {
    const target = targetOf(event);
    if (isBlocked(target)) return;
    scrolled.add(target);
    tellScrolls();
  });
}

/** What a field holds is told when it is another than the last time. */
function observeFields(doc: Document, signal: AbortSignal, tell: Tell): void {
  const told = new WeakMap<Element, string>();

  function tellField(field: HTMLInputElement): void {
    if (!field.matches?.('input,textarea,select') || isBlocked(field) || isUnseen(field)) return;
    const now = { text: fieldValue(field, field.value), isChecked: !!field.checked };
    const key = JSON.stringify(now);
    if (told.get(field) === key) return;
    told.set(field, key);
    tell(INPUT, { ...now, id: idOf(field) });
  }

  function hear(target: HTMLInputElement): void {
    const { name, type, checked } = target;
    tellField(target.tagName === 'OPTION' ? (target.closest('select') as never) : target);
    // What is chosen of several is chosen instead of another.
    if (type !== 'radio' || !checked) return;
    const { form } = target;
    for (const other of (target.getRootNode() as Document).querySelectorAll<HTMLInputElement>('[type=radio]')) {
      if (other.name === name && other.form === form) tellField(other);
    }
  }

  listen(doc, ['input', 'change'], signal, (event) => hear(targetOf(event)));
  const view = doc.defaultView as typeof globalThis & Window;
  for (const [tag, ...names] of [
    ['Input', 'value', 'checked'],
    ['Select', 'value', 'selectedIndex'],
    ['TextArea', 'value'],
    ['Option', 'selected'],
  ] as const)
    for (const name of names) overhearSetter(view[`HTML${tag}Element`].prototype, name, signal, hear);
}

function observeSelection(doc: Document, signal: AbortSignal, tell: Tell): void {
  let wasEmpty = true;
  const tellSelection = framed(() => {
    const selection = doc.getSelection();
    const isEmpty = !selection || selection.isCollapsed;
    if (wasEmpty && isEmpty) return;
    wasEmpty = isEmpty;
    const ranges = [];
    if (!isEmpty) {
      const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
      if (!isBlocked(startContainer) && !isBlocked(endContainer)) ranges.push({ start: idOf(startContainer), startOffset, end: idOf(endContainer), endOffset });
    }
    tell(SELECTION, { ranges });
  }, SELECTION_MS);
  listen(doc, ['selectionchange'], signal, tellSelection);
}

/** Of the window of the page; a frame's is an element of it. */
export function observeSize(signal: AbortSignal, tell: Tell): void {
  listen(
    window,
    ['resize'],
    signal,
    framed(() => tell(RESIZE, { width: innerWidth, height: innerHeight }), RESIZE_MS),
  );
}

export function observeVisitor(doc: Document, signal: AbortSignal, tell: Tell): void {
  const observers = [observeInteractions, observeScrolls, observeFields, observeSelection];
  if (plan.mouseMove) observers.push(observeMoves);
  for (const observe of observers) guard(observe)(doc, signal, tell);
}
