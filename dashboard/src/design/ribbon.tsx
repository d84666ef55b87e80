'use client';

import { memo } from 'react';
import { clock } from '@/format/format';
import { useText } from '@/text/text';
import { type Course, layoutRibbon, SEVERITY, tintOf } from './ribbon-geometry';
import { SEVERITY_COLOR } from './severity';

const LABEL_CHARACTER_PX = 7.3;
const LABEL_INSET_PX = 8;

interface RibbonProps {
  course: Course;
  width?: number;
  height?: number;
  /** Writes each page's path into its segment, where it fits. */
  isLabelled?: boolean;
  /** Where nothing happened. */
  pale?: readonly { fromMs: number; toMs: number }[];
  /** Called with the share of the session, 0 to 1, that was clicked. */
  onSeek?: (share: number) => void;
}

/** The session as a strip of time: pages as cool tints, insights as warm ticks, hidden time as a gap. */
export const Ribbon = memo(function Ribbon({
  course,
  width = 120,
  height = 20,
  isLabelled,
  pale,
  onSeek,
}: RibbonProps) {
  const text = useText();
  const { segments, marks, gaps } = layoutRibbon(course, width);
  const lengthMs = course.endMs - course.startMs;
  const inset = Math.round(height * 0.2);
  const body = height - 2 * inset;
  const seek = onSeek
    ? (event: React.MouseEvent<SVGSVGElement>) => {
        const box = event.currentTarget.getBoundingClientRect();
        onSeek((event.clientX - box.left) / box.width);
      }
    : undefined;
  const label = [
    text.sessions.pages(segments.length),
    clock(lengthMs),
    ...marks.map((mark) => text.insight[mark.type].toLowerCase()),
  ].join(', ');
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the event list beside the ribbon is the way for keys
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
      onClick={seek}
      data-testid="session-ribbon"
      data-marks={marks.length}
      className={`block max-w-full shrink-0 ${onSeek ? 'cursor-pointer' : ''}`}
    >
      {segments.map((segment, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: segments have no other name than their place
          key={index}
          x={segment.x}
          y={inset}
          width={segment.width}
          height={body}
          rx={Math.min(3, segment.width / 2)}
          fill={`var(--page-${tintOf(segment.path)})`}
        >
          {segment.path && <title>{segment.path}</title>}
        </rect>
      ))}
      {pale?.map(({ fromMs, toMs }) => (
        <rect
          key={fromMs}
          x={(width * (fromMs - course.startMs)) / lengthMs}
          y={inset}
          width={(width * (toMs - fromMs)) / lengthMs}
          height={body}
          fill="var(--surface)"
          opacity={0.55}
        />
      ))}
      {gaps.map((gap) => (
        <rect key={gap.x} x={gap.x} y={inset} width={gap.width} height={body} fill="var(--surface)" opacity={0.75} />
      ))}
      {isLabelled &&
        segments
          .filter((segment) => {
            const end = segment.x + segment.path.length * LABEL_CHARACTER_PX + 2 * LABEL_INSET_PX;
            const isCrossed = marks.some((mark) => segment.x < mark.x && mark.x < end);
            return end < segment.x + segment.width && !isCrossed;
          })
          .map((segment) => (
            <text
              key={segment.x}
              x={segment.x + LABEL_INSET_PX}
              y={height / 2}
              dominantBaseline="central"
              fill="var(--text)"
              className="pointer-events-none font-mono text-12"
            >
              {segment.path}
            </text>
          ))}
      {marks.map((mark) => (
        <rect
          key={mark.x}
          data-mark={mark.type}
          x={mark.x - 1.5}
          y={mark.severity === 'high' ? 0 : inset / 2}
          width={3}
          height={mark.severity === 'high' ? height : height - inset}
          rx={1.5}
          fill={SEVERITY_COLOR[SEVERITY[mark.type]]}
        >
          <title>{mark.count > 1 ? `${text.insight[mark.type]} × ${mark.count}` : text.insight[mark.type]}</title>
        </rect>
      ))}
    </svg>
  );
});
