'use client';

import { memo, useMemo, useRef, useState } from 'react';
import type { Insight, Session, SessionEvent } from '@/api/types';
import { Ribbon } from '@/design/ribbon';
import { courseOf } from '@/design/ribbon-geometry';
import { clock } from '@/format/format';
import { useWidth } from '@/shell/width';
import { useText } from '@/text/text';
import { timelineMarks } from './marks';
import type { Player } from './player';
import { ticksOf } from './ticks';
import { usePlayerState } from './use-player';

const HEIGHT_PX = 36;
/** Of a click's tick, at the foot of the bar: quieter than any marker. */
const TICK_PX = 5;

interface ClicksProps {
  events: readonly SessionEvent[];
  startMs: number;
  endMs: number;
  width: number;
}

/** The list of events says the same in words. */
const Clicks = memo(function Clicks({ events, startMs, endMs, width }: ClicksProps) {
  const ticks = useMemo(() => ticksOf(events, startMs, endMs, width), [events, startMs, endMs, width]);
  return (
    <svg
      aria-hidden="true"
      width={width}
      height={TICK_PX}
      data-testid="replay-clicks"
      data-ticks={ticks.length}
      className="pointer-events-none absolute bottom-0.5 left-0"
    >
      <path d={ticks.map((x) => `M${x} 0V${TICK_PX}`).join('')} stroke="var(--edge)" />
    </svg>
  );
});

function Head({ player }: { player: Player }) {
  const share = usePlayerState(player, ({ atMs, startMs, endMs }) => (atMs - startMs) / (endMs - startMs));
  return (
    <span
      aria-hidden="true"
      className="pointer-events-none absolute -inset-y-0.5 w-0.5 -translate-x-1/2 rounded-full bg-accent"
      style={{ left: `${100 * share}%` }}
    />
  );
}

interface ScrubberProps {
  player: Player;
  session: Session;
  insights: readonly Insight[];
  events: readonly SessionEvent[] | undefined;
}

/** The session's ribbon as the timeline: click or drag to a moment. */
export function Scrubber({ player, session, insights, events }: ScrubberProps) {
  const text = useText();
  const bar = useRef<HTMLDivElement>(null);
  const width = useWidth(bar, 800);
  const [hover, setHover] = useState<number | null>(null);
  const startMs = usePlayerState(player, (state) => state.startMs);
  const endMs = usePlayerState(player, (state) => state.endMs);
  const idle = usePlayerState(player, (state) => state.idle);
  const second = usePlayerState(player, (state) => Math.floor((state.atMs - state.startMs) / 1000));
  const course = useMemo(
    () => courseOf(session, endMs, timelineMarks(session, insights, events ?? [])),
    [session, endMs, insights, events],
  );
  const lengthMs = endMs - startMs;
  const shareOf = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const seek = (event: React.PointerEvent) => player.seek(startMs + shareOf(event) * lengthMs);
  return (
    <div className="border-t border-hairline px-4 pt-3">
      <div
        ref={bar}
        role="slider"
        tabIndex={0}
        aria-label={text.replay.position}
        aria-valuemin={0}
        aria-valuemax={Math.round(lengthMs / 1000)}
        aria-valuenow={second}
        aria-valuetext={`${clock(second * 1000)} / ${clock(lengthMs)}`}
        data-testid="replay-scrubber"
        className="relative cursor-pointer touch-none rounded-sm"
        style={{ height: HEIGHT_PX }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seek(event);
        }}
        onPointerMove={(event) => {
          setHover(shareOf(event));
          if (event.buttons > 0) seek(event);
        }}
        onPointerLeave={() => setHover(null)}
      >
        <Ribbon course={course} width={width} height={HEIGHT_PX} pale={idle} isLabelled />
        {events && <Clicks events={events} startMs={startMs} endMs={endMs} width={width} />}
        <Head player={player} />
        {hover !== null && (
          <span
            aria-hidden="true"
            className="pointer-events-none absolute -top-6 -translate-x-1/2 rounded-md border border-hairline bg-surface px-1.5 text-12"
            style={{ left: `${Math.min(97, Math.max(3, 100 * hover))}%` }}
          >
            {clock(hover * lengthMs)}
          </span>
        )}
      </div>
    </div>
  );
}
