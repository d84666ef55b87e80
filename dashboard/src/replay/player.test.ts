import { resolveObjectURL } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Request } from '@/api/client';
import type { Kept } from './clean';
import {
  at,
  click,
  hangs,
  hides,
  isGone,
  lost,
  mark,
  mutation,
  page,
  replay,
  returns,
  says,
  server,
  snapshot,
} from './fixtures';
import { Player } from './player';
import type { Segment } from './segment';

vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  callRaw: (path: string, request: Request) => server.call(path, request),
}));

/** What the stage was told to do, with the seconds. */
let told: string[] = [];
const tell = (what: string, atMs: number) => told.push(`${what} ${(atMs - at(0)) / 1000}`);
/** When the stage has built what it builds. */
let built: Promise<void>;
const builds = () => told.filter((it) => it.startsWith('build'));

const PICTURE = 'https://shop.test/banner.png';
/** What the page was given for it. */
let picture: string | null = null;

/** The player's own part is to give the stage what it needs, when it needs it. */
vi.mock('./stage', () => ({
  Stage: class {
    segment: Segment | null = null;
    async build(segment: Segment, atMs: number, _isPlaying: boolean, kept: Kept) {
      tell('build', atMs);
      picture = kept(PICTURE);
      await built;
      this.segment = segment;
    }
    add() {}
    play(atMs: number) {
      tell('play', atMs);
    }
    pause(atMs: number) {
      tell('pause', atMs);
    }
    setSpeed() {}
    clear() {
      told.push('clear');
    }
  },
}));

const { replies } = server;
const gone = isGone;

/** A recording of nine seconds in three chunks. */
const CHUNKS = { a: ['0-3 S', '3-6', '6-9'] };
const A0 = [snapshot(0), click(1)];
const A1 = [click(3), mutation(5)];
const A2 = [click(6), click(9)];

function serve(padding = 0): void {
  for (const [index, events] of [A0, A1, A2].entries()) replies.set(`a${index}`, [says(events, padding)]);
}

let nextFrame: FrameRequestCallback = () => {};
let onVisibility = () => {};
let player: Player;
let unmount: () => void;

/** Everything that is due happens, and the time of the page goes on by so much. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  nextFrame(performance.now());
  await vi.advanceTimersByTimeAsync(0);
}

/** Of three seconds each, the first with a snapshot. */
const chunks = (count: number) => ({
  a: Array.from({ length: count }, (_, index) => `${index * 3}-${index * 3 + 3}${index === 0 ? ' S' : ''}`),
});

async function open(atSeconds: number, session: Record<string, readonly string[]> = CHUNKS): Promise<void> {
  player = new Player({
    path: '/replay',
    assetsPath: '/assets',
    replay: replay(session),
    startMs: at(0),
    endMs: at(5),
    atMs: at(atSeconds),
  });
  unmount = player.mount({} as HTMLElement);
  // The stage is loaded, which takes more than one turn.
  await vi.dynamicImportSettled();
  await pass(0);
}

beforeEach(() => {
  vi.useFakeTimers({ now: at(9) });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.stubGlobal('document', {
    addEventListener: (_: string, it: () => void) => {
      onVisibility = it;
    },
    removeEventListener() {},
    hidden: false,
  });
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => {
    nextFrame = callback;
    return 1;
  });
  vi.stubGlobal('cancelAnimationFrame', () => {});
  server.clear();
  told = [];
  built = Promise.resolve();
  serve();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a player that cannot have what it needs', () => {
  it('does not look as if it followed, and follows again when that is tried again', async () => {
    replies.set('a2', [gone, says(A2)]);
    await open(0);
    player.follow();
    await pass(0);
    expect(player.state).toMatchObject({ status: 'failed', isFollowing: false, isPlaying: false });
    // It fails once, however often that is seen.
    player.readAll();
    player.retry();
    await pass(0);
    expect(player.state).toMatchObject({ status: 'ready', isFollowing: true, isPlaying: true });
  });

  it('plays on by itself when it comes after all', async () => {
    replies.set('a2', [lost, lost, lost, lost, says(A2)]);
    await open(0);
    player.seek(at(7));
    player.play();
    await pass(500 + 1_000);
    expect(player.state).toMatchObject({ status: 'loading', atMs: at(7) });
    await pass(2_000);
    expect(player.state).toMatchObject({ status: 'failed', isPlaying: false });
    await pass(3_999);
    await pass(1);
    expect(player.state).toMatchObject({ status: 'ready', isPlaying: true });
  });

  it('stays where it is when somebody has paused it meanwhile', async () => {
    replies.set('a2', [gone, says(A2)]);
    await open(0);
    player.follow();
    await pass(0);
    expect(player.state.status).toBe('failed');
    player.pause();
    player.retry();
    await pass(0);
    expect(player.state).toMatchObject({ status: 'ready', isFollowing: false, isPlaying: false });
  });
});

