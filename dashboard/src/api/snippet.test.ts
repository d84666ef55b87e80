import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { callsSnippet } from './snippet';

it('is the stub of the SDK, which its tests try out', () => {
  const readme = readFileSync(new URL('../../../sdk/README.md', import.meta.url), 'utf8');
  expect(readme).toContain(callsSnippet('https://gosight.example', 'YOUR_PROJECT_KEY'));
});
