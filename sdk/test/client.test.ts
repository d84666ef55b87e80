// @vitest-environment happy-dom
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GoSightApi } from '../src/client.js';
import type { Config } from '../src/config.js';
import { type DecodedBatch, decode } from './wire.js';

const KEY = 'unit_key_0123456789';
const NOON = Date.parse('2026-03-10T12:00:00Z');
const MINUTE_MS = 60_000;

let sent: DecodedBatch[];
let status: number;
let settings: Record<string, unknown> | Promise<Record<string, unknown>>;
let GoSight: GoSightApi;
let problems: string[];
/** All of them: what an earlier page load left behind would go on telling, and one that opted out begins again when another agrees. */
const copies: GoSightApi[] = [];

/** A fresh copy of the SDK, as after a page load. */
async function start(config: Partial<Config> = {}): Promise<void> {
  vi.resetModules();
  Reflect.deleteProperty(window, '_GoSight');
  ({ GoSight } = await import('../src/client.js'));
  copies.push(GoSight);
  GoSight.init({ projectKey: KEY, endpoint: 'https://in.example', hooks: { onError: ({ code }) => problems.push(code) }, ...config });
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(0);
}

const events = () => sent.flatMap((batch) => batch.events.map((event) => ({ ...event, session: batch.session_id })));
const types = () => events().map((event) => event.type);

