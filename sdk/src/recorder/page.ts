/** Observes the page: a snapshot, then what changes. Everything is told to one function, in order of time. */
import { cleanUrl, guard } from '../more/core.js';
import {
  ADOPTED_SHEET,
  type Add,
  FULL_SNAPSHOT,
  INCREMENT,
  INPUT,
  MEDIA,
  META,
  MOUSE_INTERACTION,
  MUTATION,
  RESIZE,
  type Recorded,
  SCROLL,
  SELECTION,
  SHEET_DECLARATION,
  SHEET_RULE,
  type Told,
} from './events.js';
import { readMarks } from './masks.js';
import { getWindowScroll, initObservers, mirror, ProcessedNodeManager, ShadowDomManager, StylesheetManager, type Surroundings } from './rrweb.js';
import { serialize, whenTold } from './serialize.js';
import { begin, flat, onSlice } from './slices.js';

/** The first slice of a snapshot: most pages fit it whole. */
const SNAPSHOT_MS = 30;

export interface Observed {
  /** A fresh snapshot of the page as it is. */
  snapshot(): void;
  stop(): void;
}

export function observe(emit: (event: Recorded) => void, mousemove?: number | false): Observed {
  const send = (type: number, data: Record<string, unknown>) => emit({ type, data, timestamp: Date.now() });
  const change = (source: number) => (data: object) => send(INCREMENT, { source, ...data });
  const mutationCb = change(MUTATION);
  const scrollCb = change(SCROLL);
  const stylesheetManager = new StylesheetManager({ mutationCb, adoptedStyleSheetCb: change(ADOPTED_SHEET) });
  const sampling = { mousemove };
  const shared = { stylesheetManager, sampling, processedNodeManager: new ProcessedNodeManager() };
  const shadowDomManager = new ShadowDomManager({ mutationCb, scrollCb, mirror, bypassOptions: shared });
  const ends: (() => void)[] = [];
  const frames = new WeakSet<Element>();
  const documents = new WeakSet<Document>();

  function add(adds: Add[]): void {
    if (adds[0]) mutationCb({ adds: flat(adds), removes: [], texts: [], attributes: [] });
  }

  function observeDocument(doc: Document): void {
    documents.add(doc);
    const told = (source: number) => ({ [NAMES[source] as string]: change(source) });
    const callbacks = Object.assign({}, ...Object.keys(NAMES).map((source) => told(Number(source))));
    ends.push(
      initObservers({
        ...shared,
        ...callbacks,
        mousemoveCb: (positions: object[], source: number) => change(source)({ positions }),
        doc,
        mirror,
        shadowDomManager,
        recordDOM: true,
      } as Surroundings),
    );
  }

  /** The document of a frame is told when it has loaded, and again when it has navigated. */
  function enter(frame: HTMLIFrameElement): void {
    const { contentDocument } = frame;
    const parentId = mirror.getId(frame);
    if (!contentDocument || parentId < 0) return;
    begin();
    const node = serialize(contentDocument, {});
    mutationCb({ adds: [{ parentId, nextId: null, node }], removes: [], texts: [], attributes: [], isAttachIframe: true });
    shadowDomManager.observeAttachShadow(frame);
    if (!documents.has(contentDocument)) observeDocument(contentDocument);
    adopt(contentDocument);
  }

  function adopt(doc: Document): void {
    const { adoptedStyleSheets } = doc;
    if (adoptedStyleSheets?.length) stylesheetManager.adoptStyleSheets(adoptedStyleSheets, mirror.getId(doc));
  }

  function snapshot(): void {
    readMarks();
    send(META, { href: cleanUrl(location.href), width: innerWidth, height: innerHeight });
    stylesheetManager.reset();
    shadowDomManager.init();
    mirror.idNodeMap = new Map();
    onSlice(add);
    begin(SNAPSHOT_MS);
    const node = serialize(document, {}) as Told;
    send(FULL_SNAPSHOT, { node, initialOffset: getWindowScroll(window) });
    adopt(document);
  }

  whenTold((element) => {
    const { shadowRoot } = element;
    if (shadowRoot) shadowDomManager.addShadowRoot(shadowRoot, element.ownerDocument);
    if (element.localName !== 'iframe') return;
    const frame = element as HTMLIFrameElement;
    const come = guard(() => enter(frame));
    if (!frames.has(frame)) frame.addEventListener('load', come);
    frames.add(frame);
    if (frame.contentDocument?.readyState === 'complete') setTimeout(come);
  });
  snapshot();
  observeDocument(document);

  return {
    snapshot,
    stop() {
      onSlice(() => {});
      whenTold(() => {});
      for (const end of ends) guard(end)();
      shadowDomManager.reset();
    },
  };
}

/** The callbacks of rrweb's observers, by the source of what they tell. */
const NAMES: Record<number, string> = {
  [MUTATION]: 'mutationCb',
  [MOUSE_INTERACTION]: 'mouseInteractionCb',
  [SCROLL]: 'scrollCb',
  [RESIZE]: 'viewportResizeCb',
  [INPUT]: 'inputCb',
  [MEDIA]: 'mediaInteractionCb',
  [SHEET_RULE]: 'styleSheetRuleCb',
  [SHEET_DECLARATION]: 'styleDeclarationCb',
  [SELECTION]: 'selectionCb',
};
