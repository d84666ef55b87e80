import { expect, signIn, test, watch } from "./gosight.js";
import { openSession, seek, stage } from "./player.js";
import { newestSession } from "./recordings.js";
import { setUpWorkshop, turn, WINDOW } from "./workshop.js";

const world = setUpWorkshop();

/** What is in front, from when on. */
interface Front {
  tab: number;
  path: string;
  heading: string;
  fromMs: number;
}

/** In the dashboard: which tab of the visitor's is in front, and each that comes to the front from now on. */
function noteTabs(): number[] {
  const list = document.querySelector('[aria-label="Tabs of the visitor"]') as HTMLElement;
  const current = () => [...list.children].findIndex((tab) => tab.getAttribute("aria-current") === "true");
  const seen = [current()];
  const note = () => current() !== seen.at(-1) && seen.push(current());
  new MutationObserver(note).observe(list, { attributes: true, subtree: true, childList: true });
  return seen;
}

test("two tabs of one session are one replay, which shows the one in front", async ({ browser, page, problems }) => {
  const token = await world.gosight.token();
  const visit = await browser.newContext({ viewport: WINDOW });
  const fronts: Front[] = [];
  const inFront = (tab: number, path: string, heading: string, fromMs = Date.now()) =>
    fronts.push({ tab, path, heading, fromMs });
  /** Until what the tab told of this moment has come: the next is some seconds later. */
  const hasCome = async (ofMs?: number) => {
    const { tab, fromMs } = fronts.at(-1) ?? { tab: 0, fromMs: 0 };
    const last = async () => {
      const { recordings } = await newestSession(world.gosight, token);
      return Math.max(0, ...(recordings[tab]?.chunks ?? []).map(({ ended_at }) => Date.parse(ended_at)));
    };
    await expect.poll(last, { timeout: 20_000, message: `tab ${tab} is recorded` }).toBeGreaterThan(ofMs ?? fromMs);
  };

  const first = await visit.newPage();
  watch(first, problems);
  await first.goto(world.site.url);
  inFront(0, "/", "Clay, twice a week");
  await first.locator("#fire").click();
  await hasCome();

  await turn(first, true);
  const second = await visit.newPage();
  watch(second, problems);
  await second.goto(`${world.site.url}/classes.html`);
  inFront(1, "/classes.html", "Throwing");
  await second.locator("#dates").click();
  await hasCome();

  // Nothing is done any more: that a tab is in front is all there is to tell.
  await turn(second, true);
  inFront(0, "/", "Clay, twice a week", await turn(first, false));
  await hasCome();

  await turn(first, true);
  inFront(1, "/classes.html", "Throwing", await turn(second, false));
  await hasCome();
  // The last one is in front for a while: at its very end a replay may stand at the moment before.
  const endMs = await second.evaluate(() => Date.now());
  await second.mouse.move(WINDOW.width / 3, WINDOW.height / 3);
  await hasCome(endMs);
  await visit.close();

  const { session, recordings } = await newestSession(world.gosight, token);
  expect(recordings).toHaveLength(2);
  const [begins, ends] = [recordings[1]?.chunks[0]?.started_at ?? "", recordings[0]?.chunks.at(-1)?.ended_at ?? ""];
  expect(Date.parse(begins), "at once").toBeLessThan(Date.parse(ends));

  watch(page, problems);
  await signIn(page, world.gosight);
  const span = await openSession(page, world.gosight, session);
  const tabs = page.getByRole("list", { name: "Tabs of the visitor" }).getByRole("listitem");
  await expect(tabs).toHaveCount(2);
  const shows = async ({ tab, path, heading }: Front) => {
    await expect(tabs.nth(tab)).toHaveAttribute("aria-current", "true");
    await expect(page.getByTestId("replay-address")).toHaveText(`${new URL(world.site.url).host}${path}`);
    await expect(stage(page).locator("h1")).toHaveText(heading);
  };
  for (const [index, front] of [...fronts.entries()].toReversed()) {
    // A front may be shorter than that: its recording can come at once.
    const lastsMs = (fronts[index + 1]?.fromMs ?? Infinity) - front.fromMs;
    await seek(page, span, front.fromMs + Math.min(300, lastsMs / 2) + span.clockOffsetMs);
    await shows(front);
  }
  // The same by itself, in as long as it took: some are in front for half a second, and are noted as they come.
  await page.getByRole("button", { name: "Skip inactivity" }).click();
  const seen = await page.evaluateHandle(noteTabs);
  await page.getByTestId("replay-play").click();
  await expect.poll(() => seen.jsonValue(), { timeout: 30_000 }).toEqual(fronts.map(({ tab }) => tab));
  await shows(fronts.at(-1) as Front);
});
