/** click, dblclick, context_menu. */
import { onEveryWindow } from '../guard.js';
import { awaitResponse, emit } from '../pipeline.js';
import { closest } from '../privacy.js';
import { describe, frameOffset, neverDead, targetOf } from '../target.js';
import { view } from '../view.js';
import { clicked } from './dom.js';

const DOUBLE_TAP_MS = 300;
/** A label's click clicks its control too, in the press's own time, however long its handlers take: one press, one click. */
const LABEL_MS = 50;

const TYPES: Record<string, 'context_menu' | 'click' | undefined> = { contextmenu: 'context_menu', auxclick: 'click' };
const BUTTONS = ['left', 'middle', 'right'];

let last: { at: number; double_tap?: boolean; control?: Element | null } = { at: 0 };

function onClick(event: PointerEvent): void {
  const element = targetOf(event);
  const now = Date.now();
  const since = event.timeStamp - last.at;
  const type = TYPES[event.type] ?? (event.type as 'click' | 'dblclick');
  // A page may click its own elements: nobody did that. The right button's click comes with a context menu.
  if (!element || !event.isTrusted || (type === 'click' && (event.button > 1 || (element === last.control && since < LABEL_MS)))) return;
  const target = describe(element, neverDead(element, event));
  const { looks_interactive, rect } = target;
  const frame = frameOffset(element);
  // A click by the keyboard has no place of its own: it is in the middle of its target.
  const byKey = !event.clientX && !event.clientY;
  const x = byKey ? rect.left + rect.width / 2 : frame.x + event.clientX;
  const y = byKey ? rect.top + rect.height / 2 : frame.y + event.clientY;
  const pointer_type = event.pointerType || 'mouse';
  let double_tap = false;
  if (type === 'click') {
    // A second quick tap on a button is impatience; elsewhere it zooms.
    double_tap = pointer_type === 'touch' && !looks_interactive && !last.double_tap && since < DOUBLE_TAP_MS;
    last = { at: event.timeStamp, double_tap, control: closest<HTMLLabelElement>(element, 'label')?.control };
    // A link that opens elsewhere, or is in this page, does not lead away.
    view.nextUrl = target.never_dead || element.matches('[href^="#"]') ? '' : target.href;
    if (looks_interactive) awaitResponse(now);
  }
  emit(
    type,
    { page_x: x + scrollX, page_y: y + scrollY, viewport_x: x, viewport_y: y, button: BUTTONS[event.button] as string, target, pointer_type, double_tap },
    now,
  );
  clicked(now);
}

export function startPointer(): void {
  onEveryWindow('click auxclick dblclick contextmenu', onClick);
}
