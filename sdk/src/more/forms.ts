/** Fields and forms: that something was typed, how much of it, never what. */
import { describe, emit, isIgnored, isTextField, looksSecret, onEveryWindow, onExit, textToTell } from './core.js';
import { isPrivate } from './private.js';

type Field = HTMLInputElement;

export function startForms(): void {
  const filling = new Map<HTMLFormElement, { startedAt: number; last_field: string }>();
  let focused: Field | undefined;
  let focusedAt = 0;
  let hasChanged = false;
  /** The field whose next keys say nothing new: its form is begun and has it as its last. */
  let typing: Field | undefined;

  /** Field names like ssn or card are not told. */
  function fieldName(field: Field): string {
    const name = (!isPrivate(field) && field.name) || field.id || field.localName;
    return looksSecret(name) ? '***' : textToTell(name, false);
  }

  const isField = (element: Element) => element.matches('input,select,textarea');
  /** By its attributes: a form's own `id` and `name` may be fields that are called so. */
  const formName = (form: HTMLFormElement) =>
    textToTell(form.getAttribute('id') || (!isPrivate(form) && form.getAttribute('name')) || describe(form).selector, false);

  /** How many fields a form has, and how many hold something. */
  function countsOf(form: HTMLFormElement): { field_count: number; fields_filled: number } {
    const fields = ([...form.elements] as Field[]).filter((field) => isField(field) && !/^(hidden|submit|button|reset|image)$/.test(field.type));
    const filled = fields.filter((field) => (/^(checkbox|radio)$/.test(field.type) ? field.checked : field.value));
    return { field_count: fields.length, fields_filled: filled.length };
  }

  /** Listens to what happens to fields; a field under an ignore mark does not exist for us. */
  function onField(types: string, handler: (field: Field) => void): void {
    onEveryWindow(types, (event) => {
      const field = event.composedPath()[0] as Field;
      if (event.type === 'input' && field === typing) return;
      if (field.nodeType === 1 && (isField(field) || isTextField(field)) && !isIgnored(field)) handler(field);
    });
  }

  /** What was begun and not sent when its page is left. */
  function abandon(): void {
    for (const [form, { startedAt, last_field }] of filling) {
      const { field_count, fields_filled } = countsOf(form);
      emit('form_abandon', { form: formName(form), fields_filled, field_count, last_field, time_spent_ms: Date.now() - startedAt });
    }
    filling.clear();
    typing = undefined;
  }

  onField('focusin', (field) => {
    focused = field;
    focusedAt = Date.now();
    hasChanged = false;
    typing = undefined;
    emit('input_focus', { target: describe(field) });
  });
  onField('focusout', (field) => {
    if (focused === field) emit('input_blur', { target: describe(field), focus_ms: Date.now() - focusedAt, changed: hasChanged });
  });
  onField('input', (field) => {
    hasChanged = true;
    typing = field;
    const { form } = field;
    if (!form) return;
    const startedAt = filling.get(form)?.startedAt;
    filling.set(form, { startedAt: startedAt ?? Date.now(), last_field: fieldName(field) });
    if (!startedAt) emit('form_start', { form: formName(form), field_count: countsOf(form).field_count });
  });
  onField('change', (field) => {
    // The length of a choice would tell which it was.
    const isHidden = looksSecret(field.name + field.id) || /^(select|radio)/.test(field.type);
    const value_length = isHidden ? 0 : (field.value ?? field.textContent).length;
    emit('input_change', { target: describe(field), value_length });
  });
  onEveryWindow('submit', ({ target }) => {
    const form = target as HTMLFormElement;
    if (isIgnored(form)) return;
    const now = Date.now();
    emit('form_submit', {
      form: formName(form),
      success: !form.querySelector(':invalid'),
      time_to_complete_ms: now - (filling.get(form)?.startedAt ?? now),
      ...countsOf(form),
    });
    filling.delete(form);
    typing = undefined;
  });
  // The browser's own message may quote the value, so only the kind of failure is told.
  onField('invalid', (field) => {
    let kind = '';
    for (const reason in field.validity) if (field.validity[reason as keyof ValidityState]) kind ||= reason;
    if (field.form) emit('form_error', { form: formName(field.form), field: fieldName(field), message: kind, kind });
  });
  onExit(abandon);
}
