/** mouse_move: pointer positions in batches, each as long as its event waits to be sent. Where the pointer came to rest is one of them. */
import type { GoSightEvent } from '../events.js';
import { emit, frameOffset, isWaiting, onEveryWindow, options } from './core.js';
import { throttled } from './throttle.js';

export function startMoves(): void {
  let moves: GoSightEvent<'mouse_move'> | undefined;
  let x: number;
  let y: number;
  const tell = throttled(() => {
    const now = Date.now();
    if (moves && isWaiting(moves)) moves.payload.positions.push({ x, y, offset_ms: now - moves.timestamp_ms });
    else moves = emit('mouse_move', { positions: [{ x, y, offset_ms: 0 }] }, now);
  }, options.sampling.mouseMoveInterval as number);
  onEveryWindow('mousemove', ({ target, clientX, clientY }: MouseEvent) => {
    // Now that the page is laid out: at another time to ask how far it is scrolled would do that once more.
    const offset = frameOffset(target as Element);
    x = offset.x + clientX + scrollX;
    y = offset.y + clientY + scrollY;
    tell();
  });
}
