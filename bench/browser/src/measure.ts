/** One visit of one page with one variant: what its main thread spent, and how soon it answered. */
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import type { Site } from "./site.js";
import { CATEGORIES, type Shares, shares, type TraceEvent, WORK } from "./trace.js";
import { VARIANTS, type VariantId } from "./variants.js";
import { visit } from "./visitor.js";

export interface Cost {
  /** Processor time of the page's main thread while it worked. */
  taskMs: number;
  scriptMs: number;
  /** From each press to the frame with its answer. */
  latenciesMs: number[];
}

interface Window {
  work: { start(): void; stop(): void };
  latencies: number[];
  recorded: { events: number; snapshots: number };
}

/** The browser's own books: nothing is traced, nothing is slowed. */
export async function cost(visitOf: Visit): Promise<Cost> {
  return inPage(visitOf, async (page, cdp) => {
    await begin(page, visitOf);
    const before = await metrics(cdp);
    await work(page, visitOf);
    const after = await metrics(cdp);
    const latenciesMs = await page.evaluate(() => (globalThis as unknown as Window).latencies);
    if (latenciesMs.length === 0) throw new Error("no press was answered");
    const spentMs = (name: string) => ((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1000;
    return { taskMs: spentMs("TaskDuration"), scriptMs: spentMs("ScriptDuration"), latenciesMs };
  });
}

/** The same visit under a trace, which slows everything a little and tells whose time it was. */
export async function traced(visitOf: Visit): Promise<Shares> {
  return inPage(visitOf, async (page) => {
    const tracing = await startTracing(visitOf.browser);
    await begin(page, visitOf);
    await page.evaluate((mark) => performance.mark(mark), WORK);
    await work(page, visitOf);
    return shares(await tracing(), VARIANTS[visitOf.variant].scripts);
  });
}

export interface Visit {
  browser: Browser;
  site: Site;
  url: string;
  page: string;
  variant: VariantId;
  lastingMs: number;
}

async function inPage<T>({ browser }: Visit, run: (page: Page, cdp: CDPSession) => Promise<T>): Promise<T> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    // Processor time, not the clock's: the machine may be busy with others.
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    return await run(page, cdp);
  } finally {
    await context.close();
  }
}

/** Opens the page and waits until what it carries is at work, its first picture of the page taken. */
async function begin(page: Page, { site, url, page: name, variant }: Visit): Promise<void> {
  site.forget();
  const begun = {
    nothing: () => Promise.resolve(),
    core: () => site.next(({ events }) => events > 0),
    recorder: () => site.next(({ chunks }) => chunks.some(({ hasFullSnapshot }) => hasFullSnapshot)),
    stock: () => page.waitForFunction(() => (globalThis as unknown as Window).recorded.snapshots > 0),
  };
  const isBegun = begun[variant];
  if (variant === "stock") {
    await page.goto(`${url}/${name}.html?with=${variant}`, { waitUntil: "networkidle" });
    await isBegun();
  } else {
    await Promise.all([isBegun(), page.goto(`${url}/${name}.html?with=${variant}`, { waitUntil: "networkidle" })]);
  }
}

async function work(page: Page, { site, variant, lastingMs }: Visit): Promise<void> {
  site.forget();
  await page.evaluate(() => (globalThis as unknown as Window).work.start());
  await visit(page, lastingMs);
  await page.evaluate(() => (globalThis as unknown as Window).work.stop());
  await check(page, site, variant);
}

/** A variant that does nothing costs nothing: no figure without what it is there for. */
async function check(page: Page, { received }: Site, variant: VariantId): Promise<void> {
  const isSending = received.events > 0;
  if (isSending !== (variant === "core" || variant === "recorder"))
    throw new Error(`${variant} sent ${received.events} events`);
  if (received.chunks > 0 !== (variant === "recorder")) throw new Error(`${variant} sent ${received.chunks} chunks`);
  if (variant === "stock") {
    const { events } = await page.evaluate(() => (globalThis as unknown as Window).recorded);
    if (events < 10) throw new Error(`stock rrweb recorded ${events} events`);
  }
}

async function metrics(cdp: CDPSession): Promise<Map<string, number>> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

/** Answers how to end it and get its events. */
async function startTracing(browser: Browser): Promise<() => Promise<TraceEvent[]>> {
  const cdp = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  cdp.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await cdp.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: CATEGORIES, excludedCategories: ["*"], traceBufferSizeInKb: 400_000 },
  });
  return async () => {
    const complete = new Promise((done) => cdp.once("Tracing.tracingComplete", done));
    await cdp.send("Tracing.end");
    await complete;
    await cdp.detach();
    return events;
  };
}
