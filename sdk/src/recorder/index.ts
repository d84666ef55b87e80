/** The recorder: what the page looked like and what happened on it, as rrweb events in chunks. Start reading at page.ts; what is told is decided in masks.ts. */
import type { ReplayMode } from '../config.js';
import { borrow } from '../more/core.js';
import type { Turn } from '../more/recorder.js';
import type { Identity } from '../session.js';
import { type Chunks, openChunks } from './chunks.js';
import { type Observed, observe } from './page.js';

interface Recording {
  mode: ReplayMode;
  session: string;
  chunks: Chunks;
  observed: Observed;
}

export function start(lent: Parameters<typeof borrow>[0]): Turn {
  borrow(lent);
  let recording: Recording | undefined;

  function end(isToBeSent: boolean): void {
    recording?.observed.stop();
    recording?.chunks.close(isToBeSent);
    recording = undefined;
  }

  function begin(mode: ReplayMode, who: Identity): void {
    const chunks = openChunks(who);
    recording = { mode, session: who.session, chunks, observed: observe(chunks.add) };
  }

  return (mode, running, who, page, _event) => {
    if (recording && (mode !== recording.mode || who.session !== recording.session)) end(running);
    recording?.chunks.move(who, page);
    if (mode !== 'off' && !recording) begin(mode, who);
    recording?.chunks.move(who, page);
  };
}
