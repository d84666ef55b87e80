/**
 * Fetches a session's chunks: a few at a time, what is needed now before what comes next, and no more in memory than a bound.
 * What the player must know of a chunk for good (`Facts`) stays when its events go.
 */

import { callRaw } from '@/api/client';
import { eventsOf, type Facts, factsOf, type RecordedEvent } from './events';
import type { Chunk } from './timeline';

/** As many as a browser makes to one host at a time. */
const FETCHES_MAX = 6;
/** Characters of JSON whose events are kept; in memory they take a few times as much. */
const CHARACTERS_MAX = 48_000_000;

interface Held {
  events: RecordedEvent[];
  characters: number;
}

export class Chunks {
  /** In order of use, the least recent first. */
  private readonly held = new Map<string, Held>();
  private readonly facts = new Map<string, Facts>();
  private readonly errors = new Map<string, unknown>();
  private readonly fetching = new Map<string, AbortController>();
  private wanted: Chunk[] = [];
  private characters = 0;
  private isDisposed = false;

  constructor(
    private readonly path: string,
    private readonly clockOffsetMs: number,
    private readonly onChange: (facts: Facts | null) => void,
  ) {}

  readonly factsOf = (id: string): Facts | undefined => this.facts.get(id);

  eventsOf(id: string): RecordedEvent[] | undefined {
    const held = this.held.get(id);
    if (!held) return undefined;
    this.held.delete(id);
    this.held.set(id, held);
    return held.events;
  }

  errorOf(chunks: readonly Chunk[]): unknown {
    return chunks.map(({ id }) => this.errors.get(id)).find((error) => error !== undefined);
  }

  /** From now on these are fetched, in this order; what was asked for before and is not among them is given up. */
  want(chunks: readonly Chunk[]): void {
    this.wanted = chunks.filter(({ id }) => !this.held.has(id) && !this.errors.has(id));
    const ids = new Set(chunks.map(({ id }) => id));
    for (const [id, aborter] of this.fetching) if (!ids.has(id)) aborter.abort();
    this.fetchMore();
  }

  retry(): void {
    this.errors.clear();
    this.onChange(null);
  }

  dispose(): void {
    this.isDisposed = true;
    for (const aborter of this.fetching.values()) aborter.abort();
  }

  private fetchMore(): void {
    for (const chunk of this.wanted) {
      if (this.fetching.size >= FETCHES_MAX) return;
      if (!this.fetching.has(chunk.id) && !this.held.has(chunk.id)) void this.fetchOne(chunk);
    }
  }

  private async fetchOne({ id }: Chunk): Promise<void> {
    const aborter = new AbortController();
    this.fetching.set(id, aborter);
    let facts: Facts | null = null;
    try {
      const response = await callRaw(`${this.path}/${encodeURIComponent(id)}`, { signal: aborter.signal });
      const text = await response.text();
      const events = eventsOf(JSON.parse(text), this.clockOffsetMs);
      this.hold(id, { events, characters: text.length });
      facts = this.facts.get(id) ?? factsOf(events);
      this.facts.set(id, facts);
    } catch (error) {
      if (!aborter.signal.aborted) this.errors.set(id, error);
    } finally {
      this.fetching.delete(id);
      // One that was given up may have been asked for again meanwhile.
      if (!aborter.signal.aborted) this.wanted = this.wanted.filter((chunk) => chunk.id !== id);
    }
    if (this.isDisposed) return;
    this.onChange(facts);
    this.fetchMore();
  }

  private hold(id: string, held: Held): void {
    this.held.set(id, held);
    this.characters += held.characters;
    const isWanted = new Set(this.wanted.map((chunk) => chunk.id));
    for (const [oldest, { characters }] of this.held) {
      if (this.characters <= CHARACTERS_MAX) return;
      if (oldest === id || isWanted.has(oldest)) continue;
      this.held.delete(oldest);
      this.characters -= characters;
    }
  }
}
