import { describe, expect, it } from 'vitest';
import type { ProjectSettings } from '@/api/types';
import { privacyOf, privacyPatch, recordingOf, recordingPatch } from './settings-forms';

const SETTINGS: ProjectSettings = {
  timezone: 'UTC',
  insights: {},
  privacy: { ip: 'truncate', block_urls: [], excluded_fields: ['vat_id', 'salary'] },
  sdk: {
    replay_sample_rate: 12.5,
    mask_selectors: ['.name', '#iban'],
    block_selectors: [],
    mask_all_text: false,
    replay: {
      mode: 'trigger',
      include_urls: ['https://shop.example/*'],
      exclude_urls: [],
      duration_max_ms: 90_000,
      canvas: null,
      images: 'keep',
    },
  },
  storage: { replay_days: 30 },
};

/** As it is sent: what is undefined is not there. */
const sent = (patch: unknown): unknown => JSON.parse(JSON.stringify(patch));

describe('the recording form', () => {
  it('shows minutes for milliseconds, and a list one entry a line', () => {
    expect(recordingOf(SETTINGS)).toEqual({
      mode: 'trigger',
      sharePercent: 12.5,
      durationMaxMin: 1.5,
      keptDays: 30,
      includeUrls: 'https://shop.example/*',
      excludeUrls: '',
      images: 'keep',
      canvas: 'asked',
    });
  });

  it('shows no end as an empty field, and sends it as what is the default', () => {
    const { sdk } = SETTINGS;
    const endless = { ...SETTINGS, sdk: { ...sdk, replay: { ...sdk.replay, duration_max_ms: 0 } } };
    expect(recordingOf(endless).durationMaxMin).toBeNull();
    expect(sent(recordingPatch({ durationMaxMin: null }))).toMatchObject({
      sdk: { replay: { duration_max_ms: null } },
    });
  });

  it('sends only what has changed', () => {
    expect(sent(recordingPatch({ mode: 'off', durationMaxMin: 1.5 }))).toEqual({
      sdk: { replay: { mode: 'off', duration_max_ms: 90_000 } },
      storage: {},
    });
    expect(sent(recordingPatch({ sharePercent: 0, keptDays: 90 }))).toEqual({
      sdk: { replay_sample_rate: 0, replay: {} },
      storage: { replay_days: 90 },
    });
  });

  it('sends an emptied list as an empty one, and lines without what is blank or there twice', () => {
    const patch = recordingPatch({ includeUrls: ' \n', excludeUrls: ' */admin* \n\n*/staff*\n*/admin*\n' });
    expect(sent(patch)).toMatchObject({
      sdk: { replay: { include_urls: [], exclude_urls: ['*/admin*', '*/staff*'] } },
    });
  });

  it.each([
    ['asked', null],
    ['always', true],
    ['never', false],
  ] as const)('means by a canvas that is recorded “%s” %s, and reads it back', (canvas, value) => {
    expect(sent(recordingPatch({ canvas }))).toMatchObject({ sdk: { replay: { canvas: value } } });
    const { sdk } = SETTINGS;
    const settings = { ...SETTINGS, sdk: { ...sdk, replay: { ...sdk.replay, canvas: value } } };
    expect(recordingOf(settings).canvas).toBe(canvas);
  });
});

describe('the privacy form', () => {
  it('shows lists one entry a line', () => {
    expect(privacyOf(SETTINGS)).toEqual({
      ip: 'truncate',
      masksAllText: false,
      maskSelectors: '.name\n#iban',
      blockSelectors: '',
      blockUrls: '',
      excludedFields: 'vat_id\nsalary',
    });
  });

  it('sends only what has changed', () => {
    expect(sent(privacyPatch({ masksAllText: true, maskSelectors: '.name\n.phone' }))).toEqual({
      privacy: {},
      sdk: { mask_all_text: true, mask_selectors: ['.name', '.phone'] },
    });
  });
});
