/** Where ticks meet the query cache: which reducer belongs to which kind of query. */

import type { QueryClient } from '@tanstack/react-query';
import type { Answer } from '@/api/client';
import type { AlertTransition, Heatmap, Insights, Overview, Session, SessionEvent } from '@/api/types';
import type { Tick } from './messages';
import {
  applyToEvents,
  applyToHeatmap,
  applyToHistory,
  applyToInsights,
  applyToOverview,
  applyToSession,
  applyToSessions,
  type EventsParams,
  type HeatmapParams,
  type InsightsParams,
  type OverviewParams,
  type Pages,
  type SessionsParams,
} from './reducer';

/** Every live kind of query: the shape of its key's last part, and of what is cached under it. */
export interface LiveKinds {
  overview: { params: OverviewParams; data: Answer<Overview> };
  sessions: { params: SessionsParams; data: Pages<Session[]> };
  session: { params: string; data: Answer<Session> };
  events: { params: EventsParams; data: Answer<SessionEvent[]> };
  insights: { params: InsightsParams; data: Pages<Insights> };
  heatmap: { params: HeatmapParams; data: Answer<Heatmap> };
  history: { params: null; data: Pages<AlertTransition[]> };
}

type Reducers = {
  [Kind in keyof LiveKinds]: (
    data: LiveKinds[Kind]['data'],
    params: LiveKinds[Kind]['params'],
    tick: Tick,
  ) => LiveKinds[Kind]['data'];
};

const REDUCERS: Reducers = {
  overview: applyToOverview,
  sessions: applyToSessions,
  session: (data, _, tick) => applyToSession(data, tick),
  events: applyToEvents,
  insights: applyToInsights,
  heatmap: applyToHeatmap,
  history: (data, _, tick) => applyToHistory(data, tick),
};

export type LiveKey<Kind extends keyof LiveKinds> = readonly ['project', string, Kind, LiveKinds[Kind]['params']];

export function liveKey<Kind extends keyof LiveKinds>(
  project: string,
  kind: Kind,
  params: LiveKinds[Kind]['params'],
): LiveKey<Kind> {
  return ['project', project, kind, params];
}

/** Brings what was just fetched up to the screen's present: the ticks that came while it was on its way. */
export function catchUp<Kind extends keyof LiveKinds>(
  kind: Kind,
  params: LiveKinds[Kind]['params'],
  data: LiveKinds[Kind]['data'],
  ticks: readonly Tick[],
): LiveKinds[Kind]['data'] {
  return ticks.reduce((current, tick) => REDUCERS[kind](current, params, tick), data);
}

function applyToKind<Kind extends keyof LiveKinds>(client: QueryClient, project: string, kind: Kind, tick: Tick): void {
  for (const query of client.getQueryCache().findAll({ queryKey: ['project', project, kind] })) {
    const data = query.state.data as LiveKinds[Kind]['data'] | undefined;
    if (data === undefined) continue;
    const [, , , params] = query.queryKey as unknown as LiveKey<Kind>;
    const next = REDUCERS[kind](data, params, tick);
    if (next !== data) client.setQueryData(query.queryKey, next, { updatedAt: query.state.dataUpdatedAt });
  }
}

export function applyToCaches(client: QueryClient, project: string, tick: Tick): void {
  for (const kind of Object.keys(REDUCERS) as (keyof LiveKinds)[]) applyToKind(client, project, kind, tick);
}
