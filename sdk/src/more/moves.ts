/** mouse_move: pointer positions in batches, each as long as its event waits to be sent. */
import type { GoSightEvent } from '../events.js';
import { emit, frameOffset, isWaiting, onEveryWindow, options } from './core.js';

export function startMoves(): void {
  let moves: GoSightEvent<'mouse_move'> | undefined;
  let movedAt = 0;
  onEveryWindow('mousemove', ({ target, clientX, clientY }: MouseEvent) => {
    // Not by the clock, which a visitor may set back.
    const at = performance.now();
    if (at - movedAt < (options.sampling.mouseMoveInterval as number)) return;
    movedAt = at;
    const now = Date.now();
    const offset = frameOffset(target as Element);
    const x = offset.x + clientX + scrollX;
    const y = offset.y + clientY + scrollY;
    if (moves && isWaiting(moves)) moves.payload.positions.push({ x, y, offset_ms: now - moves.timestamp_ms });
    else moves = emit('mouse_move', { positions: [{ x, y, offset_ms: 0 }] }, now);
  });
}
