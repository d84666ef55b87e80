'use client';

import { type RefObject, useCallback, useEffect, useState } from 'react';

/** Whether an element fills the screen, and the way there and back. Where no element may, as on an iPhone, it is to fill the window. */
export function useFullScreen(element: RefObject<HTMLElement | null>): { isOn: boolean; toggle(): void } {
  const [isOn, setOn] = useState(false);
  useEffect(() => {
    const onChange = () => setOn(document.fullscreenElement !== null && document.fullscreenElement === element.current);
    document.addEventListener('fullscreenchange', onChange);
    return () => document.removeEventListener('fullscreenchange', onChange);
  }, [element]);
  const toggle = useCallback(() => {
    if (!document.fullscreenEnabled) return setOn((was) => !was);
    // A browser may refuse, as it does in a frame; then it stays as it is.
    const done = document.fullscreenElement ? document.exitFullscreen() : element.current?.requestFullscreen();
    done?.catch(() => setOn(false));
  }, [element]);
  return { isOn, toggle };
}
