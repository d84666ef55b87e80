'use client';

import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import { serverNowMs } from '@/api/client';
import { applyToCaches } from './caches';
import { type Connection, connect } from './socket';
import { applyTick, INITIAL, type LiveState, lose } from './state';

class LiveStore {
  state: LiveState = INITIAL;
  private connection: Connection | null = null;
  private followed: { session: string; onRecorded: () => void } | null = null;
  private readonly listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  change(next: LiveState): void {
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  use(connection: Connection | null): void {
    this.connection = connection;
    connection?.follow(this.followed?.session ?? null);
  }

  follow(session: string, onRecorded: () => void): () => void {
    this.followed = { session, onRecorded };
    this.connection?.follow(session);
    return () => {
      this.followed = null;
      this.connection?.follow(null);
    };
  }

  readonly onRecorded = (session: string): void => {
    if (session === this.followed?.session) this.followed.onRecorded();
  };
}

const LiveContext = createContext<LiveStore | null>(null);

function useStore(): LiveStore {
  const store = useContext(LiveContext);
  if (!store) throw new Error('LiveProvider is missing above this component');
  return store;
}

/** A part of the live state; `select` must answer the same object while nothing it names has changed. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const store = useStore();
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.state),
    () => select(INITIAL),
  );
}

/** While `isOn`, `onRecorded` is called at once and whenever there is more of the session's recording. One session at a time. */
export function useRecorded(session: string, isOn: boolean, onRecorded: () => void): void {
  const store = useStore();
  useEffect(() => (isOn ? store.follow(session, onRecorded) : undefined), [store, session, isOn, onRecorded]);
}

/** The last ticks, for fetches to catch up with; reading them re-renders nothing. */
export function useRecentTicks(): () => LiveState['recent'] {
  const store = useStore();
  return useMemo(() => () => store.state.recent, [store]);
}

/** What cannot be added up from ticks (visitors, top lists) is fetched again, at most this often … */
const REFETCH_MS = 5_000;
/** … and not before the tick is durable in the tables, which takes at most two seconds. */
const COMMIT_MS = 2_500;

export function LiveProvider({ project, children }: { project: string; children: ReactNode }) {
  const client = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a project's live state is its own
  const store = useMemo(() => new LiveStore(), [project]);

  useEffect(() => {
    let refetchAt = Date.now() + REFETCH_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refetchSoon = () => {
      if (timer) return;
      timer = setTimeout(
        () => {
          timer = undefined;
          refetchAt = Date.now() + REFETCH_MS;
          for (const kind of ['overview', 'heatmapPages', 'rules', 'history']) {
            void client.invalidateQueries({ queryKey: ['project', project, kind] });
          }
        },
        Math.max(COMMIT_MS, refetchAt - Date.now()),
      );
    };
    const refetchAll = () => void client.invalidateQueries({ queryKey: ['project', project] });
    // Ticks between a fetched answer's last commit and this connection's first tick reach neither: once they are durable, all is asked again.
    let closing: ReturnType<typeof setTimeout> | undefined;
    const closeGap = () => {
      clearTimeout(closing);
      closing = setTimeout(refetchAll, COMMIT_MS);
    };
    const connection = connect(project, {
      onOpen(isAgain) {
        store.change({ ...store.state, connection: 'open' });
        if (isAgain) refetchAll();
        closeGap();
      },
      onTick(tick) {
        store.change(applyTick(store.state, tick, serverNowMs()));
        applyToCaches(client, project, tick);
        if (tick.sessions?.length || tick.alerts?.length) refetchSoon();
      },
      onLagged() {
        refetchAll();
        closeGap();
      },
      onLost() {
        store.change(lose(store.state));
      },
      onRecorded: store.onRecorded,
    });
    store.use(connection);
    return () => {
      clearTimeout(timer);
      clearTimeout(closing);
      store.use(null);
      connection.close();
    };
  }, [client, project, store]);

  return <LiveContext value={store}>{children}</LiveContext>;
}
