/** js_error, resource_error, unhandled_rejection, console_error: at most so many per view, for an error in a loop says it all the first time. */
import type { EventType, Payloads } from '../events.js';
import { guard, onEveryWindow } from '../guard.js';
import { emit } from '../pipeline.js';
import { cleanUrl, maskPersonal } from '../privacy.js';
import { view } from '../view.js';

const ERRORS_MAX_PER_VIEW = 100;

function emitError<T extends EventType>(type: T, payload: Payloads[T]): void {
  if (view.errors++ < ERRORS_MAX_PER_VIEW) emit(type, payload);
}

const textOf = (value: unknown) => maskPersonal(String((value as Error | undefined)?.message ?? value));
const stackOf = (value: unknown) => maskPersonal((value as Error | undefined)?.stack ?? '');

export function startErrors(): void {
  onEveryWindow('error', (event: ErrorEvent) => {
    const { localName, src, href } = event.target as HTMLImageElement & HTMLLinkElement;
    if (localName) return emitError('resource_error', { url: cleanUrl(src || href || ''), kind: localName, status: 0 });
    const { message, filename, lineno, colno, error } = event;
    emitError('js_error', {
      message: maskPersonal(message),
      stack: stackOf(error),
      filename: filename && cleanUrl(filename),
      line: lineno,
      column: colno,
      error_type: error?.name ?? '',
    });
  });
  onEveryWindow('unhandledrejection', ({ reason }: PromiseRejectionEvent) => {
    emitError('unhandled_rejection', { reason: textOf(reason), stack: stackOf(reason) });
  });
  const original = console.error;
  const told = guard((args: unknown[]) => emitError('console_error', { message: args.map(textOf).join(' '), stack: args.map(stackOf).join('') }));
  console.error = (...args) => {
    original.apply(console, args);
    told(args);
  };
}
