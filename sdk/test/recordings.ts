/** What a recorder sent, put together as a player reads it, and played in the browser. */
import { gunzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import type { Page } from 'playwright-core';
import type { Arrival, Capture } from './capture.js';

export interface Recorded {
  type: number;
  timestamp: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows which event it looks at.
  data: any;
}

export const FULL_SNAPSHOT = 2;
export const INCREMENT = 3;
export const META = 4;
export const CUSTOM = 5;
export const PLUGIN = 6;

/** Each once, however often it was sent. */
export const chunksOf = (server: Capture): Arrival[] => [
  ...new Map(server.arrivals.filter(({ type }) => type === 'replay_chunk').map((chunk) => [chunk.id, chunk])).values(),
];

export function eventsIn({ payload: { data, encoding } }: Arrival): Recorded[] {
  return JSON.parse(Buffer.from(encoding === 'gzip' ? gunzipSync(data) : data).toString());
}

/** The events of each recording, by its id, in the order of its chunks. */
export function recordingsOf(server: Capture): Map<string, Recorded[]> {
  const chunks = chunksOf(server).sort((one, other) => one.payload.index - other.payload.index);
  const ids = new Set(chunks.map(({ payload }) => payload.recording_id));
  return new Map([...ids].map((id) => [id, chunks.filter(({ payload }) => payload.recording_id === id).flatMap(eventsIn)]));
}

/** All there is of the one recording. */
export function recorded(server: Capture): Recorded[] {
  return [...recordingsOf(server).values()].flat();
}

const player = buildSync({
  stdin: { contents: "import { Replayer } from 'rrweb'; window.Replayer = Replayer;", resolveDir: import.meta.dirname },
  bundle: true,
  write: false,
  format: 'iife',
}).outputFiles[0]?.text as string;

/** Each text of a document that nobody typed, shadow trees and frames included: `texts(document)`. */
export const TEXTS = `function texts(node) {
  if (node.nodeType === 3) return [node.nodeValue];
  if (/^(script|style|noscript|title|head|textarea)$/.test(node.localName) || node.getAttribute?.('contenteditable') === '') return [];
  return [node.shadowRoot, node.contentDocument, ...node.childNodes].flatMap((child) => (child ? texts(child) : []));
}`;

/** What a script finds in the page, its document as `doc`, as rrweb's player shows it at the end of the events, and what that complains of. */
export async function replayed<T>(page: Page, events: Recorded[], script: string): Promise<{ found: T; complaints: string[] }> {
  await page.goto('about:blank');
  await page.addScriptTag({ content: player });
  return page.evaluate(
    async ([events, script]) => {
      const complaints: string[] = [];
      for (const level of ['warn', 'error'] as const) console[level] = (...args: unknown[]) => complaints.push(args.map(String).join(' '));
      // biome-ignore lint/suspicious/noExplicitAny: as rrweb gives it.
      const replayer = new (window as any).Replayer(events, { root: document.body, showWarning: true, mouseTail: false });
      replayer.pause(replayer.getMetaData().totalTime + 1);
      await new Promise((done) => setTimeout(done, 200));
      Object.assign(window, { doc: replayer.iframe.contentDocument });
      // biome-ignore lint/security/noGlobalEval: a script of the test, in a page of its own.
      return { found: window.eval(script), complaints };
    },
    [events, script] as const,
  );
}

/** The page as it is played at the end of the events. */
export async function play(page: Page, events: Recorded[]): Promise<{ text: string; html: string; complaints: string[] }> {
  const { found, complaints } = await replayed<[string, string]>(page, events, `${TEXTS};[texts(doc).join(' '), doc.documentElement.outerHTML]`);
  return { text: found[0].replace(/\s+/g, ' ').trim(), html: found[1], complaints };
}
