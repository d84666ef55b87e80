/** copy, cut, paste and text_select: lengths only. */
import { describe, emit, isIgnored, later, onEveryWindow, options, targetOf } from './core.js';

const SELECT_DEBOUNCE_MS = 300;

const selected = () => String(getSelection() ?? '').length;

export function startClipboard(): void {
  if (options.events.clipboard)
    onEveryWindow('copy cut paste', (event: ClipboardEvent) => {
      const element = targetOf(event);
      if (!element || isIgnored(element)) return;
      const length = event.type === 'paste' ? (event.clipboardData?.getData('text').length ?? 0) : selected();
      emit(event.type as 'copy', { target: describe(element), length });
    });
  if (!options.events.selection) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  onEveryWindow('selectionchange', () => {
    clearTimeout(timer);
    timer = later(() => {
      const length = selected();
      const element = getSelection()?.anchorNode?.parentElement;
      if (length && element && !isIgnored(element)) emit('text_select', { length, target: describe(element) });
    }, SELECT_DEBOUNCE_MS);
  });
}
