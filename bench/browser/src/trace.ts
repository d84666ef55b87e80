/**
 * Whose time a trace's main thread spent. V8 samples the stack while Chromium notes every task: a sample belongs to the innermost script
 * on its stack, so what our code calls of the browser is ours, and what it calls of the page is the page's. A task's own processor time,
 * shared out by its samples, is what is counted: a task that waited for a core has not cost the page anything of ours.
 */

export interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
  id?: string;
  args: {
    data?: {
      startTime?: number;
      timeDeltas?: number[];
      cpuProfile?: { nodes?: ProfileNode[]; samples?: number[] };
    };
  };
}

interface ProfileNode {
  id: number;
  parent?: number;
  callFrame: { functionName: string; url?: string };
}

/** What the categories below leave in a trace. */
export const CATEGORIES = ["toplevel", "blink.user_timing", "disabled-by-default-v8.cpu_profiler"];

/** The performance mark between the page's start and its work. */
export const WORK = "work begins";

interface Sample {
  atUs: number;
  url: string;
}

interface Task {
  fromUs: number;
  untilUs: number;
  cpuMs: number;
}

export interface Share {
  totalMs: number;
  longestTaskMs: number;
}

export interface Shares {
  /** Until the page's work begins: the first snapshot is here. */
  start: Share;
  work: Share;
  /** Of the whole main thread at work, whoever's. */
  allMs: number;
}

export function shares(events: TraceEvent[], scripts: string[]): Shares {
  const mark = events.find(({ name }) => name === WORK);
  if (mark === undefined) throw new Error("the trace has no beginning of the work");
  const here = events.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid);
  const samples = samplesOf(events, mark, scripts);
  const start: Share = { totalMs: 0, longestTaskMs: 0 };
  const work: Share = { totalMs: 0, longestTaskMs: 0 };
  let allMs = 0;
  let next = 0;
  for (const task of tasksOf(here)) {
    while ((samples[next]?.atUs ?? Number.POSITIVE_INFINITY) < task.fromUs) next++;
    let ours = 0;
    let all = 0;
    for (; (samples[next]?.atUs ?? Number.POSITIVE_INFINITY) < task.untilUs; next++) {
      all++;
      if (scripts.some((script) => samples[next]?.url.endsWith(script))) ours++;
    }
    const oursMs = all === 0 ? 0 : (task.cpuMs * ours) / all;
    const phase = task.fromUs < mark.ts ? start : work;
    if (phase === work) allMs += task.cpuMs;
    phase.totalMs += oursMs;
    phase.longestTaskMs = Math.max(phase.longestTaskMs, oursMs);
  }
  return { start, work, allMs };
}

/** The outermost tasks, in time order: a task that runs inside of another is part of it. */
function tasksOf(events: TraceEvent[]): Task[] {
  const tasks = events
    .filter(({ name, ph }) => ph === "X" && name === "ThreadControllerImpl::RunTask")
    .map(({ ts, dur = 0, tdur = 0 }) => ({ fromUs: ts, untilUs: ts + dur, cpuMs: tdur / 1000 }))
    .sort((a, b) => a.fromUs - b.fromUs);
  let untilUs = 0;
  return tasks.filter((task) => {
    const isOutermost = task.fromUs >= untilUs;
    if (isOutermost) untilUs = task.untilUs;
    return isOutermost;
  });
}

/** The samples of the thread that made the mark; a page may have workers with profiles of their own. */
function samplesOf(events: TraceEvent[], { pid, tid }: TraceEvent, scripts: string[]): Sample[] {
  const profiles = events.filter((event) => event.name === "Profile" && event.pid === pid && event.tid === tid);
  return profiles.flatMap((profile) => {
    const chunks = events
      .filter((event) => event.name === "ProfileChunk" && event.pid === pid && event.id === profile.id)
      .sort((a, b) => a.ts - b.ts);
    const nodes = new Map<number, ProfileNode>();
    const urls = new Map<number, string>();
    const isOurs = (url: string) => scripts.some((script) => url.endsWith(script));
    const callerOf = (node?: ProfileNode) => (node?.parent === undefined ? undefined : nodes.get(node.parent));
    const urlOf = (id: number): string => {
      const known = urls.get(id);
      if (known !== undefined) return known;
      const node = nodes.get(id);
      const caller = callerOf(node);
      // `fetch` under a `fetch` of ours is the page's own call, passed on, where the page called that.
      const calledBy = callerOf(caller)?.callFrame.url;
      const isPassedOn = node?.callFrame.functionName === "fetch" && !!calledBy && !isOurs(calledBy);
      const url = node?.callFrame.url || (caller === undefined || isPassedOn ? "" : urlOf(caller.id));
      urls.set(id, url);
      return url;
    };
    let atUs = profile.args.data?.startTime ?? profile.ts;
    const samples: Sample[] = [];
    for (const { args } of chunks) {
      for (const node of args.data?.cpuProfile?.nodes ?? []) nodes.set(node.id, node);
      args.data?.cpuProfile?.samples?.forEach((id, index) => {
        atUs += args.data?.timeDeltas?.[index] ?? 0;
        samples.push({ atUs, url: urlOf(id) });
      });
    }
    return samples.sort((a, b) => a.atUs - b.atUs);
  });
}
