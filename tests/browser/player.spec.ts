import { randomUUID } from "node:crypto";
import type { Page } from "@playwright/test";
import { PNG } from "pngjs";
import { expect, invite, PROJECT, signIn, test, watch } from "./gosight.js";
import { openSession, type Span, seek, stage, textsOnStage } from "./player.js";
import {
  type Clicked,
  chunkTexts,
  element,
  importSession,
  isRun,
  newestSession,
  opening,
  type RecordedEvent,
  readRun,
  replayPath,
  sendClicks,
  words,
} from "./recordings.js";
import { setUpWorkshop, WINDOW } from "./workshop.js";

/** Long enough ago that none of the sessions goes on. */
const AGO_MS = 10 * 60_000;
const LENGTH_S = 60;
/** As the recorder cuts them. */
const CHUNK_S = 3;
/** The visitor does something every second, but between these. */
const IDLE_FROM_S = 20;
const IDLE_TO_S = 50;

const world = setUpWorkshop();

/** A page that counts the seconds, so that what is on the stage tells the time. */
function counting(url: string, startMs: number, more: RecordedEvent[] = []): RecordedEvent[][] {
  const events: RecordedEvent[] = [
    ...opening(url, startMs, WINDOW, [element("p", 5, [words(6, "Clay, second 0")])]),
    ...more,
  ];
  for (let second = 1; second <= LENGTH_S; second++) {
    const timestamp = startMs + second * 1000;
    const texts = [{ id: 6, value: `Clay, second ${second}` }];
    events.push({ type: 3, data: { source: 0, texts, attributes: [], removes: [], adds: [] }, timestamp });
    const isIdle = IDLE_FROM_S < second && second < IDLE_TO_S;
    if (!isIdle) events.push({ type: 3, data: { source: 2, type: 2, id: 5, x: 10, y: 10 }, timestamp });
  }
  events.sort((a, b) => a.timestamp - b.timestamp);
  return Array.from({ length: LENGTH_S / CHUNK_S + 1 }, (_, index) =>
    events.filter(({ timestamp }) => Math.floor((timestamp - startMs) / (CHUNK_S * 1000)) === index),
  );
}

/** Six clicks on one spot within a second. */
const rageAt = (atMs: number): Clicked[] =>
  Array.from({ length: 6 }, (_, click) => ({ atMs: atMs + click * 150, selector: "#fire" }));

interface Visit {
  session: string;
  /** Of its one recording, in order. */
  chunks: string[];
}

/** A visit of a minute to a page, with what was clicked so many seconds into it. */
async function visit(
  path: string,
  rageS: number[],
  clicksS: number[] = [],
  more: RecordedEvent[] = [],
): Promise<Visit> {
  const url = `https://workshop.example${path}`;
  const startMs = Date.now() - AGO_MS;
  const moved = more.map((event) => ({ ...event, timestamp: startMs + event.timestamp }));
  const { session, chunkIds } = await importSession(world.gosight, [{ url, chunks: counting(url, startMs, moved) }]);
  const clicks = clicksS.map((second) => ({ atMs: startMs + second * 1000, selector: `#piece-${second}` }));
  await sendClicks(world.gosight, session, url, [
    ...clicks,
    ...rageS.flatMap((second) => rageAt(startMs + second * 1000)),
  ]);
  await struggled(session, rageS.length);
  return { session, chunks: chunkIds.flat() };
}

async function struggled(session: string, rageClicks: number): Promise<void> {
  const token = await world.gosight.token();
  const path = `/projects/${PROJECT}/sessions/${session}`;
  const count = async () => {
    const about = await world.gosight.call<{ rage_click_count: number }>("GET", path, token).catch(() => undefined);
    return about?.rage_click_count;
  };
  await expect.poll(count, { timeout: 30_000 }).toBe(rageClicks);
}

/** Where the playhead is, in whole seconds. */
async function seconds(page: Page): Promise<number> {
  const shown = await page.getByTestId("replay-clock").innerText();
  const [minutes = 0, rest = 0] = (shown.split("/")[0] ?? "").split(":").map(Number);
  return minutes * 60 + rest;
}

