import type { Page } from "@playwright/test";
import { expect, GoSight, PROJECT, signIn, test, watch } from "./gosight.js";
import { rage } from "./shop.js";

let gosight: GoSight;

test.beforeAll(async () => {
  gosight = await GoSight.start("demo", ["--visitors", "0"]);
});

test.afterAll(async () => {
  await gosight.stop();
});

test("a rage click in the shop is on the live strip, the insights, the session and the heatmap, without a reload", async ({
  context,
  problems,
}) => {
  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    watch(page, problems);
    return page;
  };
  const [shop, overview, insights, heatmap] = [await open(), await open(), await open(), await open()];
  await signIn(overview, gosight);
  await overview.goto(`${gosight.url}/${PROJECT}/overview`);
  await insights.goto(`${gosight.url}/${PROJECT}/insights`);
  await shop.goto(`${gosight.url}/shop/product`);
  await expect(overview.getByTestId("stat-sessions")).toContainText("1");
  await heatmap.goto(`${gosight.url}/${PROJECT}/heatmaps?path=${encodeURIComponent("/shop/product")}`);
  for (const page of [overview, insights, heatmap]) {
    await expect(page.getByTestId("status")).toHaveAttribute("data-connection", "open");
  }

  await rage(shop);

  await expect(overview.getByTestId("stat-rage-click")).toContainText("1");
  await expect(overview.getByTestId("live-strip-insight")).toBeVisible();
  await expect(overview.getByTestId("stat-dead-click")).toContainText("6");
  await expect(insights.locator('[data-testid=insight-row][data-type="rage_click"]')).toHaveCount(1);
  await expect(insights.locator('[data-testid=insight-row][data-type="dead_click"]')).toHaveCount(6);
  await expect(heatmap.getByTestId("heatmap-canvas")).toHaveAttribute("data-rage", "6");
  await expect(heatmap.getByTestId("heatmap-canvas")).toHaveAttribute("data-dead", "6");

  const session = await insights
    .locator('[data-testid=insight-row][data-type="rage_click"]')
    .getAttribute("data-session");
  await overview.goto(`${gosight.url}/${PROJECT}/sessions/${session}`);
  await expect(overview.locator('[data-testid=session-insight][data-type="rage_click"]')).toHaveCount(1);
  const timeline = overview.locator('[data-testid=timeline-event][data-type="click"]');
  // Six clicks on one element are one line of the timeline, and so are their six insights.
  await expect(timeline).toHaveCount(1);
  await expect(overview.locator('[data-testid=timeline-insight][data-type="dead_click"]')).toHaveAttribute(
    "data-repeats",
    "6",
  );

  // The open session grows too.
  await shop.bringToFront();
  await shop.locator("#add-to-cart").click();
  await expect(timeline).toHaveCount(2);
});

test("the button that throws makes an error click, and no dead one", async ({ context, problems }) => {
  const shop = await context.newPage();
  watch(shop, problems);
  const insights = await context.newPage();
  watch(insights, problems);
  await signIn(insights, gosight);
  await insights.goto(`${gosight.url}/${PROJECT}/insights`);
  await expect(insights.getByTestId("status")).toHaveAttribute("data-connection", "open");
  await shop.goto(`${gosight.url}/shop/cart`);
  await shop.locator("#voucher").click();
  const row = insights.locator('[data-testid=insight-row][data-type="error_click"]');
  await expect(row).toHaveCount(1);
  // The screen follows the tick; the views follow with the commit.
  const token = await gosight.token();
  await expect
    .poll(async () => {
      const path = `/projects/${PROJECT}/insights?path=${encodeURIComponent("/shop/cart")}`;
      const answer = await gosight.call<{ insights: { type: string }[] }>("GET", path, token);
      return answer.insights.map((insight) => insight.type);
    })
    .toEqual(["error_click"]);
});

test("every page of the shop and its single-page part work without an error", async ({ page, problems }) => {
  watch(page, problems);
  for (const path of ["", "catalogue", "product", "cart", "checkout", "journal", "journal/clay", "slow"]) {
    await page.goto(`${gosight.url}/shop/${path}`);
    await expect(page.locator("main")).toBeVisible();
  }
  await page.goto(`${gosight.url}/shop/journal`);
  await page.locator('a[href="/shop/journal/glaze"]').first().click();
  await expect(page).toHaveURL(/journal\/glaze$/);
  const token = await gosight.token();
  await expect
    .poll(async () => {
      const overview = await gosight.call<{ top_pages: { path: string }[] }>(
        "GET",
        `/projects/${PROJECT}/overview`,
        token,
      );
      return overview.top_pages.map((top) => top.path);
    })
    .toEqual(
      expect.arrayContaining(["/shop/", "/shop/catalogue", "/shop/journal", "/shop/journal/glaze", "/shop/slow"]),
    );
});
