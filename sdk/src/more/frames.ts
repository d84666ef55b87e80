/** Same-origin frames, and frames in them: what happens there is seen as part of the page. */
import { adoptFrame, on, watch } from './core.js';

const seen = new WeakSet<Document>();

/** Until a document has loaded, a frame in it may still hold the empty document it began with. */
function whenLoaded(page: Document, run: () => void): void {
  if (page.readyState === 'complete') run();
  else on(page.defaultView as Window, 'load', ({ target }) => target === page && run());
}

function watchFrames(page: Document): void {
  const enter = (frame: EventTarget | null) => {
    const { contentDocument } = frame as HTMLIFrameElement;
    const inside = contentDocument?.defaultView;
    // With a script of ours in it it tells its own.
    if (!inside || seen.has(contentDocument) || inside._GoSight) return;
    seen.add(contentDocument);
    watch(contentDocument);
    adoptFrame(inside);
    watchFrames(contentDocument);
  };
  // An element's load event does not reach the window.
  on(page, 'load', ({ target }) => enter(target));
  whenLoaded(page, () => page.querySelectorAll('iframe').forEach(enter));
}

export const startFrames = (): void => watchFrames(document);
