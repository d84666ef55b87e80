import type { Browser, Page } from "@playwright/test";
import { expect, GoSight, PROJECT, signIn, test, watch } from "./gosight.js";

const PATH = "/shop/product";
const SELECTOR = "#wishlist";
/** Where in the button: a share of its width. */
const AT = 0.2;

let gosight: GoSight;

test.beforeAll(async () => {
  gosight = await GoSight.start("demo", ["--visitors", "0"]);
});

test.afterAll(async () => {
  await gosight.stop();
});

/** A visitor with a window so wide, who clicks the button near its left end. Answers where the button was in the page. */
async function visit(browser: Browser, width: number, problems: string[]): Promise<{ left: number; top: number }> {
  const context = await browser.newContext({ viewport: { width, height: 700 } });
  const shop = await context.newPage();
  watch(shop, problems);
  await shop.goto(gosight.url + PATH);
  const button = shop.locator(SELECTOR);
  await button.scrollIntoViewIfNeeded();
  const place = await button.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { left: left + scrollX, top: top + scrollY, width, height };
  });
  await button.click({ position: { x: place.width * AT, y: place.height / 2 } });
  const saved = shop.waitForResponse((response) => response.request().method() === "POST" && response.ok());
  await shop.evaluate("GoSight.flush()");
  await saved;
  await context.close();
  return place;
}

interface Backdrops {
  versions: { version: string; width: number }[];
}

async function versionsOf(token: string): Promise<Backdrops["versions"]> {
  const query = `path=${encodeURIComponent(PATH)}&device=desktop`;
  const path = `/projects/${PROJECT}/heatmaps/backdrop?${query}`;
  return (await gosight.call<Backdrops>("GET", path, token)).versions;
}

/** Where the heat is: the canvas' opaque points, and the button, both as shares of the page. */
async function look(page: Page): Promise<{ heat: { x: number; y: number }; button: { left: number; right: number } }> {
  return page.evaluate((selector) => {
    const canvas = document.querySelector<HTMLCanvasElement>("[data-testid=heatmap-canvas]") as HTMLCanvasElement;
    const { data, width, height } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    let [sum, sumX, sumY] = [0, 0, 0];
    for (let at = 0; at < width * height; at++) {
      const alpha = data[at * 4 + 3] ?? 0;
      sum += alpha;
      sumX += alpha * ((at % width) + 0.5);
      sumY += alpha * (Math.floor(at / width) + 0.5);
    }
    const frame = document.querySelector<HTMLIFrameElement>("[data-testid=heatmap-backdrop] iframe");
    const found = frame?.contentDocument?.querySelector(selector)?.getBoundingClientRect() as DOMRect;
    const pageWidth = frame?.clientWidth ?? 0;
    return {
      heat: { x: sumX / sum / width, y: sumY / sum / height },
      button: { left: found.left / pageWidth, right: found.right / pageWidth },
    };
  }, SELECTOR);
}

test("clicks of every window's width lie on the element they hit, on the page as it looked", async ({
  browser,
  page,
  problems,
}) => {
  const narrow = await visit(browser, 900, problems);
  const wide = await visit(browser, 1500, problems);
  expect(Math.abs(narrow.left - wide.left), "the layout moves the button").toBeGreaterThan(40);

  const token = await gosight.token();
  await expect.poll(() => versionsOf(token), { timeout: 20_000 }).toHaveLength(1);
  watch(page, problems);
  await signIn(page, gosight);
  await page.goto(`${gosight.url}/${PROJECT}/heatmaps?path=${encodeURIComponent(PATH)}`);
  const canvas = page.getByTestId("heatmap-canvas");
  await expect(canvas).toHaveAttribute("data-backdrop", /./);
  await expect(canvas).toHaveAttribute("data-clicks", "2");
  await expect(canvas).toHaveAttribute("data-unplaced", "0");
  // Both clicks are one dot: the same place in the button.
  await expect(canvas).toHaveAttribute("data-dots", "1");
  const stage = page.frameLocator("[data-testid=heatmap-backdrop] iframe");
  await expect(stage.locator("h1")).toHaveText("Harbour mug");
  const { heat, button } = await look(page);
  const share = (heat.x - button.left) / (button.right - button.left);
  expect(share, "the heat is near the button's left end").toBeGreaterThan(AT - 0.1);
  expect(share).toBeLessThan(AT + 0.1);

  // List and page point at each other.
  await page.locator(`[data-testid=heatmap-element][data-selector="${SELECTOR}"]`).hover();
  await expect(page.getByTestId("heatmap-focus")).toBeVisible();
  const box = (await canvas.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width * heat.x, box.y + box.height * heat.y);
  await expect(page.locator("[data-testid=heatmap-element][aria-current=true]")).toHaveAttribute(
    "data-selector",
    SELECTOR,
  );
});

test("a page that was never recorded has its clicks on plain paper, and says so", async ({ page, problems }) => {
  watch(page, problems);
  await signIn(page, gosight);
  await page.goto(`${gosight.url}/${PROJECT}/heatmaps?path=%2Fnowhere`);
  await expect(page.getByText("No recording shows this page yet")).toBeVisible();
  await expect(page.getByTestId("heatmap-backdrop")).toHaveCount(0);
});
