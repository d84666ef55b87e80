import type { Insight } from '@/api/types';
import { duration } from '@/format/format';
import type { Dictionary } from '@/text/en';

function numberOf(details: Insight['details'], name: string): number | null {
  const value = details[name];
  return typeof value === 'number' ? value : null;
}

function wordsOf(details: Insight['details'], name: string): string {
  const value = details[name];
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.filter((part) => typeof part === 'string').join(', ');
  return '';
}

/** One sentence on what happened: how many clicks in what time, what did not answer, what was thrown. */
export function describeInsight(insight: Insight, text: Dictionary): string {
  const { details } = insight;
  switch (insight.type) {
    case 'rage_click': {
      const started = Date.parse(wordsOf(details, 'started_at'));
      const ended = Date.parse(wordsOf(details, 'ended_at'));
      const clicks = numberOf(details, 'click_count');
      if (clicks === null) return '';
      return text.insight.rageDetail(clicks, duration(Number.isNaN(ended - started) ? 0 : ended - started));
    }
    case 'dead_click':
      return text.insight.deadDetail;
    case 'error_click':
      return wordsOf(details, 'thrown') || text.insight.errorDetail;
    default:
      return '';
  }
}

export function elementOf(insight: Insight): string {
  return insight.text || insight.name || insight.selector;
}
