/** The dashboard's player, as a person uses it. */
import type { FrameLocator, Page } from "@playwright/test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { expect, type GoSight, PROJECT, watch } from "./gosight.js";
import { type Replay, replayPath } from "./recordings.js";
import { type Moment, textsOf, WINDOW } from "./workshop.js";

/** What the scrubber spans, on the server's clock. */
export interface Span {
  startMs: number;
  endMs: number;
  /** The server's clock less the visitor's. */
  clockOffsetMs: number;
}

/** Opens the session's page and answers when its first page is on the stage. */
export async function openSession(page: Page, gosight: GoSight, session: string): Promise<Span> {
  const heard = async <T>(path: string): Promise<T> => {
    const response = await page.waitForResponse(`${gosight.url}/api/v1${path}`);
    return ((await response.json()) as { data: T }).data;
  };
  const about = heard<{ started_at: string; ended_at: string }>(`/projects/${PROJECT}/sessions/${session}`);
  const replay = heard<Replay>(replayPath(session));
  await page.goto(`${gosight.url}/${PROJECT}/sessions/${session}`);
  const { started_at, ended_at } = await about;
  const { recordings, clock_offset_ms } = await replay;
  const ends = recordings.flatMap(({ chunks }) => chunks.map(({ ended_at }) => Date.parse(ended_at)));
  await expect(stage(page).locator("body")).toBeVisible();
  return {
    startMs: Date.parse(started_at),
    endMs: Math.max(Date.parse(ended_at), ...ends),
    clockOffsetMs: clock_offset_ms,
  };
}

/** Whatever a recording must never bring about in the dashboard. */
export function guard(page: Page, gosight: GoSight, problems: string[]): void {
  watch(page, problems);
  page.on("dialog", (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => problems.push(`a window: ${popup.url()}`));
  page.on("request", (request) => {
    const isOurs = new URL(request.url()).origin === gosight.url && request.frame() === page.mainFrame();
    // `asset:` is the ingest's word for an address that is not fetched: told of as a request, though no browser asks anybody for it.
    if (!isOurs && !/^(data|blob|asset):/.test(request.url())) problems.push(`a request: ${request.url()}`);
  });
  page.on("framenavigated", (frame) => {
    if (frame !== page.mainFrame() && frame.url() !== "about:blank") problems.push(`a frame went to ${frame.url()}`);
  });
}

export function stage(page: Page): FrameLocator {
  return page.frameLocator('[data-testid="replay-stage"] iframe');
}

/** Clicks the scrubber where a moment of the server's clock is. */
export async function seek(page: Page, { startMs, endMs }: Span, atMs: number): Promise<void> {
  const scrubber = page.getByTestId("replay-scrubber");
  await scrubber.scrollIntoViewIfNeeded();
  const box = await scrubber.boundingBox();
  if (box === null) throw new Error("there is no scrubber");
  const share = (atMs - startMs) / (endMs - startMs);
  await page.mouse.click(box.x + box.width * share, box.y + box.height / 2);
}

/** The stage as large as the visitor's window was, above everything else, and without what the player draws upon it. */
const BARE = `
  [data-testid="replay-stage"] { position: fixed !important; inset: 0 auto auto 0; z-index: 1000; transform: none !important }
  .replayer-mouse, .replayer-mouse-tail { display: none }`;

/** The page on the stage, at the size of the visitor's window. */
function shoot(page: Page): Promise<Buffer> {
  return page.screenshot({ clip: { x: 0, y: 0, ...WINDOW }, style: BARE });
}

/** The texts of the page on the stage. */
export async function textsOnStage(page: Page): Promise<string> {
  const read = `(${textsOf})(document.querySelector('[data-testid="replay-stage"] iframe').contentDocument)`;
  return String(await page.evaluate(read));
}

export interface Compared {
  /** Which share of the window differs to the eye, from 0 to 1. */
  share: number;
  replayed: Buffer;
  difference: Buffer;
}

/** How the stage looks beside the moment as it was. */
async function compareNow(page: Page, moment: Moment): Promise<Compared> {
  const replayed = await shoot(page);
  const [a, b] = [PNG.sync.read(moment.shot), PNG.sync.read(replayed)];
  expect([b.width, b.height], "the pictures have one size").toEqual([a.width, a.height]);
  const difference = new PNG({ width: a.width, height: a.height });
  const pixels = pixelmatch(a.data, b.data, difference.data, a.width, a.height, { threshold: 0.1 });
  return { share: pixels / (a.width * a.height), replayed, difference: PNG.sync.write(difference) };
}

/** Goes to the visit's moment of this number, and expects its texts, and that no more of the window differs than may. */
export async function compare(page: Page, span: Span, moment: Moment, number: number, most: number): Promise<Compared> {
  await seek(page, span, (moment.fromMs + moment.untilMs) / 2 + span.clockOffsetMs);
  await expect(stage(page).locator("#moment"), moment.name).toHaveText(String(number));
  const eventually = expect.configure({ soft: true });
  // Frames and pictures come after the page that shows them.
  await eventually.poll(() => textsOnStage(page), moment.name).toBe(moment.texts);
  let compared!: Compared;
  const share = async () => {
    compared = await compareNow(page, moment);
    return compared.share;
  };
  await eventually.poll(share, moment.name).toBeLessThanOrEqual(most);
  return compared;
}

export const percent = (share: number) => `${(share * 100).toFixed(3)} %`;
