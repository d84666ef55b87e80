/**
 * What a recording says, read with care: rrweb events whose fields are anything until they have been looked at. Pure.
 *
 * `factsOf` keeps the little the player must know of a chunk after its events are gone: when the visitor did something, what the tab
 * did, which pages and assets there were, and the lines of the console and the network.
 */

export type Json = string | number | boolean | null | readonly Json[] | Fields;
export interface Fields {
  readonly [name: string]: Json | undefined;
}

/** The kinds of rrweb events that are played or read. */
export const KIND = { snapshot: 2, change: 3, page: 4, custom: 5, plugin: 6 } as const;

/** What an incremental event changes, by rrweb's numbers. */
export const SOURCE = {
  mutation: 0,
  mouseMove: 1,
  mouse: 2,
  scroll: 3,
  resize: 4,
  input: 5,
  touchMove: 6,
  media: 7,
  styleRule: 8,
  canvas: 9,
  font: 10,
  drag: 12,
  styleDeclaration: 13,
  selection: 14,
  adoptedStyles: 15,
} as const;

export interface RecordedEvent {
  type: number;
  /** The server's clock, in ms. */
  timestamp: number;
  data: Fields;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

/** A chunk's events in order of time, on the server's clock; what is no event is left out. */
export function eventsOf(chunk: unknown, clockOffsetMs: number): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (const item of listOf(chunk)) {
    const { type, timestamp, data } = fieldsOf(item);
    if (typeof type !== 'number' || typeof timestamp !== 'number' || !isFields(data)) continue;
    events.push({ type, timestamp: timestamp + clockOffsetMs, data });
  }
  return events.sort((a, b) => a.timestamp - b.timestamp);
}

export type Level = 'error' | 'warn' | 'info' | 'debug';

export interface ConsoleLine {
  atMs: number;
  level: Level;
  text: string;
  trace: string;
}

export interface NetworkLine {
  atMs: number;
  method: string;
  url: string;
  /** 0 when there was no answer. */
  status: number;
  durationMs: number;
  responseBytes: number;
}

export interface Facts {
  /** Moments at which the visitor did something, at most one for each `ACTIVITY_STEP_MS`. */
  activity: number[];
  visibility: { atMs: number; isHidden: boolean }[];
  /** The recorder gave up following the page until the next snapshot. */
  gaps: number[];
  snapshots: number[];
  pages: { atMs: number; href: string }[];
  assets: { url: string; digest: string }[];
  console: ConsoleLine[];
  network: NetworkLine[];
}

const ACTIVITY_STEP_MS = 250;
const ACTIVE: readonly number[] = [
  SOURCE.mouseMove,
  SOURCE.mouse,
  SOURCE.scroll,
  SOURCE.resize,
  SOURCE.input,
  SOURCE.touchMove,
  SOURCE.drag,
];
/** Lines kept of one chunk: a page that logs in a loop says nothing more with the next thousand. */
const LINES_MAX = 500;
const LINE_CHARACTERS_MAX = 2_000;
const DIGEST = /^[0-9a-f]{64}$/;

const LEVELS: Record<string, Level> = { error: 'error', assert: 'error', warn: 'warn', debug: 'debug', trace: 'debug' };

function consoleLine(atMs: number, payload: Fields): ConsoleLine {
  const parts = listOf(payload.payload).map((part) => (typeof part === 'string' ? part : JSON.stringify(part)));
  return {
    atMs,
    level: LEVELS[textOf(payload.level)] ?? 'info',
    text: parts.join(' ').slice(0, LINE_CHARACTERS_MAX),
    trace: listOf(payload.trace).map(textOf).join('\n').slice(0, LINE_CHARACTERS_MAX),
  };
}

function networkLine(atMs: number, request: Fields): NetworkLine {
  return {
    atMs,
    method: textOf(request.method) || 'GET',
    url: textOf(request.url).slice(0, LINE_CHARACTERS_MAX),
    status: numberOf(request.status),
    durationMs: numberOf(request.duration),
    responseBytes: numberOf(request.responseBytes),
  };
}

function readPlugin(facts: Facts, { timestamp, data }: RecordedEvent): void {
  const payload = fieldsOf(data.payload);
  if (textOf(data.plugin).startsWith('rrweb/console') && facts.console.length < LINES_MAX) {
    facts.console.push(consoleLine(timestamp, payload));
  }
  if (textOf(data.plugin).startsWith('rrweb/network')) {
    const lines = listOf(payload.requests).map((request) => networkLine(timestamp, fieldsOf(request)));
    facts.network.push(...lines.slice(0, LINES_MAX - facts.network.length));
  }
}

function readCustom(facts: Facts, { timestamp, data }: RecordedEvent): void {
  const payload = fieldsOf(data.payload);
  switch (data.tag) {
    case 'gosight.visibility':
      facts.visibility.push({ atMs: timestamp, isHidden: payload.hidden === true });
      break;
    case 'gosight.gap':
      facts.gaps.push(timestamp);
      break;
    case 'gosight.asset': {
      const url = textOf(payload.url);
      const digest = textOf(payload.digest);
      if (url && DIGEST.test(digest)) facts.assets.push({ url, digest });
      break;
    }
  }
}

export function factsOf(events: readonly RecordedEvent[]): Facts {
  const facts: Facts = {
    activity: [],
    visibility: [],
    gaps: [],
    snapshots: [],
    pages: [],
    assets: [],
    console: [],
    network: [],
  };
  for (const event of events) {
    const { type, timestamp, data } = event;
    if (type === KIND.snapshot) facts.snapshots.push(timestamp);
    if (type === KIND.page) facts.pages.push({ atMs: timestamp, href: textOf(data.href) });
    if (type === KIND.custom) readCustom(facts, event);
    if (type === KIND.plugin) readPlugin(facts, event);
    const isActive = type === KIND.change && ACTIVE.includes(numberOf(data.source, -1));
    const isNew = timestamp - (facts.activity.at(-1) ?? Number.NEGATIVE_INFINITY) >= ACTIVITY_STEP_MS;
    if (isActive && isNew) facts.activity.push(timestamp);
  }
  return facts;
}
