// @vitest-environment happy-dom
/** Which server is asked for a sheet of its own, and how often. */
import { beforeEach, expect, it, vi } from 'vitest';
import { sheetAt } from '../src/recorder/assets.js';

const core = vi.hoisted(() => ({ fetcher: {}, guard: (run: unknown) => run, later: {}, options: { privacy: { maskRegex: [] } } }));
vi.mock('../src/more/core.js', () => core);

let asked = 0;
let origins = 0;
let origin: string;

function answerWith(answer: () => Response): void {
  core.fetcher = async () => {
    asked++;
    return answer();
  };
}
const ask = () => sheetAt(`${origin}/sheet.css`);

beforeEach(() => {
  asked = 0;
  origin = `https://cdn-${++origins}.example`;
  vi.restoreAllMocks();
});

const fail = (error: Error) => () => {
  throw error;
};

it.each([
  ['waits too long', fail(new DOMException('late', 'TimeoutError')), true],
  ['is broken for a moment', () => new Response('busy', { status: 503 }), true],
  ['is out of reach, for the page is offline', fail(new TypeError('offline')), false],
])('one that %s is asked again', async (_, answer, isOnline) => {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(isOnline);
  answerWith(answer);
  expect(await ask()).toBeUndefined();
  answerWith(() => new Response('p { color: red }'));
  expect(await ask()).toBe('p { color: red }');
  expect(asked).toBe(2);
});

it.each([
  ['does not share it', fail(new TypeError('CORS'))],
  ['says so', () => new Response('no', { status: 403 })],
])('one that %s is not', async (_, answer) => {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(true);
  answerWith(answer);
  await ask();
  expect(await ask()).toBe('');
  expect(asked).toBe(1);
});

it('a sheet that is too large is not kept', async () => {
  answerWith(() => new Response('x'.repeat(1_000_001)));
  expect(await ask()).toBe('');
});
