'use client';

import { type CSSProperties, type RefObject, useMemo, useRef } from 'react';
import type { SessionEvent } from '@/api/types';
import { BrowserDots } from '@/design/browser-dots';
import { Icon } from '@/design/icon';
import { Fault } from '@/design/states';
import { useBox } from '@/shell/width';
import { useText } from '@/text/text';
import { addressAt, viewsOf } from './address';
import type { Player } from './player';
import type { Size } from './stage';
import { usePageSize, usePlayerState } from './use-player';

function Address({ player, events }: { player: Player; events: readonly SessionEvent[] }) {
  const recording = usePlayerState(player, (state) => state.recording);
  const views = useMemo(() => viewsOf(recording, player.recordings, events), [recording, player, events]);
  const address = usePlayerState(player, ({ atMs, href }) => addressAt(views, atMs, href));
  return (
    <span
      data-testid="replay-address"
      className="min-w-0 flex-1 truncate rounded-md bg-surface px-2.5 font-mono text-12 leading-5 text-muted"
    >
      {address}
    </span>
  );
}

/** The visitor's tabs, where there was more than one. */
function Tabs({ player }: { player: Player }) {
  const text = useText();
  const count = 1 + Math.max(0, ...player.recordings.map((recording) => recording.tab));
  const tab = usePlayerState(player, (state) => state.recording?.tab ?? 0);
  if (count < 2) return null;
  return (
    <ol className="flex shrink-0 gap-1" aria-label={text.replay.tabs}>
      {Array.from({ length: count }, (_, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: a tab has no other name than its place
          key={index}
          aria-current={index === tab}
          className="rounded-md border border-transparent px-2 text-12 text-muted aria-[current=true]:border-hairline aria-[current=true]:bg-surface aria-[current=true]:font-medium aria-[current=true]:text-text"
        >
          {text.replay.tab(index + 1)}
        </li>
      ))}
    </ol>
  );
}

function Note({ children }: { children: React.ReactNode }) {
  return (
    <p className="flex items-center gap-2 rounded-card border border-hairline bg-surface px-3 py-1 text-12 text-fault">
      <Icon name="fault" size={14} />
      {children}
    </p>
  );
}

/** What the viewer must know about what is shown. */
function Notices({ player, isMasked, isTruncated }: { player: Player; isMasked: boolean; isTruncated: boolean }) {
  const text = useText();
  const damage = usePlayerState(player, (state) => state.damage);
  return (
    <div
      className="pointer-events-none absolute inset-x-3 bottom-3 flex flex-col items-center gap-2"
      aria-live="polite"
    >
      {isTruncated && <Note>{text.replay.truncated}</Note>}
      {damage && <Note>{text.replay[damage]}</Note>}
      {isMasked && (
        <p className="rounded-card border border-hairline bg-surface px-3 py-1 text-12 text-muted">
          {text.replay.masked}
        </p>
      )}
    </div>
  );
}

function Cover({ player }: { player: Player }) {
  const text = useText();
  const status = usePlayerState(player, (state) => state.status);
  const isPlaying = usePlayerState(player, (state) => state.isPlaying);
  const hasPage = usePlayerState(player, (state) => state.size !== null);
  if (status === 'failed') {
    return (
      <div className="absolute inset-0 grid place-items-center bg-surface/90">
        <Fault error={player.state.error} onRetry={() => player.retry()} />
      </div>
    );
  }
  if (status === 'loading') {
    return (
      <p role="status" className="absolute inset-x-0 top-3 flex justify-center">
        <span className="rounded-full border border-hairline bg-surface px-3 py-1 text-12 text-muted">
          {text.replay.loading}
        </span>
      </p>
    );
  }
  if (isPlaying || !hasPage) return null;
  return (
    <button
      type="button"
      aria-label={text.replay.play}
      tabIndex={-1}
      onClick={() => player.play()}
      className="absolute inset-0 grid place-items-center"
    >
      <span className="grid size-14 place-items-center rounded-full bg-accent text-on-accent opacity-90">
        <Icon name="play" size={26} />
      </span>
    </button>
  );
}

interface BrowserFrameProps {
  /** Where the player puts the page. */
  stage: RefObject<HTMLDivElement | null>;
  player: Player | null;
  /** The visitor's. */
  device: string;
  events: readonly SessionEvent[];
  isMasked: boolean;
  /** The session has more recordings than the manifest names. */
  isTruncated: boolean;
  isFull: boolean;
}

/** Of the stage on a phone: it is as wide as the phone and takes the page's shape, as far as the controls stay on the screen. */
const ASPECT_MIN = 0.85;
const ASPECT_MAX = 2;

/** As the page is; before it is there, as pages are on such a device, so that little moves when it comes. */
export function stageAspect(page: Size | null, device: string): number {
  if (!page) return device === 'desktop' ? 1.8 : ASPECT_MIN;
  return Math.min(ASPECT_MAX, Math.max(ASPECT_MIN, page.width / page.height));
}

/** The page on a neutral stage, in the frame of a browser, as large as fits. */
export function BrowserFrame({ stage, player, device, events, isMasked, isTruncated, isFull }: BrowserFrameProps) {
  const page = usePageSize(player);
  return (
    <>
      <div className="flex h-9 items-center gap-2 border-b border-hairline bg-sunken px-3">
        <BrowserDots />
        {player && <Tabs player={player} />}
        {player && <Address player={player} events={events} />}
      </div>
      <div
        className={`relative overflow-hidden bg-sunken ${isFull ? 'min-h-0 flex-1' : 'aspect-[16/10] max-h-[72dvh] max-md:aspect-(--page-aspect)'}`}
        style={{ '--page-aspect': stageAspect(page, device) } as CSSProperties}
      >
        <Fitted stage={stage} page={page} />
        {player && <Notices player={player} isMasked={isMasked} isTruncated={isTruncated} />}
        {player && <Cover player={player} />}
      </div>
    </>
  );
}

/** The page at its own size, scaled to the room there is. */
function Fitted({ stage, page }: { stage: RefObject<HTMLDivElement | null>; page: Size | null }) {
  const room = useRef<HTMLDivElement>(null);
  const box = useBox(room);
  const scale = page ? Math.min(box.width / page.width, box.height / page.height) : 1;
  const left = page ? (box.width - page.width * scale) / 2 : 0;
  const top = page ? (box.height - page.height * scale) / 2 : 0;
  return (
    <div ref={room} className="absolute inset-0">
      <div
        ref={stage}
        data-testid="replay-stage"
        className="absolute origin-top-left overflow-hidden bg-white empty:bg-transparent"
        style={{ ...page, transform: `translate(${left}px, ${top}px) scale(${scale})` }}
      />
    </div>
  );
}
