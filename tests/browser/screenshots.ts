import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, GoSight, PROJECT, signIn, test } from "./gosight.js";
import { rage } from "./shop.js";

const DOCS = resolve(import.meta.dirname, "../../docs");
const VISITORS = 14;
/** Enough for the pages to look like a shop that is open. */
const SESSIONS_MIN = 40;
const INSIGHTS_MIN = 25;

let gosight: GoSight;

test.beforeAll(async () => {
  test.setTimeout(60_000);
  await mkdir(DOCS, { recursive: true });
  gosight = await GoSight.start("demo", ["--visitors", String(VISITORS)]);
});

test.afterAll(async () => {
  await gosight.stop();
});

async function writeRules(): Promise<void> {
  const token = await gosight.token();
  const rule = { kind: "threshold", window: "5m", group_by: null, filters: [], channels: [] };
  const rest = { operator: ">", cooldown_minutes: 15, is_active: true };
  const checkout = { dimension: "path", value: "/shop/checkout" };
  for (const body of [
    { name: "Rage in the shop", metric: "rage_clicks", threshold: 3 },
    { name: "Nothing answers at checkout", metric: "dead_clicks", threshold: 10, filters: [checkout] },
    { name: "The voucher is broken", metric: "error_clicks", threshold: 1 },
  ]) {
    await gosight.call("POST", `/projects/${PROJECT}/alerts/rules`, token, { ...rule, ...rest, ...body });
  }
}

interface Numbers {
  summary: { sessions: number };
  insights: Record<string, number>;
}

/** Waits until visitors have been and struggled; answers the session to look at. */
async function believable(): Promise<string> {
  const token = await gosight.token();
  await expect
    .poll(
      async () => {
        const { summary, insights } = await gosight.call<Numbers>("GET", `/projects/${PROJECT}/overview`, token);
        const struggles = Object.values(insights).reduce((sum, count) => sum + count, 0);
        return summary.sessions >= SESSIONS_MIN && struggles >= INSIGHTS_MIN;
      },
      { timeout: 200_000, intervals: [1000] },
    )
    .toBe(true);
  const sessions = await gosight.call<{ id: string; page_count: number; rage_click_count: number }[]>(
    "GET",
    `/projects/${PROJECT}/sessions?sort=-struggle&per_page=20`,
    token,
  );
  const [first] = sessions.toSorted((a, b) => b.page_count - a.page_count).filter((one) => one.rage_click_count > 0);
  return first?.id ?? sessions[0]?.id ?? "";
}

async function take(page: Page, name: string, path: string, sign: string): Promise<void> {
  await page.goto(gosight.url + path);
  await expect(page.locator(sign).first()).toBeVisible();
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  await page.screenshot({ path: resolve(DOCS, `${name}.png`), animations: "disabled" });
}

test("the pictures in docs/", async ({ browser }) => {
  await writeRules();
  const shop = await browser.newPage();
  await shop.goto(`${gosight.url}/shop/product`);
  await rage(shop);
  const session = await believable();
  await take(shop, "shop", "/shop/", "main");

  const page = await browser.newPage({ colorScheme: "light", reducedMotion: "reduce" });
  await signIn(page, gosight);
  const at = (view: string) => `/${PROJECT}/${view}`;
  await take(page, "overview", at("overview?range=1h"), "[data-testid=hotspots] [href*=insights]");
  await page.emulateMedia({ colorScheme: "dark" });
  await take(page, "overview-dark", at("overview?range=1h"), "[data-testid=hotspots] [href*=insights]");
  await page.emulateMedia({ colorScheme: "light" });
  await take(page, "live", at("live"), "[data-testid=live-stream] li:nth-child(9)");
  await take(page, "session", at(`sessions/${session}`), "[data-testid=timeline-insight]");
  await take(page, "insights", at("insights?range=1h"), "[data-testid=insight-row]");
  await take(page, "heatmap", at("heatmaps?path=%2Fshop%2Fproduct"), "[data-testid=heatmap-element]");
  await take(page, "alerts", at("alerts"), "[data-testid=alert-transition]");
});
