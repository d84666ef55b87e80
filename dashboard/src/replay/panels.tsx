'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { Answer } from '@/api/client';
import type { Insight, Session, SessionEvent } from '@/api/types';
import { Segmented, Select } from '@/design/controls';
import { Card, Empty, Fault, SkeletonRows } from '@/design/states';
import { useText } from '@/text/text';
import { Facts, Timeline } from '@/views/session-timeline';
import { type Detail, type Line, timelineOf } from '@/views/timeline';
import type { Player } from './player';
import { usePlayerState } from './use-player';

const PANELS = ['events', 'console', 'network', 'details'] as const;
type Panel = (typeof PANELS)[number];

interface PanelsProps {
  player: Player;
  session: Session;
  insights: Insight[];
  events: UseQueryResult<Answer<SessionEvent[]>>;
}

/** What happened, in words, in step with the player. */
export function Panels({ player, session, insights, events }: PanelsProps) {
  const text = useText();
  const [panel, setPanel] = useState<Panel>('events');
  const [detail, setDetail] = useState<Detail>('important');
  const names: Record<Panel, string> = { ...text.replay, details: text.session.details };
  return (
    <Card className="flex h-[480px] flex-col overflow-hidden lg:sticky lg:top-16 lg:h-[calc(100dvh-96px)] lg:max-h-[800px]">
      <div className="flex min-h-12 items-center justify-between gap-2 border-b border-hairline px-3 py-2">
        <Segmented<Panel>
          label={text.replay.panels}
          value={panel}
          options={PANELS.map((name) => [name, names[name]] as const)}
          onChoose={setPanel}
        />
      </div>
      <div data-scroller className="min-h-0 flex-1 overflow-y-auto">
        {panel === 'events' && (
          <Events
            player={player}
            events={events}
            lines={timelineOf(events.data?.data ?? [], insights, detail)}
            startMs={Date.parse(session.started_at)}
          />
        )}
        {panel === 'details' && (
          <div className="pt-4">
            <Facts session={session} />
          </div>
        )}
      </div>
      {panel === 'events' && (
        <div className="border-t border-hairline px-3 py-2">
          <Select
            label={text.session.timeline}
            value={detail}
            options={[
              ['important', text.session.important],
              ['errors', text.session.errors],
              ['all', text.session.all],
            ]}
            onChoose={(value) => setDetail(value as Detail)}
          />
        </div>
      )}
    </Card>
  );
}

interface EventsProps {
  player: Player;
  events: UseQueryResult<Answer<SessionEvent[]>>;
  lines: Line[];
  startMs: number;
}

function Events({ player, events, lines, startMs }: EventsProps) {
  const text = useText();
  const currentId = usePlayerState(player, ({ atMs }) => lines.findLast(({ at }) => Date.parse(at) <= atMs)?.id);
  return (
    <>
      {events.isPending && <SkeletonRows rows={10} height={34} />}
      {events.isError && !events.data && <Fault error={events.error} onRetry={() => void events.refetch()} />}
      {events.data && lines.length === 0 && <Empty>{text.session.noEvents}</Empty>}
      <Timeline lines={lines} startMs={startMs} currentId={currentId} onPick={(atMs) => player.seek(atMs)} />
    </>
  );
}