it('a visit that has ended is played to its end', async () => {
  await open(0);
  player.follow();
  await pass(0);
  player.stopFollowing();
  expect(player.state).toMatchObject({ isFollowing: false, isPlaying: true, atMs: at(6) });
  await pass(4_000);
  expect(player.state).toMatchObject({ isPlaying: false, atMs: at(9) });
});

it('a moment that takes more than fits into memory is shown, and each of its chunks fetched once', async () => {
  serve(20_000_000);
  await open(8);
  await pass(0);
  expect(player.state.status).toBe('ready');
  expect(server.asked.toSorted()).toEqual(['a0', 'a1', 'a2']);
});

it('all of a recording has been read when what is left cannot be', async () => {
  replies.set('a2', [gone]);
  await open(0);
  player.readAll();
  await pass(0);
  expect(player.state).toMatchObject({ status: 'ready', readShare: 1, unreadable: 1 });
  replies.set('a2', [says(A2)]);
  player.retry();
  await pass(0);
  expect(player.state).toMatchObject({ readShare: 1, unreadable: 0 });
});

it('what failed is tried again by who presses play', async () => {
  replies.set('a2', [gone, says(A2)]);
  await open(7);
  expect(player.state.status).toBe('failed');
  player.play();
  await pass(0);
  expect(player.state).toMatchObject({ status: 'ready', isPlaying: true });
});

it('a visit that ended while it could not be followed plays on, and does not follow', async () => {
  replies.set('a2', [gone, says(A2)]);
  await open(0);
  player.follow();
  await pass(0);
  player.stopFollowing();
  player.retry();
  await pass(0);
  expect(player.state).toMatchObject({ isFollowing: false, isPlaying: true });
});

describe('the clock', () => {
  it('goes at the speed that was chosen, from when it was started', async () => {
    await open(0);
    player.setSpeed(2);
    await vi.advanceTimersByTimeAsync(3_000);
    player.play();
    await pass(1_000);
    expect(player.state.atMs).toBe(at(2));
    expect(told).toEqual(['build 0', 'pause 0', 'play 0']);
  });

  it('stops at the end of what was recorded, and starts again from the beginning', async () => {
    await open(8);
    player.play();
    await pass(60_000);
    expect(player.state).toMatchObject({ atMs: at(9), endMs: at(9), isPlaying: false });
    player.play();
    expect(player.state).toMatchObject({ atMs: at(0), isPlaying: true });
  });

  it('is never set outside of the session', async () => {
    await open(3);
    player.seek(at(99));
    expect(player.state.atMs).toBe(at(9));
    player.seek(at(-99));
    expect(player.state.atMs).toBe(at(0));
  });

  it('stops when nobody looks, unless it follows', async () => {
    await open(0);
    player.follow();
    await pass(0);
    Object.assign(document, { hidden: true });
    onVisibility();
    expect(player.state.isPlaying).toBe(true);
    player.stopFollowing();
    onVisibility();
    expect(player.state.isPlaying).toBe(false);
  });

  it.each([
    [true, 19],
    [false, 3],
  ])('skips inactivity when that is asked for: %s', async (skipsIdle, seconds) => {
    replies.set('a1', [says([])]).set('a2', [says([click(20)])]);
    await open(2, { a: ['0-3 S', '3-20', '20-23'] });
    player.setSkipsIdle(skipsIdle);
    player.play();
    await pass(1_000);
    expect(player.state.atMs).toBe(at(seconds));
  });
});

