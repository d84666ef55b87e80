/** The methods a page calls. None of them throws; a wrong call is reported through `hooks.onError`. */
import { attributes } from './batch.js';
import { type Config, configure, options, tighten } from './config.js';
import { loadMore } from './core.js';
import type { Primitive, Properties } from './events.js';
import { guard, on, report } from './guard.js';
import { discard, emit, enterView, flush, hold, release, startSession, state, tell } from './pipeline.js';
import { VALUE_TYPES } from './protobuf.js';
import { startSensors } from './sensors/index.js';
import { forget, identity, load, save, storageKey } from './session.js';
import { clear, startTransport } from './transport.js';
import { version } from './version.js';

const KEY = /^[\w-]{16,128}$/;
const NAME_MAX = 100;
const ID_MAX = 200;
const PROPERTIES_MAX = 50;

declare global {
  interface Window {
    /** There is one of us, and no room for another. */
    _GoSight?: true;
  }
}

let isWired = false;

function isAllowed(): unknown {
  const { doNotTrack, globalPrivacyControl } = navigator as Navigator & { globalPrivacyControl?: boolean };
  if (options.respectDoNotTrack && (doNotTrack === '1' || globalPrivacyControl)) return;
  return identity.choice ? identity.choice === 'in' : options.consent !== 'required';
}

function start(): void {
  if (!options.projectKey || state.running || !isAllowed()) return;
  state.running = true;
  if (isWired) return enterView();
  isWired = true;
  hold();
  enterView();
  startTransport((settings) => {
    tighten(settings);
    release();
  });
  startSensors();
  loadMore();
  // Another tab's doing, or another page's while this one was kept to come back to.
  on(window, 'storage pageshow', ({ key, persisted }: StorageEvent & PageTransitionEvent) => {
    if (key !== storageKey() && !persisted) return;
    // Of whoever it was until now. What waits for the project's settings is not known to be welcome, and goes on waiting.
    if (options.settings) void flush();
    load();
    tell();
    if (!isAllowed()) stop();
    // The same page, a new view.
    else if (state.running && persisted) enterView();
    else start();
  });
  const leave = guard(({ type }: Event) => {
    if (state.running && (document.hidden || type === 'pagehide')) {
      save();
      void flush(true);
    }
  });
  // After the listeners of all sensors, which capture, so that their last words go along.
  for (const type of ['pagehide', 'visibilitychange']) addEventListener(type, leave);
}

function stop(): void {
  state.running = false;
  discard();
  clear();
}

function become(next: Partial<typeof state>): void {
  Object.assign(state, next);
  tell();
}

/** Of the first so many those that are primitives; the others are told as refused. */
function primitives(given: Properties = {}): Properties {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([name, value], at) => (at < PROPERTIES_MAX && (value === null || VALUE_TYPES.includes(typeof value, 1))) || report('bad_property', name),
    ),
  );
}

const isGood = (value: string, max: number) => (typeof value === 'string' && value && value.length <= max) || report('bad_argument', value);

