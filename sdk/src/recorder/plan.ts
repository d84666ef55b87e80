/** How to record: what the page configured, and the project where it is stricter. */
import type { Replay } from '../config.js';
import { options } from '../more/core.js';

const DEFAULTS: Omit<Replay, 'mode' | 'includeUrls' | 'excludeUrls'> = {
  triggers: { onError: true, onRageClick: true, onDeadClick: false, onCustomEvent: [] },
  bufferSeconds: 30,
  recordAfterSeconds: 60,
  maxDurationMs: 0,
  mouseMove: true,
  snapshotInterval: 0,
  images: 'keep',
  canvas: false,
  console: true,
  network: true,
};

export let plan = DEFAULTS;

export function makePlan(): void {
  const own = typeof options.replay === 'object' ? options.replay : {};
  const { replay_canvas, replay_duration_max_ms, replay_images } = options.settings ?? {};
  plan = { ...DEFAULTS, ...own, triggers: { ...DEFAULTS.triggers, ...own.triggers } };
  plan.canvas = replay_canvas !== false && (own.canvas ?? !!replay_canvas);
  if (replay_images === 'placeholder') plan.images = replay_images;
  if (replay_duration_max_ms) plan.maxDurationMs = Math.min(plan.maxDurationMs || Infinity, replay_duration_max_ms);
}