describe('who follows', () => {
  it('sees the newest chunk, at normal speed, and is not stopped where it ends for now', async () => {
    await open(0);
    player.setSpeed(4);
    player.follow();
    await pass(1_000);
    expect(player.state).toMatchObject({ speed: 1, atMs: at(7) });
    await pass(10_000);
    expect(player.state).toMatchObject({ atMs: at(9), isPlaying: true, isFollowing: true });
  });

  it('goes to the next chunk as soon as it is here, however far that is, and waits for it without a word', async () => {
    let letGo = (_: string) => {};
    replies.set('a3', [
      () =>
        new Promise((done) => {
          letGo = done;
        }),
    ]);
    await open(0);
    player.follow();
    await pass(0);
    player.refresh(replay({ a: [...CHUNKS.a, '40-43'] }));
    await pass(1_000);
    expect(player.state).toMatchObject({ status: 'ready', atMs: at(7) });
    told = [];
    letGo('[]');
    await pass(0);
    expect(player.state).toMatchObject({ status: 'ready', atMs: at(40) });
    expect(told).toEqual(['play 40']);
  });

  it('is brought the newest of all that has come, and not first what there was before', async () => {
    await open(0);
    player.follow();
    await pass(0);
    player.refresh(replay(chunks(10)));
    await pass(0);
    expect(player.state).toMatchObject({ endMs: at(30), atMs: at(27) });
    expect(server.runs.slice(-2)).toEqual(['a9', 'a3 a4 a5 a6 a7 a8']);
  });

  it('stays with the tab in front when another one tells of something, and goes to that one when it comes to the front', async () => {
    replies.set('b0', [says([snapshot(1), hides(2)])]);
    replies.set('b1', [says([mutation(10)])]);
    replies.set('b2', [says([returns(14)])]);
    const tabs = { a: CHUNKS.a, b: ['1-3 S'] };
    await open(0, tabs);
    player.follow();
    await pass(0);
    player.refresh(replay({ ...tabs, b: ['1-3 S', '10-13'] }));
    await pass(1_000);
    await pass(0);
    expect(player.state).toMatchObject({ recording: { id: 'a' }, atMs: at(7) });
    player.refresh(replay({ ...tabs, b: ['1-3 S', '10-13', '14-17'] }));
    await pass(0);
    await pass(0);
    expect(player.state).toMatchObject({ recording: { id: 'b' }, atMs: at(14) });
  });

  it('stops following with a pause, and with a seek', async () => {
    await open(0);
    player.follow();
    await pass(0);
    player.pause();
    expect(player.state).toMatchObject({ isFollowing: false, isPlaying: false });
    player.follow();
    player.seek(at(1));
    expect(player.state).toMatchObject({ isFollowing: false, isPlaying: true });
  });
});

describe('the stage', () => {
  it('is built once for a snapshot, and again only to go back', async () => {
    await open(1);
    await pass(100);
    player.seek(at(7));
    await pass(100);
    expect(builds()).toEqual(['build 1']);
    player.seek(at(4));
    await pass(100);
    expect(builds()).toEqual(['build 1', 'build 4']);
  });

  it('is built anew for the next snapshot, and for another tab', async () => {
    replies.set('a1', [says([snapshot(3)])]).set('b0', [says([snapshot(7)])]);
    await open(0, { a: ['0-3 S', '3-6 S'], b: ['7-10 S'] });
    for (const seconds of [4, 8]) {
      player.seek(at(seconds));
      await pass(0);
    }
    expect(builds()).toEqual(['build 0', 'build 4', 'build 8']);
    expect(player.state.recording?.id).toBe('b');
  });

  it('shows the tab that what has been read tells of', async () => {
    replies.set('a0', [says([snapshot(0), click(20)])]).set('b0', [says([snapshot(10)])]);
    await open(25, { a: ['0-30 S'], b: ['10-30 S'] });
    await pass(0);
    expect(player.state.recording?.id).toBe('a');
  });

  it('builds one page at a time, and clears one that nobody waits for any more', async () => {
    let finish = () => {};
    built = new Promise((done) => {
      finish = done;
    });
    await open(1);
    await pass(100);
    player.seek(at(7));
    expect(builds()).toEqual(['build 1']);
    unmount();
    told = [];
    finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['clear']);
  });

  it('is built anew with a chunk that came late', async () => {
    const whole = replay(CHUNKS);
    const partly = replay(CHUNKS);
    partly.recordings[0]?.chunks.splice(1, 1);
    await open(8);
    player.refresh(partly);
    await pass(0);
    const before = builds().length;
    player.refresh(whole);
    await pass(0);
    expect(builds()).toHaveLength(before + 1);
    player.refresh(replay(chunks(4)));
    await pass(0);
    expect(builds()).toHaveLength(before + 1);
  });
});

