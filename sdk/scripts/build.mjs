// Builds dist/sdk.js (script tag), dist/sdk.esm.js (npm, ES module by URL) and the file both load later, dist/sdk.more.js: bundled by esbuild, squeezed by terser.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { minify } from 'terser';

const root = new URL('..', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** What comes from the server's JSON, what src/protobuf.ts knows by name, what a visitor's batch shows. */
const RESERVED = [
  ...['session_sample_rate', 'disabled_categories', 'mask_selectors', 'block_selectors', 'block_urls', 'mask_all_text'],
  ...['device_pixel_ratio', 'sdk_dropped_events', 'timestamp_ms', 'current_s', 'duration_s', 'watched_s'],
];

/** Wire names, and names that stay inside of one file. What the core lends to the second file keeps its name: a browser may hold them of two versions. */
const INTERNAL = /_|^(enteredAt|nextUrl|passive|urgent|paused|settingsVersion)$/;

async function bundle(entry, name, format) {
  const { outputFiles } = await build({
    absWorkingDir: root.pathname,
    entryPoints: [entry],
    bundle: true,
    external: ['./sdk.more.js'],
    write: false,
    format,
    target: 'es2022',
    define: { SDK_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  });
  const { code } = await minify(outputFiles[0].text, {
    module: true,
    ecma: 2022,
    compress: { passes: 3, unsafe: true, unsafe_arrows: true, pure_getters: true, keep_fargs: false },
    // Wire names with an underscore are told by their place alone (src/protobuf.ts), so they need not travel to the browser.
    mangle: { properties: { regex: INTERNAL, reserved: RESERVED } },
  });
  writeFileSync(new URL(`dist/${name}`, root), code);
}

mkdirSync(new URL('dist', root), { recursive: true });
await bundle('src/script.ts', 'sdk.js', 'iife');
await bundle('src/index.ts', 'sdk.esm.js', 'esm');
await bundle('src/more/index.ts', 'sdk.more.js', 'esm');
