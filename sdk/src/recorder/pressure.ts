/** Recording degrades before the page does. */
import { guard } from '../more/core.js';
import type { MutationBuffer } from './rrweb.js';
import { begin } from './slices.js';

export function takeMutations(records: MutationRecord[], buffer: MutationBuffer): void {
  begin();
  for (const record of records) buffer.processMutation(record);
  buffer.emit();
}

/** For a proxy of a function of the page: tells of the call and makes it, whatever becomes of the telling. */
export function beside<T, A extends unknown[], R>(tell: (target: (...args: A) => R, self: T, args: A) => void) {
  const safely = guard(tell);
  return (target: (...args: A) => R, self: T, args: A): R => {
    safely(target, self, args);
    return target.apply(self, args);
  };
}
