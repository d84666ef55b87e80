import { describe, expect, it } from 'vitest';
import { anEvent } from '@/live/fixtures';
import { addressAt, originsOf, requestedOf, viewsOf } from './address';
import { at, replay } from './fixtures';
import { recordingsOf } from './timeline';

const event = (type: string, seconds: number, view_id: string, id = `${type} ${seconds}`) =>
  anEvent({ id, type, view_id, timestamp: new Date(at(seconds)).toISOString(), url: `https://shop.test/${view_id}` });
const opens = (seconds: number, view: string) => event('page_view', seconds, view);
/** That a chunk was cut says in which view. */
const cuts = (chunk: string, view: string) => event('replay_chunk', 0, view, chunk);

/** The address at each of these seconds, while the recording of this name is shown. */
function addresses(recordings: ReturnType<typeof recordingsOf>, events: ReturnType<typeof opens>[]) {
  return (name: string, ...seconds: number[]) => {
    const shown = recordings.find(({ id }) => id === name) ?? null;
    const views = viewsOf(shown, recordings, events);
    return seconds.map((second) => addressAt(views, at(second), 'asset:https://shop.test/noted'));
  };
}

describe('the address over the stage', () => {
  const tabs = recordingsOf(replay({ one: ['0-3S', '3-60'], two: ['20-23S', '23-60'] }));
  const events = [
    opens(0, 'a'),
    cuts('one0', 'a'),
    opens(20, 'b'),
    cuts('two0', 'b'),
    opens(30, 'b-next'),
    cuts('two1', 'b-next'),
    opens(40, 'a-next'),
    cuts('one1', 'a-next'),
  ];

  it('is that of the tab that is shown, and not of what was opened last in another', () => {
    const address = addresses(tabs, events);
    expect(address('one', 10, 25, 35)).toEqual(['shop.test/a', 'shop.test/a', 'shop.test/a']);
    expect(address('two', 25)).toEqual(['shop.test/b']);
  });

  it('follows a single page that moves on without loading, in either tab', () => {
    const address = addresses(tabs, events);
    expect(address('one', 39, 41)).toEqual(['shop.test/a', 'shop.test/a-next']);
    expect(address('two', 29, 41)).toEqual(['shop.test/b', 'shop.test/b-next']);
  });

  it('follows views too short for a chunk where there is one tab', () => {
    const [one] = tabs;
    const address = addresses(one ? [one] : [], [opens(0, 'a'), cuts('one0', 'a'), opens(4, 'short'), opens(5, 'c')]);
    expect(address('one', 3, 4.5, 6)).toEqual(['shop.test/a', 'shop.test/short', 'shop.test/c']);
  });

  it('is what the recorder noted while no page view is known', () => {
    expect(addresses(tabs, [])('one', 10)).toEqual(['shop.test/noted']);
    expect(addresses(tabs, [opens(0, 'nobody-s')])('one', 10)).toEqual(['shop.test/noted']);
  });
});

describe('what a page asked for', () => {
  const origins = originsOf(['asset:https://shop.test/mugs', 'https://pay.test:8443/']);

  it('is a path where it is the pages’ own, and names the host where it is another’s', () => {
    expect(requestedOf('asset:https://shop.test/api/stock?sku=mug', origins)).toBe('/api/stock?sku=mug');
    expect(requestedOf('https://pay.test:8443/intents', origins)).toBe('/intents');
    expect(requestedOf('https://shop.test.evil.test/api', origins)).toBe('shop.test.evil.test/api');
    expect(requestedOf('https://fonts.test/a.woff2', origins)).toBe('fonts.test/a.woff2');
  });

  it('is told as it stands where it is no address of the web', () => {
    expect(requestedOf('/api/stock', origins)).toBe('/api/stock');
    expect(requestedOf('wss://shop.test/stock', origins)).toBe('wss://shop.test/stock');
    expect(requestedOf('https://shop.test', origins)).toBe('shop.test');
  });
});
