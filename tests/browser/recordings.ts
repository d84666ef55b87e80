/** Recordings that no recorder of ours made, sent through the public ingest as anybody could who knows the key. */
import { randomUUID } from "node:crypto";
import { expect, type GoSight, KEY, PROJECT } from "./gosight.js";

/** An event as rrweb writes it, of any version and with any intention. */
export interface RecordedEvent {
  type: number;
  data: Record<string, unknown>;
  timestamp: number;
}

/** One page load in one tab: its chunks, each a list of events. */
export interface Recording {
  url: string;
  chunks: RecordedEvent[][];
}

interface Node {
  type: number;
  id: number;
  [field: string]: unknown;
}

export const element = (tagName: string, id: number, childNodes: Node[] = [], attributes = {}): Node => ({
  type: 2,
  tagName,
  attributes,
  id,
  childNodes,
});

export const words = (id: number, textContent: string): Node => ({ type: 3, textContent, id });

/** How the recording of a page begins: its address, its window, and a snapshot with this in its body. */
export function opening(
  href: string,
  timestamp: number,
  window: { width: number; height: number },
  body: Node[],
): RecordedEvent[] {
  const html = element("html", 2, [element("head", 3), element("body", 4, body)]);
  const node = { type: 0, id: 1, childNodes: [html] };
  return [
    { type: 4, data: { href, ...window }, timestamp },
    { type: 2, data: { node, initialOffset: { top: 0, left: 0 } }, timestamp },
  ];
}

export interface Imported {
  session: string;
  /** Of each recording, of each chunk. */
  chunkIds: string[][];
}

/** A part of a recording, as the manifest tells of it. */
export interface Chunk {
  id: string;
  index: number;
  started_at: string;
  ended_at: string;
  has_full_snapshot: boolean;
  /** As it is stored. */
  bytes: number;
}

/** A session's manifest, as the API answers it. */
export interface Replay {
  recordings: { id: string; chunks: Chunk[] }[];
  clock_offset_ms: number;
  is_masked: boolean;
}

/** Half of what a batch with chunks may be; base64 takes a third of it. */
const BATCH_BYTES = 1_000_000;

interface Sent {
  id: string;
  timestamp_ms: number;
  page: number;
  page_view?: { title: string; path: string };
  replay_chunk?: { index: number; recording_id: string; encoding: string; data: string };
  click?: { page_x: number; page_y: number; button: string; target: { tag: string; selector: string } };
}

/** A click as the SDK tells of it. */
export interface Clicked {
  atMs: number;
  selector: string;
}

/** Tells of clicks in a session, whether it is recorded or not. */
export async function sendClicks(gosight: GoSight, session: string, url: string, clicks: Clicked[]): Promise<void> {
  const page = { url, path: new URL(url).pathname, title: url, view_id: randomUUID() };
  const events = clicks.map(({ atMs, selector }) => ({
    id: randomUUID(),
    timestamp_ms: Math.round(atMs),
    page: 0,
    click: { page_x: 40, page_y: 40, button: "left", target: { tag: "button", selector } },
  }));
  await sendAll(gosight, session, page, events);
}

/** Sends a session, as a browser of this name does, and waits until it can be watched. */
export async function importSession(gosight: GoSight, recordings: Recording[], userAgent = ""): Promise<Imported> {
  const session = randomUUID();
  const chunkIds: string[][] = [];
  for (const [page, { chunks, url }] of recordings.entries()) {
    const recording_id = randomUUID();
    const ids = chunks.map(() => randomUUID());
    const view = { title: url, path: new URL(url).pathname };
    const events: Sent[] = [
      { id: randomUUID(), timestamp_ms: chunks[0]?.[0]?.timestamp ?? 0, page: 0, page_view: view },
    ];
    for (const [index, chunk] of chunks.entries()) {
      const data = Buffer.from(JSON.stringify(chunk)).toString("base64");
      events.push({
        id: ids[index] ?? "",
        timestamp_ms: chunk[0]?.timestamp ?? 0,
        page: 0,
        replay_chunk: { index, recording_id, encoding: "json", data },
      });
    }
    chunkIds.push(ids);
    await sendAll(gosight, session, { url, path: view.path, title: url, view_id: randomUUID() }, events, userAgent);
    expect(page).toBe(chunkIds.length - 1);
  }
  await watchable(gosight, session, chunkIds.flat().length);
  return { session, chunkIds };
}