async function opened(page: Page, problems: string[], { session }: Pick<Visit, "session">): Promise<Span> {
  watch(page, problems);
  await signIn(page, world.gosight);
  return openSession(page, world.gosight, session);
}

const isPlaying = (page: Page, is: boolean) =>
  expect(page.getByTestId("replay-play")).toHaveAttribute("data-playing", String(is));

const panel = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

test("the panels tell what the page wrote to its console and what it asked for", async ({
  browser,
  page,
  problems,
}) => {
  const token = await world.gosight.token();
  const context = await browser.newContext({ viewport: WINDOW });
  const visitor = await context.newPage();
  await visitor.goto(world.site.url);
  const recorded = async () => {
    const { session, recordings } = await newestSession(world.gosight, token);
    return (await chunkTexts(world.gosight, token, session, recordings)).join("");
  };
  await expect.poll(async () => (await recorded()).length, { timeout: 30_000 }).toBeGreaterThan(0);
  await visitor.evaluate(async (elsewhere) => {
    console.warn("the kiln is hot");
    console.error("the kiln is too hot");
    await fetch("/workshop.css?mine");
    await fetch("/not-there");
    await fetch(elsewhere, { mode: "no-cors" }).catch(() => undefined);
  }, `${world.gosight.url}/health`);
  for (const told of ["too hot", "workshop.css?mine", "not-there", "/health"]) {
    await expect.poll(recorded, { timeout: 30_000 }).toContain(told.split("?")[0] ?? told);
  }
  await context.close();

  await opened(page, problems, await newestSession(world.gosight, token));
  const line = page.getByTestId("replay-log-line");
  await panel(page, "Console");
  await expect(line.filter({ hasText: "the kiln is hot" })).toContainText("warn");
  await expect(line.filter({ hasText: "the kiln is too hot" })).toContainText("error");
  await panel(page, "Network");
  await expect(line.filter({ hasText: "/workshop.css" })).toContainText("200");
  await expect(line.filter({ hasText: "/not-there" })).toContainText("404");
  // What another origin answered is hidden from the page, which does not make it a failure.
  const hidden = line.filter({ hasText: "/health" });
  await expect(hidden).toContainText("answer not visible");
  await expect(hidden.locator("svg")).toHaveCount(0);
  await expect(line.filter({ hasText: "/not-there" }).locator("svg")).toHaveCount(1);
  // A line leads to its moment.
  await line.filter({ hasText: "/not-there" }).click();
  await expect(line.filter({ hasText: "/not-there" })).toHaveAttribute("aria-current", "step");
});

test("a page that logs without end is told up to a bound, a part of it at a time", async ({ page, problems }) => {
  const lines = Array.from({ length: 1_600 }, (_, line) => ({
    type: 6,
    data: { plugin: "rrweb/console@1", payload: { level: "log", payload: [`piece ${line}.`], trace: [] } },
    timestamp: 1_000 + line * 10,
  }));
  const loop = Array.from({ length: 700 }, () => ({
    type: 6,
    data: { plugin: "rrweb/console@1", payload: { level: "log", payload: ["again"], trace: [] } },
    timestamp: 40_000,
  }));
  const span = await opened(page, problems, await visit("/loud", [], [], [...lines, ...loop]));
  await panel(page, "Console");
  await expect(page.getByTestId("replay-log")).toHaveAttribute("data-lines", "2100");
  await expect(page.getByText("200 more lines are left out")).toBeVisible();
  const line = page.getByTestId("replay-log-line");
  await expect(line).toHaveCount(300);
  await seek(page, span, span.startMs + 12_000);
  const current = page.locator('[data-testid="replay-log-line"][aria-current=step]');
  await expect(current).toContainText(/piece 1[01]\d\d\./);
  await expect(current).toBeInViewport();
  await expect(line).toHaveCount(300);
  const before = await line.first().innerText();
  await page.getByRole("button", { name: /earlier lines/ }).click();
  await expect(line.first()).not.toHaveText(before, { useInnerText: true });
  await expect(line.filter({ hasText: before.split("\n").at(-1) ?? before })).toHaveCount(1);
});

