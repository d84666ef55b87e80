/** window_resize, when it has come to rest, and orientation_change. */
import type { Core } from '../core.js';

const DEBOUNCE_MS = 200;

export function startWindow({ emit, later, on }: Core): void {
  let width = innerWidth;
  let height = innerHeight;
  let timer: ReturnType<typeof setTimeout> | undefined;
  on(window, 'resize', () => {
    clearTimeout(timer);
    timer = later(() => {
      emit('window_resize', { width: innerWidth, height: innerHeight, previous_width: width, previous_height: height });
      width = innerWidth;
      height = innerHeight;
    }, DEBOUNCE_MS);
  });
  on(screen.orientation, 'change', () => emit('orientation_change', { orientation: screen.orientation.type }));
}
