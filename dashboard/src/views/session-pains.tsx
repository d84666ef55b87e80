'use client';

import type { Session } from '@/api/types';
import { InsightMark } from '@/design/severity';
import { useText } from '@/text/text';

/** What a session suffered, as marks with their numbers. */
export function SessionPains({ session }: { session: Session }) {
  const text = useText();
  const pains = [
    ['rage_click', session.rage_click_count],
    ['error_click', session.error_click_count],
    ['dead_click', session.dead_click_count],
  ] as const;
  return (
    <span className="flex items-center gap-2.5">
      {pains
        .filter(([, count]) => count > 0)
        .map(([type, count]) => (
          <span key={type} title={text.insight[type]} className="flex items-center gap-1 text-12 font-medium">
            <InsightMark type={type} />
            {count}
            <span className="sr-only">{text.insight[type]}</span>
          </span>
        ))}
    </span>
  );
}
