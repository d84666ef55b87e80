'use client';

import { useEffect, useRef } from 'react';
import type { Session } from '@/api/types';
import { IconButton, Select } from '@/design/controls';
import { useCopy } from '@/design/copy';
import { Icon } from '@/design/icon';
import { clock } from '@/format/format';
import { useText } from '@/text/text';
import { Follow } from './follow';
import type { useFullScreen } from './full-screen';
import { nextStop } from './keys';
import { type Player, SPEEDS } from './player';
import { usePlayerState } from './use-player';

function Clock({ player }: { player: Player }) {
  const at = usePlayerState(player, (state) => clock(state.atMs - state.startMs));
  const length = usePlayerState(player, (state) => clock(state.endMs - state.startMs));
  return (
    <span className="text-13 whitespace-nowrap" data-testid="replay-clock">
      {at} <span className="text-muted">/ {length}</span>
    </span>
  );
}

function PlayButton({ player }: { player: Player }) {
  const text = useText();
  const isPlaying = usePlayerState(player, (state) => state.isPlaying);
  const label = isPlaying ? text.replay.pause : text.replay.play;
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      data-testid="replay-play"
      data-playing={isPlaying}
      onClick={() => player.toggle()}
      className="inline-flex size-9 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent hover:opacity-90 max-md:size-11"
    >
      <Icon name={isPlaying ? 'pause' : 'play'} size={18} />
    </button>
  );
}

function SkipIdle({ player }: { player: Player }) {
  const text = useText();
  const isOn = usePlayerState(player, (state) => state.skipsIdle);
  const isFollowing = usePlayerState(player, (state) => state.isFollowing);
  return (
    <button
      type="button"
      aria-pressed={isOn}
      title={text.replay.skipIdle}
      onClick={() => player.setSkipsIdle(!isOn)}
      // Who follows skips nothing, and a phone needs the room to say how far behind that is.
      className={`inline-flex h-8 items-center gap-1.5 rounded-control px-2 text-13 font-medium text-muted hover:bg-sunken hover:text-text aria-pressed:bg-accent-soft aria-pressed:text-accent max-md:h-10 max-md:px-3 ${isFollowing ? 'max-md:hidden' : ''}`}
    >
      <Icon name="skip" />
      <span className="max-xl:sr-only">{text.replay.skipIdle}</span>
    </button>
  );
}

function CopyMoment({ player }: { player: Player }) {
  const text = useText();
  const { isCopied, copy } = useCopy();
  const copyAddress = () => {
    const address = new URL(window.location.href);
    const { atMs, startMs } = player.state;
    address.search = `?t=${Math.round(atMs - startMs)}`;
    return copy(address.href);
  };
  return (
    <>
      <IconButton
        icon={isCopied ? 'check' : 'link'}
        label={isCopied ? text.common.copied : text.replay.copyLink}
        data-testid="replay-copy-link"
        onClick={copyAddress}
      />
      <span aria-live="polite" className="sr-only">
        {isCopied && text.common.copied}
      </span>
    </>
  );
}

const KEYS = [
  ['space', 'playPause'],
  ['← →', 'step'],
  ['⇧ ← →', 'stepInsight'],
  ['< >', 'changeSpeed'],
  ['f', 'fullScreen'],
  ['n', 'nextStruggling'],
  ['?', 'help'],
] as const;

function Help({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const text = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-label={text.replay.help}
      className="m-auto w-80 rounded-card border border-hairline bg-surface p-4 text-text"
    >
      <div className="mb-2 flex items-center justify-between">
        <h2>{text.replay.help}</h2>
        <IconButton icon="close" label={text.common.cancel} onClick={onClose} />
      </div>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2 text-13">
        {KEYS.map(([key, name]) => (
          <div key={name} className="contents">
            <dt>
              <kbd className="rounded-md border border-hairline bg-sunken px-1.5 py-0.5 font-mono text-12">{key}</kbd>
            </dt>
            <dd className="text-muted">{text.replay.keys[name]}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

interface ControlsProps {
  player: Player;
  session: Session;
  /** Where insights are watched from. */
  stops: readonly number[];
  fullScreen: ReturnType<typeof useFullScreen>;
  isHelpOpen: boolean;
  onHelp(isOpen: boolean): void;
}

export function Controls({ player, session, stops, fullScreen, isHelpOpen, onHelp }: ControlsProps) {
  const text = useText();
  const speed = usePlayerState(player, (state) => state.speed);
  const go = (isForward: boolean) => {
    const stop = nextStop(stops, player.state.atMs, isForward);
    if (stop !== undefined) player.seek(stop);
  };
  return (
    <div className="flex flex-wrap items-center gap-x-1.5 gap-y-2 px-4 py-3">
      <PlayButton player={player} />
      <span className="mx-1.5">
        <Clock player={player} />
      </span>
      {stops.length > 0 && (
        <>
          <IconButton icon="previous" label={text.replay.previous} onClick={() => go(false)} />
          <IconButton icon="next" label={text.replay.next} onClick={() => go(true)} />
        </>
      )}
      <span className="flex grow items-center justify-end gap-x-1.5">
        <span className="max-md:mr-auto">
          <Follow player={player} session={session} />
        </span>
        <SkipIdle player={player} />
        <Select
          label={text.replay.speed}
          value={String(speed)}
          options={SPEEDS.map((it) => [String(it), `${it}×`] as const)}
          onChoose={(value) => player.setSpeed(Number(value))}
        />
        <CopyMoment player={player} />
        <span className="pointer-coarse:hidden">
          <IconButton icon="keys" label={text.replay.help} onClick={() => onHelp(true)} />
        </span>
        <IconButton
          icon={fullScreen.isOn ? 'narrow' : 'widen'}
          label={fullScreen.isOn ? text.replay.leaveFullScreen : text.replay.keys.fullScreen}
          onClick={fullScreen.toggle}
        />
      </span>
      <Help isOpen={isHelpOpen} onClose={() => onHelp(false)} />
    </div>
  );
}
