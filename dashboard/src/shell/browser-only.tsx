'use client';

import { type ReactNode, Suspense, useSyncExternalStore } from 'react';

const never = () => () => {};

/** Renders in the browser alone: the export does not know the address' parameters, so it must not render them. */
export function BrowserOnly({ children }: { children: ReactNode }) {
  const isBrowser = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return isBrowser ? <Suspense>{children}</Suspense> : null;
}
