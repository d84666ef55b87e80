// Builds dist/wrappers/{react,next,vue}.js: ES modules for an application's own bundler, a few lines each around the one sdk.esm.js.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { put } from './put.mjs';

const root = new URL('..', import.meta.url).pathname;

/** The core stays a file of its own: an application that imports it too must get the same one. */
const besideTheCore = {
  name: 'beside-the-core',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: '../sdk.esm.js', external: true }));
  },
};

/** `'use client'` makes what React renders a client component wherever a server renders it first. */
async function wrap(names, js = '') {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => `src/wrappers/${name}.ts`),
    outdir: 'dist/wrappers',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['react', 'vue'],
    plugins: [besideTheCore],
    banner: { js },
    logLevel: 'warning',
    write: false,
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    put(path, text);
  }
}

await wrap(['react', 'next'], "'use client';");
await wrap(['vue']);
