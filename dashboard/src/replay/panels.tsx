'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Answer } from '@/api/client';
import type { Insight, Session, SessionEvent } from '@/api/types';
import { Segmented } from '@/design/controls';
import { InsightMark } from '@/design/severity';
import { Card, Empty, Fault, SkeletonRows } from '@/design/states';
import { bytes, clock, duration, percent } from '@/format/format';
import { useLanguage, useText } from '@/text/text';
import { Facts, keepInSight, Timeline } from '@/views/session-timeline';
import { type Detail, timelineOf } from '@/views/timeline';
import type { ConsoleLine, NetworkLine } from './events';
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
  const names: Record<Panel, string> = {
    events: text.replay.events,
    console: text.replay.console,
    network: text.replay.network,
    details: text.session.details,
  };
  return (
    <Card className="flex h-[480px] flex-col overflow-hidden lg:sticky lg:top-16 lg:h-[calc(100dvh-88px)] lg:max-h-[860px]">
      <div className="border-b border-hairline px-3 py-2.5">
        <Segmented<Panel>
          label={text.replay.panels}
          value={panel}
          options={PANELS.map((name) => [name, names[name]] as const)}
          onChoose={setPanel}
        />
      </div>
      {panel === 'events' && <Events player={player} session={session} insights={insights} events={events} />}
      {panel === 'console' && <Console player={player} />}
      {panel === 'network' && <Network player={player} />}
      {panel === 'details' && (
        <Scroller>
          <div className="pt-4">
            <Facts session={session} />
          </div>
        </Scroller>
      )}
    </Card>
  );
}

function Scroller({ children }: { children: ReactNode }) {
  return (
    <div data-scroller className="min-h-0 flex-1 overflow-y-auto">
      {children}
    </div>
  );
}

function Events({ player, session, insights, events }: PanelsProps) {
  const text = useText();
  const [detail, setDetail] = useState<Detail>('important');
  const told = events.data?.data;
  const lines = useMemo(() => timelineOf(told ?? [], insights, detail), [told, insights, detail]);
  const currentId = usePlayerState(player, ({ atMs }) => lines.findLast(({ at }) => Date.parse(at) <= atMs)?.id);
  return (
    <>
      <Scroller>
        {events.isPending && <SkeletonRows rows={10} height={34} />}
        {events.isError && !told && <Fault error={events.error} onRetry={() => void events.refetch()} />}
        {told && lines.length === 0 && <Empty>{text.session.noEvents}</Empty>}
        <Timeline
          lines={lines}
          startMs={Date.parse(session.started_at)}
          currentId={currentId}
          onPick={(atMs) => player.seek(atMs)}
        />
      </Scroller>
      <div className="border-t border-hairline px-3 py-2">
        <Segmented<Detail>
          label={text.session.timeline}
          value={detail}
          options={[
            ['important', text.session.important],
            ['errors', text.session.errors],
            ['all', text.session.all],
          ]}
          onChoose={setDetail}
        />
      </div>
    </>
  );
}

interface LogProps<Line> {
  player: Player;
  lines: Line[];
  empty: string;
  children: (line: Line) => ReactNode;
  isWarm(line: Line): boolean;
}

/** Lines of the recording itself; they come as it is read. */
function Log<Line extends { atMs: number }>({ player, lines, empty, children, isWarm }: LogProps<Line>) {
  const { text, language } = useLanguage();
  const list = useRef<HTMLOListElement>(null);
  const readShare = usePlayerState(player, (state) => state.readShare);
  const startMs = usePlayerState(player, (state) => state.startMs);
  const current = usePlayerState(player, ({ atMs }) => lines.findLastIndex((line) => line.atMs <= atMs));
  useEffect(() => player.readAll(), [player]);
  useEffect(() => keepInSight(list.current?.children[current]), [current]);
  return (
    <Scroller>
      {readShare < 1 && (
        <p role="status" className="px-4 py-2 text-12 text-muted">
          {text.replay.reading(percent(100 * readShare, language))}
        </p>
      )}
      {readShare >= 1 && lines.length === 0 && <Empty>{empty}</Empty>}
      <ol ref={list} className="pb-3">
        {lines.map((line, index) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
            key={index}
            aria-current={index === current ? 'step' : undefined}
            data-testid="replay-log-line"
            className={`border-l-2 text-13 ${index === current ? 'border-l-accent bg-accent-soft' : 'border-l-transparent'}`}
          >
            <button
              type="button"
              onClick={() => player.seek(line.atMs)}
              className="flex w-full items-baseline gap-3 px-4 py-1.5 text-left hover:bg-sunken focus-visible:-outline-offset-2"
            >
              <span className="w-11 shrink-0 text-right text-muted">{clock(line.atMs - startMs)}</span>
              <span className="w-2.5 shrink-0">{isWarm(line) && <InsightMark type="error" />}</span>
              {children(line)}
            </button>
          </li>
        ))}
      </ol>
    </Scroller>
  );
}

function Console({ player }: { player: Player }) {
  const text = useText();
  const facts = usePlayerState(player, (state) => state.facts);
  const lines = useMemo(() => facts.flatMap((it) => it.console), [facts]);
  return (
    <Log<ConsoleLine>
      player={player}
      lines={lines}
      empty={text.replay.noConsole}
      isWarm={({ level }) => level === 'error'}
    >
      {({ level, text: words, trace }) => (
        <span className="min-w-0 flex-1 font-mono text-12">
          {level !== 'info' && <span className="mr-2 text-muted">{level}</span>}
          <span className={`whitespace-pre-wrap ${level === 'debug' ? 'text-muted' : ''}`}>{words}</span>
          {trace && level === 'error' && <span className="mt-0.5 block whitespace-pre-wrap text-muted">{trace}</span>}
        </span>
      )}
    </Log>
  );
}

function hasFailed({ status }: NetworkLine): boolean {
  return status === 0 || status >= 400;
}

function Network({ player }: { player: Player }) {
  const text = useText();
  const facts = usePlayerState(player, (state) => state.facts);
  const lines = useMemo(() => facts.flatMap((it) => it.network), [facts]);
  return (
    <Log<NetworkLine> player={player} lines={lines} empty={text.replay.noNetwork} isWarm={hasFailed}>
      {(line) => (
        <span className="min-w-0 flex-1">
          <span className="block truncate font-mono text-12" title={line.url}>
            <span className="text-muted">{line.method}</span> {line.url.replace(/^asset:/, '')}
          </span>
          <span className="flex gap-3 text-12 text-muted">
            <span className={hasFailed(line) ? 'font-medium text-heat-text' : ''}>
              {line.status || text.replay.noAnswer}
            </span>
            <span>{duration(line.durationMs)}</span>
            {line.responseBytes > 0 && <span>{bytes(line.responseBytes)}</span>}
          </span>
        </span>
      )}
    </Log>
  );
}