beforeEach(() => {
  vi.useFakeTimers({ now: NOON, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  localStorage.clear();
  sent = [];
  status = 200;
  settings = {};
  problems = [];
  vi.stubGlobal('fetch', async (url: string, init?: { body?: Uint8Array }) => {
    if (url.includes('/v1/settings')) return Response.json(await settings);
    if (url.includes('/gosight.v1.')) return Response.json({}, { status: 404 });
    const body = init?.body as Uint8Array;
    if (status === 200) sent.push(decode(url.includes('encoding=gzip') ? gunzipSync(body) : body));
    return Response.json({}, { status });
  });
  window.fetch = globalThis.fetch;
  navigator.sendBeacon = (_url, body) => sent.push(decode(body as unknown as Uint8Array)) > 0;
});
afterEach(() => {
  for (const started of copies) started.optOut();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('batching', () => {
  it('sends what is urgent within 200 ms and what is not within a second', async () => {
    await start();
    await vi.advanceTimersByTimeAsync(1000);
    sent = [];
    GoSight.track('bought');
    await vi.advanceTimersByTimeAsync(150);
    expect(types()).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(types()).toEqual(['custom_event']);
    document.body.dispatchEvent(new MouseEvent('mousemove', { bubbles: true }));
    await vi.advanceTimersByTimeAsync(900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(types()).toEqual(['custom_event', 'mouse_move']);
  });

  it('coalesces urgent events into one batch', async () => {
    await start();
    await vi.advanceTimersByTimeAsync(1000);
    sent = [];
    for (let i = 0; i < 5; i++) GoSight.track(`t${i}`);
    await vi.advanceTimersByTimeAsync(200);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.events).toHaveLength(5);
  });

  it('sends at maxEvents without waiting', async () => {
    await start({ batching: { maxEvents: 3 } });
    await vi.advanceTimersByTimeAsync(1000);
    sent = [];
    for (let i = 0; i < 3; i++) GoSight.track('t');
    await vi.advanceTimersByTimeAsync(0);
    expect(sent[0]?.events).toHaveLength(3);
  });

  it('waits as long as is set', async () => {
    await start({ batching: { maxWaitMs: 3000, urgentWaitMs: 2000 } });
    await vi.advanceTimersByTimeAsync(3000);
    sent = [];
    document.body.dispatchEvent(new MouseEvent('mousemove', { bubbles: true }));
    await vi.advanceTimersByTimeAsync(2900);
    expect(types()).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(types()).toEqual(['mouse_move']);
    GoSight.track('t');
    await vi.advanceTimersByTimeAsync(1900);
    expect(types()).toEqual(['mouse_move']);
    await vi.advanceTimersByTimeAsync(100);
    expect(types()).toEqual(['mouse_move', 'custom_event']);
  });

  it('waits up to five seconds when frugal', async () => {
    await start({ batching: 'frugal' });
    await vi.advanceTimersByTimeAsync(5000);
    sent = [];
    GoSight.track('t');
    await vi.advanceTimersByTimeAsync(4900);
    expect(sent).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(1);
  });

  it('cuts batches that would not fit a beacon', async () => {
    await start({ batching: { maxEvents: 500 } });
    await vi.advanceTimersByTimeAsync(1000);
    sent = [];
    const properties = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, 'x'.repeat(1000)]));
    for (let i = 0; i < 10; i++) GoSight.track('big', properties);
    await GoSight.flush();
    // What more than a few requests would take waits in the queue, which answers in real macrotasks.
    while (events().length < 10) await new Promise((done) => setImmediate(done));
    expect(sent.length).toBeGreaterThan(2);
    expect(new Set(events().map(({ id }) => id)).size).toBe(10);
  });
});

describe('a session', () => {
  const act = async (minutes: number) => {
    await vi.advanceTimersByTimeAsync(minutes * MINUTE_MS);
    GoSight.track('act');
    await vi.advanceTimersByTimeAsync(1000);
    return GoSight.getSessionId();
  };

  it('goes on for 29 minutes without activity and ends after 30, at its last activity', async () => {
    await start();
    const first = await act(0);
    const last = Date.now() - 1000;
    expect(await act(29)).toBe(first);
    expect(await act(31)).not.toBe(first);
    const end = events().find(({ type }) => type === 'session_end');
    expect(end).toMatchObject({ session: first, payload: { reason: 'timeout' } });
    expect((end?.timestamp_ms ?? 0) - last).toBeLessThan(30 * MINUTE_MS);
    const after = events().filter(({ session }) => session !== first);
    expect(after.map(({ type }) => type).slice(0, 3)).toEqual(['session_start', 'page_view', 'custom_event']);
    expect(after[0]?.payload.is_new_visitor).toBe(false);
  });

  it.each([60_000, '60000' as never])('ends after as long as is set, by a number or a word: %j', async (sessionTimeout) => {
    const begun: string[] = [];
    await start({ sessionTimeout, hooks: { onSessionStart: (id) => begun.push(id) } });
    const first = await act(0);
    expect(await act(0.9)).toBe(first);
    const second = await act(1.1);
    expect(second).not.toBe(first);
    GoSight.startNewSession();
    expect(begun).toEqual([first, second, GoSight.getSessionId()]);
  });

  it('has its user on the next page, too', async () => {
    await start();
    GoSight.identify('ada');
    await start();
    expect(GoSight.getUserId()).toBe('ada');
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.at(-1)?.user_id).toBe('ada');
  });

  it('takes nothing that is not the visitor’s doing after it ended', async () => {
    await start();
    await act(0);
    await vi.advanceTimersByTimeAsync(31 * MINUTE_MS);
    sent = [];
    document.body.append('changed');
    console.error('out of sight');
    await vi.advanceTimersByTimeAsync(5000);
    expect(types()).toEqual([]);
  });

  it.each([
    ['Pacific/Auckland', '2026-03-10T10:50:00Z'],
    // Five hours and three quarters ahead.
    ['Asia/Kathmandu', '2026-03-10T18:05:00Z'],
  ])('ends at midnight in the project’s zone, %s', async (timezone, tenMinutesBefore) => {
    settings = { timezone, version: '1' };
    vi.setSystemTime(Date.parse(tenMinutesBefore));
    await start();
    const first = await act(0);
    expect(await act(8)).toBe(first);
    expect(await act(3)).not.toBe(first);
    expect(events().find(({ type }) => type === 'session_end')?.payload.reason).toBe('midnight');
  });

  it('is picked up by the next page, and kept alive by another tab', async () => {
    await start();
    const first = await act(0);
    await start();
    expect(GoSight.getSessionId()).toBe(first);
    await vi.advanceTimersByTimeAsync(40 * MINUTE_MS);
    const stored = JSON.parse(localStorage.getItem(`gosight:${KEY}`) ?? '{}');
    localStorage.setItem(`gosight:${KEY}`, JSON.stringify({ ...stored, active: Date.now() - MINUTE_MS }));
    expect(await act(0)).toBe(first);
  });
});

