/**
 * Fetches a session's chunks: run by run, what is needed now before anything else is begun, and no more in memory than a bound.
 * What the player must know of a chunk for good (`Facts`) stays when its events go. What is needed is needed together: a seek is told of
 * when the last of it has come, not a score of times before it can show anything.
 *
 * What did not arrive is asked for again, later each time, and each chunk by itself, so that one that is broken takes no other with it.
 * A server that is busy for a while is no reason to stop: only what is needed now and has failed again and again is an error to show.
 */

import { ApiError } from '@/api/client';
import { backoffMs } from '@/live/backoff';
import { eventsOf, type Facts, factsOf, type RecordedEvent } from './events';
import { LineBudget } from './line-budget';
import { fetchRun, type Run, runsOf } from './run';
import type { Chunk } from './timeline';

/** As many as a browser makes to one host at a time. */
const FETCHES_MAX = 6;
/** With so many on their way, nothing is begun that nobody waits for. */
const READS_MAX = 1;
/** A chunk that is needed and has failed so often is an error; one that is merely to be read is given up. */
const TRIES_MAX = 4;
/** Characters of JSON whose events are kept; in memory they take a few times as much. */
const CHARACTERS_MAX = 48_000_000;

/** Which chunks the player asks for, each list in order of urgency. */
export interface Wanted {
  /** Without these the moment cannot be shown: they are in memory together, whatever that takes. */
  needed: readonly Chunk[];
  /** What plays next: as far as there is memory. */
  ahead: readonly Chunk[];
  /** Read for their facts alone, when there is nothing else to do. */
  unread: readonly Chunk[];
}

interface Held {
  events: RecordedEvent[];
  characters: number;
}

interface Failure {
  error: unknown;
  tries: number;
  /** Not to be asked for now; for good, when asking again would change nothing. */
  isWaiting: boolean;
  /** It may be what was wrong with its run: the next time it goes by itself. */
  isAlone: boolean;
}

interface Fetch {
  run: Run;
  aborter: AbortController;
}

