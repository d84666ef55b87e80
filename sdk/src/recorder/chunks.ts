/** Cuts a recording into chunks and hands them to the delivery, each a batch of its own. */
import type { Page } from '../events.js';
import { pack, report, send, uuid } from '../more/core.js';
import type { Identity } from '../session.js';

/** A chunk is cut so long after its first event… */
const CHUNK_MS = 3000;
/** …or when it has so many characters. */
const CHUNK_LENGTH_MAX = 256 * 1024;
/** From so many on it need not wait: what is left when the page goes should fit a beacon. */
const CHUNK_LENGTH_ENOUGH = 48 * 1024;
const CHUNK_MS_MIN = 1000;
/** What leaves with the page must fit a beacon, with the batch around it. */
const BEACON_BYTES_MAX = 56_000;
/** The server's limit of one chunk. */
const EVENT_BYTES_MAX = 10 * 1024 * 1024;

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
  /** The page may be gone in a moment. */
  leave(): void;
  /** Sends what is left, or forgets it. */
  close(isSent: boolean): void;
}

const utf8 = new TextEncoder();
const join = (lines: Line[]) => `[${lines.map(({ json }) => json).join()}]`;

async function zipped(json: string): Promise<Uint8Array | undefined> {
  if (!window.CompressionStream) return;
  const stream = new Blob([json]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export function openChunks(identity: Identity, view: Page): Chunks {
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
      // What left with the page, or was forgotten, waits no more.
      if (waiting[0] !== some) continue;
      waiting.shift();
      if (data) hand(some, 'gzip', data);
      else hand(some, 'json', utf8.encode(json));
    }
    isZipping = false;
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

  return {
    add(line) {
      lines.push(line);
      length += line.json.length;
      const isEnough = length > CHUNK_LENGTH_ENOUGH && line.at - (lines[0] as Line).at > CHUNK_MS_MIN;
      if (line.isFull || isEnough || length > CHUNK_LENGTH_MAX) cut();
      else timer ??= setTimeout(cut, CHUNK_MS);
    },
    move(by, to) {
      if (by.session === who.session) who = { ...by };
      page = to;
    },
    leave,
    close: (isSent) => (isSent ? cut() : forget()),
  };
}