it('what is shown is known by its address, and by what is missing of it', async () => {
  replies.set('a0', [says([page(0, '/a'), snapshot(0), click(1)])]);
  replies.set('a1', [says([mark(4, 'gosight.gap', {}), page(5, '/b'), snapshot(5)])]);
  await open(1, { a: ['0-3 S', '3-6 S', '6-9'] });
  const seen = async (seconds: number) => {
    player.seek(at(seconds));
    await pass(0);
    return [player.state.href, player.state.damage];
  };
  expect([await seen(3.5), await seen(4.5), await seen(5.5)]).toEqual([
    ['/a', null],
    ['/a', 'gap'],
    ['/b', null],
  ]);
});

it('a lost chunk is told of once it is missed', async () => {
  const lossy = replay(CHUNKS);
  for (const chunk of lossy.recordings[0]?.chunks ?? []) chunk.index += chunk.index === 2 ? 1 : 0;
  await open(1);
  player.refresh(lossy);
  await pass(0);
  expect(player.state.damage).toBeNull();
  player.seek(at(7));
  await pass(0);
  expect(player.state.damage).toBe('loss');
});

it('a lost chunk is not missed where a snapshot begins anew', async () => {
  replies.set('a2', [says([snapshot(6)])]);
  await open(1, { a: ['0-3 S', '3-6', '6-9 S'] });
  const lossy = replay({ a: ['0-3 S', '3-6', '6-9 S'] });
  lossy.recordings[0]?.chunks.splice(1, 1);
  player.refresh(lossy);
  player.seek(at(7));
  await pass(0);
  expect(player.state).toMatchObject({ status: 'ready', damage: null });
});

it('each page load is given the picture it told of, where another had a different one at the same address', async () => {
  const tells = (seconds: number, digest: string) =>
    mark(seconds, 'gosight.asset', { url: PICTURE, digest: digest.repeat(64) });
  replies.set('a0', [says([snapshot(0), tells(1, 'a')])]).set('b0', [says([snapshot(4), tells(5, 'b')])]);
  await open(2, { a: ['0-3 S'], b: ['4-7 S'] });
  const shown = async (seconds: number) => {
    player.seek(at(seconds));
    await pass(0);
    await pass(0);
    return picture && (await resolveObjectURL(picture)?.text())?.[0];
  };
  expect([await shown(6), await shown(2), await shown(4.5)]).toEqual(['b', 'a', 'b']);
});

describe('what is fetched', () => {
  it('is what plays next, the farther ahead the faster', async () => {
    await open(0, chunks(16));
    expect(server.asked).toEqual(['a0', 'a1', 'a2', 'a3']);
    player.setSpeed(4);
    player.play();
    await pass(0);
    expect(server.asked).toHaveLength(14);
  });

  it('is besides what is shown what tells of the pictures', async () => {
    replies.set('a4', [says([snapshot(12)])]);
    await open(13, { a: ['0-3 S', '3-6', '6-9', '9-12', '12-15 S'] });
    await pass(0);
    expect(server.asked.toSorted()).toEqual(['a0', 'a1', 'a2', 'a4']);
  });

  it('is all of it for who lists all of it, however much of that cannot be read', async () => {
    for (let index = 4; index < 12; index += 1) replies.set(`a${index}`, [gone]);
    await open(0, chunks(14));
    expect(player.state).toMatchObject({ unreadable: 0, readShare: 4 / 14 });
    player.readAll();
    await pass(0);
    expect(player.state).toMatchObject({ unreadable: 8, readShare: 1 });
  });

  it('holds up the clock', async () => {
    replies.set('a2', [hangs]);
    await open(5);
    player.play();
    await pass(2_000);
    await pass(2_000);
    expect(player.state).toMatchObject({ status: 'loading', isPlaying: true, atMs: at(7) });
  });
});
