import { writeFile } from "node:fs/promises";
import { expect, GoSight, KEY, PROJECT, signIn, test, watch } from "./gosight.js";
import { differing, openSession, seek, shoot, stage, textsOnStage } from "./player.js";
import { type Replay, replayPath } from "./recordings.js";
import { type Moment, openWorkshop, type Shows, type Site, visitWorkshop, WINDOW } from "./workshop.js";

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

let gosight: GoSight;
let site: Site;

test.beforeAll(async () => {
  gosight = await GoSight.start("up");
  site = await openWorkshop(recordedWithCanvas(gosight));
});

test.afterAll(async () => {
  site.close();
  await gosight.stop();
});

/** The recordings of the one session there is, from when to when. */
async function recordedSpans(
  token: string,
): Promise<{ session: string; spans: { fromMs: number; untilMs: number }[] }> {
  const sessions = await gosight.call<{ id: string }[]>("GET", `/projects/${PROJECT}/sessions`, token);
  const session = sessions[0]?.id ?? "";
  const replay = await gosight.call<Replay>("GET", replayPath(session), token).catch(() => undefined);
  const begun = replay?.recordings.filter(({ chunks }) => chunks.some((chunk) => chunk.has_full_snapshot)) ?? [];
  const spans = begun.map(({ chunks }) => ({
    fromMs: Math.min(...chunks.map(({ started_at }) => Date.parse(started_at))),
    untilMs: Math.max(...chunks.map(({ ended_at }) => Date.parse(ended_at))),
  }));
  return { session, spans };
}

/** Waits until every moment is in a recording. */
async function recorded(token: string, moments: Moment[]): Promise<void> {
  const missing = async () => {
    const { spans } = await recordedSpans(token);
    const isIn = ({ fromMs, untilMs }: Moment) => spans.some((it) => it.fromMs <= fromMs && untilMs <= it.untilMs);
    return moments.filter((moment) => !isIn(moment)).map(({ name }) => name);
  };
  await expect.poll(missing, { timeout: 20_000, message: "what is not in a recording" }).toEqual([]);
}

/** Waits until what is drawn and what is pictured has been told: both come after the page that shows them. */
async function pictured(token: string): Promise<void> {
  const missing = async () => {
    const { session } = await recordedSpans(token);
    const replay = await gosight.call<Replay>("GET", replayPath(session), token);
    const chunks = replay.recordings.flatMap(({ chunks }) => chunks);
    const bodies = chunks.map(({ id }) => gosight.text("GET", `${replayPath(session)}/chunks/${id}`, token));
    const told = (await Promise.all(bodies)).join("");
    return ["rr_dataURL", "gosight.asset"].filter((word) => !told.includes(word));
  };
  await expect.poll(missing, { timeout: 20_000, message: "what is not in a recording" }).toEqual([]);
}

const percent = (share: number) => `${(share * 100).toFixed(3)} %`;

test("a page is replayed as it was, at ten moments of a visit", async ({ context, problems }, info) => {
  const token = await gosight.token();
  const shop = await context.newPage();
  watch(shop, problems);
  let pages = 0;
  const begun = async () => {
    pages += 1;
    await expect.poll(async () => (await recordedSpans(token)).spans.length, { timeout: 20_000 }).toBe(pages);
  };
  const told = (moments: Moment[]) => recorded(token, moments);
  const moments = await visitWorkshop(shop, site.url, { begun, told, drawn: () => pictured(token) });
  expect(moments).toHaveLength(10);
  const { session } = await recordedSpans(token);
  await shop.close();

  const dashboard = await context.newPage();
  watch(dashboard, problems);
  await signIn(dashboard, gosight);
  const span = await openSession(dashboard, gosight, session);

  const show = async ({ fromMs, untilMs }: Moment, number: number) => {
    await seek(dashboard, span, (fromMs + untilMs) / 2 + span.clockOffsetMs);
    await expect(stage(dashboard).locator("#moment")).toHaveText(String(number));
  };
  for (const [index, moment] of moments.entries()) {
    await show(moment, index + 1);
    const shot = await shoot(dashboard, WINDOW);
    const { share, picture } = differing(moment.shot, shot);
    expect.soft(await textsOnStage(dashboard), moment.name).toBe(moment.texts);
    const bound = DIFFERENT_MAX[moment.shows];
    console.log(`${percent(share)} of the pixels differ (bound ${percent(bound)}): ${moment.name}`);
    expect.soft(share, moment.name).toBeLessThanOrEqual(bound);
    if (share <= bound) continue;
    for (const [name, body] of Object.entries({ original: moment.shot, replayed: shot, difference: picture })) {
      await writeFile(info.outputPath(`${index + 1} ${name}.png`), body);
    }
  }
});
