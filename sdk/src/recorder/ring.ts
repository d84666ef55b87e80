/**
 * What a trigger will want to have been recorded: at least the last seconds, from a snapshot on. A new snapshot begins a new *stretch*; a stretch is
 * forgotten when the next one already reaches back far enough.
 */
import type { Line } from './chunks.js';

/** Characters kept in memory at most. A page that changes as much as that is kept for a shorter time. */
const LENGTH_MAX = 8_000_000;

export interface Ring {
  /** Beginning a stretch, when it is the first line of a snapshot. */
  add(line: Line, isFirst: boolean): void;
  /** Whether it has nothing that could be played: too much came at once. */
  isEmpty(): boolean;
  /** Everything, from a snapshot on. */
  lines(): Line[];
  /** Everything, once. */
  take(): Line[];
}

export function openRing(keptMs: number): Ring {
  let stretches: Line[][] = [];
  let length = 0;

  function forget(): void {
    for (const line of stretches.shift() ?? []) length -= line.json.length;
  }

  const lines = () => stretches.flat();

  return {
    add(line, isFirst) {
      if (isFirst) stretches.push([]);
      const latest = stretches.at(-1);
      // Without the snapshot that it follows a line is worth nothing.
      if (!latest) return;
      latest.push(line);
      length += line.json.length;
      while (stretches[1]?.[0] && stretches[1][0].at <= line.at - keptMs) forget();
      while (stretches[0] && length > LENGTH_MAX) forget();
    },
    isEmpty: () => !stretches[0],
    lines,
    take() {
      const all = lines();
      stretches = [];
      length = 0;
      return all;
    },
  };
}
