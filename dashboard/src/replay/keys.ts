'use client';

import { useEffect, useRef } from 'react';
import { isForPage } from '@/shell/page-keys';
import { type Player, SPEEDS } from './player';

const STEP_MS = 5_000;
/** Closer than this to a stop is at it. */
const AT_MS = 500;

/** The nearest stop after a moment, or before it. */
export function nextStop(stops: readonly number[], atMs: number, isForward: boolean): number | undefined {
  return isForward ? stops.find((stop) => stop > atMs + AT_MS) : stops.findLast((stop) => stop < atMs - AT_MS);
}

export function nextSpeed(speed: number, isFaster: boolean): number {
  const next = isFaster ? SPEEDS.find((it) => it > speed) : SPEEDS.findLast((it) => it < speed);
  return next ?? speed;
}

function isElsewhere(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || !isForPage(event)) return true;
  // The space bar is a button's own.
  const isOnButton = event.target instanceof HTMLElement && event.target.closest('button, a, summary') !== null;
  return event.key === ' ' && isOnButton;
}

interface Others {
  onFullScreen(): void;
  onHelp(): void;
}

/** Space plays, arrows move, `<` and `>` change the speed: wherever the focus is on the page, but for fields. */
export function usePlayerKeys(player: Player, stops: readonly number[], others: Others): void {
  const latest = useRef({ stops, others });
  latest.current = { stops, others };
  useEffect(() => {
    const go = (isForward: boolean, isToStop: boolean) => {
      const { atMs } = player.state;
      const stop = isToStop ? nextStop(latest.current.stops, atMs, isForward) : atMs + (isForward ? STEP_MS : -STEP_MS);
      if (stop !== undefined) player.seek(stop);
    };
    const onKey = (event: KeyboardEvent) => {
      if (isElsewhere(event)) return;
      const actions: Record<string, () => void> = {
        ' ': () => player.toggle(),
        ArrowLeft: () => go(false, event.shiftKey),
        ArrowRight: () => go(true, event.shiftKey),
        '<': () => player.setSpeed(nextSpeed(player.state.speed, false)),
        '>': () => player.setSpeed(nextSpeed(player.state.speed, true)),
        f: latest.current.others.onFullScreen,
        '?': latest.current.others.onHelp,
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [player]);
}
