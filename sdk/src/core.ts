/** What the core lends to the second file, `sdk.more.js`, which is loaded after the page and works through this alone. */
import { attributes } from './batch.js';
import { type Options, options } from './config.js';
import type { Page } from './events.js';
import { adoptFrame, guard, later, on, onEveryWindow, report } from './guard.js';
import { emit, inResponseWindow, isOn } from './pipeline.js';
import { cleanUrl, isIgnored, looksSecret } from './privacy.js';
import { watch } from './sensors/dom.js';
import { register } from './schema.js';
import { onExit } from './sensors/page.js';
import { describe, isField, isTextField, selectorOf, targetOf } from './target.js';
import { beacon, isSettled, overHttp, post, stamped, takeOver } from './transport.js';
import { page, view } from './view.js';

const tools = { attributes, guard, later, on, onEveryWindow, onExit, register, report, emit, isOn, inResponseWindow, view };
const dom = { cleanUrl, isIgnored, looksSecret, describe, isField, isTextField, selectorOf, targetOf, watch, adoptFrame };
const transport = { beacon, isSettled, overHttp, post, stamped, takeOver };

export type Core = typeof tools & typeof dom & typeof transport & { options: Options; page: Page };

export function loadMore(): void {
  // Relative to this file's own address, as a module and as a classic script.
  import('./sdk.more.js').then(({ start }) => start({ ...tools, ...dom, ...transport, options, page })).catch((error) => report('more', error));
}
