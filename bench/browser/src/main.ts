/**
 * What GoSight costs the page it is on, in real Chromium, beside nothing and beside stock `@rrweb/record`.
 *
 * Variants take turns, so that a machine that gets slower does so for all. `bench/README.md` says what each figure means.
 */
import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { chromium } from "playwright-core";
import { cost, traced, type Visit } from "./measure.js";
import { bars, judge, type Measured, print, type Table } from "./report.js";
import { hasRecorder, Site } from "./site.js";
import { VARIANTS, type VariantId } from "./variants.js";

const PAGES = ["busy", "table"];
/** How long a page works in one visit: two chunks of a recording, three sorts of the table. */
const LASTING_MS = 8000;
const ROUNDS = Number(process.env.GOSIGHT_BENCH_ROUNDS ?? 5);
const TRACED_ROUNDS = 5;

const executablePath = process.env.CHROMIUM_PATH ?? execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();

async function table(visit: Omit<Visit, "variant">): Promise<Table> {
  const variants = (Object.keys(VARIANTS) as VariantId[]).filter((id) => id !== "recorder" || hasRecorder());
  const measured = new Map<VariantId, Measured>(variants.map((id) => [id, { costs: [], shares: [] }]));
  for (let round = 0; round < ROUNDS; round++) {
    process.stderr.write(`${visit.page} ${round + 1}/${ROUNDS} …\n`);
    for (const [variant, { costs, shares }] of measured) {
      costs.push(await cost({ ...visit, variant }));
      if (round < TRACED_ROUNDS) shares.push(await traced({ ...visit, variant }));
    }
  }
  return { page: visit.page, seconds: visit.lastingMs / 1000, measured };
}

const site = new Site();
const url = await site.listen();
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
try {
  const chosen = process.argv.slice(2);
  const tables: Table[] = [];
  for (const page of PAGES.filter((page) => chosen.length === 0 || chosen.includes(page))) {
    tables.push(await table({ browser, site, url, page, lastingMs: LASTING_MS }));
  }
  console.log(
    `machine: ${cpus()[0]?.model}, ${cpus().length} cores; load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  console.log(
    `browser: Chromium ${browser.version()}; ${ROUNDS} visits of ${LASTING_MS / 1000} s each, medians where no other is named`,
  );
  for (const table of tables) print(table);
  if (!judge(tables.flatMap(bars))) process.exitCode = 1;
} finally {
  await browser.close();
  site.close();
}
