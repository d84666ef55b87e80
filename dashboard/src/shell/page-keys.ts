'use client';

import { type RefObject, useEffect } from 'react';

/** Whether a key is the page's: no shortcut of the browser's, and not typed into a field. */
export function isForPage({ metaKey, ctrlKey, altKey, target }: KeyboardEvent): boolean {
  if (metaKey || ctrlKey || altKey) return false;
  return !(target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]'));
}

/** Answers presses of a key by following the link that is there then, if there is one. A key that is held down follows one link, and no more. */
export function followBy(key: string, link: RefObject<Pick<HTMLAnchorElement, 'click'> | null>) {
  return (event: KeyboardEvent): void => {
    if (event.key !== key || event.repeat || event.defaultPrevented || !isForPage(event)) return;
    link.current?.click();
  };
}

export function useLinkKey(key: string, link: RefObject<HTMLAnchorElement | null>): void {
  useEffect(() => {
    const onKey = followBy(key, link);
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [key, link]);
}
