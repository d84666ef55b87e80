/** The tables: a figure a row, a variant a column, and how our recorder stands to stock rrweb. */
import type { Cost } from "./measure.js";
import type { Shares } from "./trace.js";
import type { VariantId } from "./variants.js";
import { VARIANTS } from "./variants.js";

/** Of what a busy page's main thread spends anyway. */
const CORE_PERCENT_BELOW = 1;
/** Worse than with nothing by less than this is not measurable by a page: Event Timing tells durations in steps of 8 ms. */
const ANSWER_LATER_MS_BELOW = 8;
/** What the browser calls a long task, outside of the first snapshot. */
const LONGEST_TASK_MS_BELOW = 50;

export interface Measured {
  costs: Cost[];
  shares: Shares[];
}

export interface Table {
  page: string;
  seconds: number;
  measured: Map<VariantId, Measured>;
}

interface Row {
  what: string;
  of: (one: Measured, nothing: Measured, seconds: number) => number;
  /** Left out where it would be empty. */
  isOurs?: boolean;
}

const perSecond = (values: number[], seconds: number): number => median(values) / seconds;

const ROWS: Row[] = [
  {
    what: "main thread, ms/s",
    of: ({ costs }, _, s) =>
      perSecond(
        costs.map(({ taskMs }) => taskMs),
        s,
      ),
  },
  {
    what: "of it script, ms/s",
    of: ({ costs }, _, s) =>
      perSecond(
        costs.map(({ scriptMs }) => scriptMs),
        s,
      ),
  },
  {
    what: "main thread, more than with nothing, ms/s",
    of: (one, nothing, s) =>
      perSecond(
        one.costs.map(({ taskMs }, round) => taskMs - (nothing.costs[round]?.taskMs ?? 0)),
        s,
      ),
    isOurs: true,
  },
  {
    what: "its own scripts, ms/s",
    of: ({ shares }, _, s) =>
      perSecond(
        shares.map(({ work }) => work.totalMs),
        s,
      ),
    isOurs: true,
  },
  { what: "its own scripts, % of the page's main thread", of: percent, isOurs: true },
  { what: "its longest task at work, of all visits, ms", of: longestAtWork, isOurs: true },
  {
    what: "start and first snapshot: its longest task, ms",
    of: ({ shares }) => median(shares.map(({ start }) => start.longestTaskMs)),
    isOurs: true,
  },
  {
    what: "start and first snapshot: in all, ms",
    of: ({ shares }) => median(shares.map(({ start }) => start.totalMs)),
    isOurs: true,
  },
  { what: "press → frame with the answer, p50, ms", of: (one) => answeredAfterMs(one, 0.5) },
  { what: "press → frame with the answer, p95, ms", of: (one) => answeredAfterMs(one, 0.95) },
];

/** Its own time beside what the page's main thread spends without it, both from the trace. */
function percent(one: Measured, nothing: Measured): number {
  return (100 * median(one.shares.map(({ work }) => work.totalMs))) / median(nothing.shares.map(({ allMs }) => allMs));
}

/** Of all presses of all visits. */
function answeredAfterMs({ costs }: Measured, share: number): number {
  return quantile(
    costs.flatMap(({ latenciesMs }) => latenciesMs),
    share,
  );
}

/** One visit in which the page stood still is one too many: the worst of them, not the median. */
function longestAtWork({ shares }: Measured): number {
  return Math.max(...shares.map(({ work }) => work.longestTaskMs));
}

export function print({ page, seconds, measured }: Table): void {
  const nothing = measured.get("nothing");
  if (nothing === undefined) throw new Error("nothing to compare with");
  const variants = [...measured.keys()];
  console.log(`\n| ${page} | ${variants.map((id) => VARIANTS[id].name).join(" | ")} | recording ÷ stock |`);
  console.log(`|---|${"---:|".repeat(variants.length + 1)}`);
  for (const { what, of, isOurs } of ROWS) {
    const value = (id: VariantId) => {
      const one = measured.get(id);
      return one === undefined || (isOurs && id === "nothing") ? undefined : of(one, nothing, seconds);
    };
    const ratio = (value("recorder") ?? Number.NaN) / (value("stock") ?? Number.NaN);
    console.log(`| ${what} | ${[...variants.map(value), ratio].map(text).join(" | ")} |`);
  }
}

export interface Bar {
  what: string;
  value: number;
  below: number;
}

export function bars({ page, measured }: Table): Bar[] {
  const nothing = measured.get("nothing");
  const core = measured.get("core");
  const ours = (["core", "recorder"] as const).flatMap((id) => {
    const one = measured.get(id);
    return one === undefined ? [] : [{ name: `${page}, ${VARIANTS[id].name}`, one }];
  });
  const longest = ours.map(({ name, one }) => ({
    what: `${name}: its longest task at work, ms`,
    value: longestAtWork(one),
    below: LONGEST_TASK_MS_BELOW,
  }));
  // The table's page answers late by itself, and how late is a matter of when the press comes.
  if (page !== "busy" || nothing === undefined || core === undefined) return longest;
  const later = ours.map(({ name, one }) => ({
    what: `${name}: a press is answered later than with nothing, p50, ms`,
    value: answeredAfterMs(one, 0.5) - answeredAfterMs(nothing, 0.5),
    below: ANSWER_LATER_MS_BELOW,
  }));
  const what = `${page}, ${VARIANTS.core.name}: its scripts, % of the page's main thread`;
  return [{ what, value: percent(core, nothing), below: CORE_PERCENT_BELOW }, ...later, ...longest];
}

/** Prints the bars; tells whether all are met. */
export function judge(bars: Bar[]): boolean {
  console.log("\n| bar | value | must be |\n|---|---:|---|");
  for (const { what, value, below } of bars) {
    console.log(`| ${what} | ${text(value)} | < ${below} ${value < below ? "met" : "MISSED"} |`);
  }
  return bars.every(({ value, below }) => value < below);
}

function text(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : value.toFixed(Math.abs(value) < 100 ? 2 : 0);
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const median = (values: number[]): number => quantile(values, 0.5);
