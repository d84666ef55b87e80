/** What scripts do with the rules of sheets, and which sheets without an element a document or a shadow tree has adopted, as rrweb's events tell it. */
import { ADOPTED_SHEET, SHEET_DECLARATION, SHEET_RULE } from './events.js';
import { cssOf, isMasked } from './masks.js';
import { idOf } from './mirror.js';
import { baseOf, hostOf } from './nodes.js';
import type { Tell } from './observers.js';
import { overhear, overhearSetter } from './overhear.js';

/** Of those without an element that are told. */
let ids = new WeakMap<CSSStyleSheet, number>();
let lastId = 0;

/** They are told anew after a snapshot. */
export function forgetSheets(): void {
  ids = new WeakMap();
}

/** A text that a script has put into a sheet, as it may be told. */
function textIn(sheet: CSSStyleSheet, text: unknown): string {
  return cssOf(String(text ?? ''), baseOf(sheet), isMasked(sheet.ownerNode ?? document));
}

/** The way down to a rule, by its places among the rules around it. */
function placeOf(rule: CSSRule): number[] {
  const { parentRule, parentStyleSheet } = rule;
  const around = (parentRule as CSSGroupingRule | null) ?? parentStyleSheet;
  const place = around ? [...around.cssRules].indexOf(rule) : -1;
  return parentRule ? [...placeOf(parentRule), place] : [place];
}

export function adopt(root: Document | ShadowRoot, tell: Tell): void {
  const id = idOf(hostOf(root) ?? root);
  if (id < 0) return;
  const styles: object[] = [];
  const styleIds = root.adoptedStyleSheets.map((sheet) => {
    const known = ids.get(sheet);
    if (known) return known;
    ids.set(sheet, ++lastId);
    styles.push({ styleId: lastId, rules: [...sheet.cssRules].map(({ cssText }, index) => ({ rule: textIn(sheet, cssText), index })) });
    return lastId;
  });
  tell(ADOPTED_SHEET, { id, styleIds, styles });
}

export function observeSheets(doc: Document, signal: AbortSignal, tell: Tell): void {
  const view = doc.defaultView as typeof globalThis & Window;

  function tellOf(source: number, sheet: CSSStyleSheet | null | undefined, data: object): void {
    if (!sheet) return;
    const { ownerNode } = sheet;
    const id = ownerNode ? idOf(ownerNode) : undefined;
    const styleId = ids.get(sheet);
    if ((id ?? styleId ?? 0) > 0) tell(source, { id, styleId, ...data });
  }
  const add = (sheet: CSSStyleSheet, rule: unknown, index?: unknown) => tellOf(SHEET_RULE, sheet, { adds: [{ rule: textIn(sheet, rule), index }] });
  const remove = (sheet: CSSStyleSheet | null, index: unknown) => tellOf(SHEET_RULE, sheet, { removes: [{ index }] });

  const sheets = view.CSSStyleSheet.prototype;
  overhear(sheets, 'insertRule', signal, add);
  overhear(sheets, 'deleteRule', signal, remove);
  overhear(sheets, 'addRule', signal, (sheet: CSSStyleSheet, selector, style, index = sheet.cssRules.length) => add(sheet, `${selector} { ${style} }`, index));
  overhear(sheets, 'removeRule', signal, (sheet: CSSStyleSheet, index = 0) => remove(sheet, index));
  for (const name of ['replace', 'replaceSync'])
    overhear(sheets, name, signal, (sheet: CSSStyleSheet, text) => tellOf(SHEET_RULE, sheet, { [name]: textIn(sheet, text) }));

  const groups = view.CSSGroupingRule.prototype;
  overhear(groups, 'insertRule', signal, (group: CSSGroupingRule, rule, index = 0) => {
    const sheet = group.parentStyleSheet;
    if (sheet) add(sheet, rule, [...placeOf(group), index]);
  });
  overhear(groups, 'deleteRule', signal, (group: CSSGroupingRule, index) => remove(group.parentStyleSheet, [...placeOf(group), index]));

  function tellStyle({ parentRule }: CSSStyleDeclaration, change: (sheet: CSSStyleSheet) => object): void {
    const sheet = parentRule?.parentStyleSheet;
    if (sheet) tellOf(SHEET_DECLARATION, sheet, { ...change(sheet), index: placeOf(parentRule) });
  }
  const styles = view.CSSStyleDeclaration.prototype;
  overhear(styles, 'setProperty', signal, (style: CSSStyleDeclaration, property, value, priority) =>
    tellStyle(style, (sheet) => ({ set: { property, value: textIn(sheet, `${property}:${value ?? ''}`).replace(/^.*?:/s, ''), priority } })),
  );
  overhear(styles, 'removeProperty', signal, (style: CSSStyleDeclaration, property) => tellStyle(style, () => ({ remove: { property } })));

  for (const { prototype } of [view.Document, view.ShadowRoot])
    overhearSetter(prototype, 'adoptedStyleSheets', signal, (root: Document | ShadowRoot) => adopt(root, tell));
}
