// Builds dist/sdk.js (script tag), dist/sdk.esm.js (npm, ES module by URL) and the file both load later, dist/sdk.more.js: bundled by esbuild, squeezed by terser.
import { mkdirSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { minify } from 'terser';
import { put } from './put.mjs';

const root = new URL('..', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/**
 * Names that no page sees: of the batch's head, told by their place alone (src/protobuf.ts), and of what stays inside of one file. What a
 * hook sees keeps its declared name (src/events.ts), and so does what the core lends to the second file: a browser may hold them of two versions.
 */
const HEAD = 'project_key|sent_at_ms|sdk_name|sdk_version|visitor_id|session_id|settings_version|device|pages|user_agent|(screen|viewport)_(width|height)';
const INTERNAL = new RegExp(
  `^(${HEAD}|enteredAt|nextUrl|errors|urgent|isPassive|fieldNumber|eventCategory|running|halted|recording|oldest|removeLeft|startedAt|dropped)$`,
);

/** …and of the second file, whose queue has them. */
const MORE = new RegExp(`${INTERNAL.source}|^(keep|leave|dropped|startedAt|element)$`);

/** Names that stay inside of the recorder. What the browser has of that name is left as it is. */
const RECORDER = /^(isFull|isCssTold|isNew|isHidden|isEmpty|keptMs|isHolding|describe|snapshot|hear|gather|tellAll|isAwaited|leave|enter|change)$/;
/** What is worth its bytes in the recorder alone. */
const RECORDER_COMPRESS = { lhs_constants: true, unsafe_proto: true, unsafe_methods: true, sequences: false };

/**
 * Functions of a file's top level, and right inside of them, as arrows, about a hundred bytes shorter gzipped: none of ours knows a `this`, or is used before the
 * lines that make it have run.
 */
const asArrows = (code) => code.replace(/^( {0,2})(async )?function (\w+)\((.*)\) \{$/gm, '$1var $3 = $2($4) => {');

async function bundle(entry, name, format, shaped = asArrows, internal = INTERNAL, more = {}) {
  const { outputFiles } = await build({
    absWorkingDir: root.pathname,
    entryPoints: [entry],
    bundle: true,
    external: ['./sdk.more.js', './recorder.js'],
    write: false,
    format,
    target: 'es2022',
    minifySyntax: true,
    define: { SDK_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  });
  const { code } = await minify(shaped(outputFiles[0].text), {
    module: true,
    ecma: 2022,
    compress: { passes: 6, unsafe: true, unsafe_arrows: true, unsafe_math: true, lhs_constants: false, pure_getters: true, keep_fargs: false, ...more },
    mangle: { properties: { regex: internal } },
  });
  put(new URL(`dist/${name}`, root), code);
}

mkdirSync(new URL('dist', root), { recursive: true });
await bundle('src/script.ts', 'sdk.js', 'iife');
await bundle('src/index.ts', 'sdk.esm.js', 'esm');
await bundle('src/more/index.ts', 'sdk.more.js', 'esm', asArrows, MORE);
await bundle('src/recorder/index.ts', 'recorder.js', 'esm', asArrows, RECORDER, RECORDER_COMPRESS);
