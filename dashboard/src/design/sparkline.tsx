import { memo } from 'react';

/** The line through values from 0 to the largest, and the area under it. */
function pathsOf(values: number[], width: number, height: number): { line: string; area: string } {
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    const y = height - 1.5 - (value / top) * (height - 3);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  const line = `M${points.join('L')}`;
  return { line, area: `${line}L${width},${height}L0,${height}Z` };
}

interface SparklineProps {
  values: number[];
  width?: number;
  height?: number;
  /** Warm is for struggle only. */
  tone?: 'accent' | 'warm' | 'muted';
}

const COLOR = { accent: 'var(--accent)', warm: 'var(--heat-3)', muted: 'var(--edge)' };

export const Sparkline = memo(function Sparkline({ values, width = 96, height = 28, tone = 'accent' }: SparklineProps) {
  const { line, area } = pathsOf(values.length > 1 ? values : [0, 0], width, height);
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
      className="block w-full"
    >
      <path d={area} fill={COLOR[tone]} opacity={0.09} />
      <path
        d={line}
        fill="none"
        stroke={COLOR[tone]}
        strokeWidth={1.5}
        vectorEffect="non-scaling-stroke"
        strokeLinejoin="round"
      />
    </svg>
  );
});
