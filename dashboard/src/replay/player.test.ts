import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { at, click, lost, mutation, refuses, replay, says, server, snapshot } from './fixtures';
import { Player } from './player';
import type { Segment } from './segment';

vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  callRaw: (path: string, { signal }: { signal: AbortSignal }) => server.call(path, signal),
}));

/** The player's own part is to give the stage what it needs, when it needs it. */
vi.mock('./stage', () => ({
  Stage: class {
    segment: Segment | null = null;
    async build(segment: Segment) {
      this.segment = segment;
    }
    add() {}
    play() {}
    pause() {}
    setSpeed() {}
    clear() {}
  },
}));

const { replies } = server;
const gone = refuses(404);

/** A recording of nine seconds in three chunks. */
const CHUNKS = { a: ['0-3 S', '3-6', '6-9'] };
const A0 = [snapshot(0), click(1)];
const A1 = [click(3), mutation(5)];
const A2 = [click(6), click(9)];

function serve(padding = 0): void {
  for (const [index, events] of [A0, A1, A2].entries()) replies.set(`a${index}`, [says(events, padding)]);
}

let nextFrame: FrameRequestCallback = () => {};
let player: Player;

/** Everything that is due happens, and the time of the page goes on by so much. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  nextFrame(performance.now());
  await vi.advanceTimersByTimeAsync(0);
}

async function open(atSeconds: number): Promise<void> {
  player = new Player({
    path: '/replay',
    assetsPath: '/assets',
    replay: replay(CHUNKS),
    startMs: at(0),
    endMs: at(9),
    atMs: at(atSeconds),
  });
  player.mount({} as HTMLElement);
  // The stage is loaded, which takes more than one turn.
  await vi.dynamicImportSettled();
  await pass(0);
}

beforeEach(() => {
  vi.useFakeTimers({ now: at(9) });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.stubGlobal('document', { addEventListener() {}, removeEventListener() {}, hidden: false });
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => {
    nextFrame = callback;
    return 1;
  });
  vi.stubGlobal('cancelAnimationFrame', () => {});
  server.clear();
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
    expect(player.state.status).toBe('loading');
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
