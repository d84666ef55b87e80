/** Cuts a recording into chunks and hands them to the delivery, each a batch of its own. */
import type { Page } from '../events.js';
import { drop, pack, report, send, uuid } from '../more/core.js';
import type { Identity } from '../session.js';
import { remember } from './tab.js';

/** A chunk is cut so long after its first event… */
const CHUNK_MS = 3000;
/** …or when it has so many characters. */
const CHUNK_LENGTH_MAX = 256 * 1024;
/** From so many on it need not wait: what is left when the page goes should fit a beacon. */
const CHUNK_LENGTH_ENOUGH = 48 * 1024;
const CHUNK_MS_MIN = 1000;
/** What leaves with the page must fit a beacon, with the batch around it. */
const BEACON_BYTES_MAX = 56_000;
/** What the server takes (proto/src/limits.rs): on the wire, with room for the batch around it; … */
const WIRE_BYTES_MAX = (2048 - 64) * 1024;
/** …of JSON, after inflating; … */
const JSON_BYTES_MAX = 10 * 1024 * 1024;
/** …and of JSON in each byte. */
const INFLATION_RATIO_MAX = 100;

/** Where a tab has how many chunks it has not handed over: should it be killed, the next page tells that they are lost (more/ledger.ts). */
const UNSENT = 'chunks';

/** An event as it is sent. */
export interface Line {
  json: string;
  at: number;
  isFull: boolean;
}

export interface Chunks {
  add(line: Line): void;
  /** Where the page is from now on, and who is there. */
  move(who: Identity, page: Page): void;
  /** Sends what is left. */
  close(): void;
  /** How many chunks were handed over. */
  count(): number;
}

/** Those that have something unsent, and how many chunks that is: a recording that is over may still be zipping. */
const unsent = new Map<{ leave(): void; forget(): void }, number>();

/** The page may be gone in a moment: hands over what there is. */
export function leaveChunks(): void {
  for (const chunks of unsent.keys()) chunks.leave();
}

/** Nothing of what was recorded is to be sent. */
export function forgetChunks(): void {
  for (const chunks of unsent.keys()) chunks.forget();
}

const utf8 = new TextEncoder();
const join = (lines: Line[]) => `[${lines.map(({ json }) => json).join()}]`;

const fits = (wireBytes: number, jsonBytes: number) => wireBytes <= WIRE_BYTES_MAX && jsonBytes <= wireBytes * INFLATION_RATIO_MAX;

async function zipped(json: Blob): Promise<Uint8Array | undefined> {
  if (!window.CompressionStream) return;
  const stream = json.stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Compressed where that works; undefined when the server would not take it. */
async function packed(json: Blob): Promise<{ encoding: string; data: Uint8Array } | undefined> {
  if (json.size > JSON_BYTES_MAX) return;
  const gzip = await zipped(json).catch((error) => report('gzip', error));
  const data = gzip || new Uint8Array(await json.arrayBuffer());
  if (fits(data.length, json.size)) return { encoding: gzip ? 'gzip' : 'json', data };
}

/** `whenLost` is called when something could not be handed over: what follows in the recording has no base. */
export function openChunks(identity: Identity, view: Page, whenLost: () => void): Chunks {
  const recording_id = uuid();
  let who = { ...identity };
  let page = view;
  let index = 0;
  let lines: Line[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Cut, and not handed over yet: compression is asynchronous. */
  let waiting: Line[][] = [];
  let isZipping = false;

  function hand(some: Line[], encoding: string, data: Uint8Array, leaving = false): void {
    const times = some.map(({ at }) => at);
    const first_ms = Math.min(...times);
    const last_ms = Math.max(...times);
    const has_full_snapshot = some.some(({ isFull }) => isFull);
    const payload = Object.seal({ index: index++, first_ms, last_ms, event_count: some.length, has_full_snapshot, encoding, data, recording_id });
    const event = { id: uuid(), type: 'replay_chunk', timestamp_ms: first_ms, page, payload } as const;
    for (const batch of pack([event], who, Infinity)) void send(batch, false, leaving);
  }

  function note(): void {
    const count = waiting.length + (lines[0] ? 1 : 0);
    if (count) unsent.set(own, count);
    else unsent.delete(own);
    let all = 0;
    for (const count of unsent.values()) all += count;
    remember(UNSENT, all);
  }

  /** What the server would refuse is told as lost, rather than sent in vain. */
  function lose(): void {
    drop(1);
    whenLost();
  }

  function cut(): void {
    clearTimeout(timer);
    timer = undefined;
    if (lines[0]) waiting.push(lines);
    lines = [];
    length = 0;
    void zip();
    note();
  }

  async function zip(): Promise<void> {
    if (isZipping) return;
    isZipping = true;
    for (let some = waiting[0]; some; some = waiting[0]) {
      const chunk = await packed(new Blob([join(some)]));
      // What left with the page, or was forgotten, waits no more.
      if (waiting[0] !== some) continue;
      const middle = some.length >> 1;
      waiting.splice(0, 1, ...(chunk || !middle ? [] : [some.slice(0, middle), some.slice(middle)]));
      if (chunk) hand(some, chunk.encoding, chunk.data);
      else if (!middle) lose();
    }
    isZipping = false;
    note();
  }

  /** What is asynchronous at page hide is lost: everything goes as it is, in pieces that fit a beacon. */
  function leave(): void {
    let piece: Line[] = [];
    let bytes = 0;
    const go = () => {
      if (piece[0]) hand(piece, 'json', utf8.encode(join(piece)), true);
      piece = [];
      bytes = 0;
    };
    for (const line of [...waiting.flat(), ...lines]) {
      const more = utf8.encode(line.json).length + 1;
      if (more > WIRE_BYTES_MAX) {
        lose();
        continue;
      }
      if (bytes + more > BEACON_BYTES_MAX) go();
      piece.push(line);
      bytes += more;
    }
    go();
    forget();
  }

  function forget(): void {
    waiting = [];
    lines = [];
    cut();
  }

  const own = { leave, forget };

  return {
    add(line) {
      lines.push(line);
      if (!lines[1]) note();
      length += line.json.length;
      const isEnough = length > CHUNK_LENGTH_ENOUGH && line.at - (lines[0] as Line).at > CHUNK_MS_MIN;
      if (line.isFull || isEnough || length > CHUNK_LENGTH_MAX) cut();
      else timer ??= setTimeout(cut, CHUNK_MS);
    },
    move(by, to) {
      if (by.session === who.session) who = { ...by };
      page = to;
    },
    count: () => index,
    close: cut,
  };
}
