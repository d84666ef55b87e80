/**
 * A page as it looked once, built behind the same walls as a replay and as high as all of it. What has pictures of its own arrives
 * later; whenever that may have moved something, `onLayout` is told.
 */

import type { Backdrop } from '@/api/types';
import { Assets } from './assets';
import { type Fields, KIND } from './events';
import { Segment } from './segment';
import { type Size, Stage } from './stage';

/** A page that is higher is cut off: an endless list is no page to look at. */
const HEIGHT_PX_MAX = 20_000;

/** The one it was taken from, whichever that is. */
const RECORDING = '';

export interface Layout {
  page: Document;
  size: Size;
}

/** `assetsPath` is null for who may not see a recording's pictures. */
export interface StillOptions {
  backdrop: Backdrop;
  assetsPath: string | null;
  /** Null when it cannot be built. */
  onLayout(layout: Layout | null): void;
}

export class Still {
  private readonly stage: Stage;
  private readonly assets: Assets | null;
  private frame = 0;

  constructor(
    root: HTMLElement,
    private readonly options: StillOptions,
  ) {
    const { assetsPath } = options;
    this.assets =
      assetsPath === null ? null : new Assets(assetsPath, () => void this.build().catch(() => options.onLayout(null)));
    this.stage = new Stage(root, () => {});
  }

  async build(): Promise<void> {
    const { backdrop } = this.options;
    const { href, width, height } = backdrop;
    const segment = new Segment(0);
    const initialOffset = { top: 0, left: 0 };
    const node = backdrop.node as Fields;
    segment.add([
      { type: KIND.page, timestamp: 0, data: { href, width, height } },
      { type: KIND.snapshot, timestamp: 0, data: { node, initialOffset } },
    ]);
    await this.stage.build(segment, 0, false, this.assets?.keptBy(RECORDING) ?? (() => null));
    const page = this.stage.frame?.contentDocument;
    // Neither bubbles; both may move what is below.
    page?.addEventListener('load', this.measureSoon, true);
    page?.fonts.addEventListener('loadingdone', this.measureSoon);
    this.measure();
  }

  learn(assets: readonly { url: string; digest: string }[]): void {
    this.assets?.learn(RECORDING, assets);
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.assets?.dispose();
    this.stage.clear();
  }

  private readonly measureSoon = (): void => {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.measure());
  };

  /** In the window it was recorded in: in a higher one, what is as high as the window would grow. */
  private measure(): void {
    const { frame } = this.stage;
    const page = frame?.contentDocument;
    if (!frame || !page) return;
    const { width, height: windowPx } = this.options.backdrop;
    frame.style.height = `${windowPx}px`;
    const contentPx = Math.max(page.documentElement.scrollHeight, page.body?.scrollHeight ?? 0);
    const height = Math.min(HEIGHT_PX_MAX, Math.max(windowPx, contentPx));
    frame.style.height = `${height}px`;
    this.options.onLayout({ page, size: { width, height } });
  }
}
