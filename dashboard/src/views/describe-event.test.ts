import { describe, expect, it } from 'vitest';
import { anEvent } from '@/live/fixtures';
import { en } from '@/text/en';
import { vi } from '@/text/vi';
import { describeEvent, deviceName, TONES } from './describe-event';

describe('an event in words', () => {
  it('has a name in both languages, whatever its type', () => {
    for (const type of Object.keys(TONES)) {
      for (const text of [en, vi]) expect(describeEvent(anEvent({ type }), text).title, type).not.toBe(type);
    }
  });

  it('says what it was about', () => {
    const detailOf = (type: string, payload: Record<string, unknown>) =>
      describeEvent(anEvent({ type, selector: '', payload }), en).detail;
    expect(detailOf('websocket_close', { url: 'wss://shop.example/stock' })).toBe('wss://shop.example/stock');
    expect(detailOf('media_play', { src: '/film.mp4' })).toBe('/film.mp4');
    expect(detailOf('orientation_change', { orientation: 'landscape-primary' })).toBe('landscape-primary');
    expect(detailOf('group', { group_id: 'potters' })).toBe('potters');
    expect(detailOf('paste', { target: { name: 'voucher' } })).toBe('voucher');
  });
});

it('names a device in the language, and one that it has no word for as it is', () => {
  expect(deviceName('mobile', vi)).toBe('Điện thoại');
  expect(deviceName('mobile', en)).toBe('Mobile');
  expect(deviceName('other', vi)).toBe('other');
});
