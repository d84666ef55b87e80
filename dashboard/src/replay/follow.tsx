'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { callData, serverNowMs } from '@/api/client';
import type { Replay, Session } from '@/api/types';
import { duration } from '@/format/format';
import { useRoute } from '@/route/route';
import { useNow } from '@/shell/now';
import { useText } from '@/text/text';
import { hasEnded } from './moment';
import type { Player } from './player';
import { replayPath, usePlayerState } from './use-player';

const POLL_MS = 2_000;
/** Recording, sending and storing take this long; more is worth a word. */
const BEHIND_MS = 10_000;

/** Follows a session that is still going on. */
export function Follow({ player, session }: { player: Player; session: Session }) {
  const text = useText();
  const { project } = useRoute();
  useNow(1_000);
  const isFollowing = usePlayerState(player, (state) => state.isFollowing);
  const newest = useQuery({
    queryKey: ['project', project, 'replay', session.id, 'newest'],
    queryFn: ({ signal }) => callData<Replay>(replayPath(project, session.id), { signal }),
    enabled: isFollowing,
    refetchInterval: POLL_MS,
    gcTime: 0,
  });
  useEffect(() => {
    if (newest.data) player.refresh(newest.data);
  }, [player, newest.data]);
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
    <span className="flex items-center gap-2">
      {isFollowing && behindMs > BEHIND_MS && (
        <span className="text-12 text-fault">{text.replay.behind(duration(behindMs))}</span>
      )}
      <button
        type="button"
        aria-pressed={isFollowing}
        title={isFollowing ? text.replay.following : text.replay.follow}
        data-testid="replay-live"
        onClick={() => (isFollowing ? player.pause() : player.follow())}
        className="inline-flex h-8 items-center gap-1.5 rounded-control border border-hairline px-2.5 text-13 font-medium text-muted hover:bg-sunken aria-pressed:text-live-text"
      >
        <span aria-hidden="true" className={`size-2 rounded-full ${isFollowing ? 'bg-live' : 'bg-edge'}`} />
        {text.replay.follow}
      </button>
    </span>
  );
}
