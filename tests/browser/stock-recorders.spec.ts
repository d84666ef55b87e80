import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { expect, GoSight, signIn, test, watch } from "./gosight.js";
import { compare, guard, openSession, percent } from "./player.js";
import { importSession, type RecordedEvent, type Recording } from "./recordings.js";
import { type Moment, openWorkshop, type Recorder, type Shows, visitWorkshop } from "./workshop.js";

/** What they draw of a canvas is nothing, and of an image they tell the address, which nobody asks for: the two fill this much of the window. */
const PICTURES_MAX = 0.26;
const FOLDER = dirname(createRequire(import.meta.url).resolve("pngjs/package.json"));

interface Stock {
  name: string;
  path: string;
  /** How much of the window may differ. */
  differentMax: Record<Shows, number>;
  /** Of which moment only the texts are compared. */
  unlike?: string;
}

/** As they come from npm, with nothing set. */
const STOCK: Stock[] = [
  {
    name: "rrweb 1",
    path: "../rrweb-1/dist/rrweb-all.min.js",
    // It knows no adopted style sheets, so the shadow tree is bare wherever it is in sight; nor modals: what is behind one is not dimmed.
    differentMax: { words: 0.04, typed: 0.041, pictures: PICTURES_MAX },
    unlike: "a modal",
  },
  {
    name: "rrweb 2",
    path: "../rrweb-2/umd/rrweb.min.js",
    differentMax: { words: 0.0002, typed: 0.002, pictures: PICTURES_MAX },
  },
];
/** rrweb's kinds of events. */
const SNAPSHOT = 2;
const META = 4;
const CHUNK_EVENTS = 40;

let gosight: GoSight;

test.beforeAll(async () => {
  gosight = await GoSight.start("up");
});

test.afterAll(async () => {
  await gosight.stop();
});

/** What has been told on each page load, in order. */
async function listen(page: Page): Promise<{ recorder: Recorder; loads: RecordedEvent[][] }> {
  const loads: RecordedEvent[][] = [];
  await page.exposeFunction("tell", (event: RecordedEvent) => {
    if (event.type === META && !loads.at(-1)?.some(({ data }) => data.href === event.data.href)) loads.push([]);
    loads.at(-1)?.push(event);
  });
  let begun = 0;
  const recorder = {
    begun: async () => {
      begun += 1;
      await expect.poll(() => loads.filter((load) => load.some(({ type }) => type === SNAPSHOT)).length).toBe(begun);
    },
    told: async (moments: Moment[]) => {
      const untilMs = moments.at(-1)?.untilMs ?? 0;
      await expect.poll(() => loads.at(-1)?.at(-1)?.timestamp ?? 0).toBeGreaterThanOrEqual(untilMs);
    },
  };
  return { recorder, loads };
}

function chunked(load: RecordedEvent[]): Recording {
  const chunks: RecordedEvent[][] = [];
  for (let from = 0; from < load.length; from += CHUNK_EVENTS) chunks.push(load.slice(from, from + CHUNK_EVENTS));
  return { url: String(load.find(({ type }) => type === META)?.data.href), chunks };
}

interface Visited {
  moments: Moment[];
  recordings: Recording[];
}

async function visit(context: BrowserContext, script: string, problems: string[]): Promise<Visited> {
  const start = "rrweb.record({ emit: (event) => tell(event) })";
  const site = await openWorkshop(
    `<script>${script.replaceAll("</script", "<\\/script")}</script>
     <script>addEventListener("DOMContentLoaded", () => ${start})</script>`,
  );
  const page = await context.newPage();
  watch(page, problems);
  const { recorder, loads } = await listen(page);
  const moments = await visitWorkshop(page, site.url, recorder);
  await page.close();
  site.close();
  return { moments, recordings: loads.map(chunked) };
}

for (const stock of STOCK) {
  test(`a visit that ${stock.name} recorded is replayed as it was`, async ({ context, page, problems }) => {
    const script = await readFile(resolve(FOLDER, stock.path), "utf8");
    const { moments, recordings } = await visit(context, script, problems);
    expect(recordings).toHaveLength(2);
    const { session } = await importSession(gosight, recordings);
    guard(page, gosight, problems);
    await signIn(page, gosight);
    const span = await openSession(page, gosight, session);
    const shares: string[] = [];
    for (const [index, moment] of moments.entries()) {
      const bound = moment.name === stock.unlike ? 1 : stock.differentMax[moment.shows];
      const { share } = await compare(page, span, moment, index + 1, bound);
      shares.push(percent(share));
    }
    console.log(`${stock.name}: of the pixels differ ${shares.join(", ")}`);
  });
}
