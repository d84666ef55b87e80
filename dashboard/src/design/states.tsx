'use client';

import type { ReactNode } from 'react';
import { errorText } from '@/text/error-text';
import { useText } from '@/text/text';
import { Button } from './controls';
import { Icon } from './icon';

export function Card({
  children,
  className = '',
  ...rest
}: { children: ReactNode; className?: string } & React.ComponentProps<'section'>) {
  return (
    <section className={`min-w-0 rounded-card border border-hairline bg-surface ${className}`} {...rest}>
      {children}
    </section>
  );
}

export function CardHead({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex min-h-12 flex-wrap items-center justify-between gap-x-3 gap-y-2 px-4 py-2">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Skeleton({ className = '' }: { className?: string }) {
  return <div aria-hidden="true" className={`rounded-md bg-sunken ${className}`} />;
}

/** Rows of a list that is on its way, as high as the rows will be. */
export function SkeletonRows({ rows, height = 44 }: { rows: number; height?: number }) {
  return (
    <div aria-busy="true" className="px-4">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same
        <div key={index} className="flex items-center gap-4" style={{ height }}>
          <Skeleton className="h-3 w-1/4" />
          <Skeleton className="h-3 flex-1" />
          <Skeleton className="h-3 w-12" />
        </div>
      ))}
    </div>
  );
}

/** What is true, in one sentence, and what to do about it. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div data-testid="empty" className="flex flex-col items-center gap-3 px-6 py-10 text-center text-muted">
      <p className="max-w-[48ch] text-14">{children}</p>
      {action}
    </div>
  );
}

/** The product's own failures are violet: warm is for visitors. */
export function Fault({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const text = useText();
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-10 text-center">
      <p className="flex max-w-[56ch] items-center gap-2 text-14 text-fault">
        <Icon name="fault" />
        {errorText(error, text)}
      </p>
      {onRetry && <Button onClick={onRetry}>{text.common.retry}</Button>}
    </div>
  );
}

export function FormFault({ error }: { error: unknown }) {
  const text = useText();
  if (!error) return null;
  return (
    <p role="alert" className="flex items-center gap-2 text-13 text-fault">
      <Icon name="fault" size={14} />
      {errorText(error, text)}
    </p>
  );
}
