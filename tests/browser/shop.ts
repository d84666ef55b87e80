import type { Page } from "@playwright/test";

/** Clicks the shop's button that does nothing, as fast as can be: five within two seconds are a rage click, on a slow machine too. The clicks' DOM times. */
export async function clickFast(shop: Page, times: number): Promise<number[]> {
  // A page in the background draws, and so clicks, once a second.
  await shop.bringToFront();
  const button = shop.locator("#wishlist");
  await button.scrollIntoViewIfNeeded();
  await shop.evaluate(() => {
    const clicks: number[] = [];
    Object.assign(window, { clicks });
    addEventListener("click", (event) => clicks.push(performance.timeOrigin + event.timeStamp), {
      capture: true,
      passive: true,
    });
  });
  const box = await button.boundingBox();
  if (box === null) throw new Error("the button is not there");
  for (let click = 0; click < times; click++) await shop.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  return shop.evaluate(() => (window as unknown as { clicks: number[] }).clicks);
}

/** Six clicks; the DOM time of the fifth, which makes them a rage click. */
export async function rage(shop: Page): Promise<number> {
  return (await clickFast(shop, 6))[4] ?? Number.NaN;
}
