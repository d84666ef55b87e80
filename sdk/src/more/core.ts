/** What the core lends, under the names it has there: set once, before anything of this file starts. */
import type { Lent } from '../core.js';

export let options: typeof import('../config.js').options;
/** The page as this file was asked for; the core's own changes with every navigation. */
export let page: typeof import('../view.js').page;
export let view: typeof import('../view.js').view;
export let emit: typeof import('../pipeline.js').emit;
export let isWaiting: typeof import('../pipeline.js').isWaiting;
export let inResponseWindow: typeof import('../pipeline.js').inResponseWindow;
export let register: typeof import('../schema.js').register;
export let report: typeof import('../guard.js').report;
export let guard: typeof import('../guard.js').guard;
export let later: typeof import('../guard.js').later;
export let on: typeof import('../guard.js').on;
export let onEveryWindow: typeof import('../guard.js').onEveryWindow;
export let onExit: typeof import('../sensors/page.js').onExit;
export let cleanUrl: typeof import('../privacy.js').cleanUrl;
export let isIgnored: typeof import('../privacy.js').isIgnored;
export let looksSecret: typeof import('../privacy.js').looksSecret;
export let describe: typeof import('../target.js').describe;
export let isTextField: typeof import('../target.js').isTextField;
export let looksInteractive: typeof import('../target.js').looksInteractive;
export let targetOf: typeof import('../target.js').targetOf;
export let watch: typeof import('../sensors/dom.js').watch;
export let adoptFrame: typeof import('../guard.js').adoptFrame;
export let beacon: typeof import('../transport.js').beacon;
export let drop: typeof import('../transport.js').drop;
export let isSettled: typeof import('../transport.js').isSettled;
export let overHttp: typeof import('../transport.js').overHttp;
export let post: typeof import('../transport.js').post;
export let stamped: typeof import('../transport.js').stamped;
export let takeOver: typeof import('../transport.js').takeOver;
export let listen: typeof import('../pipeline.js').listen;
export let isSampled: typeof import('../session.js').isSampled;
export let isBlockedUrl: typeof import('../privacy.js').isBlockedUrl;
export let isKeptOut: typeof import('../privacy.js').isKeptOut;
export let uuid: typeof import('../session.js').uuid;
export let pack: typeof import('../batch.js').pack;
export let send: typeof import('../transport.js').send;
export let textToTell: typeof import('../privacy.js').textToTell;
export let closest: typeof import('../privacy.js').closest;
export let marked: typeof import('../privacy.js').marked;
export let countWaiting: typeof import('../pipeline.js').countWaiting;
export let frameOffset: typeof import('../target.js').frameOffset;
export let enterView: typeof import('../pipeline.js').enterView;
export let fetcher: typeof import('../transport.js').fetcher;
export let onNewDay: typeof import('../session.js').onNewDay;

export function borrow(lent: Lent): void {
  // biome-ignore format: the same lines as in ../core.ts
  [
    options, page, view, emit, isWaiting, inResponseWindow, register, report, guard, later, on, onEveryWindow, onExit, cleanUrl, isIgnored, looksSecret, describe,
    isTextField, looksInteractive, targetOf, watch, adoptFrame, beacon, drop, isSettled, overHttp, post, stamped, takeOver,
    listen, isSampled, isBlockedUrl, isKeptOut, uuid, pack, send, textToTell, closest, marked,
    countWaiting, frameOffset, enterView, fetcher, onNewDay,
  ] = lent;
}
