import type { Page } from "@playwright/test";

/** Six clicks on the shop's button that does nothing; the DOM time of the fifth, which makes it a rage click. */
export async function rage(shop: Page): Promise<number> {
  // A page in the background draws, and so clicks, once a second.
  await shop.bringToFront();
  await shop.evaluate(() => {
    const clicks: number[] = [];
    Object.assign(window, { clicks });
    addEventListener("click", (event) => clicks.push(performance.timeOrigin + event.timeStamp), { capture: true });
  });
  for (let click = 0; click < 6; click++) await shop.locator("#wishlist").click();
  return shop.evaluate(() => (window as unknown as { clicks: number[] }).clicks[4] ?? Number.NaN);
}
