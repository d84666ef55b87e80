/** A site of our own on an origin of its own (workshop/), and a visit to it that stops at ten moments. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import type { Page } from "@playwright/test";
import { PNG } from "pngjs";
import { GoSight, KEY, test } from "./gosight.js";
import { listen } from "./http.js";

/** The visitor's window. */
export const WINDOW = { width: 1000, height: 640 };

const FOLDER = new URL("workshop/", import.meta.url);
const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

export interface Site {
  url: string;
  close(): void;
}

/** What a site's owner puts on each page to have it recorded. */
export const recordedBy = ({ url }: GoSight): string =>
  `<script async src="${url}/sdk.js" data-project-key="${KEY}"></script>`;

/** `head` is what a site's owner puts on each page to record it. The styles may come from another origin, as from a host for many sites. */
export async function openWorkshop(head: string, hasForeignStyles = false): Promise<Site> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://workshop");
    if (pathname === "/kiln.png") return void response.writeHead(200, { "content-type": "image/png" }).end(KILN);
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const text = await readFile(new URL(name, FOLDER), "utf8").catch(() => undefined);
    if (text === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(name)], "access-control-allow-origin": "*" });
    const styles = hasForeignStyles ? url.replace("127.0.0.1", "localhost") : "";
    response.end(text.replace("<!-- recorder -->", () => head).replace('"/workshop.css"', `"${styles}/workshop.css"`));
  });
  const url = await listen(server);
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, close };
}

/** For the tests of a file: a GoSight and a workshop that it records. */
export function setUpWorkshop(head = recordedBy, hasForeignStyles = false): { gosight: GoSight; site: Site } {
  const world = {} as { gosight: GoSight; site: Site };
  test.beforeAll(async () => {
    world.gosight = await GoSight.start("up");
    world.site = await openWorkshop(head(world.gosight), hasForeignStyles);
  });
  test.afterAll(async () => {
    world.site.close();
    await world.gosight.stop();
  });
  return world;
}

/** Colours that run into each other, so that a pixel in the wrong place is a wrong pixel. */
const KILN = (() => {
  const { width, height } = { width: 400, height: 220 };
  const picture = new PNG({ width, height });
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    picture.data.set([(x * 255) / width, (y * 255) / height, 120, 255], pixel * 4);
  }
  return PNG.sync.write(picture);
})();

