import { createServer, type Server } from "node:http";
import { expect, GoSight, OWNER, test, UNOWNED, watch } from "./gosight.js";
import { listen } from "./http.js";

let gosight: GoSight;
let site: Server | undefined;

test.beforeAll(async () => {
  gosight = await GoSight.start("up", [], UNOWNED);
});

test.afterAll(async () => {
  site?.closeAllConnections();
  site?.close();
  await gosight.stop();
});

/** A site of one's own with the snippet in its head, on another origin than GoSight's. */
async function siteWith(snippet: string): Promise<string> {
  const page = `<!doctype html><html lang="en"><head><title>Mine</title><link rel="icon" href="data:,">${snippet}</head>
    <body><main><h1>A page of my own</h1><button type="button">Press</button></main></body></html>`;
  site = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(page));
  return listen(site);
}

test("somebody new registers, makes a project, pastes the snippet, and onboarding turns green by itself", async ({
  context,
  page,
  problems,
}) => {
  watch(page, problems);
  await page.goto(`${gosight.url}/`);
  await page.waitForURL(/\/register/);
  await page.getByLabel("Your name").fill("Ann");
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Create your account" }).click();

  await page.getByLabel("Name", { exact: true }).fill("My site");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.waitForURL(/\/my-site\/onboarding$/);
  const status = page.getByTestId("onboarding-status");
  await expect(status).toHaveAttribute("data-state", "waiting");
  await expect(page.getByTestId("status")).toHaveAttribute("data-connection", "open");
  const snippet = await page.getByTestId("snippet").innerText();
  expect(snippet).toMatch(/data-project-key="gsk_/);

  // A reload would lose this.
  await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  const asked: string[] = [];
  const mine = await context.newPage();
  watch(mine, problems);
  // The page's own events do not tell of preflights.
  const network = await context.newCDPSession(mine);
  network.on("Network.requestWillBeSent", ({ request }) =>
    asked.push(`${request.method} ${new URL(request.url).pathname}`),
  );
  await network.send("Network.enable");
  await mine.goto(await siteWith(snippet));

  await expect(status).toHaveAttribute("data-state", "received");
  await expect(page.getByTestId("first-event")).toBeVisible();
  expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
  expect(new URL(mine.url()).origin).not.toBe(gosight.url);
  expect(asked).toContain("POST /v1/events");
  expect(asked).not.toContain("OPTIONS /v1/events");

  // And what follows is on the overview.
  await mine.getByRole("button", { name: "Press" }).click();
  await page.getByRole("link", { name: "Open the overview" }).click();
  await expect(page.getByTestId("stat-sessions")).toContainText("1");
});
