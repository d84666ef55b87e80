import { type Browser, devices, type FrameLocator, type Locator, type Page } from "@playwright/test";
import { PNG } from "pngjs";
import { type Account, expect, GoSight, invite, PROJECT, signIn, test, watch } from "./gosight.js";
import { element, importSession, opening, type RecordedEvent, watchable, words } from "./recordings.js";
import { rage } from "./shop.js";

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
  // The visitor stays until the click and the page as it looked have come.
  const session = String(await shop.evaluate("GoSight.getSessionId()"));
  const token = await gosight.token();
  const clicks = async () => {
    const path = `/projects/${PROJECT}/sessions/${session}`;
    const about = await gosight.call<{ click_count: number }>("GET", path, token).catch(() => undefined);
    return about?.click_count;
  };
  await expect.poll(clicks, { timeout: 30_000 }).toBe(1);
  await watchable(gosight, session, 1);
  await context.close();
  return place;
}

/** The page under the heat. */
function backdrop(page: Page): FrameLocator {
  return page.frameLocator("[data-testid=heatmap-backdrop] iframe");
}

async function openHeatmap(page: Page, path: string, problems: string[], account?: Account): Promise<void> {
  watch(page, problems);
  await signIn(page, gosight, account);
  await page.goto(`${gosight.url}/${PROJECT}/heatmaps?path=${encodeURIComponent(path)}`);
}

const DESKTOP = { name: devices["Desktop Chrome"]?.userAgent ?? "", width: 1000, height: 640 };
const PHONE = { name: devices["Pixel 7"]?.userAgent ?? "", width: 390, height: 700 };

