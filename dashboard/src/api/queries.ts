'use client';

/** One hook per answer of the API. Live answers go through `catchUp`, so that no tick is lost between fetch and screen. */

import {
  keepPreviousData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import { catchUp, liveKey } from '@/live/caches';
import { useRecentTicks } from '@/live/live';
import type {
  EventsParams,
  HeatmapParams,
  InsightsParams,
  OverviewParams,
  Pages,
  SessionsParams,
} from '@/live/reducer';
import { isTold } from '@/live/state';
import type { Filters } from '@/route/filters';
import { boundsOf, previousBounds, type Range, slidesEveryMs } from '@/route/range';
import { useRoute } from '@/route/route';
import { type Answer, call, callData, type Params, serverNowMs, signedInUser, untilThere } from './client';
import type {
  AlertTransition,
  Heatmap,
  HeatmapPage,
  Insight,
  Insights,
  Invitation,
  Key,
  Member,
  Overview,
  Project,
  ProjectDetail,
  Rule,
  ScrollDepth,
  Session,
  SessionEvent,
  Setup,
  TelegramChat,
  User,
} from './types';
import { wholeList } from './whole-list';

export type Order = 'newest' | 'longest' | 'struggling';

const SORT: Record<Order, string> = { newest: '-started_at', longest: '-duration_ms', struggling: '-struggle' };

const PER_PAGE = 50;
/** The largest page the API gives. */
const PER_PAGE_MAX = 100;
/** A session's own events are read whole, and so in larger pages; the API gives no larger ones. */
const EVENTS_PER_PAGE = 500;
/** More than a person reads; a list that ends here says so. */
const EVENTS_MAX = 20_000;

function filterParams(filters: Filters): Params {
  return { ...filters };
}

function boundsNow(range: Range): Params {
  return { ...boundsOf(range, serverNowMs()) };
}

export function projectPath(project: string): string {
  return `/projects/${encodeURIComponent(project)}`;
}

/** Whether the installation waits for its first person. */
export function useNeedsOwner(): boolean | undefined {
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => callData<Setup>('/auth/setup', { anonymous: true, signal }),
  });
  return setup.data?.needs_owner;
}

export function useMe(): UseQueryResult<User> {
  return useQuery({
    queryKey: ['me'],
    queryFn: signedInUser,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useProjects(): UseQueryResult<Project[]> {
  return useQuery({
    queryKey: ['projects'],
    queryFn: ({ signal }) => callData<Project[]>('/projects', { signal }),
    staleTime: 30_000,
  });
}

export function useProject(): UseQueryResult<ProjectDetail> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'self'],
    queryFn: ({ signal }) => callData<ProjectDetail>(projectPath(project), { signal }),
    staleTime: 60_000,
  });
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function useOverview(params: OverviewParams): UseQueryResult<Answer<Overview>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useQuery({
    queryKey: liveKey(project, 'overview', params),
    queryFn: async ({ signal }) => {
      const query = { ...boundsNow(params.range), ...filterParams(params.filters), timezone: zone() };
      const answer = await call<Overview>(`${projectPath(project)}/overview`, { params: query, signal });
      return catchUp('overview', params, answer, recent());
    },
    placeholderData: keepPreviousData,
    refetchInterval: slidesEveryMs(params.range),
  });
}

/** The series of the period before, for the dashed line. */
export function usePreviousOverview({ range, filters }: OverviewParams): UseQueryResult<Answer<Overview>> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'previous', { range, filters }],
    queryFn: ({ signal }) => {
      const query = { ...previousBounds(range, serverNowMs()), ...filterParams(filters), timezone: zone() };
      return call<Overview>(`${projectPath(project)}/overview`, { params: query, signal });
    },
    placeholderData: keepPreviousData,
    staleTime: 300_000,
  });
}