test("the list of events and the player go together, and the timeline has a tick for each click", async ({
  page,
  problems,
}) => {
  const span = await opened(page, problems, await visit("/step", [12.5], [5, 8, 30]));
  // Six clicks of a rage are closer than ticks may be.
  await expect(page.getByTestId("replay-clicks")).toHaveAttribute("data-ticks", /^[4-7]$/);
  const current = page.locator('[data-testid="timeline"] [aria-current=step]');
  await seek(page, span, span.startMs + 6_000);
  await expect(current).toContainText("#piece-5");
  await seek(page, span, span.startMs + 9_000);
  await expect(current).toContainText("#piece-8");
  await page.getByTestId("timeline-event").filter({ hasText: "#piece-30" }).getByRole("button").click();
  await expect(current).toContainText("#piece-30");
  await expect(stage(page).locator("p")).toHaveText(/second (29|30)$/);
  // An insight is watched from right before it.
  await page.getByTestId("session-insight").first().click();
  await expect.poll(() => seconds(page)).toBeLessThan(12);
  await expect(current).toContainText("#piece-8");
});

test("a moment is shown as it was when the last part it takes comes last", async ({ page, problems }) => {
  const made = await visit("/last", []);
  const second = 33;
  const last = Math.floor(second / CHUNK_S);
  let letGo = () => {};
  const held = new Promise<void>((done) => {
    letGo = done;
  });
  // The answers end before it, as if it would make them too long; asked for by itself, it is held back.
  await page.route(isRun, async (route) => {
    const url = new URL(route.request().url());
    const [from, to] = ["first", "last"].map((name) => Number(url.searchParams.get(name)));
    if (from === last) await held;
    if (from === undefined || to === undefined || from >= last || to < last) return route.continue();
    url.searchParams.set("last", String(last - 1));
    const response = await route.fetch({ url: url.href });
    const { head, lines } = readRun(await response.text());
    await route.fulfill({ response, body: [JSON.stringify({ ...head, next: last }), ...lines].join("\n") });
  });
  const span = await opened(page, problems, made);
  const before = page.waitForResponse((response) => response.url().endsWith(`&last=${last}`));
  await seek(page, span, span.startMs + second * 1000 + 500);
  await (await before).finished();
  await expect(page.getByText("Loading…")).toBeVisible();
  letGo();
  await expect(stage(page).locator("p")).toHaveText(`Clay, second ${second}`);
});

test("a page stands where the visitor had scrolled to, whatever changed right after", async ({ page, problems }) => {
  const change = (timestamp: number, data: RecordedEvent["data"]): RecordedEvent => ({ type: 3, data, timestamp });
  const adds = [{ parentId: 4, nextId: null, node: element("div", 7, [], { style: "height: 3000px" }) }];
  const told = [
    change(500, { source: 0, texts: [], attributes: [], removes: [], adds }),
    // What changes each second is right before this, and right after that.
    change(10_200, { source: 3, id: 1, x: 0, y: 400 }),
    change(10_800, { source: 3, id: 1, x: 0, y: 900 }),
  ];
  const span = await opened(page, problems, await visit("/scrolled", [], [], told));
  const html = stage(page).locator("html");
  const standsAt = async (second: number) => {
    await seek(page, span, span.startMs + second * 1000 + 500);
    await expect(stage(page).locator("p")).toHaveText(`Clay, second ${second}`);
    return html.evaluate(({ scrollTop }) => scrollTop);
  };
  expect(await standsAt(10)).toBe(400);
  expect(await standsAt(11)).toBe(900);
});