/** Somebody's browser has this page, a minute ago. */
async function show(
  path: string,
  { name, width, height }: typeof DESKTOP,
  body: Parameters<typeof opening>[3],
  more: RecordedEvent[] = [],
): Promise<void> {
  const url = `https://workshop.example${path}`;
  const begin = opening(url, Date.now() - 60_000, { width, height }, body);
  await importSession(gosight, [{ url, chunks: [[...begin, ...more]] }], name);
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
  await openHeatmap(page, PATH, problems);
  const canvas = page.getByTestId("heatmap-canvas");
  await expect(canvas).toHaveAttribute("data-backdrop", /./);
  await expect(canvas).toHaveAttribute("data-clicks", "2");
  await expect(canvas).toHaveAttribute("data-unplaced", "0");
  // Both clicks are one dot: the same place in the button.
  await expect(canvas).toHaveAttribute("data-dots", "1");
  await expect(backdrop(page).locator("h1")).toHaveText("Harbour mug");
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

test("rage and dead clicks lie on their element too, and how far visitors came lies over the whole page", async ({
  browser,
  page,
  problems,
}) => {
  const context = await browser.newContext({ viewport: { width: 1100, height: 700 } });
  const shop = await context.newPage();
  watch(shop, problems);
  await shop.goto(gosight.url + PATH);
  await rage(shop);
  await watchable(gosight, String(await shop.evaluate("GoSight.getSessionId()")), 1);
  await openHeatmap(page, PATH, problems);
  const canvas = page.getByTestId("heatmap-canvas");
  const isOnButton = async (layer: string) => {
    await page.getByRole("button", { name: layer, exact: true }).click();
    // In its middle, and where others clicked it before.
    await expect(canvas).toHaveAttribute("data-dots", /^[12]$/);
    const { heat, button } = await look(page);
    expect(heat.x, layer).toBeGreaterThan(button.left);
    expect(heat.x, layer).toBeLessThan(button.right);
  };
  await expect(canvas).toHaveAttribute("data-rage", "6");
  await isOnButton("Rage");
  await expect(canvas).toHaveAttribute("data-dead", /^[6-8]$/);
  await isOnButton("Dead");

  await context.close();
  await page.getByRole("button", { name: "Scroll", exact: true }).click();
  const depth = page.getByTestId("scroll-depth");
  await expect(depth).toHaveAttribute("data-views", /^[1-3]$/);
  // To the foot of the page, however long it is.
  const heightOf = async (part: Locator) => (await part.boundingBox())?.height ?? Number.NaN;
  const backdropPage = page.getByTestId("heatmap-backdrop");
  const offBy = async () => Math.abs((await heightOf(depth)) - (await heightOf(backdropPage)));
  await expect.poll(offBy, "px").toBeLessThan(1);
  expect(Math.abs((await heightOf(canvas)) - (await heightOf(backdropPage))), "px of the dots").toBeLessThan(1);
  await expect(depth.locator("li").first()).toContainText("100");
});

test("a page that was never recorded has its clicks on plain paper, and says so", async ({ page, problems }) => {
  await openHeatmap(page, "/nowhere", problems);
  await expect(page.getByText("No recording shows this page yet")).toBeVisible();
  await expect(page.getByTestId("heatmap-backdrop")).toHaveCount(0);
});

test("a page that was built anew has a picture of each of its layouts, the newest first", async ({
  page,
  problems,
}) => {
  const path = "/versions";
  await show(path, DESKTOP, [element("main", 5, [element("h1", 6, [words(7, "The old kiln")])])]);
  await show(path, { ...DESKTOP, width: 1100 }, [
    element("section", 5, [element("h1", 6, [words(7, "The new kiln")])]),
  ]);
  await openHeatmap(page, path, problems);
  const heading = backdrop(page).locator("h1");
  await expect(heading).toHaveText("The new kiln");
  const version = page.getByLabel("Version of the page");
  await expect(version.locator("option")).toHaveText([/1100 px wide/, /1000 px wide/]);
  await version.selectOption({ index: 1 });
  await expect(heading).toHaveText("The old kiln");
  await page.reload();
  await expect(heading).toHaveText("The old kiln");
  await version.selectOption({ index: 0 });
  await expect(heading).toHaveText("The new kiln");
});

test("each device has the page as it looked there", async ({ page, problems }) => {
  const path = "/devices";
  await show(path, DESKTOP, [element("h1", 5, [words(6, "For a wide window")])]);
  await show(path, PHONE, [element("h1", 5, [words(6, "For a phone")])], []);
  await openHeatmap(page, path, problems);
  const heading = backdrop(page).locator("h1");
  const width = () => page.locator("[data-testid=heatmap-backdrop]").evaluate((it) => (it as HTMLElement).offsetWidth);
  await expect(heading).toHaveText("For a wide window");
  await expect.poll(width).toBe(DESKTOP.width);
  await page.getByRole("button", { name: "Mobile" }).click();
  await expect(heading).toHaveText("For a phone");
  await expect.poll(width).toBe(PHONE.width);
  await page.getByRole("button", { name: "Tablet" }).click();
  await expect(page.getByText("No recording shows this page yet")).toBeVisible();
});

/** A picture, and the event by which a recorder hands it over. */
const PICTURE = "https://workshop.example/pot.png";
const handedOver = (): RecordedEvent => ({
  type: 5,
  data: {
    tag: "gosight.asset",
    payload: {
      url: PICTURE,
      mime: "image/png",
      data: PNG.sync.write(new PNG({ width: 30, height: 20 })).toString("base64"),
    },
  },
  timestamp: Date.now() - 59_000,
});

test("only who may read a page sees its words, and only who may watch replays its pictures", async ({
  browser,
  problems,
}) => {
  const path = "/roles";
  const body = [element("h1", 5, [words(6, "Secret glaze")]), element("img", 7, [], { src: PICTURE })];
  await show(path, DESKTOP, body, [handedOver()]);
  const seenBy = async (role: string) => {
    const account = role === "owner" ? undefined : await invite(gosight, role);
    const page = await (await browser.newContext()).newPage();
    await openHeatmap(page, path, problems, account);
    const shown = backdrop(page);
    await expect(shown.locator("h1")).not.toBeEmpty();
    return { heading: shown.locator("h1"), image: shown.locator("img") };
  };
  for (const [role, says, shows] of [
    ["owner", "Secret glaze", /^blob:/],
    ["member", /^[*\s]+$/, /^blob:/],
    ["viewer", /^[*\s]+$/, /^data:image\/svg/],
  ] as const) {
    const { heading, image } = await seenBy(role);
    await expect(heading, role).toHaveText(says);
    await expect(image, role).toHaveAttribute("src", shows);
    await heading.page().context().close();
  }
});
