/**
 * A segment is what one rrweb Replayer plays: a snapshot and the changes after it, up to the next snapshot. Pure.
 *
 * Building from the newest snapshot is what makes every moment of a long recording equally near; ending at the next one keeps a
 * Replayer from growing with the recording.
 */

import { KIND, type RecordedEvent } from './events';

export class Segment {
  /** The events so far, oldest first: the page's size, its snapshot, what changed. */
  readonly events: RecordedEvent[] = [];
  /** When the next snapshot takes over; known once a chunk with it has been added. */
  endMs = Number.POSITIVE_INFINITY;
  private page: RecordedEvent | undefined;

  constructor(readonly snapshotMs: number) {}

  get startMs(): number {
    return this.events[0]?.timestamp ?? this.snapshotMs;
  }

  holds(atMs: number): boolean {
    return atMs < this.endMs;
  }

  /** Takes the recording's next chunk, and answers what of it is new to this segment. */
  add(events: readonly RecordedEvent[]): RecordedEvent[] {
    const before = this.events.length;
    for (const event of events) this.take(event);
    return this.events.slice(before);
  }

  private take(event: RecordedEvent): void {
    if (this.endMs !== Number.POSITIVE_INFINITY) return;
    const isBegun = this.events.length > 0;
    if (event.type === KIND.page) {
      this.page = event;
      return;
    }
    if (event.type === KIND.snapshot) {
      if (isBegun) this.endMs = event.timestamp;
      else if (event.timestamp >= this.snapshotMs) this.events.push(...this.begin(event), event);
      return;
    }
    if (isBegun && event.type === KIND.change) this.events.push(event);
  }

  /** The size a snapshot is shown in; rrweb writes it right before. */
  private begin(snapshot: RecordedEvent): RecordedEvent[] {
    const data = this.page?.data ?? { href: '', width: WIDTH_PX, height: HEIGHT_PX };
    return [{ type: KIND.page, timestamp: snapshot.timestamp, data }];
  }
}

/** A page whose size was lost is shown like this. */
const WIDTH_PX = 1_280;
const HEIGHT_PX = 800;
