'use client';

import Link from 'next/link';
import { percent } from '@/format/format';
import { useLanguage } from '@/text/text';
import { Icon } from './icon';
import { Sparkline } from './sparkline';
import { Skeleton } from './states';

interface StatProps {
  label: string;
  value: string | null;
  /** In percent against the period before; null when there was none. */
  change?: number | null;
  href: string;
  series?: number[];
  isWarm?: boolean;
  testId: string;
}

function Change({ value }: { value: number }) {
  const { text, language } = useLanguage();
  const words = percent(Math.abs(value), language);
  return (
    <span
      title={text.stats.change(`${value < 0 ? '−' : '+'}${words}`)}
      className="flex items-center gap-0.5 text-12 text-muted"
    >
      {Math.abs(value) >= 0.05 && <Icon name={value < 0 ? 'down' : 'up'} size={12} />}
      {words}
    </span>
  );
}

/** A number that opens the sessions it counts. */
export function Stat({ label, value, change, href, series, isWarm, testId }: StatProps) {
  const { text } = useLanguage();
  return (
    <Link
      href={href}
      prefetch={false}
      title={text.stats.open(label)}
      className="group flex min-w-0 flex-col px-4 py-3.5 transition-colors hover:bg-sunken"
    >
      <span className="flex items-center gap-1.5 truncate text-13 text-muted">{label}</span>
      <span className="mt-1 flex h-8 items-baseline gap-2">
        {value === null ? (
          <Skeleton className="h-6 w-20 self-center" />
        ) : (
          <span data-testid={testId} className="text-28 font-semibold tracking-tight group-data-lost/lost:text-muted">
            {value}
          </span>
        )}
        {value !== null && change !== null && change !== undefined && <Change value={change} />}
      </span>
      <span className="mt-2.5 block h-7">
        {series && <Sparkline values={series} width={200} height={28} tone={isWarm ? 'warm' : 'accent'} />}
      </span>
    </Link>
  );
}