test("a link to a moment opens at it", async ({ context, page, problems }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const made = await visit("/moment", []);
  const span = await opened(page, problems, made);
  await seek(page, span, span.startMs + 33_500);
  const at = await seconds(page);
  await page.getByTestId("replay-copy-link").click();
  await expect(page.getByText("Copied")).toBeAttached();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).pathname).toBe(`/${PROJECT}/sessions/${made.session}`);
  expect(link).toMatch(/\?t=33\d\d\d$/);
  const other = await context.newPage();
  watch(other, problems);
  await other.goto(link);
  await expect(stage(other).locator("p")).toHaveText(/second 33$/);
  expect(await seconds(other)).toBe(at);
});

test("keys play, move, change the speed and fill the screen", async ({ page, problems }) => {
  await opened(page, problems, await visit("/keys", [12.5, 52.5]));
  await expect(page.getByTestId("session-insight")).toHaveAttribute("data-repeats", "2");
  await page.keyboard.press("Space");
  await isPlaying(page, true);
  await page.keyboard.press("Space");
  await isPlaying(page, false);
  const at = await seconds(page);
  await page.keyboard.press("ArrowRight");
  expect((await seconds(page)) - at).toBe(5);
  await page.keyboard.press("ArrowLeft");
  expect(await seconds(page)).toBe(at);

  await page.keyboard.press("Shift+ArrowRight");
  const first = await seconds(page);
  await page.keyboard.press("Shift+ArrowRight");
  expect((await seconds(page)) - first).toBe(40);
  await expect(stage(page).locator("p")).toHaveText(/second (49|50)$/);
  await page.keyboard.press("Shift+ArrowLeft");
  expect(await seconds(page)).toBe(first);

  const speed = page.getByLabel("Speed");
  await page.keyboard.press(">");
  await expect(speed).toHaveValue("2");
  for (const _ of [1, 0.5, 0.5]) await page.keyboard.press("<");
  await expect(speed).toHaveValue("0.5");

  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Leave full screen" })).toBeVisible();
  expect(await page.evaluate(() => document.fullscreenElement?.contains(document.activeElement))).toBeDefined();
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Full screen" })).toBeVisible();
  expect(await page.evaluate(() => document.fullscreenElement)).toBeNull();
});

