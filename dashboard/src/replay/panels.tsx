'use client';

import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useSessionEvents } from '@/api/queries';
import type { Insight, Session } from '@/api/types';
import { Button, Segmented } from '@/design/controls';
import { Icon } from '@/design/icon';
import { InsightMark } from '@/design/severity';
import { Card, Empty, Fault, SkeletonRows } from '@/design/states';
import { bytes, clock, duration, percent } from '@/format/format';
import { useLanguage, useText } from '@/text/text';
import { DetailChoice, EventsCut, Facts, keepInSight, Timeline } from '@/views/session-timeline';
import { type Detail, timelineOf, typesOf } from '@/views/timeline';
import { originsOf, requestedOf } from './address';
import { type ConsoleLine, hasFailed, type Lines, type NetworkLine } from './events';
import { WINDOW_LINES, windowAt, windowMoved, windowWith } from './log-window';
import type { Player } from './player';
import { usePlayerState } from './use-player';

const PANELS = ['events', 'console', 'network', 'details'] as const;
type Panel = (typeof PANELS)[number];

interface PanelsProps {
  player: Player;
  session: Session;
  insights: Insight[];
}

/** As high as the screen leaves room for under the head of the page, so that the choice at the foot of a list is seen. */
export const PANELS_HEIGHT = 'h-[480px] lg:h-[calc(100dvh-164px)] lg:min-h-[480px] lg:max-h-[860px]';

