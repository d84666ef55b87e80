/** The sessions that struggled, the worst first, and which of them comes after one. Pure. */

import type { Session } from '@/api/types';

function struggleOf(session: Session): number {
  return session.rage_click_count + session.dead_click_count + session.error_click_count;
}

export function isStruggling(session: Session): boolean {
  return struggleOf(session) > 0;
}

/** The next session; null when there is none, and `more` when the pages that are loaded do not tell. */
export type Next = Session | null | 'more';

/**
 * What comes after a session in the ranking as far as it is loaded; after one that did not struggle, the worst. One that is not in the
 * ranking, because it is older or does not pass the filters, stands before the first that suffered no more than it did.
 */
export function nextAfter(session: Session, ranking: readonly Session[], isWhole: boolean): Next {
  if (!isStruggling(session)) return ranking.find(isStruggling) ?? null;
  const place = ranking.findIndex(({ id }) => id === session.id);
  const next = place < 0 ? ranking.find((it) => struggleOf(it) <= struggleOf(session)) : ranking[place + 1];
  const last = ranking.at(-1);
  const hasAllWhoStruggled = isWhole || (last !== undefined && !isStruggling(last));
  const mayComeLater = place < 0 && last !== undefined && struggleOf(last) >= struggleOf(session);
  if (!hasAllWhoStruggled && (mayComeLater || !next)) return 'more';
  return next && isStruggling(next) ? next : null;
}
