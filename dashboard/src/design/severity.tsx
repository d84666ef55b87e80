import type { MarkType } from '@/api/types';
import { SEVERITY, type Severity } from './ribbon-geometry';

export const SEVERITY_COLOR: Record<Severity, string> = {
  low: 'var(--heat-2)',
  medium: 'var(--heat-3)',
  high: 'var(--heat-4)',
};

/** Severity is never colour alone: low is a ring, medium a diamond, high a triangle. */
export function SeverityMark({ severity, size = 10 }: { severity: Severity; size?: number }) {
  const color = SEVERITY_COLOR[severity];
  return (
    <svg width={size} height={size} viewBox="0 0 10 10" aria-hidden="true" className="shrink-0">
      {severity === 'low' && <circle cx="5" cy="5" r="3.4" fill="none" stroke={color} strokeWidth="1.6" />}
      {severity === 'medium' && <path d="M5 .6 9.400 5 5 9.400.6 5Z" fill={color} />}
      {severity === 'high' && <path d="M5 .8 9.600 9H.4Z" fill={color} />}
    </svg>
  );
}

export function InsightMark({ type, size }: { type: MarkType; size?: number }) {
  return <SeverityMark severity={SEVERITY[type] ?? 'low'} size={size} />;
}
