'use client';

import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { callData } from '@/api/client';
import { projectPath, useProject } from '@/api/queries';
import type { Backdrops, Replay } from '@/api/types';
import { useRoute } from '@/route/route';
import { eventsOf, type Facts, factsOf } from './events';
import { fetchRun, runsOf } from './run';
import { chunksFrom, recordingsOf } from './timeline';
import { assetsPath, replayPath } from './use-player';

/** What a page looked like does not change; that it has a new version may be learned a little later. */
const FRESH_MS = 60_000;
/** A minute of a recording: by then a page has told of what it shows at first. */
const BACKDROP_CHUNKS_MAX = 20;

export interface BackdropParams {
  path: string;
  device: string;
  /** The newest when null. */
  version: string | null;
}

export function useBackdrops(params: BackdropParams): UseQueryResult<Backdrops> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'backdrop', params],
    queryFn: ({ signal }) =>
      callData<Backdrops>(`${projectPath(project)}/heatmaps/backdrop`, { params: { ...params }, signal }),
    enabled: params.path !== '',
    staleTime: FRESH_MS,
  });
}

/** The pictures of a backdrop: those of the recording it was taken from. None for who may not watch it, or when it is gone. */
export function useBackdropAssets(backdrops: Backdrops | undefined): { path: string | null; assets: Facts['assets'] } {
  const { project } = useRoute();
  const role = useProject().data?.role;
  const mayWatch = role !== undefined && role !== 'viewer';
  const version = backdrops?.versions.find(({ version }) => version === backdrops.backdrop?.version);
  const session = version?.session_id ?? '';
  const assets = useQuery({
    queryKey: ['project', project, 'backdropAssets', session, version?.taken_at],
    queryFn: ({ signal }) => assetsOf(replayPath(project, session), Date.parse(version?.taken_at ?? ''), signal),
    enabled: mayWatch && session !== '',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return { path: mayWatch ? assetsPath(project) : null, assets: assets.data ?? NONE };
}

const NONE: Facts['assets'] = [];

async function assetsOf(path: string, takenMs: number, signal: AbortSignal): Promise<Facts['assets']> {
  const replay = await callData<Replay>(path, { signal });
  const chunks = chunksFrom(recordingsOf(replay), takenMs).slice(0, BACKDROP_CHUNKS_MAX);
  const assets: Facts['assets'] = [];
  const runs = runsOf(chunks);
  for (const run of runs) {
    const { texts, rest } = await fetchRun(path, run, signal);
    for (const text of texts.values()) assets.push(...factsOf(eventsOf(JSON.parse(text), 0)).assets);
    runs.push(...runsOf(rest));
  }
  return assets;
}
