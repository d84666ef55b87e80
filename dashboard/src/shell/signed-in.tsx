'use client';

import { useRouter } from 'next/navigation';
import { type ReactNode, useEffect } from 'react';
import { isUnauthorized } from '@/api/client';
import { useMe } from '@/api/queries';
import { Fault } from '@/design/states';

/** Shows its content to who is signed in, and the sign-in page to everybody else. */
export function SignedIn({ children }: { children: ReactNode }) {
  const me = useMe();
  const router = useRouter();
  const mustSignIn = isUnauthorized(me.error);
  useEffect(() => {
    if (!mustSignIn) return;
    const next = window.location.pathname + window.location.search;
    router.replace(next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`);
  }, [mustSignIn, router]);
  if (me.data) return children;
  if (me.error && !mustSignIn) {
    return (
      <main className="grid min-h-dvh place-items-center">
        <Fault error={me.error} onRetry={() => void me.refetch()} />
      </main>
    );
  }
  return null;
}