test("where no element may fill the screen, as on an iPhone, the player fills the window", async ({
  page,
  problems,
}) => {
  await page.addInitScript(() => Object.defineProperty(document, "fullscreenEnabled", { value: false }));
  await page.setViewportSize({ width: 390, height: 844 });
  await opened(page, problems, await visit("/pocket", []));
  const whole = page.getByTestId("replay-whole");
  await page.getByRole("button", { name: "Full screen" }).click();
  expect(await whole.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
  await page.getByRole("button", { name: "Leave full screen" }).click();
  expect((await whole.boundingBox())?.width).toBeLessThan(390);
});

test("a click is still to be seen by a person who asked for less motion", async ({ page, problems }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await opened(page, problems, await visit("/still", []));
  await page.getByTestId("replay-play").click();
  // A click of the visit's every second; the pointer has its mark from the first on.
  const mark = page.locator(".replayer-mouse.active");
  const animation = () => mark.evaluate((pointer) => getComputedStyle(pointer, "::after").animationName);
  await expect.poll(animation).toBe("replay-click-still");
});

/** How long it takes, in ms, until the playhead has moved on by so many seconds. */
async function playingOn(page: Page, bySeconds: number): Promise<number> {
  const from = await seconds(page);
  const startMs = performance.now();
  await page.getByTestId("replay-play").click();
  await expect.poll(() => seconds(page), { intervals: [20] }).toBeGreaterThanOrEqual(from + bySeconds);
  return performance.now() - startMs;
}

test("a film, which is not kept, has a placeholder as a picture has", async ({ page, problems }) => {
  const url = "https://workshop.example/film";
  const film = element("video", 5, [], { src: "/film.mp4", width: "320", height: "180" });
  const { session } = await importSession(world.gosight, [
    { url, chunks: [opening(url, Date.now() - AGO_MS, WINDOW, [film])] },
  ]);
  await opened(page, problems, { session });
  await expect(stage(page).locator("video")).toHaveCSS("background-color", "rgba(127, 136, 150, 0.25)");
});

test("inactivity is skipped when that is asked for, and the speed is what was chosen", async ({ page, problems }) => {
  const span = await opened(page, problems, await visit("/idle", []));
  const skip = page.getByRole("button", { name: "Skip inactivity" });
  await expect(skip).toHaveAttribute("aria-pressed", "true");
  await seek(page, span, span.startMs + 20_500);
  // Half a minute in a few seconds.
  expect(await playingOn(page, IDLE_TO_S - 21)).toBeLessThan(12_000);
  await page.getByTestId("replay-play").click();

  await skip.click();
  await expect(skip).toHaveAttribute("aria-pressed", "false");
  await seek(page, span, span.startMs + 22_500);
  await page.getByLabel("Speed").selectOption("8");
  const tookMs = await playingOn(page, 16);
  expect(tookMs).toBeGreaterThan(1_500);
  expect(tookMs).toBeLessThan(8_000);
});

/** A page with a picture, of which it tells a second after it came. */
function withPicture(url: string, picture: string, startMs: number, width: number): RecordedEvent[] {
  const data = PNG.sync.write(new PNG({ width, height: 20 })).toString("base64");
  const payload = { url: picture, mime: "image/png", data };
  const told = { type: 5, data: { tag: "gosight.asset", payload }, timestamp: startMs + 1000 };
  return [...opening(url, startMs, WINDOW, [element("img", 5, [], { src: picture })]), told];
}

test("a picture that changes under its address is on each page as it was there", async ({ page, problems }) => {
  const url = "https://workshop.example/season";
  const startMs = Date.now() - AGO_MS;
  const widths = [30, 60, 30, 90];
  const pages = widths.map((width, index) => {
    const loadedMs = startMs + index * 4000;
    return { url, loadedMs, width, chunks: [withPicture(url, "https://workshop.example/season.png", loadedMs, width)] };
  });
  const span = await opened(page, problems, await importSession(world.gosight, pages));
  const width = () =>
    stage(page)
      .locator("img")
      .evaluate((image: HTMLImageElement) => image.naturalWidth);
  for (const { loadedMs, width: was } of [...pages, ...pages.toReversed()]) {
    // Before it was told of.
    await seek(page, span, loadedMs + 500);
    await expect.poll(width).toBe(was);
  }
});

test("the next struggling session is the next of the list that is looked at, and the last says so", async ({
  page,
  problems,
}) => {
  const path = "/struggle";
  const worst = await visit(path, [5, 10, 15, 20]);
  const elsewhere = await visit("/elsewhere", [5, 10, 15]);
  const middle = await visit(path, [5, 10]);
  const least = await visit(path, [5]);
  await visit(path, []);
  // It struggled, and was not recorded.
  const unseen = randomUUID();
  const clicks = [5, 10, 15].flatMap((second) => rageAt(Date.now() - AGO_MS + second * 1000));
  await sendClicks(world.gosight, unseen, `https://workshop.example${path}`, clicks);
  await struggled(unseen, 3);

  watch(page, problems);
  await signIn(page, world.gosight);
  const filter = `path=${encodeURIComponent(path)}`;
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions?${filter}&sort=struggling`);
  await page.getByTestId("session-row").first().click();
  const isAt = ({ session }: Visit) =>
    page.waitForURL((url) => url.pathname.endsWith(session) && url.search.includes(filter));
  const next = page.locator("a[data-testid=next-struggling]");
  await isAt(worst);
  await next.click();
  await isAt(middle);
  await expect(stage(page).locator("p")).toHaveText(/second 2$/);
  await next.waitFor();
  await page.keyboard.press("n");
  await isAt(least);
  await expect(page.getByText("No further struggling session")).toHaveAttribute("aria-disabled", "true");

  // One that does not pass the filter stands where it would be.
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions/${elsewhere.session}?${filter}`);
  await next.click();
  await isAt(middle);
  // Without a filter it is one of them.
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions/${worst.session}`);
  await next.click();
  await page.waitForURL((url) => url.pathname.endsWith(elsewhere.session));
});

test("a member sees the page without its words, and a viewer is told what happened", async ({ browser, problems }) => {
  const made = await visit("/roles", [12.5], [5]);
  const seenBy = async (role: string) => {
    const page = await (await browser.newContext()).newPage();
    watch(page, problems);
    await signIn(page, world.gosight, await invite(world.gosight, role));
    await page.goto(`${world.gosight.url}/${PROJECT}/sessions/${made.session}`);
    return page;
  };
  const member = await seenBy("member");
  await expect(stage(member).locator("p")).toHaveText(/^[*\s]+$/);
  await expect(member.getByText("Texts are masked for your role.")).toBeVisible();
  await member.keyboard.press("ArrowRight");
  await expect.poll(() => seconds(member)).toBe(5);
  expect(await textsOnStage(member)).not.toMatch(/clay|second/i);

  const viewer = await seenBy("viewer");
  await expect(viewer.getByText("Your role does not include watching replays.")).toBeVisible();
  await expect(viewer.getByTestId("timeline-event").first()).toBeVisible();
  await expect(viewer.getByTestId("replay-stage")).toHaveCount(0);
  for (const page of [member, viewer]) await page.context().close();
});

test("a session that is too long to be listed whole says so", async ({ page, problems }) => {
  const made = await visit("/endless", []);
  await page.route(`**/api/v1${replayPath(made.session)}`, async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as { meta: object };
    await route.fulfill({ response, json: { ...answer, meta: { ...answer.meta, truncated: true } } });
  });
  await opened(page, problems, made);
  await expect(page.getByText("This session is too long to be shown whole")).toBeVisible();
});

test("chunks that the server refuses for a while come all the same", async ({ page }) => {
  const made = await visit("/refused", []);
  // A browser logs every refusal, so nobody watches the console here.
  await signIn(page, world.gosight);
  const asked = new Map<string, number>();
  await page.route(isRun, async (route) => {
    const times = (asked.get(route.request().url()) ?? 0) + 1;
    asked.set(route.request().url(), times);
    if (times > 1) return route.continue();
    const error = { code: "RATE_LIMITED", message: "too many requests; try again in 1 s" };
    return route.fulfill({ status: 429, headers: { "retry-after": "1" }, json: { success: false, error } });
  });
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions/${made.session}`);
  await expect(stage(page).locator("p")).toHaveText(/second 0$/);
  await panel(page, "Console");
  await expect(page.getByText("The page wrote nothing to its console.")).toBeVisible({ timeout: 60_000 });
  await expect(page.locator("main").getByRole("alert")).toHaveCount(0);
  expect([...asked.values()].every((times) => times > 1)).toBe(true);
});

test("of a recording that cannot be read whole no panel says that nothing was written", async ({ page, problems }) => {
  const made = await visit("/unread", []);
  watch(page, problems);
  await signIn(page, world.gosight);
  const gone = made.chunks[10] ?? "";
  await page.route(isRun, async (route) => {
    const response = await route.fetch();
    const { head, lines } = readRun(await response.text());
    const left = head.chunks.map((id, line) => ({ id, line: lines[line] })).filter(({ id }) => id !== gone);
    const told = JSON.stringify({ ...head, chunks: left.map(({ id }) => id) });
    await route.fulfill({ response, body: [told, ...left.map(({ line }) => line)].join("\n") });
  });
  await page.goto(`${world.gosight.url}/${PROJECT}/sessions/${made.session}`);
  await panel(page, "Console");
  const nothing = page.getByText("The page wrote nothing to its console.");
  await expect(page.getByText("1 part of the recording could not be read.")).toBeVisible({ timeout: 60_000 });
  await expect(nothing).toHaveCount(0);
  await page.unroute(isRun);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(nothing).toBeVisible();
});
