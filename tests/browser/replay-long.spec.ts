import type { Page } from "@playwright/test";
import { expect, PROJECT, signIn, test, watch } from "./gosight.js";
import { chunkTexts, importSession, newestSession, type RecordedEvent } from "./recordings.js";
import { setUpWorkshop, WINDOW } from "./workshop.js";

/** So much of a busy page is recorded in earnest, from one checkpoint to where the next may come … */
const RECORDED_MS = 20_000;
/** … and is repeated, checkpoint and all, until this is full. */
const SESSION_MS = 30 * 60_000;
const REPEATS = SESSION_MS / RECORDED_MS;

const FIRST_FRAME_P50_MS_MAX = 1_000;
const SEEK_P50_MS_MAX = 300;
const OPENINGS = 5;
const SEEKS = 20;
const ROUNDS_MAX = 3;

const world = setUpWorkshop();

interface Recorded {
  /** As the recorder cut them. */
  chunks: RecordedEvent[][];
  wireBytes: number;
  diskBytes: number;
  lengthMs: number;
}

/** Records a visitor of the board until the recording is long enough. */
async function record(page: Page, token: string): Promise<Recorded> {
  const bodies: Buffer[] = [];
  page.on("request", (request) => {
    const body = request.postDataBuffer();
    if (body !== null) bodies.push(body);
  });
  await page.setViewportSize(WINDOW);
  await page.goto(`${world.site.url}/board.html`);
  let told = await newestSession(world.gosight, token);
  const lengthMs = async () => {
    await page.mouse.move(200, 200);
    await page.mouse.move(600, 400, { steps: 10 });
    told = await newestSession(world.gosight, token);
    const chunks = told.recordings[0]?.chunks ?? [];
    return Date.parse(chunks.at(-1)?.ended_at ?? "") - Date.parse(chunks[0]?.started_at ?? "");
  };
  await expect.poll(lengthMs, { timeout: 60_000, message: "is recorded" }).toBeGreaterThan(RECORDED_MS);
  const [recording] = told.recordings;
  if (recording === undefined) throw new Error("nothing was recorded");
  const chunks = await chunkTexts(world.gosight, token, told.session, [recording]);
  return {
    chunks: chunks.map((chunk) => JSON.parse(chunk) as RecordedEvent[]),
    wireBytes: sum(bodies.filter((body) => body.includes(recording.id)).map((body) => body.length)),
    diskBytes: sum(recording.chunks.map(({ bytes }) => bytes)),
    lengthMs: await lengthMs(),
  };
}

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

interface Long {
  session: string;
  startMs: number;
  endMs: number;
  /** What the board's counter shows from when on, in order. */
  ticks: { atMs: number; text: string }[];
}

/** The recorded chunks again and again, each time with the snapshot they begin with, later, and counting on. */
async function importLong(recorded: RecordedEvent[][]): Promise<Long> {
  const firstMs = recorded[0]?.[0]?.timestamp ?? 0;
  const kept = recorded.map((chunk) => chunk.filter(({ timestamp }) => timestamp < firstMs + RECORDED_MS));
  const ticksEach = sum(kept.map((chunk) => (JSON.stringify(chunk).match(TICK) ?? []).length));
  const startMs = Date.now() - SESSION_MS - 60_000;
  const chunks: RecordedEvent[][] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const chunk of kept) {
      const later = JSON.stringify(chunk).replace(TICK, (_, tick) => text(Number(tick) + repeat * ticksEach));
      const events = JSON.parse(later) as RecordedEvent[];
      for (const event of events) event.timestamp += startMs - firstMs + repeat * RECORDED_MS;
      if (events.length > 0) chunks.push(events);
    }
  }
  const ticks = chunks.flat().flatMap((event) => {
    const shown = JSON.stringify(event).match(TICK)?.at(-1);
    return shown === undefined ? [] : [{ atMs: event.timestamp, text: shown }];
  });
  const megabytes = JSON.stringify(chunks).length / 1_000_000;
  console.log(
    `a session of ${Math.round(SESSION_MS / 60_000)} minutes: ${chunks.length} chunks, ${Math.round(megabytes)} MB of JSON`,
  );
  const { session } = await importSession(world.gosight, [{ url: `${world.site.url}/board.html`, chunks }]);
  return { session, startMs, endMs: chunks.at(-1)?.at(-1)?.timestamp ?? Number.NaN, ticks };
}

const TICK = /T(\d{6});/g;
const text = (tick: number) => `T${String(tick).padStart(6, "0")};`;

