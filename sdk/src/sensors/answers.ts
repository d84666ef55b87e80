/**
 * Until the second file is there to tell all of fields, forms and scrolling: that they answered a click. A control whose click sends a form
 * or moves the focus is not dead in the page's first moments either.
 */
import { onEveryWindow } from '../guard.js';
import { emit, inResponseWindow } from '../pipeline.js';
import { isIgnored } from '../privacy.js';
import { describe, isField } from '../target.js';
import { isPlain } from '../transport.js';

export function startAnswers(): void {
  onEveryWindow('scroll focusin change submit', ({ type, target }) => {
    const element = target as HTMLElement;
    if (!isPlain() || !inResponseWindow()) return;
    if (type === 'scroll') emit('scroll', { top: scrollY, depth_px: 0, depth_percent: 0, page_height: 0, direction: '', velocity: 0 });
    else if (isIgnored(element)) return;
    else if (type === 'submit') emit('form_submit', { form: element.id, success: true, time_to_complete_ms: 0, field_count: 0, fields_filled: 0 });
    else if (isField(element)) {
      const target = describe(element);
      if (type === 'change') emit('input_change', { target, value_length: 0 });
      else emit('input_focus', { target });
    }
  });
}