async function sendAll(
  gosight: GoSight,
  session_id: string,
  page: object,
  events: Sent[],
  userAgent = "",
): Promise<void> {
  let batch: Sent[] = [];
  let bytes = 0;
  const send = async () => {
    const body = {
      project_key: KEY,
      sent_at_ms: Date.now(),
      visitor_id: session_id,
      session_id,
      device: { user_agent: userAgent },
      pages: [page],
      events: batch,
    };
    // A server that is busy may turn a batch away; with the same ids it may come again.
    await expect(async () => {
      const answer = await fetch(`${gosight.url}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(await answer.json(), "the ingest takes every event").toMatchObject({
        accepted: batch.length,
        rejected: [],
      });
    }).toPass({ timeout: 30_000 });
    batch = [];
    bytes = 0;
  };
  for (const event of events) {
    const size = event.replay_chunk?.data.length ?? 0;
    if (batch.length > 0 && bytes + size > BATCH_BYTES) await send();
    batch.push(event);
    bytes += size;
  }
  await send();
}

export function replayPath(session: string): string {
  return `/projects/${PROJECT}/sessions/${session}/replay`;
}

/** The newest session, and what has been recorded of it so far. */
export async function newestSession(
  gosight: GoSight,
  token: string,
): Promise<Pick<Replay, "recordings"> & { session: string }> {
  const [newest] = await gosight.call<{ id: string }[]>("GET", `/projects/${PROJECT}/sessions`, token);
  return replayOf(gosight, token, newest?.id ?? "");
}

/** What is known of a session's recordings: none, until it is known itself. */
export async function replayOf(
  gosight: GoSight,
  token: string,
  session: string,
): Promise<Pick<Replay, "recordings"> & { session: string }> {
  const replay = await gosight.call<Replay>("GET", replayPath(session), token).catch(() => undefined);
  return { session, recordings: replay?.recordings ?? [] };
}

/** What a player asks for: chunks that follow each other in a recording. */
export const isRun = ({ pathname }: URL) => pathname.endsWith("/chunks");

/** The first line of a run; in its order the chunks follow, a line each. */
export interface RunHead {
  chunks: string[];
  next?: number;
}

export function readRun(text: string): { head: RunHead; lines: string[] } {
  const [head = "", ...lines] = text.split("\n");
  return { head: JSON.parse(head) as RunHead, lines };
}

/** What these recordings hold, chunk by chunk, as this person may read it. */
export async function chunkTexts(
  gosight: GoSight,
  token: string,
  session: string,
  recordings: Replay["recordings"],
): Promise<string[]> {
  const texts = new Map<string, string>();
  for (const { id, chunks } of recordings) {
    const last = chunks.at(-1)?.index ?? 0;
    let first = chunks[0]?.index;
    while (first !== undefined) {
      const path = `${replayPath(session)}/recordings/${id}/chunks?first=${first}&last=${last}`;
      const { head, lines } = readRun(await gosight.text("GET", path, token));
      for (const [line, chunk] of head.chunks.entries()) texts.set(chunk, lines[line] ?? "");
      first = head.next;
    }
  }
  return recordings.flatMap(({ chunks }) => chunks.map(({ id }) => texts.get(id) ?? ""));
}

/** Waits until the session has so many chunks and says that it has a replay. */
export async function watchable(gosight: GoSight, session: string, chunks: number): Promise<Replay> {
  const token = await gosight.token();
  const has = async () => {
    const about = await gosight
      .call<{ has_replay: boolean }>("GET", `/projects/${PROJECT}/sessions/${session}`, token)
      .catch(() => undefined);
    const replay = await gosight.call<Replay>("GET", replayPath(session), token).catch(() => undefined);
    const count = replay?.recordings.flatMap((recording) => recording.chunks).length ?? 0;
    return about?.has_replay ? count : 0;
  };
  await expect.poll(has, { timeout: 30_000, message: "the session can be watched" }).toBeGreaterThanOrEqual(chunks);
  return gosight.call<Replay>("GET", replayPath(session), token);
}
