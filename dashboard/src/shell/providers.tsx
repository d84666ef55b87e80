'use client';

import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { isUnauthorized, isWorthRetrying } from '@/api/client';
import { ToastProvider } from '@/design/toast';
import { TextProvider } from '@/text/text';

function makeClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError(error, query) {
        // The sign-in has ended: asking again who is signed in leads to the sign-in page.
        const hasEnded = isUnauthorized(error) && query.queryKey[0] !== 'me';
        if (hasEnded) void client.invalidateQueries({ queryKey: ['me'] });
      },
    }),
    defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 5_000, refetchOnWindowFocus: false } },
  });
  return client;
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient);
  return (
    <QueryClientProvider client={client}>
      <TextProvider>
        <ToastProvider>{children}</ToastProvider>
      </TextProvider>
    </QueryClientProvider>
  );
}
