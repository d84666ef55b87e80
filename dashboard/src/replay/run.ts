/** Chunks that follow each other in a recording come in one answer: a first line that names them, and a line for each. */

import { callRaw } from '@/api/client';
import type { RunView } from '@/api/types';
import type { Chunk } from './timeline';

/** An answer has no more (`RUN_CHUNKS_MAX` of the server). */
const CHUNKS_MAX = 32;

export type Run = readonly [Chunk, ...Chunk[]];

interface Answered {
  /** JSON by the chunk's id. What is lost or broken is not there. */
  texts: ReadonlyMap<string, string>;
  /** The answer would have been too long with these; they are to be asked for by themselves. */
  rest: readonly Chunk[];
}

/** These chunks in as few runs as can be, those first that were named first. */
export function runsOf(chunks: readonly Chunk[]): Run[] {
  const runs: [Chunk, ...Chunk[]][] = [];
  for (const chunk of chunks) {
    const before = runs.find((run) => run.length < CHUNKS_MAX && isNext(run.at(-1) ?? run[0], chunk));
    if (before) before.push(chunk);
    else runs.push([chunk]);
  }
  return runs;
}

function isNext(before: Chunk, chunk: Chunk): boolean {
  return chunk.recording === before.recording && chunk.index === before.index + 1;
}

/** `path` is that of the session's replay. */
export async function fetchRun(path: string, run: Run, signal: AbortSignal): Promise<Answered> {
  const params = { first: run[0].index, last: (run.at(-1) ?? run[0]).index };
  const recording = encodeURIComponent(run[0].recording);
  const response = await callRaw(`${path}/recordings/${recording}/chunks`, { params, signal });
  const [head = '', ...lines] = (await response.text()).split('\n');
  const { chunks, next } = JSON.parse(head) as RunView;
  const texts = new Map(chunks.map((id, line) => [id, lines[line] ?? '']));
  // An answer with nothing that was asked for will have nothing of it the next time.
  const isProgress = run.some(({ id }) => texts.has(id));
  const rest = run.filter(
    ({ id, index }) => isProgress && !texts.has(id) && index >= (next ?? Number.POSITIVE_INFINITY),
  );
  return { texts, rest };
}
