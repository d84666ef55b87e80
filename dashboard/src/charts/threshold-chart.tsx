'use client';

import type { Preview } from '@/views/would-fire';

interface ThresholdChartProps {
  preview: Preview;
  threshold: number;
  label: string;
}

const WIDTH = 480;
const HEIGHT = 56;

/** The metric's last day with the threshold over it, shaded warm where the rule would have fired. */
export function ThresholdChart({ preview, threshold, label }: ThresholdChartProps) {
  const { values, isFiring } = preview;
  const top = Math.max(1, threshold, ...values) * 1.15;
  const step = WIDTH / Math.max(1, values.length);
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const line = values.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`).join('L');
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className="block h-14 w-full"
    >
      {isFiring.map((fires, index) =>
        fires ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step has no other name
          <rect key={index} x={index * step} y={0} width={step + 0.5} height={HEIGHT} fill="var(--heat-soft)" />
        ) : null,
      )}
      <path d={`M${line}`} fill="none" stroke="var(--accent)" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
      <line
        x1={0}
        x2={WIDTH}
        y1={y(threshold)}
        y2={y(threshold)}
        stroke="var(--edge)"
        strokeDasharray="4 4"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
