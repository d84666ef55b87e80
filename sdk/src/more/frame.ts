/** When the page is laid out anyway. */
import { guard, later } from './core.js';

/**
 * Right after a frame: at another time to ask where something is would lay the page out once more. Before the page's own timers, which may change it again,
 * where the browser lets us (Safari does not). A page that is hidden has no frames, and is in nobody's way.
 */
export function afterFrame(run: () => void): void {
  const { scheduler } = window;
  // Without one of the browser's it may be anything of the page's.
  const soon = () => (scheduler?.postTask ? scheduler.postTask(guard(run), { priority: 'user-blocking' }) : later(run));
  if (document.hidden) later(run);
  else requestAnimationFrame(guard(soon));
}
