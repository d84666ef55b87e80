/** The reference is what the types say, and every example in it, and in the README, compiles. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;
// Inside of the package, where React's and Vue's types are found.
const directory = mkdtempSync(`${ROOT}node_modules/.examples-`);
afterAll(() => rmSync(directory, { recursive: true }));

/** What an example needs that does not import it: where a page has the script tag, or an example before it did. */
const GIVEN = "import { GoSight } from '@gosight/sdk';\n";

function examplesOf(page: string): { name: string; code: string }[] {
  const blocks = [...readFileSync(`${ROOT}${page}`, 'utf8').matchAll(/^```(tsx?|js)\n([\s\S]*?)^```$/gm)];
  return blocks.map(([, language, code = ''], i) => ({
    name: `${page.replace(/\W/g, '_')}_${i}.${language}`,
    code: /import .*\bGoSight\b/.test(code) ? code : GIVEN + code,
  }));
}

function run(file: string, ...args: string[]): string {
  try {
    return execFileSync('node', [file, ...args], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

it('the reference is up to date', () => {
  expect(run('scripts/docs.mjs', '--check')).toBe('');
});

it('every example compiles', () => {
  const examples = ['README.md', 'docs/reference.md'].flatMap(examplesOf);
  expect(examples.length).toBeGreaterThan(12);
  for (const { name, code } of examples) writeFileSync(`${directory}/${name}`, `${code}\nexport {};\n`);
  const source = (name: string) => [`${ROOT}src/${name}.ts`];
  const paths = {
    '@gosight/sdk': source('index'),
    ...Object.fromEntries(['react', 'next', 'vue'].map((name) => [`@gosight/sdk/${name}`, source(`wrappers/${name}`)])),
  };
  const compilerOptions = { jsx: 'react-jsx', allowJs: true, checkJs: true, noUnusedLocals: false, paths };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify({ extends: `${ROOT}tsconfig.json`, compilerOptions, include: ['*', `${ROOT}src/*.d.ts`] }));
  expect(run('node_modules/typescript/bin/tsc', '-p', directory)).toBe('');
});
