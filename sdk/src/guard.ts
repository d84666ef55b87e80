/** Nothing of ours ever throws into the page: every way in goes through `guard`, every failure through `report`. */
import { options } from './config.js';

export function report(code: string, error: unknown = ''): void {
  const message = String(error);
  if (options.debug) console.warn('[GoSight]', code, message);
  try {
    options.hooks.onError?.({ code, message });
  } catch {
    // A hook that throws has nobody left to be told.
  }
}

export function guard<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R | undefined {
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      report('internal', error);
    }
  };
}

export function later(run: () => void, waitMs = 0): ReturnType<typeof setTimeout> {
  return setTimeout(guard(run), waitMs);
}

type Handler<E> = (event: E) => void;

const watched: [string, Handler<never>][] = [];

/** A passive listener on the capture phase. */
export function on<E extends Event>(target: EventTarget, types: string, handler: Handler<E>): void {
  for (const type of types.split(' ')) target.addEventListener(type, guard(handler) as EventListener, { capture: true, passive: true });
}

/** Listens on the window, and on the window of every same-origin frame as it loads. */
export function onEveryWindow<E extends Event>(types: string, handler: Handler<E>): void {
  watched.push([types, handler]);
  on(window, types, handler);
}

export function adoptFrame(frame: Window): void {
  for (const [types, handler] of watched) on(frame, types, handler);
}

/** Calls `run` after each call of a function that the page has as well, which does what it does. */
export function after(owner: object, names: string, run: (args: unknown[]) => void): void {
  const functions = owner as Record<string, (...args: unknown[]) => unknown>;
  for (const name of names.split(' ')) {
    const original = functions[name] as (...args: unknown[]) => unknown;
    functions[name] = function (...args) {
      const result = original.apply(this, args);
      guard(run)(args);
      return result;
    };
  }
}
