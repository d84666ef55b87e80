import type { Browser, BrowserContext, Page } from "@playwright/test";
import axe, { type AxeResults } from "axe-core";
import { expect, GoSight, invite, KEY, PROJECT, signIn, test, watch } from "./gosight.js";
import { rage } from "./shop.js";

/** WCAG 2.2, levels A and AA. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const THEMES = ["light", "dark"] as const;

interface Stop {
  path: string;
  /** What is there once the page has its data. */
  sign: string;
}

let gosight: GoSight;
let stops: Stop[];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(180_000);
  gosight = await GoSight.start("demo", ["--visitors", "4"]);
  const session = await fill(browser);
  const project = (page: string, sign: string) => ({ path: `/${PROJECT}/${page}`, sign: `[data-testid=${sign}]` });
  stops = [
    project("overview", "hotspots] [href*=insights"),
    project("live", "session-row"),
    project("sessions", "session-row"),
    project(`sessions/${session}`, "timeline-event"),
    project("insights", "insight-row"),
    project("heatmaps?path=%2Fshop%2Fproduct", "heatmap-element"),
    project("alerts", "alert-transition"),
    project("settings", "key-row"),
    project("onboarding", "snippet"),
    { path: "/", sign: "[data-testid=project-row]" },
  ];
});

test.afterAll(async () => {
  await gosight.stop();
});

/** A rule, a rage click that fires it, an error click; answers the session they are in. */
async function fill(browser: Browser): Promise<string> {
  const token = await gosight.token();
  await gosight.call("POST", `/projects/${PROJECT}/alerts/rules`, token, {
    name: "Rage in the shop",
    kind: "threshold",
    metric: "rage_clicks",
    operator: ">",
    threshold: 0,
    window: "1h",
    group_by: null,
    filters: [],
    channels: [],
    cooldown_minutes: 15,
    is_active: true,
  });
  const shop = await browser.newPage();
  await shop.goto(`${gosight.url}/shop/product`);
  await rage(shop);
  await shop.goto(`${gosight.url}/shop/cart`);
  await shop.locator("#voucher").click();
  let session = "";
  await expect
    .poll(
      async () => {
        const { insights } = await gosight.call<{ insights: { type: string; session_id: string; path: string }[] }>(
          "GET",
          `/projects/${PROJECT}/insights?type=rage_click&path=${encodeURIComponent("/shop/product")}`,
          token,
        );
        session = insights[0]?.session_id ?? "";
        const fired = await gosight.call<unknown[]>("GET", `/projects/${PROJECT}/alerts/history`, token);
        return insights.length > 0 && fired.length > 0;
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  await shop.close();
  return session;
}

function watchHosts(page: Page, problems: string[]): void {
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== gosight.url) problems.push(`${page.url()} asked ${origin}`);
  });
}