describe('the share of sessions', () => {
  const SESSIONS = 1000;

  /** Ids as good as made at random, the same in every run. */
  function idOf(i: number): ReturnType<Crypto['randomUUID']> {
    const hex = createHash('sha256').update(`visit ${i}`).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  it.each([0.5, 10, 33.3, 90])('that are sent is near %d percent, and each is sent whole or not at all', async (sessionSampleRate) => {
    const made: string[] = [];
    let ids = 0;
    vi.spyOn(crypto, 'randomUUID').mockImplementation(() => idOf(ids++));
    await start({ sampling: { sessionSampleRate }, hooks: { onSessionStart: (id) => made.push(id) } });
    for (let i = 1; i < SESSIONS; i++) {
      GoSight.startNewSession();
      GoSight.track('t');
      await GoSight.flush();
    }
    vi.restoreAllMocks();
    // The first has no custom event, and the last no end.
    const whole = made.slice(1, -1);
    const told = new Map<string, string[]>(whole.map((session) => [session, []]));
    for (const { session, type } of events()) told.get(session)?.push(type);
    const some = [...told.values()].filter(([type]) => type).map((types) => types.sort().join(' '));
    expect(made).toHaveLength(SESSIONS);
    expect(new Set(some)).toEqual(new Set(['custom_event page_view session_end session_start']));
    expect(Math.abs((some.length / whole.length) * 100 - sessionSampleRate)).toBeLessThan(3);
  });
});

describe('a page', () => {
  it('is never thrown at, whatever it calls', async () => {
    await start();
    const loose = GoSight as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const name of Object.keys(GoSight))
      for (const args of [[], [null], [{}], [Symbol('s')], ['x'.repeat(999), 3]]) expect(() => loose[name]?.(...args)).not.toThrow();
    expect(problems).toContain('bad_argument');
    GoSight.optIn();
  });

  it('may start it twice, but not for two projects', async () => {
    await start();
    problems = [];
    GoSight.init({ projectKey: KEY });
    expect(problems).toEqual([]);
    GoSight.init({ projectKey: `another_${KEY}` });
    expect(problems).toEqual(['bad_init']);
  });

  it.each([
    '',
    'too_short',
    'with spaces, and long enough',
    'x'.repeat(129),
    undefined as never,
  ])('starts nothing with a key that is none, and is told: %j', async (projectKey) => {
    await start({ projectKey });
    expect(problems).toEqual(['bad_init']);
    GoSight.optIn();
    GoSight.track('t');
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent).toEqual([]);
    // And with its own it does.
    GoSight.init({ projectKey: KEY, endpoint: 'https://in.example' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).toContain('page_view');
  });

  it('says in the console what is wrong, when told to, and what it says the hook is told as well', async () => {
    const said = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await start();
    GoSight.track('');
    expect(said).not.toHaveBeenCalled();
    const told: unknown[] = [];
    await start({ debug: true, hooks: { onError: ({ code, message }) => told.push(['[GoSight]', code, message]) } });
    GoSight.track('');
    GoSight.track('t', { list: [] as never });
    expect(told.slice(-2)).toEqual([
      ['[GoSight]', 'bad_argument', ''],
      ['[GoSight]', 'bad_property', 'list'],
    ]);
    expect(said.mock.calls).toEqual(told);
    said.mockRestore();
  });

  it.each([
    ['https://in.example//', 'https://in.example/v1/'],
    [undefined, `${location.origin}/v1/`],
  ])('is told to the endpoint %s', async (endpoint, address) => {
    const asked: string[] = [];
    const { fetch } = window;
    window.fetch = (url, init) => {
      asked.push(String(url));
      return fetch(url, init);
    };
    await start({ endpoint });
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked.filter((url) => !url.includes('gosight.v1')).map((url) => url.replace(/(settings|events).*/, ''))).toEqual([address, address]);
  });

  it.each([
    ['again', KEY],
    ['for another project', `another_${KEY}`],
  ])('that has the script twice, %s, is told of once, and the second says so', async (_, projectKey) => {
    await start();
    problems = [];
    vi.resetModules();
    const { GoSight: second } = await import('../src/client.js');
    second.init({ projectKey, hooks: { onError: ({ code }) => problems.push(code) } });
    second.optIn();
    second.track('by the second');
    GoSight.track('by the first');
    await vi.advanceTimersByTimeAsync(2000);
    expect(events().flatMap(({ type, payload }) => (type === 'custom_event' ? payload.name : []))).toEqual(['by the first']);
    expect(types().filter((type) => type === 'page_view')).toHaveLength(1);
    expect(new Set(sent.map(({ project_key }) => project_key))).toEqual(new Set([KEY]));
    expect(problems).toEqual(['bad_init']);
  });

  it('hears that a key is no key, and may give another', async () => {
    await start({ projectKey: 'short' });
    expect(problems).toEqual(['bad_init']);
    GoSight.init({ projectKey: KEY });
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).toContain('page_view');
  });

  it('may pass on options that it was not given itself', async () => {
    await start({ sessionTimeout: undefined, hooks: undefined, privacy: { maskSelectors: undefined }, batching: { maxWaitMs: undefined } });
    document.body.innerHTML = '<button>buy</button>';
    const click = new MouseEvent('click', { bubbles: true });
    document.querySelector('button')?.dispatchEvent(Object.defineProperty(click, 'isTrusted', { value: true }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(types()).toContain('click');
    await vi.advanceTimersByTimeAsync(31 * MINUTE_MS);
    GoSight.track('later');
    await vi.advanceTimersByTimeAsync(1000);
    expect(types()).toContain('session_end');
  });

  it('changes a title in its filter, and an address, and no view is added', async () => {
    await start({
      hooks: {
        beforeSend(event) {
          if (event.type === 'page_view') event.payload.title = 'redacted';
          event.page.url = 'https://redacted.example/';
          return event;
        },
      },
    });
    await vi.advanceTimersByTimeAsync(2000);
    history.replaceState({ scroll: 1 }, '');
    await vi.advanceTimersByTimeAsync(2000);
    const views = events().filter(({ type }) => type === 'page_view');
    expect(views.map(({ payload }) => payload.title)).toEqual(['redacted']);
    expect(types()).not.toContain('page_exit');
  });

  it('loses no other event to a filter that promises one', async () => {
    const beforeSend = (event: { type: string }) => (event.type === 'identify' ? Promise.resolve(event) : event) as never;
    await start({ hooks: { beforeSend } });
    GoSight.identify('u');
    GoSight.track('kept');
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).toEqual(['session_start', 'page_view', 'custom_event']);
  });

  it('stores nothing before the visitor agrees, whatever is called', async () => {
    await start({ consent: 'required' });
    GoSight.identify('user-1');
    GoSight.setCustomAttributes({ plan: 'pro' });
    GoSight.reset();
    GoSight.identify('user-2');
    expect({ ...localStorage }).toEqual({});
    GoSight.optIn();
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent.map(({ user_id }) => user_id)).toEqual(['user-2']);
    expect(localStorage.getItem(`gosight:${KEY}`)).toContain('user-2');
  });

  it('that moves on after the visitor opted out starts nothing', async () => {
    const sessions: string[] = [];
    await start({ hooks: { onSessionStart: (id) => sessions.push(id) } });
    await vi.advanceTimersByTimeAsync(1000);
    GoSight.optOut();
    sent = [];
    history.pushState({}, '', '/elsewhere');
    await vi.advanceTimersByTimeAsync(2000);
    expect(sessions).toHaveLength(1);
    expect(sent).toEqual([]);
    expect(JSON.parse(localStorage.getItem(`gosight:${KEY}`) ?? '{}')).toMatchObject({ visitor: '', session: '', choice: 'out' });
  });

  it('that hears of another tab before it knows what the project wants sends nothing of what that does not want', async () => {
    let answer = (_: Record<string, unknown>) => {};
    settings = new Promise((known) => {
      answer = known;
    });
    await start();
    GoSight.track('t');
    window.dispatchEvent(Object.assign(new Event('storage'), { key: `gosight:${KEY}` }));
    await vi.advanceTimersByTimeAsync(500);
    answer({ version: '1', disabled_categories: ['custom'] });
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).toContain('session_start');
    expect(types()).not.toContain('custom_event');
  });

  it('begins when the visitor agrees in another tab', async () => {
    await start({ consent: 'required' });
    localStorage.setItem(`gosight:${KEY}`, JSON.stringify({ choice: 'in' }));
    window.dispatchEvent(Object.assign(new Event('storage'), { key: `gosight:${KEY}` }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).toContain('page_view');
  });

  it('drops an event, or changes it, before it is sent', async () => {
    await start({ hooks: { beforeSend: (event) => (event.type === 'identify' ? null : Object.assign(event, { timestamp_ms: 1_800_000_000_000 })) } });
    GoSight.identify('u');
    GoSight.track('kept');
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).not.toContain('identify');
    expect(events().find(({ type }) => type === 'custom_event')?.timestamp_ms).toBe(1_800_000_000_000);
  });

  it('sends nothing of an event whose filter failed', async () => {
    await start({
      hooks: {
        beforeSend: () => {
          throw new Error('filter');
        },
        onError: ({ code }) => problems.push(code),
      },
    });
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent).toEqual([]);
    expect(problems).toContain('before_send');
  });

  /** What is refused from now on. */
  async function startTold(): Promise<string[]> {
    const refused: string[] = [];
    await start({ hooks: { onError: ({ code, message }) => refused.push(`${code} ${message}`) } });
    // What this window lacks.
    refused.length = 0;
    return refused;
  }
  const numbered = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, i]));

  it('is told what is left out: a fifty-first property or trait, and what is no primitive', async () => {
    const refused = await startTold();
    GoSight.track('t', numbered(52));
    GoSight.identify('u', numbered(51));
    GoSight.group('g', { ...numbered(2), list: [] as never, n3: 3 });
    await vi.advanceTimersByTimeAsync(2000);
    const payloadOf = (type: string) => events().find((event) => event.type === type)?.payload;
    expect(Object.keys(payloadOf('custom_event')?.properties ?? {})).toEqual(Object.keys(numbered(50)));
    expect(Object.keys(payloadOf('identify')?.traits ?? {})).toEqual(Object.keys(numbered(50)));
    expect(Object.keys(payloadOf('group')?.traits ?? {})).toEqual(['n0', 'n1', 'n3']);
    expect(refused).toEqual(['bad_property n50', 'bad_property n51', 'bad_property n50', 'bad_property list']);
  });

  it('may set forty-nine attributes, and what was dropped is told beside them: fifty, as many as the server takes', async () => {
    const refused = await startTold();
    GoSight.setCustomAttributes(numbered(30));
    GoSight.setCustomAttributes(numbered(51));
    GoSight.setCustomAttributes({ n0: 'newer', sdk_dropped_events: 'not of the page' });
    expect(refused).toEqual(['bad_property n49', 'bad_property n50']);
    GoSight.track('t');
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.at(-1)?.attributes).toEqual({ ...Object.fromEntries(Object.entries(numbered(49)).map(([name, i]) => [name, String(i)])), n0: 'newer' });
    const { drop } = await import('../src/transport.js');
    drop(3);
    GoSight.setCustomAttributes({ n0: 'newest' });
    GoSight.track('t');
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.at(-1)?.attributes).toMatchObject({ n0: 'newest', n48: '48', sdk_dropped_events: '3' });
    expect(Object.keys(sent.at(-1)?.attributes ?? {})).toHaveLength(50);
    expect(refused.slice(2)).toEqual(['queue_full 3']);
  });

  it('samples sessions: none at 0 percent, by its own or the project’s word', async () => {
    await start({ sampling: { sessionSampleRate: 0 } });
    await vi.advanceTimersByTimeAsync(2000);
    settings = { session_sample_rate: 0 };
    await start();
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent).toEqual([]);
  });

  it('obeys Do Not Track when told to, and urls that are blocked or not allowed, by its own or the project’s word', async () => {
    Object.defineProperty(navigator, 'doNotTrack', { value: '1', configurable: true });
    await start({ respectDoNotTrack: true });
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent).toEqual([]);
    for (const privacy of [{ blockUrls: ['*'] }, { allowUrls: ['https://elsewhere.example/*'] }]) {
      await start({ privacy });
      await vi.advanceTimersByTimeAsync(2000);
      expect(sent).toEqual([]);
    }
    settings = { version: '1', block_urls: ['*'] };
    await start({ privacy: { allowUrls: ['*'] } });
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent).toEqual([]);
    settings = {};
    await start({ privacy: { allowUrls: ['*'] } });
    await vi.advanceTimersByTimeAsync(2000);
    expect(types()).toContain('page_view');
    Object.defineProperty(navigator, 'doNotTrack', { value: null, configurable: true });
  });

  it('pauses, resumes, resets', async () => {
    await start();
    await vi.advanceTimersByTimeAsync(1000);
    GoSight.pause();
    expect(GoSight.isPaused()).toBe(true);
    GoSight.track('no');
    GoSight.resume();
    GoSight.identify('u1');
    const before = GoSight.getSessionId();
    GoSight.reset();
    await vi.advanceTimersByTimeAsync(1000);
    expect(GoSight.getUserId()).toBe('');
    expect(GoSight.getSessionId()).not.toBe(before);
    expect(new Set(sent.map(({ visitor_id }) => visitor_id)).size).toBe(2);
    expect(JSON.stringify(events())).not.toContain('"no"');
  });

  it('lives without storage', async () => {
    vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new Error('blocked');
    });
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('blocked');
    });
    await start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(types()).toContain('page_view');
    vi.restoreAllMocks();
  });
});
