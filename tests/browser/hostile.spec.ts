import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, GoSight, signIn, test } from "./gosight.js";
import { guard, openSession, seek, stage } from "./player.js";
import { importSession, type RecordedEvent } from "./recordings.js";

/** Mutation XSS, handlers, `javascript:`, `srcdoc`, svg, imports of styles, …: each sets `top.hostile` or asks hostile.example if it gets anywhere. */
const HOSTILE = JSON.parse(readFileSync(new URL("../fixtures/hostile-recordings.json", import.meta.url), "utf8")) as {
  name: string;
  events: RecordedEvent[];
}[];

/** One after another in a session, so that a page of the dashboard plays many. */
const PER_SESSION = 52;
/** A recording's time. At eight times the speed some frames of the screen. */
const LASTING_MS = 400;
/** What every fixture has on its page. */
const PLAIN = '"textContent":"plain"';

let gosight: GoSight;

test.beforeAll(async () => {
  gosight = await GoSight.start("up");
});

test.afterAll(async () => {
  await gosight.stop();
});

/** A fixture as it would have been recorded at a moment, with its number on the page. */
function numbered(number: number, startMs: number): RecordedEvent[] {
  const { events } = HOSTILE[number] as { events: RecordedEvent[] };
  const own = JSON.parse(
    JSON.stringify(events).replaceAll(PLAIN, `"textContent":"plain ${number}"`),
  ) as RecordedEvent[];
  return own.map((event, index) => ({ ...event, timestamp: startMs + index * 20 }));
}

interface Made {
  session: string;
  /** Of the fixtures in it, in order. */
  numbers: number[];
  beginMs: number;
}

async function importAll(): Promise<Made[]> {
  const all = HOSTILE.map((_, number) => number);
  const sessions: Made[] = [];
  for (let from = 0; from < all.length; from += PER_SESSION) {
    const numbers = all.slice(from, from + PER_SESSION);
    const beginMs = Date.now() - PER_SESSION * LASTING_MS - 1000;
    const recordings = numbers.map((number, index) => ({
      url: "https://shop.example/cart",
      chunks: [numbered(number, beginMs + index * LASTING_MS)],
    }));
    const { session } = await importSession(gosight, recordings);
    sessions.push({ session, numbers, beginMs });
  }
  return sessions;
}

/** Notes what is on the stage at every frame of the screen. */
async function watchStage(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = new Set<string>();
    Object.assign(window, { seen });
    const look = () => {
      for (const frame of document.querySelectorAll<HTMLIFrameElement>('[data-testid="replay-stage"] iframe')) {
        seen.add(frame.contentDocument?.querySelector(".plain")?.textContent ?? "");
      }
      requestAnimationFrame(look);
    };
    look();
  });
}

/** Plays a session to its end, as fast as can be, and goes back to what a slow machine's screen had no frame for. */
async function play(page: Page, { session, numbers, beginMs }: Made): Promise<void> {
  const span = await openSession(page, gosight, session);
  await watchStage(page);
  for (const _ of [2, 4, 8]) await page.keyboard.press(">");
  const button = page.getByTestId("replay-play");
  await button.click();
  await expect(button).toHaveAttribute("data-playing", "true");
  await expect(button).toHaveAttribute("data-playing", "false", { timeout: 60_000 });
  const seen = new Set(await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]));
  for (const [index, number] of numbers.entries()) {
    if (seen.has(`plain ${number}`)) continue;
    const middleMs = beginMs + (index + 0.5) * LASTING_MS + span.clockOffsetMs;
    // With what the last one does the session is over.
    await seek(page, span, Math.min(middleMs, span.endMs - 1));
    await expect(stage(page).locator(".plain"), HOSTILE[number]?.name).toHaveText(`plain ${number}`);
  }
  expect(await page.evaluate(() => "hostile" in window), `one of ${numbers[0]} to ${numbers.at(-1)} ran`).toBe(false);
}

test("hostile recordings play, and nothing of them runs or is fetched", async ({ page, problems }) => {
  // A minute, and one by one what a slow machine has no frames for.
  test.setTimeout(600_000);
  expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
  const sessions = await importAll();
  guard(page, gosight, problems);
  await signIn(page, gosight);
  const startMs = performance.now();
  for (const made of sessions) await play(page, made);
  console.log(`${HOSTILE.length} hostile recordings played in ${Math.round((performance.now() - startMs) / 1000)} s`);
});
