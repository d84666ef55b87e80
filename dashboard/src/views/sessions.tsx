'use client';

import { useSearchParams } from 'next/navigation';
import { useRef } from 'react';
import { type Order, useSessions } from '@/api/queries';
import { Button, Select } from '@/design/controls';
import { Card, Empty, Fault, SkeletonRows } from '@/design/states';
import { beforeWorst } from '@/replay/moment';
import { useChangeSearch, useHref, useView } from '@/route/route';
import { useListKeys } from '@/shell/list-keys';
import { useText } from '@/text/text';
import { SESSION_GRID, SessionRow } from './session-row';

const ORDERS: readonly Order[] = ['newest', 'longest', 'struggling'];

function useOrder(): Order {
  const value = useSearchParams().get('sort');
  return ORDERS.find((order) => order === value) ?? 'newest';
}

function Head() {
  const text = useText();
  return (
    <div
      aria-hidden="true"
      className={`border-b border-hairline px-4 py-2 text-12 text-muted max-md:hidden ${SESSION_GRID}`}
    >
      <span>{text.sessions.course}</span>
      <span>{text.sessions.path}</span>
      <span />
      <span className="text-right">{text.sessions.duration}</span>
      <span className="max-lg:hidden">{text.sessions.place}</span>
      <span className="text-right max-lg:hidden">{text.sessions.when}</span>
    </div>
  );
}

export function Sessions() {
  const text = useText();
  const { range, filters } = useView();
  const order = useOrder();
  const change = useChangeSearch();
  const href = useHref();
  const root = useRef<HTMLUListElement>(null);
  useListKeys(root);
  const sessions = useSessions({ range, filters, isNewestFirst: order === 'newest' }, order);
  const rows = sessions.data?.pages.flatMap((page) => page.data);
  const nowMs = Date.now();
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <h1>{text.sessions.title}</h1>
        <p className="ml-auto text-12 text-muted max-lg:hidden">{text.sessions.keys}</p>
        <Select
          label={text.sessions.sort}
          value={order}
          options={ORDERS.map((name) => [name, text.sessions[name]] as const)}
          onChoose={(value) => change({ sort: value === 'newest' ? null : value })}
        />
      </div>
      <Card className="overflow-hidden">
        <Head />
        {sessions.isPending && <SkeletonRows rows={12} height={49} />}
        {sessions.isError && !rows && <Fault error={sessions.error} onRetry={() => void sessions.refetch()} />}
        {rows?.length === 0 && <Empty>{text.sessions.empty}</Empty>}
        <ul ref={root} data-testid="session-list">
          {rows?.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              href={href(`sessions/${session.id}`, { ...filters, ...beforeWorst(session) })}
              nowMs={nowMs}
            />
          ))}
        </ul>
      </Card>
      {sessions.hasNextPage && (
        <Button
          className="self-center"
          disabled={sessions.isFetchingNextPage}
          onClick={() => void sessions.fetchNextPage()}
        >
          {text.common.more}
        </Button>
      )}
    </div>
  );
}
