/**
 * The neighbour of what is measured: serves the pages, the built SDK and stock rrweb, and takes batches as the door does. It remembers
 * only how much came.
 */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { isVariant, VARIANTS } from "./variants.js";
import { type Batch, read } from "./wire.js";

const PAGES = new URL("../pages/", import.meta.url);
const SDK = new URL("../../../sdk/dist/", import.meta.url);
const RRWEB = createRequire(import.meta.url)
  .resolve("@rrweb/record")
  .replace(/record\.\w+$/, "record.umd.min.cjs");
const GRPC_PATH = "/gosight.v1.IngestService/SendBatch";
/** A first snapshot and the chunk it is in, on a busy machine. */
const WAIT_MS = 30_000;
/** A gRPC-Web frame's head: a flag and a length. */
const FRAME_HEAD_BYTES = 5;

/** Of a project that has changed nothing: without settings nothing is recorded. */
const SETTINGS = JSON.stringify({ version: "1" });

/** `grpc-status: 0` in a trailers frame after an empty message. */
const GRPC_OK = (() => {
  const trailers = Buffer.from("grpc-status: 0\r\n");
  const heads = Buffer.alloc(FRAME_HEAD_BYTES * 2);
  heads.writeUInt8(0x80, FRAME_HEAD_BYTES);
  heads.writeUInt32BE(trailers.length, FRAME_HEAD_BYTES + 1);
  return Buffer.concat([heads, trailers]);
})();

export const hasRecorder = (): boolean => existsSync(new URL("recorder.js", SDK));

/** What has come since the last `forget`. */
export interface Received {
  batches: number;
  events: number;
  chunks: number;
}

export class Site {
  received: Received = { batches: 0, events: 0, chunks: 0 };
  private waiters: { wanted: (batch: Batch) => boolean; found: () => void }[] = [];
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  private orders = 0;

  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  forget(): void {
    this.received = { batches: 0, events: 0, chunks: 0 };
  }

  /** Settles with the next batch that fits. */
  next(wanted: (batch: Batch) => boolean): Promise<void> {
    return new Promise((found, fail) => {
      const timer = setTimeout(() => fail(new Error("the batch that is waited for does not come")), WAIT_MS);
      this.waiters.push({
        wanted,
        found: () => {
          clearTimeout(timer);
          found();
        },
      });
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://site");
    const reply = (type: string, body: string | Buffer) => response.writeHead(200, { "content-type": type }).end(body);
    if (pathname === "/v1/settings") return void reply("application/json", SETTINGS);
    if (pathname === "/orders") return void reply("application/json", JSON.stringify(this.newOrders()));
    if (pathname === GRPC_PATH) {
      this.take((await body(request)).subarray(FRAME_HEAD_BYTES));
      return void reply("application/grpc-web+proto", GRPC_OK);
    }
    if (pathname === "/v1/events") {
      const bytes = await body(request);
      this.take(searchParams.get("encoding") === "gzip" ? gunzipSync(bytes) : bytes);
      return void reply("application/json", "{}");
    }
    if (pathname === "/rrweb.js") return void reply("text/javascript", readFileSync(RRWEB));
    if (pathname === "/latency.js") return void reply("text/javascript", readFileSync(new URL("latency.js", PAGES)));
    if (/^\/(sdk|recorder)[\w.]*\.js$/.test(pathname)) {
      return void reply("text/javascript", readFileSync(new URL(`.${pathname}`, SDK)));
    }
    if (/^\/\w+\.html$/.test(pathname)) {
      const page = readFileSync(new URL(`.${pathname}`, PAGES), "utf8");
      const id = searchParams.get("with");
      if (!isVariant(id)) throw new Error(`no variant ${id}`);
      return void reply("text/html; charset=utf-8", page.replace("<!-- variant -->", VARIANTS[id].head));
    }
    response.writeHead(404).end();
  }

  private take(bytes: Buffer): void {
    const batch = read(bytes);
    this.received.batches += 1;
    this.received.events += batch.events;
    this.received.chunks += batch.chunks.length;
    this.waiters = this.waiters.filter((waiter) => !waiter.wanted(batch) || waiter.found());
  }

  private newOrders() {
    return Array.from({ length: 20 }, () => {
      const id = ++this.orders;
      return { id, what: `order of ${id % 7} things`, price: (id * 37) % 1000 };
    });
  }
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
