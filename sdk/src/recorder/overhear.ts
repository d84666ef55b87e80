/** Hears what scripts do with functions and properties of the page. They do what they do, whatever becomes of the hearing. */
import { guard, later } from '../more/core.js';

/**
 * Hears each call of a function until `signal` says that it is over, and its result where it gives a function that wants it. Then the function is as it
 * was, unless somebody has put his own over ours.
 */
export function overhear<T, A extends unknown[]>(owner: object, name: string, signal: AbortSignal, hear: (self: T, ...args: A) => unknown): void {
  const functions = owner as Record<string, (...args: A) => unknown>;
  const original = functions[name];
  if (!original) return;
  const safely = guard(hear);
  const ours = new Proxy(original, {
    apply(target, self: T, args: A) {
      const after = !signal.aborted && safely(self, ...args);
      const result = target.apply(self, args);
      if (typeof after === 'function') guard(after as (result: unknown) => void)(result);
      return result;
    },
  });
  functions[name] = ours;
  signal.addEventListener('abort', () => {
    if (functions[name] === ours) functions[name] = original;
  });
}

/** Hears of each value that is set, a moment later. */
export function overhearSetter<T>(owner: object, name: string, signal: AbortSignal, hear: (self: T) => void): void {
  const original = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
  const ours = {
    set(this: T, value: unknown) {
      original.set?.call(this, value);
      if (!signal.aborted) later(() => hear(this));
    },
  };
  Object.defineProperty(owner, name, ours);
  signal.addEventListener('abort', () => {
    if (Object.getOwnPropertyDescriptor(owner, name)?.set === ours.set) Object.defineProperty(owner, name, original);
  });
}
