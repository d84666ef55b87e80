/**
 * Where a segment is built and plays: one rrweb Replayer at a time, in a frame where no script runs and no request leaves. The only
 * file that knows rrweb, and so the one that is loaded when there is something to play.
 *
 * A new Replayer is made ready out of sight and then takes the old one's place, so that seeking shows one page or the other and never
 * an empty one.
 */

import { Replayer } from 'rrweb';
import { CANVAS_RULE, Cleaner, FILM_RULES, type Kept } from './clean';
import type { RecordedEvent } from './events';
import { scrollsAt } from './scrolls';
import type { Segment } from './segment';
import './stage.css';

/** The frame's own policy, besides the dashboard's, which it inherits: what is in the page or in memory may be shown, nothing fetched. */
const FRAME_POLICY =
  "default-src 'none'; img-src data: blob:; font-src data: blob:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Must be the first thing in the frame's document: it holds for that document from then on, whatever is built into it. */
function forbidRequests(frame: HTMLIFrameElement): void {
  const page = frame.contentDocument;
  if (!page?.head) throw new Error('the replay frame has no document');
  const policy = page.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = FRAME_POLICY;
  page.head.append(policy);
}

export interface Size {
  width: number;
  height: number;
}

interface Built {
  segment: Segment;
  cleaner: Cleaner;
  replayer: Replayer;
  host: HTMLElement;
}

const TRAIL = { duration: 400, lineWidth: 2, strokeStyle: 'rgb(59 91 219 / 0.35)' };

export class Stage {
  private built: Built | null = null;
  private speed = 1;
  /** Styles adapted for replay cost more than anything else in building a page, and are the same at every moment of it. */
  private readonly styles = { stylesWithHoverClass: new Map<string, string>() };

  constructor(
    private readonly root: HTMLElement,
    private readonly onSize: (size: Size) => void,
  ) {}

  get segment(): Segment | null {
    return this.built?.segment ?? null;
  }

  /** The frame of what is shown. */
  get frame(): HTMLIFrameElement | null {
    return this.built?.replayer.iframe ?? null;
  }

  /** Builds the page as it was at a moment, with the pictures it had, and puts it in the place of what is shown. */
  async build(segment: Segment, atMs: number, isPlaying: boolean, kept: Kept): Promise<void> {
    const host = document.createElement('div');
    host.inert = true;
    host.style.visibility = 'hidden';
    this.root.append(host);
    let size: Size | null = null;
    const replayer = this.makeReplayer(host);
    try {
      replayer.on('resize', (next) => {
        size = next as Size;
        if (this.built?.replayer === replayer) this.onSize(size);
      });
      const built = { segment, cleaner: new Cleaner(kept), replayer, host };
      this.addTo(built, segment.events);
      // The Replayer takes events up one microtask later each.
      await Promise.resolve();
      this.placePointer(replayer);
      seekTo(built, atMs, isPlaying);
      this.clear();
      this.built = built;
      scrollAsItGrows(built);
      host.style.visibility = '';
      if (size) this.onSize(size);
    } catch (error) {
      replayer.destroy();
      host.remove();
      throw error;
    }
  }

  add(events: readonly RecordedEvent[]): void {
    if (this.built) this.addTo(this.built, events);
  }

  /** Plays on from a moment that is not before what is shown. */
  play(atMs: number): void {
    this.seek(atMs, true);
  }

  pause(atMs: number): void {
    this.seek(atMs, false);
  }

  /** What was added right before belongs to the moment, and the Replayer takes it up one microtask later. */
  private seek(atMs: number, isPlaying: boolean): void {
    const { built } = this;
    queueMicrotask(() => {
      if (built && built === this.built) seekTo(built, atMs, isPlaying);
    });
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.built?.replayer.setConfig({ speed });
  }

  clear(): void {
    this.built?.replayer.destroy();
    this.built?.host.remove();
    this.built = null;
  }

  private makeReplayer(host: HTMLElement): Replayer {
    const replayer = new Replayer([], {
      root: host,
      speed: this.speed,
      mouseTail: TRAIL,
      insertStyleRules: [CANVAS_RULE, ...FILM_RULES],
      // The player has a clock of its own and adds events as they come: a Replayer that is not live would stop at its last one.
      liveMode: true,
      // A page that takes the focus would take the keys of the player as well.
      triggerFocus: false,
      showWarning: false,
      UNSAFE_replayCanvas: false,
    });
    Object.assign(replayer, { cache: this.styles });
    forgetScrolls(replayer);
    forbidRequests(replayer.iframe);
    replayer.iframe.tabIndex = -1;
    replayer.iframe.title = '';
    return replayer;
  }

  private addTo({ cleaner, replayer }: Built, events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const cleaned = cleaner.event(event);
      if (cleaned) replayer.addEvent(cleaned as unknown as Parameters<Replayer['addEvent']>[0]);
    }
  }

  /** The pointer stays where it was until it moves. */
  private placePointer(replayer: Replayer): void {
    const before = this.built?.replayer.wrapper.querySelector<HTMLElement>('.replayer-mouse');
    const pointer = replayer.wrapper.querySelector<HTMLElement>('.replayer-mouse');
    if (!before || !pointer) return;
    pointer.style.left = before.style.left;
    pointer.style.top = before.style.top;
  }
}

/** The Replayer shows what came before a moment; what happens at it belongs to it. */
function seekTo({ segment, replayer }: Built, atMs: number, isPlaying: boolean): void {
  const offsetMs = Math.max(0, atMs - segment.startMs) + 1;
  if (isPlaying) replayer.play(offsetMs);
  else replayer.pause(offsetMs);
}

/**
 * Going to a moment, rrweb makes the changes up to it in a tree of its own, from the first mutation on, and then makes the page like that tree. Where the
 * page was scrolled to stays in the tree, and the next time undid a scroll that came before the first mutation.
 */
function forgetScrolls(replayer: Replayer): void {
  const tree = Reflect.get(replayer, 'virtualDom') as { scrollData: unknown };
  replayer.on('flush', () => {
    tree.scrollData = null;
  });
}

/** Its pictures and fonts come after the page, which is higher then: what could not be scrolled so far is. */
function scrollAsItGrows({ segment, replayer }: Built): void {
  const page = replayer.iframe.contentDocument;
  const scroll = () => {
    for (const [id, to] of scrollsAt(segment.events, segment.startMs + replayer.getCurrentTime())) {
      const node = replayer.getMirror().getNode(id);
      const scrolled = node === page ? page?.defaultView : (node as Element | null);
      scrolled?.scrollTo?.({ ...to, behavior: 'instant' });
    }
  };
  page?.addEventListener('load', scroll, true);
  page?.fonts.addEventListener('loadingdone', scroll);
}
