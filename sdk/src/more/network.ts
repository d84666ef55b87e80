/** What each fetch, XMLHttpRequest and web socket did. */
import { cleanUrl, emit, guard, on, options, textToTell } from './core.js';

function sizeOf(body: unknown): number {
  const { size, byteLength, length } = (body ?? {}) as { size?: number; byteLength?: number; length?: number };
  return size ?? byteLength ?? length ?? 0;
}

export function startNetwork(): void {
  if (!options.events.network) return;

  /** Called as a request starts; what it returns, as it ends. A request's time is its start. */
  const begin = guard((type: 'fetch_request' | 'xhr_request', method: string, rawUrl: string | URL, body: unknown) => {
    const url = cleanUrl(rawUrl);
    const at = Date.now();
    return guard((status: number, length: string | null) =>
      emit(type, { method: method.toUpperCase(), url, status, duration_ms: Date.now() - at, request_bytes: sizeOf(body), response_bytes: Number(length) }, at),
    );
  });

  const { fetch } = window;
  window.fetch = (...args) => {
    const [input, init] = args;
    const request = input as Request;
    const end = begin('fetch_request', init?.method ?? request?.method ?? 'GET', request?.url ?? input, init?.body);
    const answer = fetch(...args);
    // Handed on, not listened to: a failure that the page does not catch is still its own.
    return end
      ? answer.then(
          (response) => {
            end(response.status, response.headers.get('content-length'));
            return response;
          },
          (error) => {
            end(0, null);
            throw error;
          },
        )
      : answer;
  };

  const { open, send } = XMLHttpRequest.prototype;
  const asked = new WeakMap<XMLHttpRequest, [string, string]>();
  XMLHttpRequest.prototype.open = function (...args: unknown[]) {
    asked.set(this, args as [string, string]);
    open.apply(this, args as Parameters<typeof open>);
  };
  XMLHttpRequest.prototype.send = function (body) {
    const [method, url] = asked.get(this) ?? ['GET', ''];
    const end = begin('xhr_request', method, url, body);
    // Once: it may be sent again.
    if (end) this.addEventListener('loadend', () => end(this.status, this.getResponseHeader('content-length')), { once: true });
    send.call(this, body);
  };

  const opened = guard((socket: WebSocket) => {
    const at = Date.now();
    const url = cleanUrl(socket.url);
    on(socket, 'open', () => emit('websocket_open', { url }));
    on(socket, 'error', () => emit('websocket_error', { url }));
    on(socket, 'close', ({ code, reason }: CloseEvent) =>
      emit('websocket_close', { url, code, reason: textToTell(reason, false), duration_ms: Date.now() - at }),
    );
  });
  window.WebSocket = new Proxy(WebSocket, {
    construct(original, args, newTarget) {
      const socket = Reflect.construct(original, args, newTarget);
      opened(socket);
      return socket;
    },
  });
}
