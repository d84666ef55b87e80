import { randomUUID } from "node:crypto";
import type { WebSocket } from "@playwright/test";
import { expect, GoSight, PROJECT, signIn, test, watch } from "./gosight.js";
import { rage } from "./shop.js";

interface Tick {
  type: string;
  tick: number;
  complete_to: string;
  sessions?: { id: string; click_count: number; entry_path: string }[];
  insights?: { id: string; type: string; selector: string; session_id: string }[];
  events?: { type: string; session_id: string }[];
}

/** What cannot be added up from ticks is asked for again, at most this often. */
const REFETCH_MS = 5000;
const TICKS = 12;

let gosight: GoSight;

test.beforeAll(async () => {
  gosight = await GoSight.start("demo", ["--visitors", "0"]);
});

test.afterAll(async () => {
  await gosight.stop();
});

function readTicks(socket: WebSocket, ticks: Tick[]): void {
  socket.on("framereceived", ({ payload }) => {
    const message = JSON.parse(payload.toString()) as Tick;
    if (message.type === "tick") ticks.push(message);
  });
}

test("ticks carry the rows that changed, in order, and the pages ask for nothing because of them", async ({
  context,
  problems,
}) => {
  const shop = await context.newPage();
  const overview = await context.newPage();
  const insights = await context.newPage();
  for (const page of [shop, overview, insights]) watch(page, problems);
  const asked: string[] = [];
  for (const page of [overview, insights]) {
    page.on("request", (request) => asked.push(new URL(request.url()).pathname.replace(/^.*\/projects\/[^/]+\//, "")));
  }
  const timesAsked = (what: string) => asked.filter((path) => path === what).length;
  const ticks: Tick[] = [];
  overview.on("websocket", (socket) => readTicks(socket, ticks));
  await signIn(overview, gosight);
  await overview.goto(`${gosight.url}/${PROJECT}/overview`);
  await insights.goto(`${gosight.url}/${PROJECT}/insights`);
  for (const page of [overview, insights]) {
    await expect(page.getByTestId("status")).toHaveAttribute("data-connection", "open");
  }
  await shop.goto(`${gosight.url}/shop/product`);
  const arrived = () => ticks.flatMap((tick) => tick.sessions ?? []).at(-1);
  await expect.poll(arrived).toMatchObject({ entry_path: "/shop/product" });
  const session = arrived()?.id;

  await rage(shop);

  // A rage click may be told with five clicks and again with the sixth: what was told last of each is what is there.
  const told = () => {
    const insights = ticks.flatMap((tick) => tick.insights ?? []);
    return [...new Map(insights.map((insight) => [insight.id, insight])).values()];
  };
  await expect.poll(() => told().filter((insight) => insight.type === "dead_click").length).toBe(6);
  expect(told().filter((insight) => insight.type === "rage_click")).toMatchObject([
    { selector: "#wishlist", session_id: session },
  ]);
  const clicks = ticks.flatMap((tick) => tick.events ?? []).filter((event) => event.type === "click");
  expect(clicks).toHaveLength(6);
  await expect.poll(() => arrived()?.click_count).toBe(6);
  await expect(insights.getByTestId("insight-row")).toHaveCount(7);

  // Each page asks as it opens, and once more for what came between that and its first tick; then every click is a tick with a row.
  await expect.poll(() => timesAsked("insights")).toBeGreaterThanOrEqual(4);
  asked.length = 0;
  const startMs = Date.now();
  const before = ticks.length;
  const withRows = () => ticks.slice(before).filter((tick) => tick.sessions?.some(({ id }) => id === session));
  for (let click = 1; click <= TICKS; click++) {
    await shop.locator("#add-to-cart").click();
    await expect.poll(() => withRows().length, { intervals: [20] }).toBeGreaterThanOrEqual(click);
  }
  const refetches = Math.ceil((Date.now() - startMs) / REFETCH_MS) + 1;
  for (const [what, most] of [
    ["overview", refetches],
    ["heatmaps/pages", 0],
    ["sessions", 0],
    ["insights", 0],
  ] as const) {
    const times = timesAsked(what);
    expect(times, `${what} was asked for ${times} times in ${ticks.length - before} ticks`).toBeLessThanOrEqual(most);
  }
  console.log(`${ticks.length - before} ticks, ${asked.length} requests: ${[...new Set(asked)].join(", ")}`);
  expect(asked.length).toBeLessThan(TICKS);

  // A tick that changes nothing only tells how far all is complete, and may repeat the last number.
  const numbers = ticks.filter((tick) => tick.sessions?.length).map((tick) => tick.tick);
  expect(numbers.length).toBeGreaterThanOrEqual(TICKS);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(ticks.every((tick) => !Number.isNaN(Date.parse(tick.complete_to)))).toBe(true);
});

/** So often a session that was told of is not in the tables yet. */
const TOO_SOON = 3;

test("a session that was told of a moment ago opens, and one that does not exist is said not to", async ({
  context,
  page,
}) => {
  const ticks: Tick[] = [];
  page.on("websocket", (socket) => readTicks(socket, ticks));
  // A browser logs every answer of this kind, so nobody watches the console here.
  await signIn(page, gosight);
  await page.goto(`${gosight.url}/${PROJECT}/live`);
  await expect(page.getByTestId("status")).toHaveAttribute("data-connection", "open");
  const before = ticks.length;
  const shop = await context.newPage();
  await shop.goto(`${gosight.url}/shop/product`);
  const told = () => ticks.slice(before).flatMap((tick) => tick.sessions ?? [])[0]?.id;
  await expect.poll(told).toBeDefined();
  const path = `/api/v1/projects/${PROJECT}/sessions`;
  let asked = 0;
  await page.route(`**${path}/*`, (route) => {
    asked += 1;
    if (asked > TOO_SOON) return route.continue();
    const error = { code: "NOT_FOUND", message: "session not found" };
    return route.fulfill({ status: 404, json: { success: false, error } });
  });
  await page.bringToFront();
  await page.locator(`[data-session="${told()}"]`).click();
  await expect(page.getByTestId("next-struggling")).toBeVisible();
  expect(asked).toBeGreaterThan(TOO_SOON);

  asked = TOO_SOON;
  await page.goto(`${gosight.url}/${PROJECT}/sessions/${randomUUID()}`);
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  // Once, and perhaps once more, when the connection has been open for a while.
  expect(asked - TOO_SOON).toBeLessThanOrEqual(2);
});
