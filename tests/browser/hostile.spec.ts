import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, GoSight, signIn, test, watch } from "./gosight.js";
import { openSession, seek } from "./player.js";
import { type Imported, importSession, type RecordedEvent, type Recording } from "./recordings.js";

/** Mutation XSS, handlers, `javascript:`, `srcdoc`, svg, imports of styles, …: each sets `top.hostile` or asks hostile.example if it gets anywhere. */
const HOSTILE = JSON.parse(readFileSync(new URL("../fixtures/hostile-recordings.json", import.meta.url), "utf8")) as {
  name: string;
  events: RecordedEvent[];
}[];

/** One after another in a session, so that a page of the dashboard plays many. */
const PER_SESSION = 52;
/** A recording's time, and when all that it does has been done. */
const LASTING_MS = 1000;
const EVENT_EVERY_MS = 20;
const DONE_MS = 900;
/** What every fixture has on its page. */
const PLAIN = '"textContent":"plain"';

let gosight: GoSight;
let sessions: Played[];

test.beforeAll(async () => {
  gosight = await GoSight.start("up");
  sessions = await importAll();
});

test.afterAll(async () => {
  await gosight.stop();
});

/** A fixture as it would have been recorded at a moment, with its number on the page. */
function numbered(number: number, startMs: number): RecordedEvent[] {
  const { events } = HOSTILE[number] as { events: RecordedEvent[] };
  const own = JSON.parse(
    JSON.stringify(events).replaceAll(PLAIN, `"textContent":"plain ${number}"`),
  ) as RecordedEvent[];
  const end: RecordedEvent = { type: 5, data: { tag: "end", payload: {} }, timestamp: startMs + LASTING_MS - 1 };
  return [...own.map((event, index) => ({ ...event, timestamp: startMs + index * EVENT_EVERY_MS })), end];
}

interface Played {
  imported: Imported;
  beginMs: number;
  numbers: number[];
  /** As they were sent, by the id of their chunk. */
  raw: Map<string, RecordedEvent[]>;
}

async function importAll(): Promise<Played[]> {
  const all = HOSTILE.map((_, number) => number);
  const sessions: Played[] = [];
  for (let from = 0; from < all.length; from += PER_SESSION) {
    const numbers = all.slice(from, from + PER_SESSION);
    const beginMs = Date.now() - PER_SESSION * LASTING_MS - 1000;
    const sent = numbers.map((number, index) => numbered(number, beginMs + index * LASTING_MS));
    const recordings = sent.map((events): Recording => ({ url: "https://shop.example/cart", chunks: [events] }));
    const imported = await importSession(gosight, recordings);
    const raw = new Map(sent.map((events, index) => [imported.chunkIds[index]?.[0] ?? "", events]));
    sessions.push({ imported, beginMs, numbers, raw });
  }
  return sessions;
}

/** Whatever a recording must never bring about in the dashboard. What a recording says is only ever built in a frame. */
async function guard(page: Page, problems: string[]): Promise<void> {
  watch(page, problems);
  page.on("dialog", (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => problems.push(`a window: ${popup.url()}`));
  page.on("request", (request) => {
    const isDashboards = request.frame() === page.mainFrame() && request.url().startsWith(`${gosight.url}/`);
    // Chromium tells of an address of a scheme that it does not know, and asks nobody.
    if (!isDashboards && !/^(data|blob|asset):/.test(request.url())) problems.push(`a request: ${request.url()}`);
  });
  page.on("framenavigated", (frame) => {
    if (frame !== page.mainFrame() && frame.url() !== "about:blank") problems.push(`a frame went to ${frame.url()}`);
  });
}

/** Goes through a session from recording to recording, each to where all of it has been done. */
async function play(page: Page, { imported, numbers, beginMs }: Played): Promise<void> {
  const span = await openSession(page, gosight, imported.session);
  for (const [index, number] of numbers.entries()) {
    await seek(page, span, beginMs + index * LASTING_MS + DONE_MS + span.clockOffsetMs);
    await page.waitForFunction(
      (text) => {
        const frame = document.querySelector<HTMLIFrameElement>('[data-testid="replay-stage"] iframe');
        return frame?.contentDocument?.querySelector(".plain")?.textContent === text;
      },
      `plain ${number}`,
      { timeout: 15_000 },
    );
    expect(await page.evaluate(() => "hostile" in window), HOSTILE[number]?.name).toBe(false);
  }
}

async function playAll(page: Page, problems: string[]): Promise<void> {
  await guard(page, problems);
  await signIn(page, gosight);
  const startMs = performance.now();
  for (const session of sessions) await play(page, session);
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(`${HOSTILE.length} hostile recordings were shown in ${seconds} s`);
  expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
}

/** 519 seeks take a loaded machine so long. */
test.setTimeout(300_000);

test("hostile recordings play, and nothing of them runs or is fetched", async ({ page, problems }) => {
  await playAll(page, problems);
});

test("nor would it if the server had let all of it through", async ({ page, problems }) => {
  const raw = new Map(sessions.flatMap((session) => [...session.raw]));
  const served = new Set<string>();
  await page.route("**/replay/chunks/*", (route) => {
    const id = new URL(route.request().url()).pathname.split("/").at(-1) ?? "";
    served.add(id);
    return route.fulfill({ json: raw.get(id) ?? [] });
  });
  await playAll(page, problems);
  expect(served.size).toBe(HOSTILE.length);
});
