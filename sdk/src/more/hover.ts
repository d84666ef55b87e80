/** mouse_enter and mouse_leave of interactive elements. */
import type { Target } from '../events.js';
import { describe, emit, looksInteractive, onEveryWindow, targetOf } from './core.js';

export function startHover(): void {
  let hovered: { element: Element; target: Target; at: number } | undefined;
  const leave = () => {
    if (hovered) emit('mouse_leave', { target: hovered.target, hover_ms: Date.now() - hovered.at });
    hovered = undefined;
  };
  onEveryWindow('mouseover', (event) => {
    const element = targetOf(event);
    if (element === hovered?.element) return;
    leave();
    if (!element || !looksInteractive(element)) return;
    hovered = { element, target: describe(element), at: Date.now() };
    emit('mouse_enter', { target: hovered.target });
  });
  // Out of the window, or of a frame.
  onEveryWindow('mouseout', ({ relatedTarget }: MouseEvent) => {
    if (!relatedTarget) leave();
  });
}
