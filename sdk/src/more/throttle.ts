/** Calls spread over time. */
import { later } from './core.js';

/** Runs at once, then once in an interval as long as it is called; the last call is not left out. Not by the clock, which a visitor may set back. */
export function throttled(run: () => void, everyMs: number): () => void {
  let ranAt = -Infinity;
  let isDue = false;
  const go = () => {
    isDue = false;
    ranAt = performance.now();
    run();
  };
  return () => {
    if (isDue) return;
    const waitMs = ranAt + everyMs - performance.now();
    isDue = waitMs > 0;
    if (isDue) later(go, waitMs);
    else go();
  };
}
