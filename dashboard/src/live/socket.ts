/** One WebSocket per project: authenticates, subscribes, and comes back by itself when the connection is lost. */

import { API, accessToken } from '@/api/client';
import { backoffMs } from './backoff';
import { parseMessage, type Tick, TOPICS } from './messages';

export interface LiveHandlers {
  /** The connection stands; `isAgain` when it had been lost, so that there may be a gap. */
  onOpen(isAgain: boolean): void;
  onTick(tick: Tick): void;
  /** The server dropped messages because this reader was slow. */
  onLagged(): void;
  onLost(): void;
}

function address(project: string): string {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${window.location.host}${API}/projects/${encodeURIComponent(project)}/live`;
}

/** Connects, and stays connected until the returned function is called. */
export function connect(project: string, handlers: LiveHandlers): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let wasOpen = false;
  let isClosed = false;

  const retry = () => {
    if (isClosed) return;
    handlers.onLost();
    timer = setTimeout(open, backoffMs(attempt, Math.random()));
    attempt += 1;
  };

  const receive = (text: string) => {
    const message = parseMessage(text);
    if (message?.type === 'tick') handlers.onTick(message);
    if (message?.type === 'lagged') handlers.onLagged();
    if (message?.type === 'authenticated') {
      socket?.send(JSON.stringify({ type: 'subscribe', topics: TOPICS }));
      handlers.onOpen(wasOpen);
      wasOpen = true;
      attempt = 0;
    }
  };

  const open = async () => {
    const token = await accessToken().catch(() => null);
    if (isClosed) return;
    if (!token) return retry();
    const current = new WebSocket(address(project));
    socket = current;
    current.onopen = () => current.send(JSON.stringify({ type: 'authenticate', token }));
    current.onmessage = (event: MessageEvent<string>) => receive(event.data);
    current.onclose = () => {
      if (socket === current) retry();
    };
  };

  const wake = () => {
    if (isClosed || socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
    clearTimeout(timer);
    attempt = 0;
    void open();
  };

  window.addEventListener('online', wake);
  void open();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    window.removeEventListener('online', wake);
    socket?.close();
  };
}
