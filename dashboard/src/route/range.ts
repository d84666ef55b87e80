/** The range of time a page looks at: a preset that ends now, or two fixed moments. */

/** `live` is the last half hour, and moves with the clock. */
export const PRESETS = ['live', '1h', '24h', '7d', '30d'] as const;
export type Preset = (typeof PRESETS)[number];

export type Range = { kind: 'preset'; preset: Preset } | { kind: 'fixed'; start: string; end: string };

export interface Bounds {
  start: string;
  end: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const LENGTH_MS: Record<Preset, number> = {
  live: 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
};

/** How often what has grown too old leaves a live range; what is new comes with its tick. */
const SLIDES_EVERY_MS = 10_000;

export const DEFAULT_RANGE: Range = { kind: 'preset', preset: '24h' };

function isPreset(text: string): text is Preset {
  return (PRESETS as readonly string[]).includes(text);
}

/** Reads `24h`, or `2026-01-01T00:00:00.000Z~2026-01-02T00:00:00.000Z`; anything else is the default. */
export function parseRange(text: string | null): Range {
  if (!text) return DEFAULT_RANGE;
  if (isPreset(text)) return { kind: 'preset', preset: text };
  const [start, end] = text.split('~').map((part) => Date.parse(part));
  if (start === undefined || end === undefined || !(start < end)) return DEFAULT_RANGE;
  return { kind: 'fixed', start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}

export function formatRange(range: Range): string {
  return range.kind === 'preset' ? range.preset : `${range.start}~${range.end}`;
}

/** As an address says it: nothing where it is the default. */
export function rangeInAddress(range: Range): string | null {
  const text = formatRange(range);
  return text === formatRange(DEFAULT_RANGE) ? null : text;
}

/** A little future: the server's clock is known to a second, and nothing that has just happened may fall outside. */
const AHEAD_MS = 5_000;

/** The bounds to ask for, at `nowMs`. A preset reaches a little into the future: it follows the present. */
export function boundsOf(range: Range, nowMs: number): Bounds {
  if (range.kind === 'fixed') return { start: range.start, end: range.end };
  return {
    start: new Date(nowMs - LENGTH_MS[range.preset]).toISOString(),
    end: new Date(nowMs + AHEAD_MS).toISOString(),
  };
}

/** The period of the same length just before, as far as a preset has got. */
export function previousBounds(range: Range, nowMs: number): Bounds {
  const start = range.kind === 'fixed' ? Date.parse(range.start) : nowMs - LENGTH_MS[range.preset];
  const length = lengthMs(range);
  return { start: new Date(start - length).toISOString(), end: new Date(start).toISOString() };
}

export function lengthMs(range: Range): number {
  return range.kind === 'preset' ? LENGTH_MS[range.preset] : Date.parse(range.end) - Date.parse(range.start);
}

/** How often an answer about this range is asked for again because time itself has changed it; false: never. */
export function slidesEveryMs(range: Range): number | false {
  return range.kind === 'preset' && range.preset === 'live' && SLIDES_EVERY_MS;
}

/** Whether something that happened at `iso` belongs to the range; a preset's start slides with its answer. */
export function contains(range: Range, iso: string): boolean {
  return range.kind === 'preset' || (range.start <= iso && iso < range.end);
}
