import { writeFile } from "node:fs/promises";
import { expect, type GoSight, KEY, signIn, test, watch } from "./gosight.js";
import { compare, openSession, percent } from "./player.js";
import { chunkTexts, newestSession } from "./recordings.js";
import { type Moment, type Shows, setUpWorkshop, visitWorkshop } from "./workshop.js";

/** How much of the window may differ. What is read is the same to the pixel … */
const DIFFERENT_MAX: Record<Shows, number> = {
  words: 0.0002,
  // … what was typed or chosen is not told: stars, and the menu's first line …
  typed: 0.002,
  // … and a canvas is kept as a picture that is a little coarser, though not so that anybody would see it.
  pictures: 0.002,
};

/** Canvases are recorded where they are asked for. */
const recordedWithCanvas = ({ url }: GoSight): string =>
  `<script>GoSight = { q: [["init", { projectKey: "${KEY}", replay: { canvas: true } }]] }</script><script async src="${url}/sdk.js"></script>`;

const world = setUpWorkshop(recordedWithCanvas, true);

/** From when to when something has been recorded. */
async function recordedSpans(token: string): Promise<{ fromMs: number; untilMs: number }[]> {
  const { recordings } = await newestSession(world.gosight, token);
  const begun = recordings.filter(({ chunks }) => chunks.some((chunk) => chunk.has_full_snapshot));
  return begun.map(({ chunks }) => ({
    fromMs: Math.min(...chunks.map(({ started_at }) => Date.parse(started_at))),
    untilMs: Math.max(...chunks.map(({ ended_at }) => Date.parse(ended_at))),
  }));
}

/** Waits until every moment is in a recording. */
async function recorded(token: string, moments: Moment[]): Promise<void> {
  const missing = async () => {
    const spans = await recordedSpans(token);
    const isIn = ({ fromMs, untilMs }: Moment) => spans.some((it) => it.fromMs <= fromMs && untilMs <= it.untilMs);
    return moments.filter((moment) => !isIn(moment)).map(({ name }) => name);
  };
  await expect.poll(missing, { timeout: 20_000, message: "what is not in a recording" }).toEqual([]);
}

/** Waits until what is drawn and what is pictured has been told: both come after the page that shows them. */
async function pictured(token: string): Promise<void> {
  const missing = async () => {
    const { session, recordings } = await newestSession(world.gosight, token);
    const told = (await chunkTexts(world.gosight, token, session, recordings)).join("");
    return ["rr_dataURL", '"mime":"image/png"', '"mime":"image/svg+xml"'].filter((word) => !told.includes(word));
  };
  await expect.poll(missing, { timeout: 20_000, message: "what is not in a recording" }).toEqual([]);
}

test("a page is replayed as it was, at ten moments of a visit", async ({ context, problems }, info) => {
  const token = await world.gosight.token();
  const shop = await context.newPage();
  watch(shop, problems);
  let pages = 0;
  const begun = async () => {
    pages += 1;
    await expect.poll(async () => (await recordedSpans(token)).length, { timeout: 20_000 }).toBe(pages);
  };
  const told = (moments: Moment[]) => recorded(token, moments);
  const moments = await visitWorkshop(shop, world.site.url, { begun, told, drawn: () => pictured(token) });
  expect(moments).toHaveLength(10);
  const { session } = await newestSession(world.gosight, token);
  await shop.close();

  const dashboard = await context.newPage();
  watch(dashboard, problems);
  await signIn(dashboard, world.gosight);
  const span = await openSession(dashboard, world.gosight, session);

  for (const [index, moment] of moments.entries()) {
    const bound = DIFFERENT_MAX[moment.shows];
    const { share, replayed, difference } = await compare(dashboard, span, moment, index + 1, bound);
    console.log(`${percent(share)} of the pixels differ (bound ${percent(bound)}): ${moment.name}`);
    if (share <= bound) continue;
    for (const [name, body] of Object.entries({ original: moment.shot, replayed, difference })) {
      await writeFile(info.outputPath(`${index + 1} ${name}.png`), body);
    }
  }
});
