/** What a page can configure, its defaults, and what the project's settings on the server make stricter. */
import type { AnyEvent } from './events.js';

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
  | 'custom'
  | 'replay';

export interface Sampling {
  /** Percent of sessions that are sent. */
  sessionSampleRate: number;
  /** Percent of sessions that are recorded. Default: 100. */
  replaySampleRate?: number;
  /** Milliseconds between two pointer positions, in events and recordings; the one where it came to rest is told in any case. Default: 50. */
  mouseMoveInterval?: number;
  /** Milliseconds between two scroll events. Default: 100. */
  scrollThrottle?: number;
}

export interface Batching {
  /** So many events are sent without waiting. */
  maxEvents: number;
  /** So long an event waits at most. */
  maxWaitMs: number;
  /** Clicks, errors, page views, custom events, and what answers a click until the page has changed, wait at most this long. */
  urgentWaitMs: number;
  /** Sends what is left when the page is hidden: a browser takes 64 KiB, the rest is kept for the next page. Where it is off, all waits for the next batch, or the next visit. */
  flushOnClose: boolean;
}

export interface Privacy {
  /** Elements whose text becomes stars, the words in their styles too, and of which no address or label is told, beside those with `data-gosight-mask`. A selector that is wrong, here or below, is skipped, and told to `onError`. */
  maskSelectors: string[];
  /** Elements of which neither text nor attributes are read, but for what tells which one it is: id, class, test attribute. Beside those with `data-gosight-block`. */
  blockSelectors: string[];
  /** Elements whose fields are not seen, and on which no click is called dead, beside those with `data-gosight-ignore`. */
  ignoreSelectors: string[];
  /** Every text becomes stars, the page's title too, and in a recording the words in its styles: strings of `content` and of custom properties. What is no letter stays, as icons are. */
  maskAllText: boolean;
  /** Masked in every text and url, beside e-mail addresses, phone and card numbers and tokens: every hit, with the flag `g` or without. Those four are masked in class names and styles as well. */
  maskRegex: RegExp[];
  /** Globs over the whole url. On a blocked page nothing is collected; the pages before and after it may tell that a visitor went there. */
  blockUrls: string[];
  /** When not empty, only matching pages are collected. */
  allowUrls: string[];
}

export type ReplayMode = 'full' | 'trigger' | 'off';

export interface Replay {
  /** `full` records from the beginning; `trigger` keeps the last seconds in memory and sends them, and what follows, when a trigger fires. Default: `full`. */
  mode: ReplayMode;
  triggers: {
    onError: boolean;
    /** Several fast clicks on one place. */
    onRageClick: boolean;
    /** A click that nothing answers. */
    onDeadClick: boolean;
    /** Names of your own events. */
    onCustomEvent: string[];
  };
  /** At least so much of the time before a trigger is kept, also of the pages before this one in its tab. */
  bufferSeconds: number;
  /** So long it records after the last trigger. */
  recordAfterSeconds: number;
  /** Globs over the whole url. When not empty, only matching pages are recorded. */
  includeUrls: string[];
  /** Globs of pages that are not. */
  excludeUrls: string[];
  /** What is recorded of a session in one tab, on one page after the other, ends then; what a trigger brings from before it does not count. 0: never. */
  maxDurationMs: number;
  /** The pointer's way between clicks. */
  mouseMove: boolean;
  /** Milliseconds after which a fresh snapshot is taken in any case. 0: when what changed outweighs the last one, or is in many pieces. */
  snapshotInterval: number;
  /** `keep`: images and web fonts that the page shows are kept with the recording: those it carries in itself (`data:`), and, read from the browser's cache when the page has come to rest, those of its own origin or loaded with CORS, as far as 512 KiB each and 4 MiB of a page load go. Drawings (SVG) with words or with more than a drawing in them, other addresses and what is under a privacy mark are placeholders, all of them with `maskAllText`. Where the page's policy (`connect-src`) forbids to read them, the browser says so on the console once in a tab, of the first. `placeholder`: none is read. Default: `keep`. */
  images: 'keep' | 'placeholder';
  /**
   * Whether canvases are recorded, as pictures, at most one in a second of each, when it has changed and is seen. A picture cannot be masked: mark what is
   * private. Left out are canvases under a mark, those with pictures of other origins, and WebGL canvases that keep no buffer and are seldom drawn.
   * Default: as the project is set. A project may forbid them.
   */
  canvas?: boolean;
  /** What the console is told. */
  console: boolean;
  /** Requests, without their contents. */
  network: boolean;
}

