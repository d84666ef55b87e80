/**
 * What the recorder takes of rrweb, cut to size as it is bundled: the observers and the bookkeeping of mutations. How a node is told, what is masked,
 * when to stop for a breath and how a recording begins are ours (src/recorder). Every patch must fit the pinned version exactly, or the build fails.
 */
import { readFileSync } from 'node:fs';

const FILE = new URL('../node_modules/@rrweb/record/dist/record.js', import.meta.url);

/** Options that are the same for every node of ours, and so need not travel. */
const DROPPED =
  'blockClass|blockSelector|ignoreClass|ignoreSelector|maskTextClass|maskTextSelector|maskInputOptions|maskTextFn|maskInputFn|slimDOMOptions|dataURLOptions|inlineStylesheet|inlineImages|recordCanvas|keepIframeSrcFn|canvasManager|iframeManager|userTriggeredOnInput|unattachedDoc';

function patched(source) {
  let code = source;

  function fail(what, text) {
    throw new Error(`rrweb has changed, ${what}: ${text}`);
  }
  /** Replaces a text that occurs exactly so many times. */
  function put(text, by, times = 1) {
    const parts = code.split(text);
    if (parts.length !== times + 1) fail(`found ${parts.length - 1} times`, text);
    code = parts.join(by);
  }
  /** Replaces what stands from one text up to the next of another. */
  function cut(from, to, by = '') {
    if (code.split(from).length !== 2) fail('not found once', from);
    const start = code.indexOf(from);
    const end = code.indexOf(to, start + from.length);
    if (end < 0) fail('not found after it', to);
    code = code.slice(0, start) + by + code.slice(end);
  }

  // Not needed at all: canvas and its worker, frames of other origins, warnings about old uses, fonts, hooks, plugins.
  cut('const DEPARTED_MIRROR_ACCESS_WARNING', 'function throttle(');
  cut('class BaseRRNode {', 'function on(type,');
  put('  if (n instanceof BaseRRNode && "shadowRoot" in n) {\n    return Boolean(n.shadowRoot);\n  }\n', '');
  cut('class CrossOriginIframeMirror {', 'class ShadowDomManager {');
  cut('\nvar chars = ', '\nclass StylesheetManager {');
  cut('function mergeHooks(', 'function initObservers(');
  put('  mergeHooks(o, hooks);\n', '');
  put('function initObservers(o, hooks = {})', 'function initObservers(o)');
  put('    if (o.collectFonts) {\n      fontObserver = initFontObserver(o);\n    }\n', '');
  cut('  const customElementObserver = ', '  return callbackWrapper(() => {\n    mutationBuffers');
  put('    mutationBuffers.forEach((b) => b.reset());\n', '');
  put('    customElementObserver();\n    pluginHandlers.forEach((h) => h());\n', '');
  put('const mutationBuffers = [];\n', '');
  put('  mutationBuffers.push(mutationBuffer);\n', '');
  cut('  freeze() {\n    this.frozen', 'function deepDelete(', '}\n');
  put('      if (this.frozen || this.locked) {\n        return;\n      }\n', '');
  put('    __publicField(this, "frozen", false);\n    __publicField(this, "locked", false);\n', '');

  // Nothing of ours may reach the page: neither an error, nor the loss of a call of its own, nor of its error.
  put('apply: callbackWrapper(', 'apply: beside(', 8);
  put('return target.apply(thisArg, argumentsList);', '', 8);
  put('        if (ignoreCSSAttributes.has(property)) {\n          return setProperty.apply(thisArg, [property, value, priority]);\n        }\n', '');
  put('        if (ignoreCSSAttributes.has(property)) {\n          return removeProperty.apply(thisArg, [property]);\n        }\n', '');
  cut('let errorHandler;\n', 'function getEventTarget(');
  code = code.replace(/\bcallbackWrapper\b/g, 'guard');
  put(
    '  target.addEventListener(type, fn, options);\n  return () => target.removeEventListener(type, fn, options);\n',
    '  const safe = guard(fn);\n  target.addEventListener(type, safe, options);\n  return () => target.removeEventListener(type, safe, options);\n',
  );
  put(
    '            const shadowRootEl = index.shadowRoot(this);\n            if (shadowRootEl && inDom(this))\n              manager.addShadowRoot(shadowRootEl, doc);\n',
    '            guard(() => inDom(this) && manager.addShadowRoot(sRoot, doc))();\n',
  );

  // How a recording begins and ends is ours: src/recorder/page.ts.
  cut(
    'let wrappedEmit;\n',
    '//# sourceMappingURL',
    'export { initObservers, ShadowDomManager, StylesheetManager, ProcessedNodeManager, stringifyStylesheet, getWindowScroll };\n',
  );
  put('  ignoreCSSAttributes,\n', '');
  // So is how a node is told: src/recorder/serialize.ts.
  cut('let _id = 1;\n', 'function _isBlockedElement(', 'const IGNORED_NODE = -2;\n');
  cut('function _isBlockedElement(', 'function on(type,');
  // And which nodes are told: src/recorder/mirror.ts.
  cut('class Mirror {', 'function toLowerCase(str)');
  cut('const ORIGINAL_ATTRIBUTE_NAME', 'function normalizeCssString(');
  cut(
    '        const sn = serializeNodeWithId(n, {',
    '        if (sn) {',
    '        const sn = serialize(n, { isNew: true, isFlat: true, isCssTold: cssCaptured });\n',
  );

  // What is private is ours too: src/recorder/masks.ts.
  cut('function isBlocked(node, ', 'function isSerialized(');
  code = code.replace(/isBlocked\(([\w.]+), (this\.)?blockClass, (this\.)?blockSelector, (true|false)\)/g, 'isBlocked($1)');
  cut('              value: needMaskingText(', '              node: m.target\n', '              value: textOf(m.target, value),\n');
  cut(
    '      item.attributes.value = maskInputValue({',
    '    });\n    __publicField(this, "processMutation"',
    '      item.attributes.value = fieldValue(textarea, value);\n',
  );
  cut('          if (attributeName === "value") {', '          if (isBlocked(m.target)');
  cut('          if (tagNameLower === "iframe" && attributeName', '          if (!item) {');
  cut('          if (attributeName === "type" && tagNameLower', '          if (!ignoreAttribute(tagNameLower');
  put('          const tagNameLower = toLowerCase(target.tagName);\n', '');
  put(
    '          let item = this.attributeMap.get(m.target);\n',
    '          const kept = attributeOf(target, attributeName, value);\n          if (kept === void 0) return;\n          let item = this.attributeMap.get(m.target);\n',
  );
  cut(
    '          if (!ignoreAttribute(tagNameLower',
    '            if (attributeName === "style") {',
    '          {\n            item.attributes[attributeName] = kept;\n',
  );
  put('isIgnored(m.target, this.mirror, this.slimDOMOptions)', 'isIgnored(m.target, this.mirror)');
  put('isIgnored(n, this.mirror, this.slimDOMOptions)', 'isIgnored(n, this.mirror)', 2);
  cut('function isIgnored(n, mirror2, slim', '  return mirror2.getId(n) === IGNORED_NODE', 'function isIgnored(n, mirror2) {\n');
  put('if (target.classList.contains(ignoreClass) || ignoreSelector && target.matches(ignoreSelector)) {', 'if (isUnseen(target)) {');
  cut(
    '    let text = target.value;\n',
    '    cbWithDedup(\n      target,',
    '    const isChecked = target.checked || false;\n    const text = fieldValue(target, target.value);\n    const { type } = target;\n',
  );
  put('userTriggeredOnInput ? { text, isChecked, userTriggered } : { text, isChecked }', '{ text, isChecked }');
  put(
    'userTriggeredOnInput ? { text: text2, isChecked: !isChecked, userTriggered: false } : { text: text2, isChecked: !isChecked }',
    '{ text: text2, isChecked: !isChecked }',
  );
  put('const text2 = el.value;', 'const text2 = fieldValue(el, el.value);');
  put('    const userTriggered = event.isTrusted;\n', '');

  // A style is told whole: to find what of it changed costs more than it saves.
  cut('            if (attributeName === "style") {', ' if (attributeName === "open" && target', '           ');
  cut('          if (typeof attributes.style === "string") {', '          return {\n            id: this.mirror.getId(attribute.node)');
  put(',\n              styleDiff: {},\n              _unchangedStyles: {}', '');
  put(',\n          styleDiff: {},\n          _unchangedStyles: {}', '');

  put('const { doc, mirror: mirror2, blockClass, blockSelector, selectionCb }', 'const { doc, mirror: mirror2, selectionCb }');

  // Work in slices (src/recorder/slices.ts): what there is no time for is postponed, and a node beside one that is postponed waits with it.
  put('      mutations.forEach(this.processMutation);\n      this.emit();\n', '      takeMutations(mutations, this);\n');
  put(
    '      while (this.addedSet.size) {\n',
    '      while (this.addedSet.size) {\n        if (isTimeUp()) {\n          for (const late of this.addedSet) {\n            this.mirror.removeNodeFromMap(late);\n            postpone(index.parentNode(late));\n          }\n          break;\n        }\n',
  );
  cut('          console.warn(\n            "Couldn\'t record new node.', '          n = null;\n          continue;', '          postpone(parentNode2);\n');
  put(
    '      if (this.processedNodeManager.inOtherBuffer(n, this)) return;\n',
    '      if (isTimeUp()) {\n        this.mirror.removeNodeFromMap(n);\n        return postpone(index.parentNode(n));\n      }\n      if (this.processedNodeManager.inOtherBuffer(n, this)) return;\n',
  );
  // What is removed counts as one, whatever was in it, and too much of it is not looked at to the end.
  put('processRemoves(n, this.removesSubTreeCache)', 'this.removesSubTreeCache.add(n)');
  put('|| this.removesSubTreeCache.has(parentNode2)', '|| isSelfOrAncestorInSet(this.removesSubTreeCache, parentNode2)');
  put('if (this.removesSubTreeCache.has(parentNode22) && ', 'if (parentNode22 && isSelfOrAncestorInSet(this.removesSubTreeCache, parentNode22) && ');
  put('          m.removedNodes.forEach((n) => {\n', '          m.removedNodes.forEach((n) => {\n            if (isOverdue()) return;\n');
  put('if (isBlocked(m.target) || isIgnored(n, this.mirror) || !isSerialized', 'if (isIgnored(n, this.mirror) || !isSerialized');
  // Not one by one from the front of an array.
  put(
    '      while (this.mapRemoves.length) {\n        this.mirror.removeNodeFromMap(this.mapRemoves.shift());\n      }\n',
    '      this.mapRemoves.forEach(this.mirror.removeNodeFromMap);\n      this.mapRemoves = [];\n',
  );
  cut('      if (!payload.texts.length && !payload.attributes', '      this.texts = [];');
  put(
    '      this.texts = [];\n',
    '      this.forget();\n      if (payload.texts.length || payload.attributes.length || payload.removes.length || payload.adds.length) this.mutationCb(payload);\n    });\n    __publicField(this, "forget", () => {\n      this.texts = [];\n',
  );
  put('      this.movedMap = {};\n      this.mutationCb(payload);\n', '      this.movedMap = {};\n      this.mapRemoves = [];\n');

  // What no browser of the last four years needs: each has pointer events, `composedPath`, `CSSGroupingRule`, and a clock.
  cut('let nowTimestamp = Date.now;', 'function patch(');
  put('nowTimestamp()', 'Date.now()', 2);
  put('  nowTimestamp,\n', '');
  cut(
    'function getWindowScroll(win) {',
    'function closestElementOfNode(',
    'function getWindowScroll(win) {\n  const at = win.document.scrollingElement;\n  return { left: at ? at.scrollLeft : win.pageXOffset, top: at ? at.scrollTop : win.pageYOffset };\n}\n',
  );
  put('getWindowHeight()', 'window.innerHeight');
  put('getWindowWidth()', 'window.innerWidth');
  cut('function getEventTarget(', 'function initMutationObserver(', 'const getEventTarget = (event) => event.composedPath?.()[0] ?? event.target;\n');
  cut('  if (!win.CSSStyleSheet || !win.CSSStyleSheet.prototype) {', '  const insertRule = win.CSSStyleSheet');
  cut('    if (hasNestedCSSRule("CSSGroupingRule") &&', '      const rules = Array.from(\n', '    if (childRule.parentRule instanceof CSSGroupingRule) {\n');
  cut('function hasNestedCSSRule(', 'class ShadowDomManager {');
  cut(
    '  const supportedNestedCSSRuleTypes = {};',
    '    type.prototype.insertRule = new Proxy(\n',
    '  const grouping = win.CSSGroupingRule.prototype;\n  const nested = { insertRule: grouping.insertRule, deleteRule: grouping.deleteRule };\n',
  );
  put(
    '    type.prototype.insertRule = new Proxy(\n      unmodifiedFunctions[typeKey].insertRule',
    '    grouping.insertRule = new Proxy(\n      nested.insertRule',
  );
  put(
    '    type.prototype.deleteRule = new Proxy(\n      unmodifiedFunctions[typeKey].deleteRule',
    '    grouping.deleteRule = new Proxy(\n      nested.deleteRule',
  );
  put('  });\n  return guard(() => {\n    win.CSSStyleSheet.', '  return guard(() => {\n    win.CSSStyleSheet.');
  cut('    Object.entries(supportedNestedCSSRuleTypes)', '  });\n}\nfunction initAdopted', '    Object.assign(grouping, nested);\n');
  cut('  const propertyDescriptor = currentWindow.Object', '  const hookProperties = [');
  put('  if (propertyDescriptor && propertyDescriptor.set) {\n', '  {\n');
  // A press, a click, a focus, by rrweb's numbers of them. What kind of pointer it was is told where the number does not say it.
  cut(
    'function initMouseInteractionObserver({',
    'function initScrollObserver({',
    `const INTERACTIONS = { pointerup: 0, pointerdown: 1, click: 2, contextmenu: 3, dblclick: 4, focus: 5, blur: 6, touchcancel: 10 };
function initMouseInteractionObserver({ mouseInteractionCb, doc, mirror: mirror2 }) {
  let lastPointer = -1;
  const observe = ([name, number]) => on(name, (event) => {
    const target = getEventTarget(event);
    if (isBlocked(target)) return;
    const touch = event.changedTouches?.[0];
    let pointerType = touch ? 2 : ["mouse", "pen", "touch"].indexOf(event.pointerType);
    const type = pointerType === 2 && number < 2 ? 9 - 2 * number : number;
    if (pointerType >= 0) {
      lastPointer = pointerType;
      if (pointerType === 0 && type < 2 || pointerType === 2 && type > 6) pointerType = -1;
    } else if (type === 2) {
      pointerType = lastPointer;
      lastPointer = -1;
    }
    const { clientX, clientY } = touch ?? event;
    mouseInteractionCb({ type, id: mirror2.getId(target), x: clientX, y: clientY, ...pointerType >= 0 && { pointerType } });
  }, doc);
  const handlers = Object.entries(INTERACTIONS).map(observe);
  return guard(() => {
    handlers.forEach((h) => h());
  });
}
`,
  );

  // Nor what is never asked for, or asked for always.
  cut('    if (!previous && options.leading === false) {', '    const remaining');
  put('options.leading === false ? 0 : Date.now()', 'Date.now()');
  put('options.trailing !== false', 'options.trailing');
  put('function throttle(func, wait, options = {}) {', 'function throttle(func, wait, options = { trailing: true }) {');
  put('  return function(...args) {\n    const now', '  return (...args) => {\n    const now');
  put('    const context = this;\n', '');
  put('func.apply(context, args)', 'func(...args)', 2);
  put('typeof sampling.mousemoveCallback === "number" ? sampling.mousemoveCallback : 500', '500');
  put('sampling.scroll || 100', '100');
  put('sampling.media || 500', '500');
  put('sampling.input === "last" ? ["change"] : ["input", "change"]', '["input", "change"]');
  cut('  if (!currentWindow) {\n    return () => {\n      handlers', '  const hookProperties');
  cut(
    '  add(stylesheet, id) {',
    '  reset() {\n    this.styleIDMap',
    '  add(stylesheet) {\n    this.styleIDMap.set(stylesheet, this.id);\n    return this.id++;\n  }\n',
  );
  put('    __publicField(this, "idStyleMap", /* @__PURE__ */ new Map());\n', '');
  put('    this.idStyleMap = /* @__PURE__ */ new Map();\n', '');
  put('  generateId() {\n    return this.id++;\n  }\n', '');
  cut('  attachLinkElement(linkEl, childSn) {', '  adoptStyleSheets(');
  put('    __publicField(this, "trackedLinkElements", /* @__PURE__ */ new WeakSet());\n', '');
  put('    this.trackedLinkElements = /* @__PURE__ */ new WeakSet();\n', '');
  cut('  // TODO: take snapshot on stylesheet reload', 'class ProcessedNodeManager {', '}\n');
  put('  destroy() {\n  }\n', '');
  put(
    '    configurable: originalPropertyDescriptor.configurable,\n    enumerable: originalPropertyDescriptor.enumerable,\n    get() {',
    '    ...originalPropertyDescriptor,\n    get() {',
  );
  put('      if (hostId !== null && hostId !== -1) {\n        try {', '        try {');
  put('        } catch (e) {\n        }\n      }\n      return result;', '        } catch (e) {\n        }\n      return result;');
  cut(
    '    Object.defineProperty(host2, "adoptedStyleSheets", {\n',
    '  });\n}\nfunction initStyleDecl',
    '    Object.defineProperty(host2, "adoptedStyleSheets", originalPropertyDescriptor);\n',
  );
  cut(
    '  let mutationObserver;\n  let cleanupMutationIframe',
    'class ShadowDomManager {',
    `  const win = { win: currentWindow };
  const [mutationObserver, cleanupMutationIframe] = initMutationObserver(o, o.doc);
  const ends = [
    () => mutationObserver.disconnect(),
    cleanupMutationIframe,
    initMoveObserver(o),
    initMouseInteractionObserver(o),
    initScrollObserver(o),
    initViewportResizeObserver(o, win),
    initInputObserver(o),
    initMediaInteractionObserver(o),
    initStyleSheetObserver(o, win),
    initAdoptedStyleSheetObserver(o, o.doc),
    initStyleDeclarationObserver(o, win),
    initSelectionObserver(o),
  ];
  return guard(() => ends.forEach((end) => end()));
}
`,
  );

  // Lines of lists that name a dropped option, and nothing else.
  code = code.replace(new RegExp(`^ *(__publicField\\(this, "(${DROPPED})"\\);|"(${DROPPED})",?|(${DROPPED})(: this\\.\\w+)?,?)\\n`, 'gm'), '');
  const left = new RegExp(`.*\\b(${DROPPED}|needMaskingText|ignoreCSSAttributes|transformAttribute|mutationBuffers)\\b.*`).exec(code);
  if (left) fail('left over', left[0]);

  // What was lowered for older browsers, written out again: fields, and `?.`.
  cut('var __defProp = Object.defineProperty;', 'var _a;');
  code = code.replace(/^ *__publicField\(this, "\w+"\);\n/gm, '').replace(/__publicField\(this, "(\w+)", /g, 'this.$1 = (');
  for (let before = ''; before !== code; ) {
    before = code;
    code = code.replace(/\((_\w+) = ((?:[^()]|\([^()]*\))+)\) == null \? void 0 : \1(?:\.|(?=\[))/g, '$2?.');
  }
  const lowered = /.*(__publicField|== null \? void 0 : _).*/.exec(code);
  if (lowered) fail('left lowered', lowered[0]);

  return `import { guard } from '../more/core.ts';
import { attributeOf, cssOf as absolutifyURLs, isBlocked, isUnseen, textOf, fieldValue } from './masks.ts';
import { beside, isOverdue, takeMutations } from './pressure.ts';
import { serialize } from './serialize.ts';
import { isTimeUp, postpone } from './slices.ts';
${code}`;
}

const recorder = new URL('../src/recorder/', import.meta.url).pathname;

/** For esbuild: `./rrweb.js` beside our own files is rrweb, patched. */
export const rrweb = {
  name: 'rrweb',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/rrweb\.js$/ }, () => ({ path: 'rrweb', namespace: 'rrweb' }));
    onLoad({ filter: /./, namespace: 'rrweb' }, () => ({ contents: patched(readFileSync(FILE, 'utf8')), resolveDir: recorder, loader: 'js' }));
  },
};
