/** Somebody in a hurry, by input events that the browser trusts: in two seconds three clicks, six keys, seven moves and two turns of the wheel. */
import type { Page } from "playwright-core";

const STEP_MS = 100;

export async function visit(page: Page, forMs: number): Promise<void> {
  const search = await centre(page, "#search");
  const button = await centre(page, "#press");
  const press = (key: string) => () => page.keyboard.press(key);
  const move = (x: number, y: number) => () => page.mouse.move(x, y);
  const steps = [
    () => page.mouse.click(search.x, search.y),
    ...["v", "e", "l", "Backspace", "Backspace", "Backspace"].map(press),
    ...[move(300, 200), move(380, 260), move(500, 300)],
    () => page.mouse.wheel(0, 240),
    () => page.mouse.click(button.x, button.y),
    ...[move(700, 420), move(640, 500), move(560, 380), move(420, 300)],
    () => page.mouse.wheel(0, -240),
    () => page.mouse.click(button.x, button.y),
  ];
  const startMs = performance.now();
  const spentMs = () => performance.now() - startMs;
  for (let step = 0; spentMs() < forMs; step++) {
    await steps[step % steps.length]?.();
    // Each step at its own time, and later where the page is late to answer.
    await page.waitForTimeout(Math.max(0, (step + 1) * STEP_MS - spentMs()));
  }
}

async function centre(page: Page, selector: string): Promise<{ x: number; y: number }> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not there`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
