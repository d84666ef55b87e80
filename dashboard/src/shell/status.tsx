'use client';

import { Icon } from '@/design/icon';
import { timeOfDay } from '@/format/format';
import { useLive } from '@/live/live';
import { useLanguage } from '@/text/text';

/** Ticks come within a second; more than this is worth a word. */
const BEHIND_MS = 5_000;

/** The quiet pulse: up to which moment everything on the screen is complete. */
export function Status() {
  const { text, language } = useLanguage();
  const connection = useLive((state) => state.connection);
  const completeTo = useLive((state) => state.completeTo?.slice(0, 19) ?? null);
  const isBehind = useLive((state) => state.lagMs > BEHIND_MS);
  const time = completeTo ? timeOfDay(`${completeTo}Z`, language) : null;
  const isLost = connection === 'lost';
  const words = () => {
    if (isLost) return time ? text.status.lost(time) : text.status.lostPlain;
    if (!time) return text.status.connecting;
    return isBehind ? text.status.behind(time) : text.status.completeTo(time);
  };
  const isFault = isLost || (isBehind && connection === 'open');
  return (
    <p
      data-testid="status"
      data-connection={connection}
      data-complete-to={completeTo ?? ''}
      className={`flex min-w-0 items-center gap-2 text-12 ${isFault ? 'text-fault' : 'text-muted'}`}
    >
      {isFault ? (
        <Icon name="fault" size={14} />
      ) : (
        <span
          aria-hidden="true"
          className={`size-2 shrink-0 rounded-full ${connection === 'open' ? 'bg-live' : 'bg-edge'}`}
        />
      )}
      <span className="truncate">{words()}</span>
    </p>
  );
}
