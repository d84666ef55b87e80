/**
 * Observes the page: a snapshot, then what changes. Everything is told to one function, in order of time.
 *
 * A snapshot that takes more than one slice is *held*: as long as nothing but children it lacks comes in, they are put in their place in it, so that
 * most pages are told whole in one event. The first change of the tree, or time, ends that; then what is lacking follows as changes.
 */
import { cleanUrl, guard, later, watch as watchChanges } from '../more/core.js';
import type { Add, Attributes, Recorded, Told } from './events.js';
import * as rrweb from './events.js';
import { isBlocked, lookingAt, readMarks } from './masks.js';
import { beginSnapshot, countTold, endSnapshot, idOf, toldInSnapshot, untell } from './mirror.js';
import { gatherMutations } from './mutations.js';
import { parentOf } from './nodes.js';
import { observeScrolls, observeSize, observeVisitor } from './observers.js';
import { overhear } from './overhear.js';
import { onPressure, takeMutations } from './pressure.js';
import { DEPTH_MAX, serialize, whenTold } from './serialize.js';
import { adopt, forgetSheets, observeSheets } from './sheets.js';
import { begin, flat, isWhole, type Late, lastSlice, onSlice } from './slices.js';
import { watchStyle, whenStyled } from './styles.js';

/** The first slice of a snapshot: most pages fit it whole. */
const SNAPSHOT_MS = 30;
/** A snapshot is held no longer… */
const HOLD_MS_MAX = 1000;
/** …and no larger than what can be written as text in one task. */
const HOLD_NODES_MAX = 20_000;

/** Whether the snapshot that is held takes the node: it has the parent, and does not become deeper than readers can follow. */
function fits({ parent }: Late): boolean {
  let depth = 0;
  for (let at: Node | null = parent; at; at = parentOf(at)) depth++;
  return depth < DEPTH_MAX && !!toldInSnapshot(parent);
}

/** Angular's zone has its own, which lets the application look for changes whenever it calls. */
const Watcher = (window as { __zone_symbol__MutationObserver?: typeof MutationObserver }).__zone_symbol__MutationObserver ?? MutationObserver;

export interface Observed {
  /** A fresh snapshot of the page as it is. */
  snapshot(): void;
  /** Whether a snapshot is on its way. */
  isHolding(): boolean;
  /** Tells attributes that are no page's own. */
  describe(element: Element, attributes: Attributes): void;
  /** The page may be gone in a moment: tells what is held, and what waits. */
  leave(): void;
}

