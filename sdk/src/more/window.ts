/** page_hidden and page_visible; window_resize, when it has come to rest; orientation_change. */
import { emit, later, on } from './core.js';

const DEBOUNCE_MS = 200;

export function startWindow(): void {
  let width = innerWidth;
  let height = innerHeight;
  let hiddenAt = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  on(window, 'resize', () => {
    clearTimeout(timer);
    timer = later(() => {
      emit('window_resize', { width: innerWidth, height: innerHeight, previous_width: width, previous_height: height });
      width = innerWidth;
      height = innerHeight;
    }, DEBOUNCE_MS);
  });
  on(document, 'visibilitychange', () => {
    if (document.hidden) emit('page_hidden', {});
    else emit('page_visible', { hidden_ms: Date.now() - hiddenAt });
    hiddenAt = Date.now();
  });
  on(screen.orientation, 'change', () => emit('orientation_change', { orientation: screen.orientation.type }));
}