/** What the server has decided does not change by asking again; what did not arrive may. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  // What arrived and is no JSON will be none the next time.
  return !(error instanceof SyntaxError);
}

export class Chunks {
  /** In order of use, the least recent first. */
  private readonly held = new Map<string, Held>();
  private readonly facts = new Map<string, Facts>();
  private readonly failures = new Map<string, Failure>();
  private readonly fetching = new Set<Fetch>();
  private readonly budget = new LineBudget();
  private wanted: Wanted = { needed: [], ahead: [], unread: [] };
  private characters = 0;
  /** How many refusals name a time that has not come yet. */
  private pauses = 0;
  private isDisposed = false;

  constructor(
    private readonly path: string,
    private readonly clockOffsetMs: number,
    private readonly onChange: () => void,
  ) {}

  readonly factsOf = (id: string): Facts | undefined => this.facts.get(id);

  eventsOf(id: string): RecordedEvent[] | undefined {
    const held = this.held.get(id);
    if (!held) return undefined;
    this.held.delete(id);
    this.held.set(id, held);
    return held.events;
  }

  /** Why one of these is not here, once that has been tried enough. */
  errorOf(chunks: readonly Chunk[]): unknown {
    const id = chunks.map((chunk) => chunk.id).find((one) => this.hasFailed(one));
    return id && this.failures.get(id)?.error;
  }

  hasFailed(id: string): boolean {
    const failure = this.failures.get(id);
    return failure !== undefined && failure.tries >= TRIES_MAX;
  }

  /** From now on these are fetched, in this order; what was asked for before and is not among them is given up. */
  want(wanted: Wanted): void {
    this.wanted = wanted;
    const ids = new Set([...wanted.needed, ...wanted.ahead, ...wanted.unread].map(({ id }) => id));
    for (const { run, aborter } of this.fetching) if (!run.some(({ id }) => ids.has(id))) aborter.abort();
    this.letGo();
    this.fetchMore();
  }

  retry(): void {
    this.failures.clear();
    this.onChange();
  }

  dispose(): void {
    this.isDisposed = true;
    for (const { aborter } of this.fetching) aborter.abort();
  }

  private fetchMore(): void {
    if (this.isDisposed || this.pauses > 0) return;
    const { needed, ahead, unread } = this.wanted;
    this.fetchUpTo(FETCHES_MAX, needed);
    if (this.awaitsNeeded()) return;
    if (this.characters < CHARACTERS_MAX) this.fetchUpTo(FETCHES_MAX, ahead);
    // One that is waiting for its next try holds up the others: most likely they would fare no better.
    const toRead = unread.filter(({ id }) => !this.facts.has(id) && !this.hasFailed(id));
    if (!toRead.some(({ id }) => this.failures.get(id)?.isWaiting)) this.fetchUpTo(READS_MAX, toRead);
  }

  /** Whether something that is needed is on its way, or its turn has yet to come. What waits for its next try holds up no other. */
  private awaitsNeeded(): boolean {
    const hasCome = (id: string) => this.held.has(id) || this.failures.has(id);
    return this.wanted.needed.some(({ id }) => this.isFetching(id) || !hasCome(id));
  }

  private isFetching(id: string): boolean {
    return [...this.fetching].some(({ run }) => run.some((chunk) => chunk.id === id));
  }

  private fetchUpTo(fetchesMax: number, chunks: readonly Chunk[]): void {
    const isOnItsWay = (id: string) => this.held.has(id) || this.isFetching(id) || this.failures.get(id)?.isWaiting;
    const wanted = chunks.filter(({ id }) => !isOnItsWay(id));
    const alone = wanted.filter(({ id }) => this.failures.get(id)?.isAlone);
    const together = wanted.filter((chunk) => !alone.includes(chunk));
    const runs = [...runsOf(together), ...alone.map((chunk): Run => [chunk])];
    for (const run of runs.slice(0, Math.max(0, fetchesMax - this.fetching.size))) void this.fetch(run);
  }

  private async fetch(run: Run): Promise<void> {
    const fetch = { run, aborter: new AbortController() };
    const { signal } = fetch.aborter;
    this.fetching.add(fetch);
    try {
      const { texts, rest } = await fetchRun(this.path, run, signal);
      for (const chunk of run) {
        const text = texts.get(chunk.id);
        if (text !== undefined) this.take(chunk, text);
        else if (!rest.includes(chunk)) this.noteFailure([chunk], new ApiError(404, 'NOT_FOUND', 'not there'));
      }
    } catch (error) {
      if (!signal.aborted) this.noteFailure(run, error);
    } finally {
      this.fetching.delete(fetch);
    }
    if (this.isDisposed) return;
    if (!this.awaitsNeeded()) this.onChange();
    this.fetchMore();
  }

  private take(chunk: Chunk, text: string): void {
    const { id } = chunk;
    try {
      const events = eventsOf(JSON.parse(text), this.clockOffsetMs);
      this.failures.delete(id);
      if (!this.facts.has(id)) this.facts.set(id, this.budget.within(factsOf(events)));
      this.held.set(id, { events, characters: text.length });
    } catch (error) {
      this.noteFailure([chunk], error);
      return;
    }
    this.characters += text.length;
    this.letGo();
  }

  private noteFailure(run: Run, error: unknown): void {
    const before = this.failures.get(run[0].id)?.tries ?? 0;
    const tries = isPassing(error) ? before + 1 : TRIES_MAX;
    const askedMs = error instanceof ApiError ? error.retryAfterMs : 0;
    // A refusal is meant for all of us, not for the one run.
    const isForAll = askedMs > 0;
    const failure: Failure = { error, tries, isWaiting: true, isAlone: !isForAll };
    for (const { id } of run) this.failures.set(id, failure);
    if (!isPassing(error)) return;
    if (isForAll) this.pauses += 1;
    setTimeout(
      () => {
        failure.isWaiting = false;
        if (isForAll) this.pauses -= 1;
        this.fetchMore();
      },
      Math.max(askedMs, backoffMs(before, Math.random())),
    );
  }

  /** Keeps to the bound: the least recent goes first, and nothing that is wanted. */
  private letGo(): void {
    if (this.characters <= CHARACTERS_MAX) return;
    const stays = new Set([...this.wanted.needed, ...this.wanted.ahead].map(({ id }) => id));
    for (const [id, { characters }] of this.held) {
      if (stays.has(id)) continue;
      this.held.delete(id);
      this.characters -= characters;
      if (this.characters <= CHARACTERS_MAX) return;
    }
  }
}
