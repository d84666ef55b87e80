/** What is taken of rrweb, as scripts/rrweb.mjs cuts it. */
import type { mirror } from './mirror.js';

/** Gathers the mutations of one document or shadow tree. */
export interface MutationBuffer {
  processMutation(record: MutationRecord): void;
  emit(): void;
  forget(): void;
}

export interface Surroundings {
  mirror: typeof mirror;
  doc: Document;
  stylesheetManager: StylesheetManager;
  shadowDomManager: ShadowDomManager;
  processedNodeManager: ProcessedNodeManager;
  sampling: { mousemove?: number | false; scroll?: number };
  [callback: string]: unknown;
}
/** Observes a document; gives what ends it. */
export function initObservers(surroundings: Surroundings): () => void;

export class StylesheetManager {
  constructor(callbacks: { mutationCb: (data: object) => void; adoptedStyleSheetCb: (data: object) => void });
  adoptStyleSheets(sheets: CSSStyleSheet[], id: number): void;
  reset(): void;
}
export class ShadowDomManager {
  constructor(options: object);
  addShadowRoot(root: ShadowRoot, doc: Document): void;
  observeAttachShadow(frame: HTMLIFrameElement): void;
  init(): void;
  reset(): void;
}
export class ProcessedNodeManager {}

/** The rules of a sheet as text, its addresses absolute; null when they cannot be read. */
export function stringifyStylesheet(sheet: CSSStyleSheet): string | null;
export function getWindowScroll(window: Window): { left: number; top: number };
