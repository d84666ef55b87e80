/** mouse_enter and mouse_leave of interactive elements. */
import type { Core } from '../core.js';
import type { Target } from '../events.js';

export function startHover({ emit, onEveryWindow, describe, looksInteractive, targetOf }: Core): void {
  let hovered: { element: Element; target: Target; at: number } | undefined;
  onEveryWindow('mouseover', (event) => {
    const element = targetOf(event);
    if (element === hovered?.element) return;
    if (hovered) emit('mouse_leave', { target: hovered.target, hover_ms: Date.now() - hovered.at });
    hovered = element && looksInteractive(element) ? { element, target: describe(element), at: Date.now() } : undefined;
    if (hovered) emit('mouse_enter', { target: hovered.target });
  });
}
