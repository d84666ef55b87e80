'use client';

import Link from 'next/link';
import type { FormEvent, ReactNode } from 'react';
import { Button } from '@/design/controls';
import { FormFault } from '@/design/states';
import { Mark } from '@/shell/mark';
import { useText } from '@/text/text';

/** Only a path of this site may be gone to after sign-in. */
export function nextPath(search: URLSearchParams): string {
  const next = search.get('next') ?? '/';
  return next.startsWith('/') && !next.startsWith('//') && !next.includes('\\') ? next : '/';
}

interface AuthFormProps {
  title: string;
  lead: string;
  action: string;
  error: unknown;
  isBusy: boolean;
  other?: { href: string; words: string };
  onSubmit(): void;
  children: ReactNode;
}

export function AuthForm({ title, lead, action, error, isBusy, other, onSubmit, children }: AuthFormProps) {
  const text = useText();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-[360px]">
        <p className="mb-10 flex items-center gap-2.5 text-16 font-semibold tracking-tight">
          <Mark size={28} />
          GoSight
        </p>
        <h1>{title}</h1>
        <p className="mt-1 mb-6 text-14 text-muted">{lead || text.auth.tagline}</p>
        <form className="flex flex-col gap-4" onSubmit={submit}>
          {children}
          <FormFault error={error} />
          <Button type="submit" tone="primary" className="h-10 w-full text-14" disabled={isBusy}>
            {action}
          </Button>
        </form>
        {other && (
          <p className="mt-6 text-13 text-muted">
            <Link href={other.href} className="underline decoration-edge underline-offset-4 hover:text-text">
              {other.words}
            </Link>
          </p>
        )}
      </div>
    </main>
  );
}