/** `take` gets the events, and `watch` each element that is told, until `signal` says that it is over. */
export function observe(signal: AbortSignal, take: (event: Recorded) => void, watch: (element: Element) => void): Observed {
  /** Meta and snapshot, and what came since; a snapshot that is not held leaves it empty. */
  let held: Recorded[] = [];
  let holdTimer: ReturnType<typeof setTimeout> | undefined;
  const frames = new WeakSet<Element>();
  const observed = new WeakSet<Node>();

  function tell(type: number, data: Record<string, unknown>): void {
    const event = { type, data, timestamp: Date.now() };
    if (signal.aborted) return;
    const { adds = [], removes = [] } = data as { adds?: Add[]; removes?: object[] };
    if (adds[0] || removes[0]) release();
    if (held[0]) held.push(event);
    else take(event);
  }
  const change = (source: number, data: object) => tell(rrweb.INCREMENT, { source, ...data });
  const mutate = (more: object) => change(rrweb.MUTATION, { texts: [], attributes: [], removes: [], adds: [], ...more });

  function release(): void {
    clearTimeout(holdTimer);
    const events = held;
    held = [];
    endSnapshot();
    events.forEach(take);
  }

  const isSmall = () => countTold() < HOLD_NODES_MAX;

  /** Takes what a slice of a snapshot or of additions told. */
  function takeSlice(adds: Late[]): void {
    if (held[0] && isSmall() && adds.every(fits)) adds.forEach(insert);
    else if (adds[0]) mutate({ adds: flat(adds) });
    if (isWhole()) release();
  }

  /** Puts a node into the snapshot that is held, before the next sibling that is there. */
  function insert({ parent, nextId, node }: Late): void {
    const { childNodes } = toldInSnapshot(parent) as Required<Told>;
    const next = nextId === null ? -1 : childNodes.findIndex(({ id }) => id === nextId);
    childNodes.splice(next < 0 ? childNodes.length : next, 0, node);
  }

  function snapshot(): void {
    release();
    readMarks();
    forgetSheets();
    beginSnapshot();
    onSlice(takeSlice);
    begin(SNAPSHOT_MS);
    const timestamp = Date.now();
    const meta = { type: rrweb.META, data: { href: cleanUrl(location.href), width: innerWidth, height: innerHeight }, timestamp };
    const node = serialize(document, {});
    held = [meta, { type: rrweb.FULL_SNAPSHOT, data: { node, initialOffset: { left: scrollX, top: scrollY } }, timestamp }];
    holdTimer = later(release, HOLD_MS_MAX);
    tellAdopted(document);
    if (isWhole() || !isSmall()) release();
  }

  function tellAdopted(root: Document | ShadowRoot): void {
    if (root.adoptedStyleSheets[0]) adopt(root, change);
  }

  function describe(element: Element, attributes: Attributes): void {
    const id = idOf(element);
    if (id > 0) mutate({ attributes: [{ id, attributes }] });
  }

  const mutations = gatherMutations((data) => change(rrweb.MUTATION, data));
  const watcher = new Watcher(guard((batch) => lookingAt(() => takeMutations(batch, mutations))));

  function observeTree(root: Document | ShadowRoot): void {
    observed.add(root);
    watcher.observe(root, { attributes: true, attributeOldValue: true, characterData: true, characterDataOldValue: true, childList: true, subtree: true });
  }

  function observeDocument(doc: Document): void {
    if (observed.has(doc)) return;
    observeTree(doc);
    observeVisitor(doc, signal, change);
    observeSheets(doc, signal, change);
    const { prototype } = (doc.defaultView as typeof globalThis & Window).Element;
    overhear(prototype, 'attachShadow', signal, (host: Element) => (root: ShadowRoot) => {
      if (host.isConnected) observeShadow(root);
    });
  }

  function observeShadow(root: ShadowRoot): void {
    if (observed.has(root)) return;
    observeTree(root);
    observeScrolls(root, signal, change);
    // The core knows of the shadow trees that were pressed in. What changes in any other answers a click just as well.
    watchChanges(root);
  }

  /** The document of a frame is told when it has loaded, and again when it has navigated. */
  function enter(frame: HTMLIFrameElement): void {
    const { contentDocument } = frame;
    const parentId = idOf(frame);
    // It may be complete as its frame is told, and load a moment later.
    if (!contentDocument || parentId < 0 || idOf(contentDocument) > 0 || isBlocked(frame)) return;
    begin();
    const node = serialize(contentDocument, {});
    mutate({ adds: [{ parentId, nextId: null, node }], isAttachIframe: true });
    observeDocument(contentDocument);
    tellAdopted(contentDocument);
  }

  whenTold((element) => {
    watch(element);
    const { shadowRoot, localName } = element;
    if (shadowRoot) {
      observeShadow(shadowRoot);
      // The element itself is told in a moment.
      later(() => tellAdopted(shadowRoot));
    }
    if (localName === 'link') watchStyle(element as HTMLLinkElement);
    if (localName !== 'iframe') return;
    const frame = element as HTMLIFrameElement;
    const come = guard(() => enter(frame));
    if (!frames.has(frame)) frame.addEventListener('load', come);
    frames.add(frame);
    const { contentDocument } = frame;
    if (!contentDocument) return;
    // A frame may be moved without loading anew, and then its document comes again with it.
    untell(contentDocument);
    if (contentDocument.readyState === 'complete') setTimeout(come);
  });
  onPressure((isGap) => {
    if (!isGap) return snapshot();
    onSlice(takeSlice);
    release();
    tell(rrweb.CUSTOM, { tag: 'gosight.gap', payload: { reason: 'mutations' } });
  });
  whenStyled(describe);
  signal.addEventListener('abort', () => {
    release();
    watcher.disconnect();
    onSlice(() => {});
    whenTold(() => {});
    onPressure(() => {});
  });
  snapshot();
  observeDocument(document);
  observeSize(signal, change);

  return {
    snapshot,
    isHolding: () => !!held[0],
    describe,
    leave() {
      lastSlice();
      release();
    },
  };
}