export function useSessions(params: SessionsParams, order: Order = 'newest'): UseInfiniteQueryResult<Pages<Session[]>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useInfiniteQuery({
    queryKey: [...liveKey(project, 'sessions', params), order],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        ...boundsNow(params.range),
        ...filterParams(params.filters),
        sort: SORT[order],
        per_page: PER_PAGE,
        cursor: pageParam,
      };
      const answer = await call<Session[]>(`${projectPath(project)}/sessions`, { params: query, signal });
      if (pageParam !== null) return answer;
      return catchUp('sessions', params, { pages: [answer], pageParams: [null] }, recent()).pages[0] ?? answer;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: slidesEveryMs(params.range),
  });
}

/** So far down the ranking of who struggled is as far as anybody goes. */
const STRUGGLING_PAGES_MAX = 100;

/** Who struggled most and can be watched; it is a list to go through, and so does not move by itself. */
export function useStruggling({ range, filters }: OverviewParams): UseInfiniteQueryResult<Pages<Session[]>> {
  const { project } = useRoute();
  return useInfiniteQuery({
    queryKey: ['project', project, 'struggling', { range, filters }],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        ...boundsNow(range),
        ...filterParams(filters),
        replay: true,
        sort: SORT.struggling,
        per_page: PER_PAGE_MAX,
        cursor: pageParam,
      };
      return call<Session[]>(`${projectPath(project)}/sessions`, { params: query, signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page, pages) => (pages.length < STRUGGLING_PAGES_MAX ? page.next_cursor : null),
  });
}

/** One that was told of is waited for; of any other the first answer is true. */
export function useSession(id: string): UseQueryResult<Answer<Session>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useQuery({
    queryKey: liveKey(project, 'session', id),
    queryFn: async ({ signal }) => {
      const path = `${projectPath(project)}/sessions/${encodeURIComponent(id)}`;
      return catchUp('session', id, await call<Session>(path, { signal }), recent());
    },
    ...untilThere(() => isTold(recent(), id)),
  });
}

/** All events of a session of these types, or of every type. */
export function useSessionEvents(id: string, types: EventsParams['types']): UseQueryResult<Answer<SessionEvent[]>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useQuery({
    queryKey: liveKey(project, 'events', { session: id, types }),
    queryFn: async ({ signal }) => {
      const path = `${projectPath(project)}/sessions/${encodeURIComponent(id)}/events`;
      const params = { types: types?.join(), per_page: EVENTS_PER_PAGE };
      const askPage = (cursor: string | undefined) =>
        call<SessionEvent[]>(path, { params: { ...params, cursor }, signal });
      const answer = await wholeList(askPage, EVENTS_MAX);
      return catchUp('events', { session: id, types }, answer, recent());
    },
  });
}

export function useInsights(params: InsightsParams): UseInfiniteQueryResult<Pages<Insights>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useInfiniteQuery({
    queryKey: liveKey(project, 'insights', params),
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        ...boundsNow(params.range),
        type: params.type,
        path: params.path,
        session_id: params.sessionId,
        per_page: PER_PAGE_MAX,
        cursor: pageParam,
      };
      const answer = await call<Insights>(`${projectPath(project)}/insights`, { params: query, signal });
      if (pageParam !== null) return answer;
      return catchUp('insights', params, { pages: [answer], pageParams: [null] }, recent()).pages[0] ?? answer;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: slidesEveryMs(params.range),
  });
}

/** Follows the pages until all insights are there, or `pagesMax` pages of them. */
export function useManyInsights(params: InsightsParams, pagesMax: number): UseInfiniteQueryResult<Pages<Insights>> {
  const found = useInsights(params);
  const { hasNextPage, isFetching, fetchNextPage } = found;
  const mustGoOn = hasNextPage && !isFetching && (found.data?.pages.length ?? 0) < pagesMax;
  useEffect(() => {
    if (mustGoOn) void fetchNextPage();
  }, [mustGoOn, fetchNextPage]);
  return found;
}

