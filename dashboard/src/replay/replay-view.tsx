'use client';

import { useSearchParams } from 'next/navigation';
import { type CSSProperties, type ReactNode, useRef, useState } from 'react';
import { type Answer, ApiError, serverNowMs } from '@/api/client';
import { useSessionEvents } from '@/api/queries';
import type { Insight, Replay, Session, SessionEvent } from '@/api/types';
import { Card, Fault } from '@/design/states';
import { useText } from '@/text/text';
import { Chapters } from '@/views/session-timeline';
import { typesOf } from '@/views/timeline';
import { BrowserFrame, stageAspect } from './browser-frame';
import { Controls } from './controls';
import { useFullScreen } from './full-screen';
import { usePlayerKeys } from './keys';
import { type Absence, absenceOf, LEAD_MS, momentOf } from './moment';
import { PANELS_HEIGHT, Panels } from './panels';
import type { Player } from './player';
import { Scrubber } from './scrubber';
import { recordingsOf } from './timeline';
import { usePlayer, useReplay } from './use-player';

interface ReplayViewProps {
  session: Session;
  insights: Insight[];
  /** What is shown when there is nothing to play after all. */
  fallback: ReactNode;
}

/** The session in words, and why there is no more than that. */
export function InWords({ absence, children }: { absence: Absence | null; children: ReactNode }) {
  const text = useText();
  return (
    <>
      {absence && <p className="text-13 text-muted">{text.replay[absence]}</p>}
      {children}
    </>
  );
}

export function ReplayView({ session, insights, fallback }: ReplayViewProps) {
  const replay = useReplay(session.id);
  const status = replay.error instanceof ApiError ? replay.error.status : 0;
  if (status === 404 || status === 403) {
    return <InWords absence={absenceOf(session, status, serverNowMs())}>{fallback}</InWords>;
  }
  if (replay.isError) {
    return (
      <>
        <Card>
          <Fault error={replay.error} onRetry={() => void replay.refetch()} />
        </Card>
        {fallback}
      </>
    );
  }
  if (!replay.data) return <Shape device={session.device_type} />;
  if (recordingsOf(replay.data.data).length === 0) return fallback;
  return <Watch session={session} insights={insights} answer={replay.data} />;
}

const GRID = 'grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_340px] xl:grid-cols-[minmax(0,1fr)_380px]';

/** Of the scrubber and the controls, which a phone has in two rows. */
const DECK_HEIGHT = 'h-[100px] max-md:h-[149px]';

/** The player's final shape while the manifest is on its way. */
function Shape({ device }: { device: string }) {
  return (
    <div className={GRID} aria-busy="true">
      <Card className="overflow-hidden">
        <div className="h-9 border-b border-hairline bg-sunken" />
        <div
          className="aspect-[16/10] max-h-[72dvh] bg-sunken max-md:aspect-(--page-aspect)"
          style={{ '--page-aspect': stageAspect(null, device) } as CSSProperties}
        />
        <div className={DECK_HEIGHT} />
      </Card>
      <Card className={PANELS_HEIGHT}>{null}</Card>
    </div>
  );
}

/** Where the address says to begin; else where the recording does. */
function useStartMs(session: Session, replay: Replay): number {
  const sessionMs = Date.parse(session.started_at);
  const asked = momentOf(useSearchParams(), sessionMs);
  return Math.max(sessionMs, asked ?? recordingsOf(replay)[0]?.startMs ?? sessionMs);
}

function Watch({ session, insights, answer }: { session: Session; insights: Insight[]; answer: Answer<Replay> }) {
  const replay = answer.data;
  const stage = useRef<HTMLDivElement>(null);
  const whole = useRef<HTMLDivElement>(null);
  const startMs = useStartMs(session, replay);
  const player = usePlayer(stage, session, replay, startMs);
  const events = useSessionEvents(session.id, typesOf('important'));
  const fullScreen = useFullScreen(whole);
  return (
    <div className={GRID}>
      <div className="flex min-w-0 flex-col gap-4">
        <Card className="overflow-hidden">
          <div
            ref={whole}
            data-testid="replay-whole"
            className={`flex flex-col bg-surface ${fullScreen.isOn ? 'fixed inset-0 z-50' : ''}`}
          >
            <BrowserFrame
              stage={stage}
              player={player}
              device={session.device_type}
              events={events.data?.data ?? []}
              isMasked={replay.is_masked}
              isTruncated={answer.truncated === true}
              isFull={fullScreen.isOn}
            />
            {player && (
              <Deck
                player={player}
                session={session}
                insights={insights}
                events={events.data?.data}
                fullScreen={fullScreen}
              />
            )}
            {!player && <div className={DECK_HEIGHT} />}
          </div>
        </Card>
        <Chapters
          session={session}
          insights={insights}
          isWide
          onGo={({ at }) => player?.seek(Date.parse(at) - LEAD_MS)}
        />
      </div>
      {player ? (
        <Panels player={player} session={session} insights={insights} />
      ) : (
        <Card className={PANELS_HEIGHT}>{null}</Card>
      )}
    </div>
  );
}

interface DeckProps {
  player: Player;
  session: Session;
  insights: Insight[];
  events: SessionEvent[] | undefined;
  fullScreen: ReturnType<typeof useFullScreen>;
}

function Deck({ player, session, insights, events, fullScreen }: DeckProps) {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const stops = insights.map((insight) => Date.parse(insight.timestamp) - LEAD_MS).sort((a, b) => a - b);
  usePlayerKeys(player, stops, { onFullScreen: fullScreen.toggle, onHelp: () => setHelpOpen((isOpen) => !isOpen) });
  return (
    <>
      <Scrubber player={player} session={session} insights={insights} events={events} />
      <Controls
        player={player}
        session={session}
        stops={stops}
        fullScreen={fullScreen}
        isHelpOpen={isHelpOpen}
        onHelp={setHelpOpen}
      />
    </>
  );
}
