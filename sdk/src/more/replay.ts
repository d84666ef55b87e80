/** Whether this page is recorded. What records it, `recorder.js`, is loaded when it is, and told of everything from then on. */
import type { ReplayMode } from '../config.js';
import type { Lent } from '../core.js';
import type { GoSightEvent, Page } from '../events.js';
import type { Listener } from '../pipeline.js';
import { guard, isBlockedUrl, isKeptOut, isSampled, later, listen, options, report } from './core.js';
import type { Turn } from './recorder.js';

/** So long a page that is not recorded may still be on the screen after it was left: applications change the address first. */
const LEAVING_MS = 1000;
/** What happened before the recorder is there may be a trigger. */
const EARLY_EVENTS_MAX = 100;

function modeOf(url: string, wanted?: boolean): ReplayMode {
  const { replay, settings, sampling } = options;
  const own = typeof replay === 'string' ? { mode: replay } : replay;
  const modes = [wanted ? 'full' : (own?.mode ?? 'full'), settings?.replay_mode];
  // Asked with every event, so what is soon said comes first. Before the settings have come it is not known what the project holds private.
  if (!settings?.version || modes.includes('off') || wanted === false || options.events.replay === false || isBlockedUrl(url) || !isSampled()) return 'off';
  if (!isSampled(settings.replay_sample_rate ?? 100) || (!wanted && !isSampled(sampling.replaySampleRate ?? 100))) return 'off';
  if (isKeptOut(url, own?.excludeUrls ?? [], own?.includeUrls ?? [])) return 'off';
  if (isKeptOut(url, settings.replay_exclude_urls ?? [], settings.replay_include_urls ?? [])) return 'off';
  return modes.includes('trigger') ? 'trigger' : 'full';
}

/** In a list one that does not match this at its end is wrong, or does not end: it would swallow those after it. */
const isSound = (selector: string): unknown => guard(() => document.documentElement.matches(`${selector},*`))() || report('bad_selector', selector);

function checkMarks(): void {
  const privacy = options.privacy as unknown as Record<string, string[]>;
  for (const name in privacy) if (/Sel/.test(name)) privacy[name] = (privacy[name] as string[]).filter(isSound);
}

export function startReplay(lent: Lent): void {
  const early: GoSightEvent[] = [];
  let latest: Parameters<Turn>;
  let isLoading = false;
  let turn: Turn = (...now) => {
    const [mode, , , , event] = now;
    latest = now;
    if (event && early.push(event) > EARLY_EVENTS_MAX) early.shift();
    if (mode === 'off' || isLoading) return;
    isLoading = true;
    import('./recorder.js')
      .then(({ start }) => {
        turn = start(lent);
        const [mode, running, who, page] = latest;
        for (const event of [undefined, ...early]) turn(mode, running, who, page, event);
      })
      .catch((error) => report('recorder', error));
  };
  /** The page that was not recorded when it was seen last, once it is known what the project wants. */
  let keptOut: Page | undefined;
  let leaving = 0;
  const hear: Listener = (running, halted, who, page, wanted, event) => {
    // The page's own, and the project's as they come.
    if (!event) checkMarks();
    const mode = running && !halted && page ? modeOf(page.url, wanted) : 'off';
    if (mode === 'off') keptOut = options.settings && page;
    else if (keptOut && keptOut !== page) {
      keptOut = undefined;
      leaving++;
      later(() => {
        leaving--;
        listen(hear);
      }, LEAVING_MS);
    }
    turn(leaving ? 'off' : mode, running, who, page, event);
  };
  listen(hear);
}