/** What axe finds on the page as it is now, in words. */
async function faults(page: Page): Promise<string[]> {
  // As text, not as a script element: the content security policy stays as it is.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults, string[]>(
    (values) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: { type: "tag", values },
        resultTypes: ["violations"],
      }),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${page.url()} ${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`),
  );
}

async function newPage(context: BrowserContext, problems: string[]): Promise<Page> {
  const page = await context.newPage();
  watch(page, problems);
  watchHosts(page, problems);
  return page;
}

/** The page has its data. */
async function settled(page: Page, { path, sign }: Stop): Promise<void> {
  await expect(page.locator(sign).first(), path).toBeVisible();
}

/** What is moving on the page. Asking brings its styles up to date, so a fade into a new theme is caught at its start. */
const moving = (page: Page) =>
  page.evaluate(() =>
    document.getAnimations().map(({ effect }) => (effect as KeyframeEffect).target?.getAttribute("class") ?? ""),
  );

for (const [device, viewport] of Object.entries(SIZES)) {
  test(`every page on a ${device}, light and dark, can be read by everyone and speaks to nobody else`, async ({
    browser,
    problems,
  }) => {
    const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
    const page = await newPage(context, problems);
    const found: string[] = [];
    const visit = async (stop: Stop) => {
      await page.goto(gosight.url + stop.path);
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme });
        await settled(page, stop);
        found.push(
          ...(await moving(page)).map((name) => `${colorScheme} ${stop.path} asked to keep still moves ${name}`),
        );
        found.push(...(await faults(page)).map((fault) => `${colorScheme} ${fault}`));
      }
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) found.push(`${stop.path} is ${overflow} px wider than the ${device}`);
    };
    for (const path of ["/login", "/register"]) await visit({ path, sign: "form" });
    await signIn(page, gosight);
    for (const stop of stops) await visit(stop);
    expect(found).toEqual([]);
    await context.close();
  });
}

test("a narrow phone has room for every page in Vietnamese, also for a range of days", async ({
  browser,
  problems,
}) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 760 } });
  const page = await newPage(context, problems);
  await signIn(page, gosight);
  await page.evaluate(() => localStorage.setItem("gosight.language", "vi"));
  const [from, to] = [-20, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  const found: string[] = [];
  for (const stop of stops) {
    const address = new URL(stop.path, gosight.url);
    address.searchParams.set("range", `${from}~${to}`);
    await page.goto(address.href);
    await settled(page, stop);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) found.push(`${stop.path} is ${overflow} px wider than the phone`);
  }
  expect(found).toEqual([]);
  await context.close();
});

test("every page comes back after a reload, and by its address alone", async ({ context, problems }) => {
  const page = await newPage(context, problems);
  await signIn(page, gosight);
  for (const stop of stops) {
    await page.goto(gosight.url + stop.path);
    await settled(page, stop);
    await page.reload();
    await settled(page, stop);
    expect(page.url()).toBe(gosight.url + stop.path);
  }
});

test("a deep link leads through sign-in to the page it names", async ({ context, problems }) => {
  const page = await newPage(context, problems);
  const path = `/${PROJECT}/insights?range=1h`;
  await page.goto(gosight.url + path);
  await page.waitForURL(/\/login\?next=/);
  await page.getByLabel("E-mail").fill("owner@example.com");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(gosight.url + path);
  await expect(page.getByTestId("insight-row").first()).toBeVisible();
});

test("j and k walk through the sessions and enter opens one", async ({ context, problems }) => {
  const page = await newPage(context, problems);
  await signIn(page, gosight);
  // Nobody tells of who arrives in between, so the rows stay where they are.
  await page.routeWebSocket(/\/live$/, () => {});
  await page.goto(`${gosight.url}/${PROJECT}/sessions`);
  const rows = page.getByTestId("session-row");
  await expect(rows.nth(1)).toBeVisible();
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.session);
  const ids = await rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.session));
  for (const [key, expected] of [
    ["j", ids[0]],
    ["j", ids[1]],
    ["k", ids[0]],
    ["j", ids[1]],
  ] as const) {
    await page.keyboard.press(key);
    expect(await focused()).toBe(expected);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === `/${PROJECT}/sessions/${ids[1]}`);
  await expect(page.getByTestId("timeline-event").first()).toBeVisible();
});

test("a lost connection keeps the last numbers, greyed, and comes back by itself", async ({ context }) => {
  test.setTimeout(180_000);
  const page = await context.newPage();
  await signIn(page, gosight);
  await page.goto(`${gosight.url}/${PROJECT}/overview`);
  const status = page.getByTestId("status");
  const sessions = page.getByTestId("stat-sessions");
  await expect(status).toHaveAttribute("data-connection", "open");
  await expect(sessions).toContainText(/[1-9]/);
  const colour = () => sessions.evaluate((element) => getComputedStyle(element).color);
  const alive = await colour();

  await gosight.down();

  await expect(status).toHaveAttribute("data-connection", "lost");
  await expect(status).toContainText("connection lost, numbers of");
  await expect(sessions).toContainText(/[1-9]/);
  expect(await colour()).not.toBe(alive);
  expect(await page.locator("main").innerText()).not.toContain("The server does not answer");

  await gosight.up();

  await expect(status).toHaveAttribute("data-connection", "open", { timeout: 60_000 });
  await expect(sessions).toContainText(/[1-9]/);
  expect(await colour()).toBe(alive);
});

test("a server that is frozen is seen as a lost connection, and comes back by itself", async ({ context }) => {
  const page = await context.newPage();
  await signIn(page, gosight);
  await page.goto(`${gosight.url}/${PROJECT}/overview`);
  const status = page.getByTestId("status");
  const sessions = page.getByTestId("stat-sessions");
  await expect(status).toHaveAttribute("data-connection", "open");
  await expect(sessions).toContainText(/[1-9]/);

  // Its sockets stay open: nothing but its silence tells.
  gosight.freeze();
  await expect(status).toHaveAttribute("data-connection", "lost");
  await expect(sessions).toContainText(/[1-9]/);

  gosight.thaw();
  await expect(status).toHaveAttribute("data-connection", "open", { timeout: 60_000 });
});

test("a page that cannot get its data says so and offers to try again", async ({ context }) => {
  const page = await context.newPage();
  await signIn(page, gosight);
  const answers = `**/api/v1/projects/${PROJECT}/sessions?*`;
  await page.route(answers, (route) => route.abort());
  await page.goto(`${gosight.url}/${PROJECT}/sessions`);
  await expect(page.locator("[aria-busy=true]")).toBeVisible();
  await expect(page.locator("main").getByRole("alert")).toContainText("The server does not answer", {
    timeout: 30_000,
  });
  await page.unroute(answers);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByTestId("session-row").first()).toBeVisible();
});

test("a page without data says what is true and what to do", async ({ context, problems }) => {
  const page = await newPage(context, problems);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await signIn(page, gosight);
  const token = await gosight.token();
  await gosight.call("POST", "/projects", token, { name: "Quiet", allowed_domains: [] });
  for (const path of ["overview", "live", "sessions", "insights", "heatmaps", "alerts"]) {
    await page.goto(`${gosight.url}/quiet/${path}`);
    await expect(page.getByTestId("empty").first(), path).toBeVisible();
    expect(await faults(page)).toEqual([]);
  }
});

test("what is set of recording and masking reaches the pages, and a member may read it only", async ({
  context,
  browser,
  problems,
}) => {
  const page = await newPage(context, problems);
  await signIn(page, gosight);
  await page.goto(`${gosight.url}/${PROJECT}/settings`);
  const part = (name: string) =>
    page.locator("section", { has: page.getByRole("heading", { name, level: 2, exact: true }) });
  const recording = part("Recording");
  await recording.getByLabel("Only trouble").check();
  await recording.getByLabel("Share of visits").fill("12.5");
  await recording.getByLabel("Longest recording").fill("1.5");
  await recording.getByLabel("Not these pages").fill("*/account*\n*/staff*");
  await recording.getByLabel("Images and web fonts").selectOption("Leave out");
  await recording.getByLabel("Canvas").selectOption("Never record");
  expect(await faults(page)).toEqual([]);
  const save = recording.getByRole("button", { name: "Save" });
  await save.click();
  // Nothing is left to save, so it was.
  await expect(save).toBeDisabled();
  await expect(recording.getByLabel("Longest recording")).toHaveValue("1.5");

  const privacy = part("Privacy");
  await privacy.getByLabel("Mask all text").check();
  const masked = privacy.getByLabel("Mask these elements");
  await masked.fill(".name\n.phone[");
  await privacy.getByRole("button", { name: "Save" }).click();
  expect(await masked.evaluate((area: HTMLTextAreaElement) => area.validationMessage)).toContain(".phone[");
  await masked.fill(".name\n.phone");
  await privacy.getByRole("button", { name: "Save" }).click();
  const told = async () => (await fetch(`${gosight.url}/v1/settings?key=${KEY}`)).json();
  await expect.poll(told).toMatchObject({
    replay_mode: "trigger",
    replay_sample_rate: 12.5,
    replay_duration_max_ms: 90_000,
    replay_exclude_urls: ["*/account*", "*/staff*"],
    replay_images: "placeholder",
    replay_canvas: false,
    mask_all_text: true,
    mask_selectors: [".name", ".phone"],
  });

  const other = await browser.newContext();
  const read = await newPage(other, problems);
  await signIn(read, gosight, await invite(gosight, "member"));
  await read.goto(`${gosight.url}/${PROJECT}/settings`);
  await expect(read.getByLabel("Only trouble")).toBeChecked();
  await expect(read.getByLabel("Only trouble")).toBeDisabled();
  await expect(read.getByLabel("Share of visits")).toBeDisabled();
  await expect(read.getByLabel("Mask all text")).toHaveCount(0);
  expect(await faults(read)).toEqual([]);
  await other.close();
});
