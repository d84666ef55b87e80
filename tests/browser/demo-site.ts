import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, GoSight, test } from "./gosight.js";

/**
 * Measures the demo shop for its simulated visitors: where the elements of src/demo/site.json stand at the widths they come with, and each page
 * as a recorder sees it. Writes src/demo/layout.json.
 */
const DEMO = resolve(import.meta.dirname, "../../src/demo");
/** As in `src/demo/site.rs`. */
const ORIGIN = "http://127.0.0.1:8080";
/** As in `src/journey.rs`. */
const VIEWPORTS = [
  { width: 1440, height: 780 },
  { width: 1512, height: 860 },
  { width: 1280, height: 720 },
  { width: 1920, height: 960 },
  { width: 390, height: 664 },
  { width: 412, height: 732 },
];

/** The player's own. */
const SNAPSHOT = createRequire(resolve(import.meta.dirname, "../../dashboard/package.json")).resolve(
  "rrweb-snapshot/umd/rrweb-snapshot.min.js",
);

interface SitePage {
  path: string;
  elements: { selector: string }[];
}

interface Seen {
  height_px: number;
  rects: [number, number, number, number][];
}

/** The page's height, and left, top, width and height of each element. */
const measure = (page: Page, selectors: string[]): Promise<Seen> =>
  page.evaluate((selectors) => {
    const rects = selectors.map((selector): [number, number, number, number] => {
      const element = document.querySelector(selector);
      if (element === null) throw new Error(`there is no ${selector}`);
      const { left, top, width, height } = element.getBoundingClientRect();
      return [Math.round(left + scrollX), Math.round(top + scrollY), Math.round(width), Math.round(height)];
    });
    return { height_px: document.documentElement.scrollHeight, rects };
  }, selectors);

/** The page as rrweb's snapshot, without scripts, and the ids of the elements in it. */
async function photograph(page: Page, selectors: string[]): Promise<{ node: unknown; ids: number[] }> {
  await page.addScriptTag({ path: SNAPSHOT });
  return page.evaluate((selectors) => {
    type Snapshot = {
      createMirror(): { getId(node: Node | null): number };
      snapshot(document: Document, options: object): unknown;
    };
    const { createMirror, snapshot } = (window as unknown as { rrwebSnapshot: Snapshot }).rrwebSnapshot;
    for (const script of document.querySelectorAll("script")) script.remove();
    const mirror = createMirror();
    const node = snapshot(document, { mirror, inlineStylesheet: true, slimDOM: "all" });
    return { node, ids: selectors.map((selector) => mirror.getId(document.querySelector(selector))) };
  }, selectors);
}

test("the shop as its simulated visitors know it", async ({ browser }) => {
  test.setTimeout(120_000);
  const gosight = await GoSight.start("demo", ["--visitors", "0"]);
  const site = JSON.parse(await readFile(resolve(DEMO, "site.json"), "utf8")) as SitePage[];
  const context = await browser.newContext({ reducedMotion: "reduce" });
  // Visitors are not to be recorded here, and have something in their cart.
  await context.route("**/v1/events*", (route) => route.abort());
  const page = await context.newPage();
  await page.goto(`${gosight.url}/shop/product`);
  await page.locator("#add-to-cart").click();
  const layouts = [];
  for (const { path, elements } of site) {
    const selectors = elements.map(({ selector }) => selector);
    const widths: Record<string, Seen> = {};
    let photo: Awaited<ReturnType<typeof photograph>> | undefined;
    for (const viewport of VIEWPORTS) {
      await page.setViewportSize(viewport);
      await page.goto(gosight.url + path);
      await expect(page.locator("footer")).toBeAttached();
      widths[viewport.width] = await measure(page, selectors);
      photo ??= await photograph(page, selectors);
    }
    layouts.push({ path, widths, ...photo });
  }
  await gosight.stop();
  await writeFile(resolve(DEMO, "layout.json"), `${JSON.stringify(layouts).replaceAll(gosight.url, ORIGIN)}\n`);
});
