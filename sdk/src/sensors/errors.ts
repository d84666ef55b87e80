/** js_error, resource_error, unhandled_rejection, console_error: at most so many per view, for an error in a loop says it all the first time. */

import { options } from '../config.js';
import type { EventType, Payloads } from '../events.js';
import { after, later, onEveryWindow } from '../guard.js';
import { emit, SETTINGS_WAIT_MS } from '../pipeline.js';
import { cleanUrl, isBlocked, isMasked, maskPersonal } from '../privacy.js';
import { view } from '../view.js';

const ERRORS_MAX_PER_VIEW = 100;

function emitError<T extends EventType>(type: T, payload: Payloads[T]): void {
  if (view.errors++ < ERRORS_MAX_PER_VIEW) emit(type, payload);
}

const textOf = (value: unknown) => maskPersonal(String((value as Error | undefined)?.message ?? value));
const stackOf = (value: unknown) => maskPersonal((value as Error | undefined)?.stack ?? '');

export function startErrors(): void {
  onEveryWindow('error', ({ target, message, filename, lineno, colno, error }: ErrorEvent) => {
    const { localName, src, href } = target as HTMLImageElement & HTMLLinkElement;
    // What the project holds private is not known at once.
    if (localName)
      return later(
        () =>
          emitError('resource_error', {
            url: isBlocked(target as Element) || isMasked(target as Element) ? '' : cleanUrl(src || href || ''),
            kind: localName,
            status: 0,
          }),
        options.settings ? 0 : SETTINGS_WAIT_MS,
      );
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
  after(console, 'error', (args) => emitError('console_error', { message: args.map(textOf).join(' '), stack: args.map(stackOf).join('') }));
}
