'use client';

import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { MENU_ITEM } from '@/design/controls';
import { Icon, type IconName } from '@/design/icon';
import { useLive } from '@/live/live';
import { PAGES, type Page, useHref, useRoute } from '@/route/route';
import { useText } from '@/text/text';
import { Mark } from './mark';

function LiveCount() {
  const active = useLive((state) => state.metrics?.active_sessions ?? null);
  if (active === null) return null;
  return <span className="ml-auto text-12 text-muted max-xl:hidden">{active}</span>;
}

function RailLink({ page }: { page: Page }) {
  const text = useText();
  const href = useHref();
  const isHere = useRoute().page === page;
  return (
    <li>
      <Link
        href={href(page)}
        aria-current={isHere ? 'page' : undefined}
        title={text.pages[page]}
        className="flex h-9 items-center gap-3 rounded-control px-3 text-14 text-muted transition-colors hover:bg-sunken hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-text"
      >
        <Icon name={page as IconName} className={isHere ? 'text-accent' : ''} />
        <span className="max-xl:sr-only">{text.pages[page]}</span>
        {page === 'live' && <LiveCount />}
      </Link>
    </li>
  );
}

export function Rail({ foot }: { foot: ReactNode }) {
  const text = useText();
  return (
    <nav
      aria-label={text.common.menu}
      className="sticky top-0 flex h-dvh w-14 shrink-0 flex-col border-r border-hairline px-2 py-3 max-md:hidden xl:w-[220px] xl:px-3"
    >
      <Link href="/" className="mb-4 flex h-10 items-center gap-2.5 px-2 text-16 font-semibold">
        <Mark />
        <span className="tracking-tight max-xl:sr-only">GoSight</span>
      </Link>
      <ul className="flex flex-col gap-0.5">
        {PAGES.map((page) => (
          <RailLink key={page} page={page} />
        ))}
      </ul>
      <div className="mt-auto">{foot}</div>
    </nav>
  );
}

const MAIN_PAGES = PAGES.slice(0, 4);
const MORE_PAGES = PAGES.slice(4);

const TAB =
  'flex h-14 w-full flex-col items-center justify-center gap-1 text-12 text-muted aria-[current=page]:text-accent';

/** On a phone the rail lies at the bottom. */
export function BottomBar({ foot }: { foot: ReactNode }) {
  const text = useText();
  const href = useHref();
  const { page: here } = useRoute();
  const [isOpen, setOpen] = useState(false);
  const isInMore = (MORE_PAGES as readonly string[]).includes(here);
  return (
    <nav
      aria-label={text.common.menu}
      className="fixed inset-x-0 bottom-0 z-40 border-t border-hairline bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {isOpen && (
        <div className="absolute right-2 bottom-full mb-2 w-56 animate-enter rounded-card border border-hairline bg-surface p-1.5 shadow-[0_8px_24px_rgb(11_13_16/0.12)]">
          {MORE_PAGES.map((page) => (
            <Link key={page} href={href(page)} className={MENU_ITEM} onClick={() => setOpen(false)}>
              <Icon name={page as IconName} />
              {text.pages[page]}
            </Link>
          ))}
          <div className="mt-1.5 border-t border-hairline pt-1.5">{foot}</div>
        </div>
      )}
      <ul className="grid grid-cols-5">
        {MAIN_PAGES.map((page) => (
          <li key={page}>
            <Link href={href(page)} aria-current={page === here ? 'page' : undefined} className={TAB}>
              <Icon name={page as IconName} size={18} />
              {text.pages[page]}
            </Link>
          </li>
        ))}
        <li>
          <button
            type="button"
            aria-expanded={isOpen}
            aria-current={isInMore ? 'page' : undefined}
            onClick={() => setOpen(!isOpen)}
            className={TAB}
          >
            <Icon name="settings" size={18} />
            {text.common.menu}
          </button>
        </li>
      </ul>
    </nav>
  );
}
