/**
 * dom_mutation: how often the page changed. The first change after a click on something interactive is told at once, for it is the response;
 * all others once a second at most. Also watches shadow roots that were pressed in. Until the second file tells of scrolling, fields and forms,
 * they are changes too: a control whose click sends a form or moves the focus is not dead in the page's first moments either.
 */
import { guard, later, onEveryWindow } from '../guard.js';
import { emit, inResponseWindow } from '../pipeline.js';
import { isField } from '../target.js';
import { isPlain } from '../transport.js';

const CALM_MS = 1000;
const EAGER_MS = 20;
/** Enough said until it is told: a page that animates its elements would pay for every single change that is counted. */
const COUNT_ENOUGH = 100;

/** The page's own, which rests once there is enough to tell; and that of shadow roots and frames. */
let observer: MutationObserver;
let inner: MutationObserver;
let count = 0;
let firstAt = 0;
let isPressed: boolean | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

function tell(): void {
  clearTimeout(timer);
  timer = isPressed = undefined;
  if (count) emit('dom_mutation', { count }, firstAt);
  count = 0;
  watch(document, observer);
}

const changed = guard((records: ArrayLike<unknown>) => {
  if (!count) firstAt = Date.now();
  count += records.length;
  if (count > COUNT_ENOUGH) observer.disconnect();
  // Between press and click it is not yet known what this responds to.
  if (!isPressed) timer ??= later(tell, inResponseWindow() ? EAGER_MS : CALM_MS);
});

/** Watches a document or a shadow root; once more changes nothing. */
export function watch(root: Node, by = inner): void {
  by.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
}

/** Called after a click was told: what changed since the press, a menu that opens on mousedown, responds to it. */
export function clicked(now: number): void {
  if (isPressed) firstAt = now;
  tell();
}

export function startDom(): void {
  observer = new MutationObserver(changed);
  inner = new MutationObserver(changed);
  tell();
  onEveryWindow('pointerdown', (event) => {
    for (const node of event.composedPath() as Node[]) if (node.nodeType === 11) watch(node);
    tell();
    isPressed = true;
  });
  onEveryWindow('scroll focusin change submit', ({ type, target }) => {
    // The press that clicks a button moves the focus to it.
    if (isPlain() && inResponseWindow() && (type !== 'focusin' || isField(target as Element))) changed([type]);
  });
  // A press that becomes no click is over soon after it is let go.
  onEveryWindow('pointerup pointercancel', () => later(() => isPressed && tell(), EAGER_MS));
}