/** All insights that are loaded, newest first. */
export function insightsOf(pages: Pages<Insights> | undefined): Insight[] {
  return pages?.pages.flatMap((page) => page.data.insights) ?? [];
}

export function useHeatmapPages(range: Range): UseQueryResult<HeatmapPage[]> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'heatmapPages', range],
    queryFn: ({ signal }) =>
      callData<HeatmapPage[]>(`${projectPath(project)}/heatmaps/pages`, { params: boundsNow(range), signal }),
  });
}

export function useHeatmap(params: HeatmapParams): UseQueryResult<Answer<Heatmap>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useQuery({
    queryKey: liveKey(project, 'heatmap', params),
    queryFn: async ({ signal }) => {
      const query = { ...boundsNow(params.range), path: params.path, type: 'click', device: params.device };
      const answer = await call<Heatmap>(`${projectPath(project)}/heatmaps`, { params: query, signal });
      return catchUp('heatmap', params, answer, recent());
    },
    enabled: params.path !== '',
  });
}

export function useScrollDepth(params: HeatmapParams): UseQueryResult<ScrollDepth> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'scroll', params],
    queryFn: ({ signal }) => {
      const query = { ...boundsNow(params.range), path: params.path, type: 'scroll', device: params.device };
      return callData<ScrollDepth>(`${projectPath(project)}/heatmaps`, { params: query, signal });
    },
    enabled: params.path !== '',
  });
}

export function useRules(): UseQueryResult<Rule[]> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'rules'],
    queryFn: ({ signal }) => callData<Rule[]>(`${projectPath(project)}/alerts/rules`, { signal }),
  });
}

export function useAlertHistory(): UseInfiniteQueryResult<Pages<AlertTransition[]>> {
  const { project } = useRoute();
  const recent = useRecentTicks();
  return useInfiniteQuery({
    queryKey: liveKey(project, 'history', null),
    queryFn: async ({ pageParam, signal }) => {
      const path = `${projectPath(project)}/alerts/history`;
      const answer = await call<AlertTransition[]>(path, { params: { per_page: PER_PAGE, cursor: pageParam }, signal });
      if (pageParam !== null) return answer;
      return catchUp('history', null, { pages: [answer], pageParams: [null] }, recent()).pages[0] ?? answer;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    refetchInterval: (history) => hasPending(history.state.data) && DELIVERIES_EVERY_MS,
  });
}

/** A message on its way is soon delivered or given up; nothing tells but the history itself. */
const DELIVERIES_EVERY_MS = 4_000;

function hasPending(history: Pages<AlertTransition[]> | undefined): boolean {
  const newest = history?.pages[0]?.data ?? [];
  return newest.some(({ deliveries }) => deliveries?.some(({ state }) => state === 'pending'));
}

/** Linking happens in Telegram, so the list looks again while somebody waits for it. */
const CHATS_EVERY_MS = 4_000;

export function useTelegramChats(isWaiting: boolean): UseQueryResult<TelegramChat[]> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'chats'],
    queryFn: ({ signal }) => callData<TelegramChat[]>(`${projectPath(project)}/alerts/telegram/chats`, { signal }),
    refetchInterval: isWaiting ? CHATS_EVERY_MS : false,
  });
}

export function useKeys(): UseQueryResult<Key[]> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'keys'],
    queryFn: ({ signal }) => callData<Key[]>(`${projectPath(project)}/keys`, { signal }),
  });
}

export function useMembers(): UseQueryResult<Member[]> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'members'],
    queryFn: ({ signal }) => callData<Member[]>(`${projectPath(project)}/members`, { signal }),
  });
}

export function useInvitations(): UseQueryResult<Invitation[]> {
  const { project } = useRoute();
  return useQuery({
    queryKey: ['project', project, 'invitations'],
    queryFn: ({ signal }) => callData<Invitation[]>(`${projectPath(project)}/invitations`, { signal }),
  });
}
