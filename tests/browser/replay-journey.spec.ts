import { expect, GoSight, invite, PROJECT, signIn, test, watch } from "./gosight.js";
import { chunkTexts, newestSession, type Replay, replayPath } from "./recordings.js";
import { rage } from "./shop.js";

/** Typed into the shop, and nowhere to be found afterwards. */
const SECRET = "Lovelace";

let gosight: GoSight;

test.beforeAll(async () => {
  gosight = await GoSight.start("demo", ["--visitors", "0"]);
});

test.afterAll(async () => {
  await gosight.stop();
});

test("what a visitor does in the shop is replayed on the session's page, page by page, without what was typed", async ({
  context,
  problems,
}) => {
  const token = await gosight.token();
  let told = await newestSession(gosight, token);
  const recorded = async () => {
    told = await newestSession(gosight, token);
    return told.recordings;
  };

  const shop = await context.newPage();
  watch(shop, problems);
  await shop.goto(`${gosight.url}/shop/product`);
  await expect.poll(recorded, { timeout: 20_000 }).toHaveLength(1);
  await rage(shop);
  await shop.goto(`${gosight.url}/shop/checkout`);
  await expect.poll(recorded, { timeout: 20_000 }).toHaveLength(2);
  // As a browser tells the page of what it threw, and long after any click.
  await shop.evaluate(() => dispatchEvent(new ErrorEvent("error", { message: "boom", error: new Error("boom") })));
  await shop.locator("#order input").first().fill(SECRET);
  await shop.locator("#gift").click();
  // What was typed has come; of the first page, what left with it by beacon no page can be sure of.
  const stars = "*".repeat(SECRET.length);
  const texts = async () => (await chunkTexts(gosight, token, told.session, await recorded())).join();
  await expect.poll(texts, { timeout: 20_000 }).toContain(stars);

  const dashboard = await context.newPage();
  watch(dashboard, problems);
  await signIn(dashboard, gosight);
  await dashboard.goto(`${gosight.url}/${PROJECT}/sessions/${told.session}`);
  const page = dashboard.frameLocator('[data-testid="replay-stage"] iframe');
  await expect(page.locator("h1")).toHaveText("Harbour mug");
  const address = dashboard.getByTestId("replay-address");
  await expect(address).toContainText("/shop/product");
  const marks = dashboard.getByTestId("replay-scrubber").locator("[data-mark]");
  const marked = () => marks.evaluateAll((all) => all.map((mark) => (mark as SVGElement).dataset.mark));
  await expect.poll(marked).toEqual(expect.arrayContaining(["rage_click", "error"]));
  // It plays to its end by itself, in as long as the visit took.
  await dashboard.getByTestId("replay-play").click();
  await expect(address).toContainText("/shop/checkout", { timeout: 60_000 });
  await expect(page.locator("#order input").first()).toHaveValue(stars);

  // What a member is told has no words, a viewer is told nothing.
  const path = replayPath(told.session);
  const { token: member } = await invite(gosight, "member");
  expect((await gosight.call<Replay>("GET", path, member)).is_masked).toBe(true);
  const { token: viewer } = await invite(gosight, "viewer");
  await expect(gosight.call("GET", path, viewer)).rejects.toThrow("403");
  const read = (token: string) => chunkTexts(gosight, token, told.session, told.recordings);
  expect((await read(token)).join()).not.toContain(SECRET);
  expect((await read(member)).join()).not.toMatch(/Harbour|Checkout|wishlist<|Add to/);
});
