/**
 * Observes the page: a snapshot, then what changes. Everything is told to one function, in order of time.
 *
 * A snapshot that takes more than one slice is *held*: as long as nothing but children it lacks comes in, they are put in their place in it, so that
 * most pages are told whole in one event. The first change of the tree, or time, ends that; then what is lacking follows as changes.
 */
import { cleanUrl, guard, options, watch as watchChanges } from '../more/core.js';
import type { Add, Attributes, Recorded, Told } from './events.js';
import * as rrweb from './events.js';
import { readMarks } from './masks.js';
import { beginSnapshot, countTold, endSnapshot, mirror, toldInSnapshot } from './mirror.js';
import { plan } from './plan.js';
import { onPressure } from './pressure.js';
import { getWindowScroll, initObservers, ProcessedNodeManager, ShadowDomManager, StylesheetManager, type Surroundings } from './rrweb.js';
import { DEPTH_MAX, serialize, whenTold } from './serialize.js';
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
  for (let at: Node | null = parent; at; at = at.parentNode) depth++;
  return depth < DEPTH_MAX && !!toldInSnapshot(parent);
}

/** The callbacks of rrweb's observers, by the source of what they tell. */
const CALLBACKS = {
  mutationCb: rrweb.MUTATION,
  mouseInteractionCb: rrweb.MOUSE_INTERACTION,
  scrollCb: rrweb.SCROLL,
  viewportResizeCb: rrweb.RESIZE,
  inputCb: rrweb.INPUT,
  mediaInteractionCb: rrweb.MEDIA,
  styleSheetRuleCb: rrweb.SHEET_RULE,
  styleDeclarationCb: rrweb.SHEET_DECLARATION,
  selectionCb: rrweb.SELECTION,
};

export interface Observed {
  /** A fresh snapshot of the page as it is. */
  snapshot(): void;
  /** Whether a snapshot is on its way. */
  isHolding(): boolean;
  /** Tells attributes that are no page's own. */
  describe(element: Element, attributes: Attributes): void;
  /** The page may be gone in a moment: tells what is held, and what waits. */
  leave(): void;
  stop(): void;
}

/** `take` gets the events, and `watch` each element that is told. */
export function observe(take: (event: Recorded) => void, watch: (element: Element) => void): Observed {
  /** Meta and snapshot, and what came since; a snapshot that is not held leaves it empty. */
  let held: Recorded[] = [];
  let isOver = false;
  let holdTimer: ReturnType<typeof setTimeout> | undefined;
  const ends: (() => void)[] = [];
  const frames = new WeakSet<Element>();
  const documents = new WeakSet<Document>();

  function tell(type: number, data: Record<string, unknown>): void {
    const event = { type, data, timestamp: Date.now() };
    if (isOver) return;
    const { adds = [], removes = [] } = data as { adds?: Add[]; removes?: object[] };
    if (adds[0] || removes[0]) release();
    if (held[0]) held.push(event);
    else take(event);
  }
  const change = (source: number) => (data: object) => tell(rrweb.INCREMENT, { source, ...data });
  const callbacks = Object.fromEntries(Object.entries(CALLBACKS).map(([name, source]) => [name, change(source)]));
  const mutate = (more: object) => change(rrweb.MUTATION)({ texts: [], attributes: [], removes: [], adds: [], ...more });

  const { mutationCb, scrollCb } = callbacks as Record<'mutationCb' | 'scrollCb', (data: object) => void>;
  const stylesheetManager = new StylesheetManager({ mutationCb, adoptedStyleSheetCb: change(rrweb.ADOPTED_SHEET) });
  const sampling = { mousemove: plan.mouseMove && options.sampling.mouseMoveInterval };
  const shared = { stylesheetManager, sampling, processedNodeManager: new ProcessedNodeManager() };
  const shadowDomManager = new ShadowDomManager({ mutationCb, scrollCb, mirror, bypassOptions: shared });
  const addShadowRoot = shadowDomManager.addShadowRoot.bind(shadowDomManager);
  // The core knows of the shadow trees that were pressed in. What changes in any other answers a click just as well.
  shadowDomManager.addShadowRoot = (root, doc) => {
    watchChanges(root);
    addShadowRoot(root, doc);
  };

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
    stylesheetManager.reset();
    shadowDomManager.init();
    beginSnapshot();
    onSlice(takeSlice);
    begin(SNAPSHOT_MS);
    const { left, top } = getWindowScroll(window);
    const timestamp = Date.now();
    const meta = { type: rrweb.META, data: { href: cleanUrl(location.href), width: innerWidth, height: innerHeight }, timestamp };
    const node = serialize(document, {});
    held = [meta, { type: rrweb.FULL_SNAPSHOT, data: { node, initialOffset: { left, top } }, timestamp }];
    holdTimer = setTimeout(guard(release), HOLD_MS_MAX);
    adopt(document);
    if (isWhole() || !isSmall()) release();
  }

  function adopt(root: Document): void {
    const { adoptedStyleSheets } = root;
    if (adoptedStyleSheets?.length) stylesheetManager.adoptStyleSheets(adoptedStyleSheets, mirror.getId(root));
  }

  function describe(element: Element, attributes: Attributes): void {
    const id = mirror.getId(element);
    if (id > 0) mutate({ attributes: [{ id, attributes }] });
  }

  function observeDocument(doc: Document): void {
    documents.add(doc);
    const mousemoveCb = (positions: object[], source: number) => change(source)({ positions });
    ends.push(initObservers({ ...shared, ...callbacks, mousemoveCb, doc, mirror, shadowDomManager } as Surroundings));
  }

  /** The document of a frame is told when it has loaded, and again when it has navigated. */
  function enter(frame: HTMLIFrameElement): void {
    const { contentDocument } = frame;
    const parentId = mirror.getId(frame);
    if (!contentDocument || parentId < 0) return;
    begin();
    const node = serialize(contentDocument, {});
    mutate({ adds: [{ parentId, nextId: null, node }], isAttachIframe: true });
    shadowDomManager.observeAttachShadow(frame);
    if (!documents.has(contentDocument)) observeDocument(contentDocument);
    adopt(contentDocument);
  }

  whenTold((element) => {
    watch(element);
    const { shadowRoot, localName, ownerDocument } = element;
    if (shadowRoot) shadowDomManager.addShadowRoot(shadowRoot, ownerDocument);
    if (localName === 'link') watchStyle(element as HTMLLinkElement);
    if (localName !== 'iframe') return;
    const frame = element as HTMLIFrameElement;
    const come = guard(() => enter(frame));
    if (!frames.has(frame)) frame.addEventListener('load', come);
    frames.add(frame);
    if (frame.contentDocument?.readyState === 'complete') setTimeout(come);
  });
  onPressure((isGap) => {
    if (!isGap) return snapshot();
    onSlice(takeSlice);
    release();
    tell(rrweb.CUSTOM, { tag: 'gosight.gap', payload: { reason: 'mutations' } });
  });
  whenStyled(describe);
  snapshot();
  observeDocument(document);

  return {
    snapshot,
    isHolding: () => !!held[0],
    describe,
    leave() {
      lastSlice();
      release();
    },
    stop() {
      release();
      isOver = true;
      onSlice(() => {});
      whenTold(() => {});
      onPressure(() => {});
      for (const end of ends) guard(end)();
      shadowDomManager.reset();
    },
  };
}