function summary(name: string, timesMs: number[], boundMs: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const p50 = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const max = sorted.at(-1) ?? Number.NaN;
  console.log(
    `${name}: p50 ${Math.round(p50)} ms, max ${Math.round(max)} ms of ${sorted.length} (bound of p50 ${boundMs} ms)`,
  );
  return p50;
}

/** From the next press of the pointer until the stage shows the counter, or a certain state of it: `wait` settles with that time. */
async function clockOf(page: Page, shown?: string): Promise<() => Promise<number>> {
  await page.evaluate((shown) => {
    const onStage = () => {
      const frames = document.querySelectorAll<HTMLIFrameElement>('[data-testid="replay-stage"] iframe');
      const visible = [...frames].filter((frame) => getComputedStyle(frame).visibility === "visible");
      return visible.map((frame) => frame.contentDocument?.getElementById("tick")?.textContent);
    };
    const passed = new Promise<number>((done) => {
      addEventListener(
        "pointerdown",
        ({ timeStamp }) => {
          const look = () => {
            const [now] = onStage();
            if (shown === undefined ? now : now === shown) done(performance.now() - timeStamp);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        },
        { capture: true, once: true },
      );
    });
    Object.assign(window, { passed });
  }, shown);
  return () => page.evaluate(() => (window as unknown as { passed: Promise<number> }).passed);
}

/** From the list of sessions to the first frame, once the dashboard is there. */
async function open(page: Page, { session }: Long): Promise<number> {
  const link = page.locator(`a[href*="/sessions/${session}"]`).first();
  await expect(link).toBeVisible();
  const wait = await clockOf(page);
  await link.click();
  return wait();
}

/** The next pixel of the scrubber that is not where the counter is just changing, and what the counter shows there. */
function placeNear({ startMs, endMs, ticks }: Long, share: number, left: number, width: number) {
  for (let x = Math.ceil(left + share * width); x < left + width; x++) {
    const atMs = startMs + ((x - left) / width) * (endMs - startMs);
    const shown = ticks.findLast((tick) => tick.atMs <= atMs);
    if (shown && !ticks.some((tick) => Math.abs(tick.atMs - atMs) < CHANGING_MS)) return { x, text: shown.text };
  }
  throw new Error("no such place");
}

/** Milliseconds are rounded here and there on the way to the stage. */
const CHANGING_MS = 5;

async function seek(page: Page, long: Long, share: number): Promise<number> {
  const box = await page.getByTestId("replay-scrubber").boundingBox();
  if (box === null) throw new Error("there is no scrubber");
  const { x, text } = placeNear(long, share, box.x, box.width);
  const wait = await clockOf(page, text);
  await page.mouse.click(x, box.y + box.height / 2);
  return wait();
}

/** From 0.02 to 0.98, here and there, and the same on each run. */
const random = (place: number) => 0.02 + 0.96 * ((place * 0.618 + 0.3) % 1);

test("half an hour of a busy page opens within a second, and any moment of it within a third of one", async ({
  context,
  problems,
}) => {
  const token = await world.gosight.token();
  const board = await context.newPage();
  watch(board, problems);
  const recorded = await record(board, token);
  await board.close();
  const perMinute = (bytes: number) => `${Math.round((bytes * 60_000) / recorded.lengthMs / 1000)} kB`;
  console.log(
    `a recorded minute: ${perMinute(recorded.wireBytes)} on the wire, ${perMinute(recorded.diskBytes)} on disk`,
  );
  const long = await importLong(recorded.chunks);

  const page = await context.newPage();
  watch(page, problems);
  await signIn(page, world.gosight);
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions`);
  const openings: number[] = [];
  const browser = await context.newCDPSession(page);
  for (let opening = 0; opening < OPENINGS; opening++) {
    if (opening > 0) await page.goBack();
    // Each time as if for the first.
    await browser.send("Network.clearBrowserCache");
    openings.push(await open(page, long));
  }
  expect(summary("opening a session", openings, FIRST_FRAME_P50_MS_MAX)).toBeLessThan(FIRST_FRAME_P50_MS_MAX);
  let fastestP50 = Number.POSITIVE_INFINITY;
  // What the player can do, not what else the machine was at: a round that was disturbed is followed by another.
  for (let round = 0; round < ROUNDS_MAX && fastestP50 >= SEEK_P50_MS_MAX; round++) {
    const seeks: number[] = [];
    for (let place = 0; place < SEEKS; place++) seeks.push(await seek(page, long, random(round * SEEKS + place)));
    fastestP50 = Math.min(fastestP50, summary("seeking", seeks, SEEK_P50_MS_MAX));
  }
  expect(fastestP50).toBeLessThan(SEEK_P50_MS_MAX);
});
