'use client';

import { useState } from 'react';
import { useSessions } from '@/api/queries';
import type { SessionEvent } from '@/api/types';
import { ButtonLink } from '@/design/controls';
import { Icon } from '@/design/icon';
import { Card } from '@/design/states';
import { timeOfDay } from '@/format/format';
import { useLive } from '@/live/live';
import { DEFAULT_RANGE } from '@/route/range';
import { useHref } from '@/route/route';
import { useLanguage, useText } from '@/text/text';
import { describeEvent } from './describe-event';
import { SnippetCard } from './snippet-card';

/** The first event that comes while the page is open; it stays when newer ones follow. */
function useFirstEvent(): SessionEvent | null {
  const oldest = useLive((state) => state.events.at(-1) ?? null);
  const [first, setFirst] = useState<SessionEvent | null>(null);
  if (oldest && !first) setFirst(oldest);
  return first ?? oldest;
}

function Waiting() {
  const text = useText();
  return (
    <>
      <span aria-hidden="true" className="relative flex size-3">
        <span className="absolute inset-0 rounded-full border-2 border-edge" />
      </span>
      <div>
        <p className="font-medium">{text.onboarding.waiting}</p>
        <p className="text-13 text-muted">{text.onboarding.waitingHint}</p>
      </div>
    </>
  );
}

function Received() {
  const text = useText();
  const href = useHref();
  return (
    <>
      <span aria-hidden="true" className="flex size-6 items-center justify-center rounded-full bg-live text-surface">
        <Icon name="check" size={14} />
      </span>
      <div className="flex-1 basis-60">
        <p className="font-medium text-live-text">{text.onboarding.received}</p>
        <p className="text-13 text-muted">{text.onboarding.receivedHint}</p>
      </div>
      <ButtonLink tone="primary" href={href('overview')}>
        {text.onboarding.toOverview}
      </ButtonLink>
    </>
  );
}

function FirstEvent({ event }: { event: SessionEvent }) {
  const { text, language } = useLanguage();
  const { title, detail } = describeEvent(event, text);
  return (
    <div data-testid="first-event" className="animate-enter border-t border-hairline px-5 py-4">
      <h2 className="mb-1 text-12 font-medium text-muted">{text.onboarding.first}</h2>
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="text-13 text-muted">{timeOfDay(event.timestamp, language)}</span>
        <span className="font-medium">{title}</span>
        <span className="font-mono text-13 text-muted">{detail || event.path}</span>
      </p>
    </div>
  );
}

/** The snippet, and a mark that turns green by itself when the first event arrives. */
export function Onboarding() {
  const text = useText();
  const first = useFirstEvent();
  const known = useSessions({ range: DEFAULT_RANGE, filters: {}, isNewestFirst: true });
  const hasReceived = first !== null || (known.data?.pages[0]?.data.length ?? 0) > 0;
  return (
    <div className="mx-auto flex max-w-[720px] flex-col gap-5 py-4">
      <div>
        <h1>{text.onboarding.title}</h1>
        <p className="mt-1 text-muted">{text.onboarding.lead}</p>
      </div>
      <SnippetCard />
      <Card>
        <div
          role="status"
          data-testid="onboarding-status"
          data-state={hasReceived ? 'received' : 'waiting'}
          className="flex min-h-20 flex-wrap items-center gap-4 px-5 py-4"
        >
          {hasReceived ? <Received /> : <Waiting />}
        </div>
        {first && <FirstEvent event={first} />}
      </Card>
    </div>
  );
}
