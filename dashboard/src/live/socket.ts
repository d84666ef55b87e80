/** One WebSocket per project: authenticates, subscribes, and comes back by itself when the connection is lost. */

import { API, accessToken } from '@/api/client';
import { backoffMs } from './backoff';
import { parseMessage, type Tick, TOPICS } from './messages';

/**
 * The server says something at least every 1.5 s (`HEARTBEAT` in api/src/live/connection.rs). A connection that has been silent
 * for this long is lost, even when the browser still calls it open: a frozen server, a cable that was pulled.
 */
export const SILENCE_MS = 5_000;

export interface LiveHandlers {
  /** The connection stands; `isAgain` when it had been lost, so that there may be a gap. */
  onOpen(isAgain: boolean): void;
  onTick(tick: Tick): void;
  /** The server dropped messages because this reader was slow. */
  onLagged(): void;
  onLost(): void;
  /** There is more, or may be, of the recording of the session that is followed. */
  onRecorded(session: string): void;
}

export interface Connection {
  /** Of this session's recording, and of no other, the server tells when there is more; at once it says so as well. */
  follow(session: string | null): void;
  close(): void;
}

function address(project: string): string {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${window.location.host}${API}/projects/${encodeURIComponent(project)}/live`;
}

/** Connects, and stays connected until it is closed. */
export function connect(project: string, handlers: LiveHandlers): Connection {
  let socket: WebSocket | null = null;
  let isAuthenticated = false;
  let followed: string | null = null;
  let retrying: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  /** Counts the calls of `open`: only the last one goes on. */
  let opening = 0;
  let wasOpen = false;
  let isClosed = false;

  /** Forgets the socket: whatever it still says is not heard. Its own close may take as long as the silence did. */
  const drop = () => {
    clearTimeout(silence);
    const dropped = socket;
    socket = null;
    isAuthenticated = false;
    dropped?.close();
  };

  const retry = () => {
    drop();
    if (isClosed) return;
    handlers.onLost();
    clearTimeout(retrying);
    retrying = setTimeout(open, backoffMs(attempt, Math.random()));
    attempt += 1;
  };

  const expectWord = () => {
    clearTimeout(silence);
    silence = setTimeout(retry, SILENCE_MS);
  };

  const say = (to: WebSocket, message: object) => to.send(JSON.stringify(message));

  const receive = (from: WebSocket, text: string) => {
    expectWord();
    const message = parseMessage(text);
    if (message?.type === 'tick') handlers.onTick(message);
    if (message?.type === 'lagged') handlers.onLagged();
    if (message?.type === 'recorded') handlers.onRecorded(message.session_id);
    if (message?.type === 'authenticated') {
      isAuthenticated = true;
      say(from, { type: 'subscribe', topics: TOPICS });
      if (followed) say(from, { type: 'follow', session_id: followed });
      handlers.onOpen(wasOpen);
      wasOpen = true;
      attempt = 0;
    }
  };

  const open = async () => {
    opening += 1;
    const mine = opening;
    const token = await accessToken().catch(() => null);
    if (isClosed || mine !== opening) return;
    if (!token) return retry();
    const current = new WebSocket(address(project));
    socket = current;
    expectWord();
    current.onopen = () => say(current, { type: 'authenticate', token });
    current.onmessage = (event: MessageEvent<string>) => {
      if (socket === current) receive(current, event.data);
    };
    current.onclose = () => {
      if (socket === current) retry();
    };
  };

  const wake = () => {
    if (isClosed || socket) return;
    clearTimeout(retrying);
    attempt = 0;
    void open();
  };

  window.addEventListener('online', wake);
  void open();
  return {
    follow(session) {
      followed = session;
      if (socket && isAuthenticated) say(socket, { type: 'follow', session_id: session });
    },
    close() {
      isClosed = true;
      clearTimeout(retrying);
      window.removeEventListener('online', wake);
      drop();
    },
  };
}