const methods = {
  /**
   * Starts collecting. A second call changes nothing, and is wrong with another key: a page belongs to one project. Of two copies of the SDK
   * on a page, the one that comes second is refused (`bad_init`), whatever its key.
   * @example
   * ```ts
   * GoSight.init({ projectKey: 'YOUR_PROJECT_KEY', endpoint: 'https://gosight.example', consent: 'required' });
   * ```
   */
  init(config: Config): void {
    if (options.projectKey) return void (options.projectKey === config.projectKey || report('bad_init'));
    // First, so that its own hook hears of what is wrong with it.
    configure(config);
    // A page may have the script twice, or the package beside it. Two would tell each event twice, and share the later files, which know one project.
    if (KEY.test(options.projectKey) && !window._GoSight) {
      window._GoSight = true;
      load();
      start();
    } else {
      options.projectKey = '';
      report('bad_init');
    }
  },
  /**
   * Ties the visitor to a user of yours, on this page and the next.
   * @example
   * ```ts
   * GoSight.identify('user-42', { plan: 'pro', seats: 5 });
   * ```
   */
  identify(user_id: string, traits?: Properties): void {
    if (!isGood(user_id, ID_MAX)) return;
    identity.user = user_id;
    if (state.running) save();
    emit('identify', { user_id, traits: primitives(traits) });
  },
  /**
   * Says which group of yours the visitor belongs to.
   * @example
   * ```ts
   * GoSight.group('acme', { industry: 'tools' });
   * ```
   */
  group(group_id: string, traits?: Properties): void {
    if (isGood(group_id, ID_MAX)) emit('group', { group_id, traits: primitives(traits) });
  },
  /**
   * An event of your own: a name of at most 100 characters, at most 50 properties. What is more, or no primitive value, is left out and told to `onError`, here as in traits and attributes.
   * @example
   * ```ts
   * GoSight.track('plan_chosen', { plan: 'pro', yearly: true }, 'checkout');
   * ```
   */
  track(name: string, properties?: Properties, category = ''): void {
    if (isGood(name, NAME_MAX)) emit('custom_event', { name, category, properties: primitives(properties) });
  },
  /**
   * At most 49, sent with every event from now on.
   * @example
   * ```ts
   * GoSight.setCustomAttributes({ release: '2026.3', experiment: 'blue-button' });
   * ```
   */
  setCustomAttributes(values: Record<string, Primitive>): void {
    // The first of the fifty is our own (transport.ts), so that it has room when there is something to count.
    const { sdk_dropped_events, ...own } = primitives({ sdk_dropped_events: 0, ...attributes, ...values });
    for (const name in own) attributes[name] = String(own[name]);
  },
  /** Empty before a session has begun. */
  getSessionId: (): string => identity.session,
  /** The one given to `identify`. */
  getUserId: (): string => identity.user,
  /** Ends the session and begins another, which sees the page from its beginning. */
  startNewSession(): void {
    if (state.running) startSession('requested');
  },
  /** Collects and records nothing until `resume`. */
  pause: (): void => become({ halted: true }),
  /** Goes on after `pause`. */
  resume: (): void => become({ halted: false }),
  /** Whether `pause` was called last. */
  isPaused: (): boolean => state.halted,
  /**
   * Sends what waits; settles when the server has it or it is kept for later.
   * @example
   * ```ts
   * await GoSight.flush();
   * location.assign('https://pay.example');
   * ```
   */
  flush: (): Promise<unknown> => flush(),
  /** Collects nothing from now on and forgets the visitor; remembered on the next visit. */
  optOut(): void {
    stop();
    forget('out');
  },
  /**
   * The visitor agrees: starts what `consent: 'required'` holds back, and undoes `optOut`. Remembered on the next visit.
   * @example
   * ```ts
   * document.querySelector('#agree')?.addEventListener('click', () => GoSight.optIn());
   * ```
   */
  optIn(): void {
    identity.choice = 'in';
    save();
    start();
  },
  /** Whether this visitor chose to. */
  hasOptedOut: (): boolean => identity.choice === 'out',
  /** A new visitor, as after signing out on a shared computer. */
  reset(): void {
    void flush();
    forget();
    for (const name in attributes) delete attributes[name];
    if (state.running) startSession('');
  },
  /** Of the SDK. */
  getVersion: (): string => version,
  /** Records from now on, whatever the page's own mode and sample rate. What the project forbids stays forbidden. */
  startReplay: (): void => become({ recording: true }),
  /** Ends the recording. Nothing is recorded until `startReplay`. */
  stopReplay: (): void => become({ recording: false }),
};

export type GoSightApi = typeof methods;

export const GoSight = Object.fromEntries(
  Object.entries(methods).map(([name, method]) => [name, guard(method as (...args: unknown[]) => unknown)]),
) as GoSightApi;
