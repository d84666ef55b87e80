/** The settings of recording and privacy as a person edits them: minutes for milliseconds, lists as one entry a line. */

import type { MergePatch, ProjectSettings } from '@/api/types';

const MINUTE_MS = 60_000;

/** What the page asks for is what nobody has decided. */
const CANVAS = { asked: null, always: true, never: false } as const;
export type Canvas = keyof typeof CANVAS;

export interface Recording {
  mode: ProjectSettings['sdk']['replay']['mode'];
  sharePercent: number | null;
  /** Null: no end. */
  durationMaxMin: number | null;
  keptDays: number | null;
  includeUrls: string;
  excludeUrls: string;
  images: ProjectSettings['sdk']['replay']['images'];
  canvas: Canvas;
}

export interface Privacy {
  ip: ProjectSettings['privacy']['ip'];
  masksAllText: boolean;
  maskSelectors: string;
  blockSelectors: string;
  blockUrls: string;
  excludedFields: string;
}

export function recordingOf({ sdk, storage }: ProjectSettings): Recording {
  const { replay } = sdk;
  return {
    mode: replay.mode,
    sharePercent: sdk.replay_sample_rate,
    durationMaxMin: replay.duration_max_ms / MINUTE_MS || null,
    keptDays: storage.replay_days,
    includeUrls: textOf(replay.include_urls),
    excludeUrls: textOf(replay.exclude_urls),
    images: replay.images,
    canvas: replay.canvas === null ? 'asked' : replay.canvas ? 'always' : 'never',
  };
}

/** Only what has changed: somebody else may be changing the rest. */
export function recordingPatch(changed: Partial<Recording>): MergePatch<ProjectSettings> {
  const { durationMaxMin, canvas } = changed;
  return {
    sdk: {
      replay_sample_rate: changed.sharePercent,
      replay: {
        mode: changed.mode,
        include_urls: listOf(changed.includeUrls),
        exclude_urls: listOf(changed.excludeUrls),
        duration_max_ms: durationMaxMin && Math.round(durationMaxMin * MINUTE_MS),
        canvas: canvas && CANVAS[canvas],
        images: changed.images,
      },
    },
    storage: { replay_days: changed.keptDays },
  };
}

export function privacyOf({ privacy, sdk }: ProjectSettings): Privacy {
  return {
    ip: privacy.ip,
    masksAllText: sdk.mask_all_text,
    maskSelectors: textOf(sdk.mask_selectors),
    blockSelectors: textOf(sdk.block_selectors),
    blockUrls: textOf(privacy.block_urls),
    excludedFields: textOf(privacy.excluded_fields),
  };
}

export function privacyPatch(changed: Partial<Privacy>): MergePatch<ProjectSettings> {
  return {
    privacy: {
      ip: changed.ip,
      block_urls: listOf(changed.blockUrls),
      excluded_fields: listOf(changed.excludedFields),
    },
    sdk: {
      mask_all_text: changed.masksAllText,
      mask_selectors: listOf(changed.maskSelectors),
      block_selectors: listOf(changed.blockSelectors),
    },
  };
}

function textOf(list: string[]): string {
  return list.join('\n');
}

/** The lines of a text that have something on them, each once. */
export function linesOf(text: string): string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '');
}

function listOf(text: string | undefined): string[] | undefined {
  return text === undefined ? undefined : linesOf(text);
}
