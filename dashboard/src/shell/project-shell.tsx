'use client';

import { type ReactNode, useEffect } from 'react';
import { LiveProvider, useLive } from '@/live/live';
import { PAGES, type Page, useRoute } from '@/route/route';
import { useText } from '@/text/text';
import { BrowserOnly } from './browser-only';
import { Preferences } from './preferences';
import { BottomBar, Rail } from './rail';
import { SignedIn } from './signed-in';
import { TopBar } from './top-bar';

function isPage(page: string): page is Page {
  return (PAGES as readonly string[]).includes(page);
}

function Frame({ children }: { children: ReactNode }) {
  const text = useText();
  const { page, project, id } = useRoute();
  const isLost = useLive((state) => state.connection === 'lost');
  useEffect(() => {
    document.title = `${isPage(page) ? text.pages[page] : text.pages.onboarding} · ${project} · GoSight`;
  }, [page, project, text]);
  return (
    <div className="flex min-h-dvh">
      <a
        href="#content"
        className="sr-only z-50 rounded-control bg-surface px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        {text.common.skip}
      </a>
      <Rail foot={<Preferences />} />
      <div className="min-w-0 flex-1">
        <TopBar />
        <main
          id="content"
          key={`${page}/${id}`}
          data-lost={isLost || undefined}
          className="group/lost mx-auto w-full max-w-[1440px] px-4 pt-5 pb-24 md:px-6 md:pb-10"
        >
          {children}
        </main>
      </div>
      <BottomBar foot={<Preferences />} />
    </div>
  );
}

function Live({ children }: { children: ReactNode }) {
  const { project } = useRoute();
  return (
    <LiveProvider key={project} project={project}>
      <Frame>{children}</Frame>
    </LiveProvider>
  );
}

/** Everything around a project's pages: sign-in, the live connection, the rail and the top bar. */
export function ProjectShell({ children }: { children: ReactNode }) {
  return (
    <BrowserOnly>
      <SignedIn>
        <Live>{children}</Live>
      </SignedIn>
    </BrowserOnly>
  );
}
