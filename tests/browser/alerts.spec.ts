import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { Page } from "@playwright/test";
import { BotApi, type Sent, TOKEN } from "./bot-api.js";
import { expect, GoSight, PROJECT, signIn, test, watch } from "./gosight.js";
import { listen, readBody } from "./http.js";
import { rage } from "./shop.js";

/** From the click to the message in Telegram: a third of a second, and what a busy machine adds to a single one. Whoever is not woken for it looks every 30 s. */
const MESSAGE_WITHIN_MS = 5000;
/** The rule's window, and time for the tick and the message after it. */
const CLEARED_WITHIN_MS = 90_000;

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
}

let gosight: GoSight;
let bot: BotApi;
let receiver: Server;
let receiverUrl: string;
const deliveries: Delivery[] = [];

test.beforeAll(async () => {
  bot = await BotApi.start();
  receiver = createServer((request, response) => {
    void readBody(request).then((body) => {
      deliveries.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  receiverUrl = `${await listen(receiver)}/hook`;
  gosight = await GoSight.start("demo", ["--visitors", "0", "--webhooks-to-private-addresses"], {
    GOSIGHT_TELEGRAM_TOKEN: TOKEN,
    GOSIGHT_TELEGRAM_API_URL: bot.url,
  });
});

test.afterAll(async () => {
  await gosight.stop();
  bot.stop();
  receiver.closeAllConnections();
  receiver.close();
});

async function linkChat(alerts: Page): Promise<void> {
  await alerts.getByTestId("telegram-code").click();
  const start = await alerts.getByTestId("telegram-link-code").innerText();
  expect(start).toMatch(/^\/start \S+$/);
  bot.says(start);
  await expect(alerts.getByTestId("telegram-chat")).toContainText("Ann");
}

/** "When rage clicks on any page are > 0 in 1 min, tell Telegram and the webhook." */
async function writeRule(alerts: Page): Promise<void> {
  await alerts.getByTestId("new-rule").click();
  const form = alerts.getByTestId("new-rule-form");
  await form.getByLabel("Metric").selectOption("rage_clicks");
  await form.getByLabel("Threshold").fill("0");
  await form.getByLabel("Window").selectOption("1m");
  await form.getByTitle("Channels").click();
  await form.getByLabel("Address").fill(receiverUrl);
  await form.getByRole("button", { name: "Add a webhook" }).click();
  await form.getByTestId("rule-save").click();
  await expect(alerts.getByTestId("alert-rule")).toHaveAttribute("data-firing", "false");
}

function alertsSent(): Sent[] {
  return bot.sent.filter((message) => message.text.includes("rage clicks"));
}

function expectSigned(delivery: Delivery | undefined, secret: string): void {
  const timestamp = String(delivery?.headers["x-gosight-timestamp"]);
  const signature = createHmac("sha256", secret).update(`${timestamp}.${delivery?.body}`).digest("hex");
  expect(delivery?.headers["x-gosight-signature"]).toBe(`sha256=${signature}`);
  expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(300);
}

test("a rule that fires and clears is told in Telegram, to a signed webhook and on the dashboard", async ({
  context,
  problems,
}) => {
  test.setTimeout(120_000 + CLEARED_WITHIN_MS);
  const shop = await context.newPage();
  const alerts = await context.newPage();
  for (const page of [shop, alerts]) watch(page, problems);
  await signIn(alerts, gosight);
  await alerts.goto(`${gosight.url}/${PROJECT}/alerts`);
  await expect(alerts.getByTestId("status")).toHaveAttribute("data-connection", "open");
  await linkChat(alerts);
  await writeRule(alerts);
  await shop.goto(`${gosight.url}/shop/product`);

  const clickedMs = await rage(shop);

  await expect.poll(() => alertsSent().length, { intervals: [20] }).toBe(1);
  const [fired] = alertsSent();
  if (!fired) throw new Error("no message");
  const afterMs = Math.round(fired.atMs - clickedMs);
  console.log(`Telegram message ${afterMs} ms after the fifth click`);
  expect(afterMs).toBeLessThanOrEqual(MESSAGE_WITHIN_MS);
  expect(fired.text).toContain("rage clicks 1 (&gt; 0) in 1 min");
  const links = [...fired.text.matchAll(/href="([^"]+)"/g)].map(([, link]) => (link ?? "").replaceAll("&amp;", "&"));
  expect(links.some((link) => link.startsWith(`${gosight.url}/${PROJECT}/sessions/`))).toBe(true);

  const rule = alerts.getByTestId("alert-rule");
  await expect(rule).toHaveAttribute("data-firing", "true");
  const history = alerts.getByTestId("alert-transition");
  await expect(history.and(alerts.locator("[data-state=fired]"))).toHaveCount(1);
  const sent = alerts.getByTestId("delivery").and(alerts.locator("[data-state=sent]"));
  await expect(sent).toHaveCount(2);

  const [stored] = await gosight.call<{ channels: { type: string; secret?: string }[] }[]>(
    "GET",
    `/projects/${PROJECT}/alerts/rules`,
    await gosight.token(),
  );
  const secret = stored?.channels.find((channel) => channel.type === "webhook")?.secret ?? "";
  expect(secret).toMatch(/^whsec_/);
  expect(deliveries).toHaveLength(1);
  expectSigned(deliveries[0], secret);
  expect(JSON.parse(deliveries[0]?.body ?? "")).toMatchObject({ state: "fired", value: 1, rule: { threshold: 0 } });

  // The message's link shows the insight that fired, and nothing of another time.
  const moment = await context.newPage();
  watch(moment, problems);
  const insights = links.find((link) => link.includes("/insights?")) ?? "";
  expect(insights).toContain("range=");
  await moment.goto(insights);
  await expect(moment.locator('[data-testid=insight-row][data-type="rage_click"]')).toHaveCount(1);
  await moment.close();

  await expect.poll(() => alertsSent().length, { timeout: CLEARED_WITHIN_MS }).toBe(2);
  const cleared = alertsSent()[1];
  expect(cleared?.text).toContain("is over");
  expect(cleared?.text).toMatch(/It lasted 1 min|It lasted 5\d s/);
  expect(cleared?.reply_parameters?.message_id ?? cleared?.reply_to_message_id).toBe(fired.message_id);
  await expect(rule).toHaveAttribute("data-firing", "false");
  await expect(history.and(alerts.locator("[data-state=resolved]"))).toHaveCount(1);
  await expect(sent).toHaveCount(4);
  await expect.poll(() => deliveries.length).toBe(2);
  expectSigned(deliveries[1], secret);
  expect(JSON.parse(deliveries[1]?.body ?? "")).toMatchObject({ state: "resolved" });
});
