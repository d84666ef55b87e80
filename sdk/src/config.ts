/** What a page can configure, its defaults, and what the project's settings on the server make stricter. */
import type { GoSightEvent } from './events.js';

export type Category =
  | 'session'
  | 'page'
  | 'mouse'
  | 'scroll'
  | 'input'
  | 'form'
  | 'error'
  | 'performance'
  | 'network'
  | 'media'
  | 'clipboard'
  | 'selection'
  | 'resize'
  | 'dom'
  | 'custom';

export interface Sampling {
  /** Percent of sessions that are sent. */
  sessionSampleRate: number;
  /** Percent of sessions that are recorded. */
  replaySampleRate?: number;
  /** Milliseconds between two pointer positions. */
  mouseMoveInterval: number;
  /** Milliseconds between two scroll events. */
  scrollThrottle: number;
}

export interface Batching {
  maxEvents: number;
  maxWaitMs: number;
  /** Clicks, errors, page views, custom events, and whatever responds to a click, wait at most this long. */
  urgentWaitMs: number;
  /** Send what is left when the page is hidden. */
  flushOnClose: boolean;
}

export interface Privacy {
  maskSelectors: string[];
  blockSelectors: string[];
  ignoreSelectors: string[];
  maskAllText: boolean;
  /** Recordings show stars for what fields hold. Passwords, hidden fields, addresses, numbers and what has a secret name are masked in any case. Default: true. */
  maskInputs?: boolean;
  /** Masked in every text and url, beside e-mail addresses, phone and card numbers and tokens. Each with the flag `g`. */
  maskRegex: RegExp[];
  /** Globs over the whole url. On a blocked page nothing is collected. */
  blockUrls: string[];
  /** When not empty, only matching pages are collected. */
  allowUrls: string[];
}

export type ReplayMode = 'full' | 'trigger' | 'off';

export interface Replay {
  /** `full` records from the beginning; `trigger` keeps the last seconds in memory and sends them, and what follows, when a trigger fires. */
  mode: ReplayMode;
  triggers: { onError: boolean; onRageClick: boolean; onDeadClick: boolean; onCustomEvent: string[] };
  /** At least so much of the time before a trigger is kept. */
  bufferSeconds: number;
  /** So long it records after the last trigger. */
  recordAfterSeconds: number;
  /** Globs over the whole url. When not empty, only matching pages are recorded. */
  includeUrls: string[];
  excludeUrls: string[];
  /** A recording, of one page load in one tab, ends then. 0: never. */
  maxDurationMs: number;
  mouseMove: boolean;
  /** Milliseconds after which a fresh snapshot is taken in any case. 0: only when what changed outweighs the last one. */
  snapshotInterval: number;
  canvas: boolean;
  /** Whether images of the page's own origin are kept with the recording. */
  images: 'keep' | 'placeholder';
  /** What the console is told, and requests without their contents. */
  console: boolean;
  network: boolean;
}

export interface GoSightError {
  code: string;
  message: string;
}

export interface Hooks {
  beforeSend?: (event: GoSightEvent) => GoSightEvent | false | null | undefined;
  onError?: (error: GoSightError) => void;
  onSessionStart?: (sessionId: string) => void;
}

export interface Config {
  projectKey: string;
  /** Where events go. Default: where the script came from, else the page's own origin. */
  endpoint?: string;
  /** Milliseconds without user activity that end a session. Default: 30 minutes. */
  sessionTimeout?: number;
  events?: Partial<Record<Category, boolean>>;
  sampling?: Partial<Sampling>;
  batching?: Partial<Batching> | 'frugal';
  privacy?: Partial<Privacy>;
  /** What is recorded, or the mode alone. */
  replay?: (Partial<Omit<Replay, 'triggers'>> & { triggers?: Partial<Replay['triggers']> }) | ReplayMode;
  hooks?: Hooks;
  respectDoNotTrack?: boolean;
  /** `required`: nothing is stored or sent before `optIn()`. */
  consent?: 'required' | 'granted';
  debug?: boolean;
}

export interface Options {
  projectKey: string;
  endpoint: string;
  sessionTimeout: number;
  events: Partial<Record<string, boolean>>;
  sampling: Sampling;
  batching: Batching;
  privacy: Privacy;
  hooks: Hooks;
  respectDoNotTrack?: boolean;
  consent?: 'required' | 'granted';
  debug?: boolean;
  replay?: Config['replay'];
  /** The newest that were applied; the server answers newer ones with the next batch. */
  settings?: Settings;
}

/** `GET /v1/settings`, as JSON. */
export interface Settings {
  version?: string;
  session_sample_rate?: number;
  timezone?: string;
  disabled_categories?: string[];
  mask_selectors?: string[];
  block_selectors?: string[];
  mask_all_text?: boolean;
  block_urls?: string[];
  replay_mode?: ReplayMode;
  replay_sample_rate?: number;
  replay_include_urls?: string[];
  replay_exclude_urls?: string[];
  replay_duration_max_ms?: number;
  replay_canvas?: boolean;
  replay_images?: 'keep' | 'placeholder';
}

const FRUGAL = { maxEvents: 10, maxWaitMs: 5000, urgentWaitMs: 5000 };

const defaults: Options = {
  projectKey: '',
  endpoint: '',
  sessionTimeout: 1_800_000,
  events: { network: false, media: false, clipboard: false, selection: false },
  sampling: { sessionSampleRate: 100, mouseMoveInterval: 50, scrollThrottle: 100 },
  batching: { maxEvents: 50, maxWaitMs: 1000, urgentWaitMs: 200, flushOnClose: true },
  privacy: { maskSelectors: [], blockSelectors: [], ignoreSelectors: [], maskAllText: false, maskRegex: [], blockUrls: [], allowUrls: [] },
  hooks: {},
};

export let options: Options = defaults;

export function configure(config: Config): void {
  const merged: Record<string, unknown> = { ...defaults, ...config };
  for (const name of ['events', 'sampling', 'batching', 'privacy'] as const) {
    const given = config[name];
    merged[name] = { ...defaults[name], ...(given === 'frugal' ? FRUGAL : given) };
  }
  options = merged as unknown as Options;
  options.endpoint = (config.endpoint || location.origin).replace(/\/+$/, '');
}

/** The server's settings win where they are stricter. */
export function tighten(settings: Settings): void {
  const { sampling, privacy, events } = options;
  sampling.sessionSampleRate = Math.min(sampling.sessionSampleRate, settings.session_sample_rate ?? 100);
  for (const category of settings.disabled_categories ?? []) events[category] = false;
  for (const mark of ['mask', 'block'] as const) privacy[`${mark}Selectors`] = privacy[`${mark}Selectors`].concat(settings[`${mark}_selectors`] ?? []);
  privacy.blockUrls = privacy.blockUrls.concat(settings.block_urls ?? []);
  privacy.maskAllText ||= !!settings.mask_all_text;
  options.settings = settings;
}
