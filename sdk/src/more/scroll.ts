/** scroll (throttled) and scroll_milestone, once per view. A scroll inside the page counts when it responds to a click. */
import { emit, inResponseWindow, later, on, options, view } from './core.js';
import { afterFrame } from './frame.js';

const MILESTONES = [25, 50, 75, 90, 100];

export function startScroll(): void {
  let isWaiting = false;
  let lastTop = scrollY;
  on(window, 'scroll', ({ target }) => {
    if (isWaiting || (target !== document && !inResponseWindow())) return;
    isWaiting = true;
    const scrollThrottle = options.sampling.scrollThrottle as number;
    const measure = () => {
      isWaiting = false;
      const top = scrollY;
      const page_height = document.documentElement.scrollHeight;
      const depth_px = Math.min(top + innerHeight, page_height);
      const depth_percent = Math.round((depth_px / page_height) * 100);
      view.scrollPercentMax = Math.max(view.scrollPercentMax, depth_percent);
      emit('scroll', {
        top,
        depth_px,
        depth_percent,
        page_height,
        direction: top < lastTop ? 'up' : 'down',
        velocity: (Math.abs(top - lastTop) / scrollThrottle) * 1000,
      });
      lastTop = top;
      while (depth_percent >= (MILESTONES[view.milestone] as number)) emit('scroll_milestone', { percent: MILESTONES[view.milestone++] as number });
    };
    later(() => afterFrame(measure), scrollThrottle);
  });
}
