/** js_error, resource_error, unhandled_rejection, console_error: at most so many per view, for an error in a loop says it all the first time. */
import type { EventType, Payloads } from '../events.js';
import { after, guard, onEveryWindow } from '../guard.js';
import { emit } from '../pipeline.js';
import { cleanUrl, isMarked, maskPersonal } from '../privacy.js';
import { view } from '../view.js';

const ERRORS_MAX_PER_VIEW = 100;

function emitError<T extends EventType>(type: T, payload: Payloads[T]): void {
  if (view.errors++ < ERRORS_MAX_PER_VIEW) emit(type, payload);
}

const textOf = (value: unknown) => maskPersonal(String((value as Error | undefined)?.message ?? value));
const stackOf = (value: unknown) => maskPersonal((value as Error | undefined)?.stack ?? '');

export function startErrors(): void {
  onEveryWindow('error', (event: ErrorEvent) => {
    const target = event.target as HTMLImageElement & HTMLLinkElement;
    const { localName, src, href } = target;
    // By the page's own marks: before the project's are known an error is told all the same.
    if (localName)
      return emitError('resource_error', {
        url: isMarked(target, 'mask') || isMarked(target, 'block') ? '' : cleanUrl(src || href || ''),
        kind: localName,
        status: 0,
      });
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
  after(
    console,
    'error',
    guard((args: unknown[]) => emitError('console_error', { message: args.map(textOf).join(' '), stack: args.map(stackOf).join('') })),
  );
}
