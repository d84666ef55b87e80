/** What a rule would have said about the last day, from the insights of that day. Pure. */

import type { Insight, Metric, Operator, RuleBody, Window } from '@/api/types';

const WINDOW_MS: Record<Window, number> = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000 };

const INSIGHT_OF: Partial<Record<Metric, Insight['type']>> = {
  rage_clicks: 'rage_click',
  dead_clicks: 'dead_click',
  error_clicks: 'error_click',
};

function holds(value: number, operator: Operator, threshold: number): boolean {
  switch (operator) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '==':
      return value === threshold;
  }
}

export interface Preview {
  /** The metric over the sliding window, at equal steps. */
  values: number[];
  isFiring: boolean[];
  firings: number;
}

/** Whether the insights alone are enough to judge the rule: it counts a kind of them, narrowed by page at most. */
export function canPreview(rule: RuleBody): boolean {
  return (
    INSIGHT_OF[rule.metric as Metric] !== undefined &&
    rule.group_by === null &&
    rule.filters.every((filter) => filter.dimension === 'path')
  );
}

/** The metric in (T − window, T] at `steps` moments up to `endMs`. */
export function previewOf(rule: RuleBody, insights: Insight[], startMs: number, endMs: number, steps: number): Preview {
  const type = INSIGHT_OF[rule.metric as Metric];
  const times = insights
    .filter((insight) => insight.type === type && rule.filters.every((filter) => filter.value === insight.path))
    .map((insight) => Date.parse(insight.timestamp));
  const windowMs = WINDOW_MS[rule.window];
  const values = Array.from({ length: steps }, (_, index) => {
    const at = startMs + ((index + 1) / steps) * (endMs - startMs);
    return times.filter((time) => time > at - windowMs && time <= at).length;
  });
  const isFiring = values.map((value) => holds(value, rule.operator, rule.threshold));
  const firings = isFiring.filter((fires, index) => fires && !isFiring[index - 1]).length;
  return { values, isFiring, firings };
}
