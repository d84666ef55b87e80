import type { Insight } from '@/api/types';
import { duration } from '@/format/format';
import type { Dictionary } from '@/text/en';

/** One sentence on what happened: how many clicks in what time, what did not answer, what was thrown. */
export function describeInsight(insight: Insight, text: Dictionary): string {
  const { details } = insight;
  switch (insight.type) {
    case 'rage_click': {
      const { click_count: clicks, started_at: started, ended_at: ended } = details;
      if (!clicks || !started || !ended) return '';
      return text.insight.rageDetail(clicks, duration(Date.parse(ended) - Date.parse(started)));
    }
    case 'dead_click':
      return text.insight.deadDetail;
    case 'error_click':
      return details.thrown?.join(', ') || text.insight.errorDetail;
    default:
      return '';
  }
}

export function elementOf(insight: Insight): string {
  return insight.text || insight.name || insight.selector;
}
