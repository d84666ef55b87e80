/** Cuts a recording into chunks and hands them to the delivery, each a batch of its own. */
import type { Page } from '../events.js';
import { on, pack, report, send, uuid } from '../more/core.js';
import type { Identity } from '../session.js';
import { FULL_SNAPSHOT, type Recorded } from './events.js';

/** A chunk is cut so long after its first event… */
const CHUNK_MS = 3000;
/** …or when it has so many characters. */
const CHUNK_LENGTH_MAX = 256 * 1024;
/** What leaves with the page must fit a beacon: bytes of events, and the batch around them. */
const BEACON_BYTES_MAX = 56_000;
/** The server's limit of one chunk. */
const EVENT_BYTES_MAX = 10 * 1024 * 1024;

interface Line {
  json: string;
  at: number;
  isFull: boolean;
}

export interface Chunks {
  add(event: Recorded): void;
  /** Who does things, and where, from now on. */
  move(who: Identity, page: Page): void;
  close(isToBeSent: boolean): void;
}

const utf8 = new TextEncoder();

async function zipped(json: string): Promise<Uint8Array | undefined> {
  if (!window.CompressionStream) return;
  const stream = new Blob([json]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export function openChunks(identity: Identity): Chunks {
  const recording_id = uuid();
  let who = { ...identity };
  let page: Page;
  let index = 0;
  let lines: Line[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Cut, and not handed over yet: compression is asynchronous. */
  let waiting: Line[][] = [];
  let isZipping = false;

  const join = (some: Line[]) => `[${some.map(({ json }) => json).join()}]`;

  function hand(some: Line[], data: Uint8Array, encoding: string, leaving: boolean): void {
    const at = some.map((line) => line.at);
    const payload = {
      index: index++,
      first_ms: Math.min(...at),
      last_ms: Math.max(...at),
      event_count: some.length,
      has_full_snapshot: some.some(({ isFull }) => isFull),
      encoding,
      data,
      recording_id,
    };
    const event = { id: uuid(), type: 'replay_chunk', timestamp_ms: payload.first_ms, page, payload: Object.seal(payload) } as const;
    for (const batch of pack([event], who, EVENT_BYTES_MAX)) void send(batch, false, leaving);
  }

  function cut(): void {
    clearTimeout(timer);
    timer = undefined;
    if (lines[0]) waiting.push(lines);
    lines = [];
    length = 0;
    void zip();
  }

  async function zip(): Promise<void> {
    if (isZipping) return;
    isZipping = true;
    for (let some = waiting[0]; some; some = waiting[0]) {
      const json = join(some);
      const data = await zipped(json).catch((error) => report('gzip', error));
      // What the page took along as it was hidden waits no more.
      if (waiting[0] !== some) continue;
      waiting.shift();
      if (data) hand(some, data, 'gzip', false);
      else hand(some, utf8.encode(json), 'json', false);
    }
    isZipping = false;
  }

  /** What is asynchronous at page hide is lost: everything goes as it is, in pieces that fit a beacon. */
  function leave(): void {
    const rest = [...waiting.flat(), ...lines];
    waiting = [];
    lines = [];
    cut();
    let piece: Line[] = [];
    let bytes = 0;
    for (const line of [...rest, undefined]) {
      const more = line ? utf8.encode(line.json).length : BEACON_BYTES_MAX;
      if (piece[0] && bytes + more > BEACON_BYTES_MAX) {
        hand(piece, utf8.encode(join(piece)), 'json', true);
        piece = [];
        bytes = 0;
      }
      if (line) piece.push(line);
      bytes += more + 1;
    }
  }

  on(window, 'pagehide visibilitychange', ({ type }) => {
    if (type === 'pagehide' || document.hidden) leave();
  });

  return {
    add(event) {
      const json = JSON.stringify(event);
      lines.push({ json, at: event.timestamp, isFull: event.type === FULL_SNAPSHOT });
      length += json.length;
      if (length > CHUNK_LENGTH_MAX || event.type === FULL_SNAPSHOT) cut();
      else timer ??= setTimeout(cut, CHUNK_MS);
    },
    move(by, to) {
      if (by.session === who.session) who = { ...by };
      page = to;
    },
    close(isToBeSent) {
      if (!isToBeSent) waiting = lines = [];
      cut();
    },
  };
}
