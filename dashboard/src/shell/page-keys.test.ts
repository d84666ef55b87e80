import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followBy } from './page-keys';

/** As far as it is asked for where it is. */
class Element {
  constructor(private readonly tag: string) {}
  closest(selector: string): Element | null {
    return selector.split(', ').includes(this.tag) ? this : null;
  }
}

const click = vi.fn();
const press = (key: string, part: Partial<KeyboardEvent> = {}, link: { click(): void } | null = { click }) =>
  followBy('n', { current: link })({ key, target: new Element('body'), ...part } as KeyboardEvent);

beforeEach(() => void vi.stubGlobal('HTMLElement', Element));
afterEach(() => {
  vi.unstubAllGlobals();
  click.mockClear();
});

it('a key follows the link that is there', () => {
  press('n');
  press('n', { target: new Element('button') as unknown as EventTarget });
  expect(click).toHaveBeenCalledTimes(2);
});

it('a key without a link does nothing', () => {
  press('n', {}, null);
  expect(click).not.toHaveBeenCalled();
});

it.each<[what: string, key: string, part: Partial<KeyboardEvent>]>([
  ['another key', 'm', {}],
  ['one that is held down', 'n', { repeat: true }],
  ['one that somebody has answered', 'n', { defaultPrevented: true }],
  ["a shortcut of the browser's", 'n', { ctrlKey: true }],
  ['one that is typed', 'n', { target: new Element('input') as unknown as EventTarget }],
])('%s does not', (_, key, part) => {
  press(key, part);
  expect(click).not.toHaveBeenCalled();
});
