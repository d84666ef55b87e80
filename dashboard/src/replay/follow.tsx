'use client';

import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { callData, serverNowMs } from '@/api/client';
import type { Replay, Session } from '@/api/types';
import { duration } from '@/format/format';
import { useLive, useRecorded } from '@/live/live';
import { useRoute } from '@/route/route';
import { useNow } from '@/shell/now';
import { useText } from '@/text/text';
import { hasEnded } from './moment';
import type { Player } from './player';
import { replayPath, usePlayerState } from './use-player';

/** The server tells when there is more; it is asked only while nothing can be told. */
const POLL_MS = 2_000;
/** Recording, sending and storing take this long; more is worth a word. */
const BEHIND_MS = 10_000;

/** Follows a session that is still going on. */
export function Follow({ player, session }: { player: Player; session: Session }) {
  const text = useText();
  useNow(1_000);
  const isFollowing = usePlayerState(player, (state) => state.isFollowing);
  useNewest(player, session.id, isFollowing);
  const isOver = hasEnded(session, player.state.endMs, serverNowMs());
  const [hasSeenEnd, setSeenEnd] = useState(false);
  useEffect(() => {
    if (!isOver || !isFollowing) return;
    player.stopFollowing();
    setSeenEnd(true);
  }, [player, isOver, isFollowing]);
  if (isOver) {
    return hasSeenEnd ? (
      <span role="status" data-testid="replay-ended" className="text-12 text-muted">
        {text.replay.ended}
      </span>
    ) : null;
  }
  const behindMs = serverNowMs() - player.state.atMs;
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      {isFollowing && behindMs > BEHIND_MS && (
        <span className="text-12 text-fault">{text.replay.behind(duration(behindMs))}</span>
      )}
      <button
        type="button"
        aria-pressed={isFollowing}
        title={isFollowing ? text.replay.following : text.replay.follow}
        data-testid="replay-live"
        onClick={() => (isFollowing ? player.pause() : player.follow())}
        className="inline-flex h-8 items-center gap-1.5 rounded-control border border-hairline px-2.5 max-md:h-10 text-13 font-medium text-muted hover:bg-sunken aria-pressed:text-live-text"
      >
        <span aria-hidden="true" className={`size-2 rounded-full ${isFollowing ? 'bg-live' : 'bg-edge'}`} />
        {text.replay.follow}
      </button>
    </span>
  );
}

/** Has the player know of all that has been recorded so far. */
function useNewest(player: Player, session: string, isFollowing: boolean): void {
  const { project } = useRoute();
  const isConnected = useLive(({ connection }) => connection === 'open');
  const { data, isFetching, refetch } = useQuery({
    queryKey: ['project', project, 'replay', session, 'newest'],
    queryFn: ({ signal }) => callData<Replay>(replayPath(project, session), { signal }),
    enabled: isFollowing,
    refetchInterval: isConnected ? false : POLL_MS,
    gcTime: 0,
  });
  // What is told while an answer is on its way may not be in it.
  const [isOld, setOld] = useState(false);
  const onRecorded = useCallback(() => setOld(true), []);
  useRecorded(session, isFollowing, onRecorded);
  useEffect(() => {
    if (!isOld || isFetching || !isFollowing) return;
    setOld(false);
    void refetch();
  }, [isOld, isFetching, isFollowing, refetch]);
  useEffect(() => {
    if (data) player.refresh(data);
  }, [player, data]);
}