export interface GoSightError {
  code: string;
  message: string;
}

export interface Hooks {
  /** Sees every event before it is sent: change values in place, or return `null` to drop it. What throws drops it too. */
  beforeSend?: (event: AnyEvent) => AnyEvent | false | null | undefined;
  /** Told of wrong calls, of what was refused, and of what was dropped. */
  onError?: (error: GoSightError) => void;
  /** Called with the id of each session that begins on this page. */
  onSessionStart?: (sessionId: string) => void;
}

/**
 * What `init` takes. Only the key is required; what the project has set on the server wins where it is stricter.
 * @example
 * ```ts
 * import { GoSight } from '@gosight/sdk';
 *
 * GoSight.init({
 *   projectKey: 'YOUR_PROJECT_KEY',
 *   endpoint: 'https://gosight.example',
 *   events: { network: true },
 *   privacy: { maskSelectors: ['.customer-name'], maskRegex: [/emp-\d+/g], blockUrls: ['https://shop.example/admin*'] },
 *   replay: { mode: 'trigger', triggers: { onDeadClick: true, onCustomEvent: ['checkout_failed'] } },
 *   hooks: {
 *     beforeSend(event) {
 *       if (event.type === 'custom_event' && event.page.path.startsWith('/staff')) return null;
 *       return event;
 *     },
 *     onError: ({ code, message }) => console.info(code, message),
 *   },
 * });
 * ```
 */
export interface Config {
  /** The project's public key. */
  projectKey: string;
  /** Where events go. Default: where the script came from, else the page's own origin. */
  endpoint?: string;
  /** Milliseconds without user activity that end a session. Default: 30 minutes. */
  sessionTimeout?: number;
  /** A switch per category; see Events. */
  events?: Partial<Record<Category, boolean>>;
  sampling?: Partial<Sampling>;
  /** When events are sent. `'frugal'`: 10 events or 5 s. */
  batching?: Partial<Batching> | 'frugal';
  privacy?: Partial<Privacy>;
  /** What is recorded, or the mode alone. */
  replay?: (Partial<Omit<Replay, 'triggers'>> & { triggers?: Partial<Replay['triggers']> }) | ReplayMode;
  hooks?: Hooks;
  /** Collects nothing where the browser says Do Not Track or Global Privacy Control. Default: false. */
  respectDoNotTrack?: boolean;
  /** `required`: nothing is stored or sent before `optIn()`. Default: `granted`. */
  consent?: 'required' | 'granted';
  /** Says in the console what went wrong. Default: false. */
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
  /** Null or absent: as the page says. */
  replay_canvas?: boolean | null;
  replay_images?: 'keep' | 'placeholder';
}

const FRUGAL = { maxEvents: 10, maxWaitMs: 5000, urgentWaitMs: 5000 };

/** Told where that is asked for; the others unless they are switched off. */
export const OFF_BY_DEFAULT: Category[] = ['network', 'media', 'clipboard', 'selection'];

const defaults: Options = {
  projectKey: '',
  endpoint: '',
  sessionTimeout: 1_800_000,
  events: {},
  sampling: { sessionSampleRate: 100 },
  batching: { maxEvents: 50, maxWaitMs: 1000, urgentWaitMs: 200, flushOnClose: true },
  privacy: { maskSelectors: [], blockSelectors: [], ignoreSelectors: [], maskAllText: false, maskRegex: [], blockUrls: [], allowUrls: [] },
  hooks: {},
};

export let options: Options = defaults;

/** What is there but undefined, as a wrapper's property may be, is not given. */
const given = (values: object = {}) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

export function configure(config: Config): void {
  const merged: Record<string, unknown> = { ...defaults, ...given(config) };
  for (const name of ['events', 'sampling', 'batching', 'privacy'] as const) {
    const own = config[name];
    merged[name] = { ...defaults[name], ...given(own === 'frugal' ? FRUGAL : own) };
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
