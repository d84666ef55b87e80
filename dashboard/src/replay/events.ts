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
  /** Null when the recorder could not see it: a browser hides what another origin answered. */
  status: number | null;
  /** The recorder saw the request come to nothing. */
  isLost: boolean;
  durationMs: number;
  responseBytes: number;
}

/** What is not known to have failed has not: most answers that cannot be seen are fine. */
export function hasFailed({ status, isLost }: Pick<NetworkLine, 'status' | 'isLost'>): boolean {
  return isLost || (status !== null && status >= 400);
}

/** Lines in order of time, and how many more there were. */
export interface Lines<Line> {
  kept: Line[];
  leftOut: number;
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
  console: Lines<ConsoleLine>;
  network: Lines<NetworkLine>;
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
  const level = LEVELS[textOf(payload.level)] ?? 'info';
  // Where it came from is told of errors alone.
  const trace = level === 'error' ? listOf(payload.trace).map(textOf).join('\n') : '';
  return {
    atMs,
    level,
    text: parts.join(' ').slice(0, LINE_CHARACTERS_MAX),
    trace: trace.slice(0, LINE_CHARACTERS_MAX),
  };
}

function networkLine(atMs: number, request: Fields): NetworkLine {
  return {
    atMs,
    method: textOf(request.method) || 'GET',
    url: textOf(request.url).slice(0, LINE_CHARACTERS_MAX),
    status: numberOf(request.status) || null,
    isLost: request.failed === true,
    durationMs: numberOf(request.duration),
    responseBytes: numberOf(request.responseBytes),
  };
}

function keep<Line>(lines: Lines<Line>, line: Line): void {
  if (lines.kept.length < LINES_MAX) lines.kept.push(line);
  else lines.leftOut += 1;
}

function readPlugin(facts: Facts, { timestamp, data }: RecordedEvent): void {
  const payload = fieldsOf(data.payload);
  const plugin = textOf(data.plugin);
  if (plugin.startsWith('rrweb/console')) keep(facts.console, consoleLine(timestamp, payload));
  if (plugin.startsWith('rrweb/network')) {
    for (const request of listOf(payload.requests)) keep(facts.network, networkLine(timestamp, fieldsOf(request)));
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
    console: { kept: [], leftOut: 0 },
    network: { kept: [], leftOut: 0 },
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
