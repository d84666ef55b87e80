import { resolveObjectURL } from 'node:buffer';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Assets } from './assets';

/** The bytes of a picture are its digest here. */
const { asked } = vi.hoisted(() => ({ asked: [] as string[] }));
vi.mock('@/api/client', () => ({
  callRaw: async (path: string) => {
    const digest = path.split('/').at(-1) ?? '';
    asked.push(digest);
    return new Response(new Blob([digest], { type: 'image/png' }));
  },
}));

const URL = 'https://shop.test/banner.png';
const onArrived = vi.fn();
let assets: Assets;

async function bytesAt(address: string | null): Promise<string | null> {
  return address && ((await resolveObjectURL(address)?.text()) ?? null);
}

const shownBy = (recording: string) => bytesAt(assets.keptBy(recording)(URL));

beforeEach(() => {
  asked.length = 0;
  onArrived.mockClear();
  assets = new Assets('/assets', onArrived);
});

afterEach(() => assets.dispose());

it('a picture that changes under its address is on each page as it was there, whichever was read first', async () => {
  assets.learn('autumn', [{ url: URL, digest: 'leaves' }]);
  assets.learn('spring', [{ url: URL, digest: 'buds' }]);
  await expect.poll(() => shownBy('spring')).toBe('buds');
  expect(await shownBy('autumn')).toBe('leaves');
});

it('a page that was left before it told of a picture has what another page had there, until its own is known', async () => {
  assets.learn('autumn', [{ url: URL, digest: 'leaves' }]);
  await expect.poll(() => shownBy('spring')).toBe('leaves');
  onArrived.mockClear();
  assets.learn('spring', [{ url: URL, digest: 'buds' }]);
  await expect.poll(() => onArrived.mock.calls.length).toBe(1);
  expect(await shownBy('spring')).toBe('buds');
});

it('a page is told of a picture whose bytes are here already, and nothing is fetched twice', async () => {
  assets.learn('autumn', [{ url: 'https://shop.test/other.png', digest: 'leaves' }]);
  await expect.poll(() => bytesAt(assets.keptBy('autumn')('https://shop.test/other.png'))).toBe('leaves');
  expect(assets.keptBy('spring')(URL)).toBeNull();
  onArrived.mockClear();
  assets.learn('spring', [{ url: URL, digest: 'leaves' }]);
  expect(onArrived).toHaveBeenCalledTimes(1);
  expect(await shownBy('spring')).toBe('leaves');
  expect(asked).toEqual(['leaves']);
});

it('a page that has what it asked for is not built anew', async () => {
  assets.learn('autumn', [{ url: URL, digest: 'leaves' }]);
  await expect.poll(() => shownBy('autumn')).toBe('leaves');
  onArrived.mockClear();
  assets.learn('autumn', [{ url: URL, digest: 'leaves' }]);
  assets.learn('spring', [{ url: URL, digest: 'leaves' }]);
  expect(onArrived).not.toHaveBeenCalled();
});
