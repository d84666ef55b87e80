import type { Locator, Page } from "@playwright/test";
import { expect, PROJECT, signIn, test, watch } from "./gosight.js";
import { stage } from "./player.js";
import { newestSession } from "./recordings.js";
import { setUpWorkshop, WINDOW } from "./workshop.js";

/** A chunk is cut after 3 s, the list of chunks is asked for every 2, and who follows stays 3 s behind, so that nothing stutters. */
const BEHIND_P50_MS_MAX = 10_000;

const world = setUpWorkshop();

/** The visitor's session, once it can be watched. */
async function watchable(token: string): Promise<string> {
  const begun = async () => (await newestSession(world.gosight, token)).recordings.length;
  await expect.poll(begun, { timeout: 20_000 }).toBe(1);
  return (await newestSession(world.gosight, token)).session;
}

/** How long after it was done something is to be seen. */
async function behind(act: Promise<unknown>, seen: Locator): Promise<number> {
  await act;
  const startMs = performance.now();
  await expect(seen).toBeVisible({ timeout: 30_000 });
  return performance.now() - startMs;
}

async function openLive(page: Page, session: string): Promise<Locator> {
  await signIn(page, world.gosight);
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions/${session}`);
  const live = page.getByTestId("replay-live");
  await live.click();
  await expect(live).toHaveAttribute("aria-pressed", "true");
  return live;
}

test("who follows a session sees what the visitor does, from page to page", async ({ browser, page, problems }) => {
  const token = await world.gosight.token();
  const visit = await browser.newContext({ viewport: WINDOW });
  const visitor = await visit.newPage();
  watch(visitor, problems);
  watch(page, problems);
  await visitor.goto(world.site.url);
  const live = await openLive(page, await watchable(token));

  const shown = stage(page);
  const shelf = shown.frameLocator("#shelf");
  const behindMs = [
    await behind(visitor.locator("#fire").click(), shown.getByText("Late piece 2")),
    await behind(visitor.locator("kiln-note button").click(), shown.getByText("1 240 degrees")),
    await behind(visitor.frameLocator("#shelf").locator("#put").click(), shelf.getByText("A plate, wet")),
    await behind(visitor.locator("#classes").click(), shown.getByRole("heading", { name: "Throwing" })),
    await behind(visitor.locator("[data-class=glazing]").click(), shown.getByText("Cobalt is the blue one.")),
  ];
  await expect(page.getByTestId("replay-address")).toContainText("/classes");
  const sorted = behindMs.toSorted((a, b) => a - b).map(Math.round);
  console.log(
    `seen p50 ${sorted[2]} ms, max ${sorted[4]} ms after it was done, of 5 (bound of p50 ${BEHIND_P50_MS_MAX} ms)`,
  );
  expect(sorted[2]).toBeLessThan(BEHIND_P50_MS_MAX);

  await live.click();
  await expect(live).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByTestId("replay-play")).toHaveAttribute("data-playing", "false");
  await visit.close();
});
