import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, connect, SILENCE_MS } from './socket';

vi.mock('@/api/client', () => ({ API: '/api/v1', accessToken: () => Promise.resolve('token') }));

/** A socket whose server is the test. It never learns by itself that the other side is gone. */
class FakeSocket {
  static made: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  isClosed = false;
  readonly sent: string[] = [];

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const HEARTBEAT = { type: 'tick', tick: 1, complete_to: '2026-03-10T12:00:00.000Z' };

const handlers = { onOpen: vi.fn(), onTick: vi.fn(), onLagged: vi.fn(), onLost: vi.fn(), onRecorded: vi.fn() };
let connection: Connection;

async function connected(): Promise<FakeSocket> {
  connection = connect('shop', handlers);
  await vi.advanceTimersByTimeAsync(0);
  const socket = newest();
  socket.onopen?.();
  socket.says({ type: 'authenticated' });
  return socket;
}

function newest(): FakeSocket {
  const socket = FakeSocket.made.at(-1);
  if (!socket) throw new Error('no socket was made');
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  const target = new EventTarget();
  vi.stubGlobal('window', Object.assign(target, { location: { protocol: 'http:', host: 'gosight.test' } }));
  FakeSocket.made = [];
});

afterEach(() => {
  connection.close();
  vi.clearAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the live socket', () => {
  it('takes a silent connection for lost, and comes back by itself', async () => {
    const frozen = await connected();
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(handlers.onLost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(handlers.onLost).toHaveBeenCalledTimes(1);
    expect(frozen.isClosed).toBe(true);

    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.made).toHaveLength(2);
    newest().onopen?.();
    newest().says({ type: 'authenticated' });
    expect(handlers.onOpen.mock.calls).toEqual([[false], [true]]);
  });

  it('stays connected as long as the server says anything', async () => {
    const socket = await connected();
    for (let beat = 0; beat < 10; beat++) {
      await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
      socket.says(HEARTBEAT);
    }
    expect(handlers.onLost).not.toHaveBeenCalled();
    expect(handlers.onTick).toHaveBeenCalledTimes(10);
  });

  it('gives up a server that takes the connection and says nothing', async () => {
    connection = connect('shop', handlers);
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(handlers.onLost).toHaveBeenCalledTimes(1);
    expect(newest().isClosed).toBe(true);
  });

  it('does not hear what a lost connection still had to say', async () => {
    const frozen = await connected();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    frozen.says(HEARTBEAT);
    frozen.onclose?.();
    expect(handlers.onTick).not.toHaveBeenCalled();
    expect(handlers.onLost).toHaveBeenCalledTimes(1);
  });

  it('is told that the network is back, and asks once', async () => {
    const socket = await connected();
    socket.onclose?.();
    window.dispatchEvent(new Event('online'));
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.made).toHaveLength(2);
  });

  it('is silent for good once it is let go', async () => {
    await connected();
    connection.close();
    await vi.advanceTimersByTimeAsync(10 * SILENCE_MS);
    expect(FakeSocket.made).toHaveLength(1);
    expect(handlers.onLost).not.toHaveBeenCalled();
  });
});

describe('a session that is followed', () => {
  const follow = (session: string | null) => JSON.stringify({ type: 'follow', session_id: session });

  it('is named to the server, again when the connection comes back, until it is followed no more', async () => {
    const first = await connected();
    connection.follow('session-1');
    expect(first.sent.at(-1)).toBe(follow('session-1'));
    first.says({ type: 'recorded', session_id: 'session-1' });
    expect(handlers.onRecorded).toHaveBeenCalledExactlyOnceWith('session-1');

    first.onclose?.();
    await vi.advanceTimersByTimeAsync(1_000);
    newest().onopen?.();
    expect(newest().sent).not.toContain(follow('session-1'));
    newest().says({ type: 'authenticated' });
    expect(newest().sent.at(-1)).toBe(follow('session-1'));
    connection.follow(null);
    expect(newest().sent.at(-1)).toBe(follow(null));
  });
});