/** A browser without windows takes every tab for the one in front: it is told, as one with windows would tell it. Answers the moment right before. */
export async function turn(tab: Page, isHidden: boolean): Promise<number> {
  return tab.evaluate((isHidden) => {
    const beforeMs = Date.now() - 1;
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    Object.defineProperty(document, "visibilityState", { value: isHidden ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    return beforeMs;
  }, isHidden);
}

/** A page as it stood still, from a time to another. */
export interface Moment {
  name: string;
  shows: Shows;
  fromMs: number;
  untilMs: number;
  shot: Buffer;
  texts: string;
}

/** What is to be seen of which a recorder may tell less than all. */
export type Shows = "words" | "typed" | "pictures";

interface Step {
  name: string;
  shows: Shows;
  /** Another page comes. */
  isLeaving?: true;
  act(page: Page): Promise<unknown>;
}

const shelf = (page: Page) => page.frameLocator("#shelf");

/** In order. What is on the page at a step's end stays there until the next begins. */
const STEPS: Step[] = [
  { name: "the page as it came", shows: "words", act: (page) => shelf(page).locator("#put").waitFor() },
  {
    name: "a form filled in",
    shows: "typed",
    async act(page) {
      await page.locator("#name").pressSequentially("Wren");
      await page.locator("#evening").selectOption("thursday");
      await page.locator("#wish").pressSequentially("A bowl\nfor oranges");
      await page.locator("#apron").check();
      await page.locator("[value=again]").check();
    },
  },
  { name: "a modal", shows: "typed", act: (page) => page.locator("#terms").click() },
  {
    name: "a shadow tree, and the modal gone",
    shows: "typed",
    async act(page) {
      await page.locator("#agree").click();
      await page.locator("kiln-note button").click();
    },
  },
  { name: "a frame", shows: "typed", act: (page) => shelf(page).locator("#put").click() },
  { name: "a list that moved", shows: "typed", act: (page) => page.locator("#fire").click() },
  {
    name: "a canvas and an image",
    shows: "pictures",
    async act(page) {
      await page.locator("#show").click();
      await page.locator("#pictures").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "the page scrolled",
    shows: "words",
    act: (page) => page.evaluate(() => scrollTo(0, document.body.scrollHeight)),
  },
  {
    name: "another page, a part of it scrolled",
    shows: "words",
    isLeaving: true,
    async act(page) {
      await page.locator("#classes").click();
      await page.waitForURL("**/classes.html");
      await page.locator("#dates").evaluate((dates) => dates.scrollTo(0, 430));
    },
  },
  {
    name: "another address without a load",
    shows: "words",
    act: (page) => page.locator("[data-class=glazing]").click(),
  },
];

/** Each text that nobody typed, frames and shadow trees included, in the order of the document. */
export function textsOf(root: Node): string {
  const read = (node: Node): string[] => {
    if (node.nodeType === Node.TEXT_NODE) return [node.nodeValue ?? ""];
    const { localName, shadowRoot, contentDocument } = node as HTMLIFrameElement;
    if (/^(head|script|style|noscript|textarea)$/.test(localName)) return [];
    return [shadowRoot, contentDocument, ...node.childNodes].flatMap((child) => (child ? read(child) : []));
  };
  return read(root).join(" ").replace(/\s+/g, " ").trim();
}

/** Longer than any recorder holds back what was scrolled (rrweb's own: 100). */
const HELD_BACK_MS = 150;

/** What was done is drawn, and told: a timer of the page that is due later than the recorder's comes later. */
const settled = (page: Page) =>
  page.evaluate(
    (ms) =>
      new Promise<void>((done) =>
        requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(() => done()), ms)),
      ),
    HELD_BACK_MS,
  );

/** The page at rest. The pointer has left, a field that had the focus has not: a player has neither caret nor ring. */
async function look(page: Page, { name, shows }: Step, number: number): Promise<Moment> {
  await page.mouse.move(0, 0);
  await page.evaluate((number) => {
    (document.activeElement as HTMLElement | null)?.blur();
    (document.getElementById("moment") as HTMLElement).textContent = String(number);
  }, number);
  await settled(page);
  const fromMs = await page.evaluate(() => Date.now());
  const shot = await page.screenshot();
  const texts = await page.evaluate(`(${textsOf})(document)`);
  return { name, shows, fromMs, untilMs: await page.evaluate(() => Date.now()), shot, texts: String(texts) };
}

export interface Recorder {
  /** Settles when it has the first snapshot of the page that has just come. */
  begun(): Promise<unknown>;
  /** Settles when these moments are in what it told. */
  told(moments: Moment[]): Promise<unknown>;
  /** Settles when it told what is drawn on the canvas and what the image shows, if it tells of that at all. */
  drawn?(): Promise<unknown>;
}

/** A visit, and what was to be seen. The page stays as the last moment left it. */
export async function visitWorkshop(page: Page, url: string, recorder: Recorder): Promise<Moment[]> {
  await page.setViewportSize(WINDOW);
  await page.goto(url);
  await recorder.begun();
  const moments: Moment[] = [];
  // A click on nothing, so that something is told after the last moment.
  const end = async () => {
    await page.mouse.click(1, WINDOW.height / 2);
    await recorder.told(moments);
  };
  for (const step of STEPS) {
    if (step.isLeaving) await end();
    await step.act(page);
    if (step.isLeaving) await recorder.begun();
    if (step.shows === "pictures") await recorder.drawn?.();
    moments.push(await look(page, step, moments.length + 1));
  }
  await end();
  return moments;
}
