/** Same-origin frames: what happens in them is seen as part of the page. */
import { adoptFrame, on, watch } from './core.js';

export function startFrames(): void {
  const enter = (frame: EventTarget | null) => {
    const { contentDocument } = frame as HTMLIFrameElement;
    if (contentDocument?.defaultView && watch(contentDocument)) adoptFrame(contentDocument.defaultView);
  };
  // An element's load event does not reach the window.
  on(document, 'load', ({ target }) => enter(target));
  // Until the page has loaded, a frame may still hold the empty document it began with.
  const enterAll = () => document.querySelectorAll('iframe').forEach(enter);
  if (document.readyState === 'complete') enterAll();
  else on(window, 'load', ({ target }) => target === document && enterAll());
}
