'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import { Card, CardHead, Empty, SkeletonRows } from './states';

export interface BarRow {
  id: string;
  label: ReactNode;
  /** Drawn as the bar behind the label, against the largest of the table. */
  value: number;
  shown: string;
  aside?: ReactNode;
  href: string;
}

interface BarTableProps {
  title: ReactNode;
  unit: string;
  rows: BarRow[] | undefined;
  empty: string;
  testId?: string;
}

/** A top list: names over quiet bars, the number at the right, each row a way to what it counts. */
export function BarTable({ title, unit, rows, empty, testId }: BarTableProps) {
  const largest = Math.max(1, ...(rows ?? []).map((row) => row.value));
  return (
    <Card data-testid={testId}>
      <CardHead title={title}>
        <span className="text-12 text-muted">{unit}</span>
      </CardHead>
      {!rows && <SkeletonRows rows={6} height={32} />}
      {rows?.length === 0 && <Empty>{empty}</Empty>}
      <ol className="px-2 pb-2">
        {rows?.map((row) => (
          <li key={row.id}>
            <Link
              href={row.href}
              prefetch={false}
              className="relative flex h-8 items-center gap-3 rounded-md px-2 text-13 hover:bg-sunken max-md:h-10"
            >
              <span
                aria-hidden="true"
                className="absolute inset-y-1 left-0 rounded-md bg-accent-soft transition-[width]"
                style={{ width: `${(row.value / largest) * 78}%` }}
              />
              <span className="relative min-w-0 flex-1 truncate">{row.label}</span>
              {row.aside}
              <span className="relative w-14 shrink-0 text-right">{row.shown}</span>
            </Link>
          </li>
        ))}
      </ol>
    </Card>
  );
}
