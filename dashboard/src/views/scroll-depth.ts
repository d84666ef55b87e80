import type { ScrollDepth } from '@/api/types';

interface DepthBand {
  /** How far down it begins. */
  percent: number;
  views: number;
  /** Of all views of the page, 0 to 1. */
  share: number;
}

/** The page in bands from its top, each with the views that came so far. Its end is no band, but somewhere to come to. */
export function depthBands({ views, reached }: ScrollDepth): DepthBand[] {
  return reached.map((step) => ({ ...step, share: views > 0 ? step.views / views : 0 }));
}
