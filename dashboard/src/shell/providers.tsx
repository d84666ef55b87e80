'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { ApiError } from '@/api/client';
import { ToastProvider } from '@/design/toast';
import { TextProvider } from '@/text/text';

const RETRIES_MAX = 2;

/** What the server has decided does not change by asking again; what did not arrive may. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const isDecided = error instanceof ApiError && error.status < 500;
  return !isDecided && failures < RETRIES_MAX;
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 5_000, refetchOnWindowFocus: false } },
      }),
  );
  return (
    <QueryClientProvider client={client}>
      <TextProvider>
        <ToastProvider>{children}</ToastProvider>
      </TextProvider>
    </QueryClientProvider>
  );
}