/** What happened, in words, in step with the player. */
export function Panels({ player, session, insights }: PanelsProps) {
  const text = useText();
  const [panel, setPanel] = useState<Panel>('events');
  const names: Record<Panel, string> = {
    events: text.replay.events,
    console: text.replay.console,
    network: text.replay.network,
    details: text.session.details,
  };
  return (
    <Card className={`flex flex-col overflow-hidden lg:sticky lg:top-16 ${PANELS_HEIGHT}`}>
      <div className="border-b border-hairline px-3 py-2.5">
        <Segmented<Panel>
          label={text.replay.panels}
          value={panel}
          options={PANELS.map((name) => [name, names[name]] as const)}
          onChoose={setPanel}
        />
      </div>
      {panel === 'events' && <Events player={player} session={session} insights={insights} />}
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

/** The window of a long list that is in the page: its first line, and the line that is kept in sight. */
function useLineWindow(count: number, current: number) {
  const [view, setView] = useState({ from: 0, line: -1 });
  const from = windowAt(view.from, count);
  const move = (isForward: boolean) =>
    setView({ from: windowMoved(from, isForward), line: isForward ? from + WINDOW_LINES - 1 : from });
  useEffect(() => {
    setView((before) => ({ from: windowWith(current, before.from), line: current }));
  }, [current]);
  return { from, view, move };
}

function Events({ player, session, insights }: PanelsProps) {
  const text = useText();
  const [detail, setDetail] = useState<Detail>('important');
  const events = useSessionEvents(session.id, typesOf(detail));
  const told = events.data?.data;
  const lines = useMemo(() => timelineOf(told ?? [], insights, detail), [told, insights, detail]);
  const times = useMemo(() => lines.map(({ at }) => Date.parse(at)), [lines]);
  const current = usePlayerState(player, ({ atMs }) => times.findLastIndex((time) => time <= atMs));
  const { from, view, move } = useLineWindow(lines.length, current);
  const startMs = Date.parse(session.started_at);
  return (
    <>
      <Scroller>
        {events.isPending && <SkeletonRows rows={10} height={34} />}
        {events.isError && !told && <Fault error={events.error} onRetry={() => void events.refetch()} />}
        {told && lines.length === 0 && <Empty>{text.session.noEvents}</Empty>}
        {from > 0 && <More label={text.replay.earlierLines(from)} onClick={() => move(false)} />}
        <Timeline
          lines={lines.slice(from, from + WINDOW_LINES)}
          startMs={startMs}
          currentId={lines[current]?.id}
          inSightId={lines[view.line]?.id}
          onPick={(atMs) => player.seek(atMs)}
        />
        {from + WINDOW_LINES < lines.length && (
          <More label={text.replay.laterLines(lines.length - from - WINDOW_LINES)} onClick={() => move(true)} />
        )}
      </Scroller>
      <EventsCut events={events.data} startMs={startMs} />
      <div className="border-t border-hairline px-3 py-2">
        <DetailChoice detail={detail} onChoose={setDetail} />
      </div>
    </>
  );
}

interface LogProps<Line> {
  player: Player;
  /** Of each chunk that has been read, in order of time. */
  logs: Lines<Line>[];
  empty: string;
  children: (line: Line) => ReactNode;
  isWarm(line: Line): boolean;
}

/** Lines of the recording itself; they come as it is read. */
function Log<Line extends { atMs: number }>({ player, logs, empty, children, isWarm }: LogProps<Line>) {
  const text = useText();
  const list = useRef<HTMLOListElement>(null);
  const lines = useMemo(() => logs.flatMap(({ kept }) => kept), [logs]);
  const leftOut = useMemo(() => logs.reduce((sum, log) => sum + log.leftOut, 0), [logs]);
  const readShare = usePlayerState(player, (state) => state.readShare);
  const unreadable = usePlayerState(player, (state) => state.unreadable);
  const startMs = usePlayerState(player, (state) => state.startMs);
  const current = usePlayerState(player, ({ atMs }) => lines.findLastIndex((line) => line.atMs <= atMs));
  const { from, view, move } = useLineWindow(lines.length, current);
  useEffect(() => player.readAll(), [player]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is scrolled when another line is to be seen, and not because lines came
  useEffect(() => keepInSight(list.current?.children[view.line - from]), [view]);
  return (
    <Scroller>
      <ReadState player={player} />
      {readShare >= 1 && unreadable === 0 && lines.length === 0 && <Empty>{empty}</Empty>}
      {from > 0 && <More label={text.replay.earlierLines(from)} onClick={() => move(false)} />}
      <ol ref={list} data-testid="replay-log" data-lines={lines.length} className="pb-3">
        {lines.slice(from, from + WINDOW_LINES).map((line, index) => (
          <LogLine
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
            key={from + index}
            at={clock(line.atMs - startMs)}
            isCurrent={from + index === current}
            isWarm={isWarm(line)}
            onPick={() => player.seek(line.atMs)}
          >
            {children(line)}
          </LogLine>
        ))}
      </ol>
      {from + WINDOW_LINES < lines.length && (
        <More label={text.replay.laterLines(lines.length - from - WINDOW_LINES)} onClick={() => move(true)} />
      )}
      {leftOut > 0 && <p className="px-4 pb-3 text-12 text-muted">{text.replay.linesLeftOut(leftOut)}</p>}
    </Scroller>
  );
}

function More({ label, onClick }: { label: string; onClick(): void }) {
  return (
    <div className="flex justify-center py-2">
      <Button onClick={onClick}>{label}</Button>
    </div>
  );
}

/** How far the recording has been read, and what of it could not be. */
function ReadState({ player }: { player: Player }) {
  const { text, language } = useLanguage();
  const readShare = usePlayerState(player, (state) => state.readShare);
  const unreadable = usePlayerState(player, (state) => state.unreadable);
  if (readShare < 1) {
    return (
      <p role="status" className="px-4 py-2 text-12 text-muted">
        {text.replay.reading(percent(100 * readShare, language))}
      </p>
    );
  }
  if (unreadable === 0) return null;
  return (
    <div role="alert" className="flex items-center gap-2 px-4 py-2 text-12 text-fault">
      <Icon name="fault" size={14} />
      <span className="min-w-0 flex-1">{text.replay.unreadable(unreadable)}</span>
      <Button onClick={() => player.retry()}>{text.common.retry}</Button>
    </div>
  );
}

interface LogLineProps {
  at: string;
  isCurrent: boolean;
  isWarm: boolean;
  onPick(): void;
  children: ReactNode;
}

function LogLine({ at, isCurrent, isWarm, onPick, children }: LogLineProps) {
  return (
    <li
      aria-current={isCurrent ? 'step' : undefined}
      data-testid="replay-log-line"
      className={`border-l-2 text-13 ${isCurrent ? 'border-l-accent bg-accent-soft' : 'border-l-transparent'}`}
    >
      <button
        type="button"
        onClick={onPick}
        className="flex w-full items-baseline gap-3 px-4 py-1.5 text-left hover:bg-sunken focus-visible:-outline-offset-2"
      >
        <span className="w-11 shrink-0 text-muted">{at}</span>
        <span className="w-[10px] shrink-0">{isWarm && <InsightMark type="error" />}</span>
        {children}
      </button>
    </li>
  );
}

function Console({ player }: { player: Player }) {
  const text = useText();
  const facts = usePlayerState(player, (state) => state.facts);
  const logs = useMemo(() => facts.map((it) => it.console), [facts]);
  return (
    <Log<ConsoleLine>
      player={player}
      logs={logs}
      empty={text.replay.noConsole}
      isWarm={({ level }) => level === 'error'}
    >
      {({ level, text: words, trace }) => (
        <span className="min-w-0 flex-1 font-mono text-12">
          {level !== 'info' && <span className="mr-2 text-muted">{level}</span>}
          <span className={`whitespace-pre-wrap ${level === 'debug' ? 'text-muted' : ''}`}>{words}</span>
          {trace && <span className="mt-0.5 block whitespace-pre-wrap text-muted">{trace}</span>}
        </span>
      )}
    </Log>
  );
}

function Network({ player }: { player: Player }) {
  const text = useText();
  const facts = usePlayerState(player, (state) => state.facts);
  const logs = useMemo(() => facts.map((it) => it.network), [facts]);
  const origins = useMemo(() => originsOf(facts.flatMap((it) => it.pages.map(({ href }) => href))), [facts]);
  return (
    <Log<NetworkLine> player={player} logs={logs} empty={text.replay.noNetwork} isWarm={hasFailed}>
      {(line) => (
        <span className="min-w-0 flex-1">
          <span className="block truncate font-mono text-12" title={line.url}>
            <span className="text-muted">{line.method}</span> {requestedOf(line.url, origins)}
          </span>
          <span className="flex gap-3 text-12 text-muted">
            <span className={hasFailed(line) ? 'font-medium text-heat-text' : ''}>
              {line.isLost ? text.replay.noAnswer : (line.status ?? text.replay.hiddenAnswer)}
            </span>
            <span>{duration(line.durationMs)}</span>
            {line.responseBytes > 0 && <span>{bytes(line.responseBytes)}</span>}
          </span>
        </span>
      )}
    </Log>
  );
}
