/** A small ingest: decodes real protobuf, remembers what came and how, answers as the door does. Nothing of it is a mock of the SDK. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type DecodedBatch, type DecodedEvent, decode } from './wire.js';

export const KEY = 'test_key_0123456789';
const DIST = new URL('../dist/', import.meta.url);
const WAIT_MS = 60_000;

export interface Received extends DecodedBatch {
  at: number;
  way: 'http' | 'grpc-web';
  gzip: boolean;
  contentType: string;
}

export interface Arrival extends DecodedEvent {
  arrivedAt: number;
  batch: Received;
}

interface Waiter {
  wanted: (arrival: Arrival) => boolean;
  found: (arrival: Arrival) => void;
}

export class Capture {
  readonly pages: Record<string, string> = {};
  readonly headers: Record<string, string> = {};
  /** What is no page, and what goes with it. */
  readonly files: Record<string, { body: Buffer; headers: Record<string, string> }> = {};
  readonly batches: Received[] = [];
  /** Every byte that came: each request's line and headers, and its body as it was and inflated. */
  readonly bytes: Buffer[] = [];
  settings: Record<string, unknown> = {};
  /** Answer the next batches so, instead of taking them. */
  refuse: { status: number; retryAfter?: number } | undefined;
  /** Takes batches, and never says so. */
  isMute = false;
  grpc = true;
  refused = 0;
  /** When it did so last. */
  refusedAt = 0;
  readonly paths: string[] = [];
  /** Paths that are answered only when `letGo` is called. */
  readonly held = new Set<string>();
  letGo: () => void = () => {};
  private readonly gate = new Promise<void>((open) => {
    this.letGo = open;
  });
  private waiters: Waiter[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));

  async listen(port = 0): Promise<this> {
    await new Promise<void>((done) => this.server.listen(port, '127.0.0.1', done));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }

  get arrivals(): Arrival[] {
    return this.batches.flatMap((batch) => batch.events.map((event) => ({ ...event, arrivedAt: batch.at, batch })));
  }

  /** How many events of a type have come; one that was sent again is one. */
  count(type: string): number {
    return new Set(this.arrivals.filter((arrival) => arrival.type === type).map(({ id }) => id)).size;
  }

  /** The first event that fits, come or still to come. */
  event(type: string, wanted: (arrival: Arrival) => boolean = () => true): Promise<Arrival> {
    const fits = (arrival: Arrival) => arrival.type === type && wanted(arrival);
    const come = this.arrivals.find(fits);
    if (come) return Promise.resolve(come);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${type}; came: ${this.arrivals.map((arrival) => arrival.type).join(' ')}`)), WAIT_MS);
      this.waiters.push({
        wanted: fits,
        found: (arrival) => {
          clearTimeout(timer);
          resolve(arrival);
        },
      });
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    this.paths.push(`${request.method} ${pathname}`);
    this.bytes.push(Buffer.from(`${request.url} ${request.rawHeaders.join(' ')}`));
    const cors = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*',
      'access-control-expose-headers': 'grpc-status, retry-after',
    };
    const reply = (status: number, type: string, body: string | Buffer, more = {}) =>
      response.writeHead(status, { ...cors, 'content-type': type, ...more }).end(body);
    if (this.held.has(pathname)) await this.gate;
    if (request.method === 'OPTIONS') return void reply(204, 'text/plain', '');
    if (pathname === '/favicon.ico') return void reply(204, 'image/png', '');
    if (pathname === '/v1/settings') return void reply(200, 'application/json', JSON.stringify(this.settings));
    if (/^\/(sdk[\w.]*|recorder)\.js$/.test(pathname)) return void reply(200, 'text/javascript', readFileSync(new URL(`.${pathname}`, DIST)));
    const file = this.files[pathname];
    if (file) return void response.writeHead(200, file.headers).end(file.body);
    const isGrpc = pathname === '/gosight.v1.IngestService/SendBatch';
    if (pathname !== '/v1/events' && !isGrpc) {
      const page = this.pages[pathname];
      return void reply(page === undefined ? 404 : 200, pathname.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8', page ?? '', this.headers);
    }
    const chunks: Buffer[] = [];
    // What goes with its page before it is read has not come.
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    let body = Buffer.concat(chunks);
    this.bytes.push(body);
    if (isGrpc && !this.grpc) return void reply(400, 'text/plain', '');
    if (this.refuse) {
      this.refused++;
      this.refusedAt = Date.now();
      const { status, retryAfter } = this.refuse;
      return void reply(status, 'application/json', '{"error":{}}', retryAfter ? { 'retry-after': String(retryAfter) } : {});
    }
    const gzip = searchParams.get('encoding') === 'gzip';
    if (isGrpc) body = body.subarray(5);
    if (gzip) this.bytes.push((body = gunzipSync(body)));
    const batch = { ...decode(body), at: Date.now(), way: isGrpc ? 'grpc-web' : 'http', gzip, contentType: request.headers['content-type'] ?? '' } as Received;
    this.batches.push(batch);
    if (isGrpc && !this.isMute) {
      const trailers = Buffer.from('grpc-status: 0\r\n');
      const frame = Buffer.alloc(5);
      frame[0] = 0x80;
      frame.writeUInt32BE(trailers.length, 1);
      reply(200, 'application/grpc-web+proto', Buffer.concat([Buffer.alloc(5), frame, trailers]));
    } else if (!this.isMute) {
      // As the door does for who has other ones.
      const settings = batch.settings_version && this.settings.version !== batch.settings_version ? this.settings : undefined;
      reply(200, 'application/json', JSON.stringify({ accepted: batch.events.length, rejected: [], settings }));
    }
    for (const event of batch.events) {
      const arrival = { ...event, arrivedAt: batch.at, batch };
      this.waiters = this.waiters.filter((waiter) => !waiter.wanted(arrival) || waiter.found(arrival));
    }
  }
}
