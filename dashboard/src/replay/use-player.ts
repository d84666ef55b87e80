'use client';

import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react';
import { type Answer, call, serverNowMs, untilThere } from '@/api/client';
import { projectPath, useSession } from '@/api/queries';
import type { Replay, Session } from '@/api/types';
import { useRoute } from '@/route/route';
import { hasEnded } from './moment';
import { Player, type PlayerState } from './player';
import type { Size } from './stage';

export function replayPath(project: string, session: string): string {
  return `${projectPath(project)}/sessions/${encodeURIComponent(session)}/replay`;
}

export function assetsPath(project: string): string {
  return `${projectPath(project)}/replay/assets`;
}

/** That a session is recorded is told before the recording can be read, while it goes on. */
export function useReplay(session: string): UseQueryResult<Answer<Replay>> {
  const { project } = useRoute();
  const about = useSession(session).data?.data;
  return useQuery({
    queryKey: ['project', project, 'replay', session],
    queryFn: ({ signal }) => call<Replay>(replayPath(project, session), { signal }),
    // A manifest grows; the player asks for it itself while it follows.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    ...untilThere(() => about !== undefined && !hasEnded(about, 0, serverNowMs())),
  });
}

/** A player in `root`, from when the page is there until it goes. */
export function usePlayer(
  root: RefObject<HTMLElement | null>,
  session: Session,
  replay: Replay,
  atMs: number,
): Player | null {
  const { project } = useRoute();
  const [player, setPlayer] = useState<Player | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a player is made once; what grows is told to it
  useEffect(() => {
    if (!root.current) return;
    const made = new Player({
      path: replayPath(project, session.id),
      assetsPath: assetsPath(project),
      replay,
      startMs: Date.parse(session.started_at),
      endMs: Date.parse(session.ended_at),
      atMs,
    });
    setPlayer(made);
    return made.mount(root.current);
  }, [project, session.id]);
  return player;
}

/** A part of the player's state; `select` must answer the same while nothing it names has changed. */
export function usePlayerState<T>(player: Player, select: (state: PlayerState) => T): T {
  return useSyncExternalStore(player.subscribe, () => select(player.state));
}

const NEVER = () => () => {};

export function usePageSize(player: Player | null): Size | null {
  return useSyncExternalStore(player?.subscribe ?? NEVER, () => player?.state.size ?? null);
}
