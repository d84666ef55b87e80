/** mouse_move: pointer positions in batches, each as long as its event waits to be sent. */
import type { GoSightEvent } from '../events.js';
import { emit, isWaiting, onEveryWindow, options } from './core.js';

export function startMoves(): void {
  let moves: GoSightEvent<'mouse_move'> | undefined;
  let movedAt = 0;
  onEveryWindow('mousemove', ({ pageX: x, pageY: y }: MouseEvent) => {
    const now = Date.now();
    if (now - movedAt < options.sampling.mouseMoveInterval) return;
    movedAt = now;
    if (moves && isWaiting(moves)) moves.payload.positions.push({ x, y, offset_ms: now - moves.timestamp_ms });
    else moves = emit('mouse_move', { positions: [{ x, y, offset_ms: 0 }] }, now);
  });
}
