/** What the core lends to the second file, `sdk.more.js`, which is loaded beside the page and works through this alone. */

import { pack } from './batch.js';
import { options } from './config.js';
import { adoptFrame, guard, later, on, onEveryWindow, report } from './guard.js';
import { countWaiting, emit, enterView, inResponseWindow, isWaiting, listen } from './pipeline.js';
import { cleanUrl, closest, isBlockedUrl, isIgnored, isKeptOut, looksSecret, marked, textToTell } from './privacy.js';
import { register } from './schema.js';
import { watch } from './sensors/dom.js';
import { onExit } from './sensors/page.js';
import { isSampled, onNewDay, uuid } from './session.js';
import { describe, frameOffset, isTextField, looksInteractive, targetOf } from './target.js';
import { beacon, drop, fetcher, isSettled, overHttp, post, send, stamped, takeOver } from './transport.js';
import { page, view } from './view.js';

/** Told by its place alone (more/core.ts): a browser may hold the two files of two versions, so what is new goes to the end and nothing leaves. */
// biome-ignore format: the same lines as in more/core.ts
const lend = () => [
  options, page, view, emit, isWaiting, inResponseWindow, register, report, guard, later, on, onEveryWindow, onExit, cleanUrl, isIgnored, looksSecret, describe,
  isTextField, looksInteractive, targetOf, watch, adoptFrame, beacon, drop, isSettled, overHttp, post, stamped, takeOver,
  listen, isSampled, isBlockedUrl, isKeptOut, uuid, pack, send, textToTell, closest, marked,
  countWaiting, frameOffset, enterView, fetcher, onNewDay,
] as const;

export type Lent = ReturnType<typeof lend>;

/** From beside this file. */
let load = () => import('./sdk.more.js');

/** A classic script from another origin does not know where it came from, and has to be told. */
export function loadBeside(script: string): void {
  load = () => import(new URL('./sdk.more.js', script).href);
}

export function loadMore(): void {
  load()
    .then(({ start }) => start(lend()))
    .catch((error) => report('more', error));
}
