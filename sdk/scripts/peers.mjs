// Weighs what a page loads of GoSight and of its peers, all the same way: what is imported is bundled with a minimal start and minified by esbuild,
// what a package loads later is taken as it is shipped, and each file counts by itself as `gzip -9`. Prints a Markdown table; `--write` puts it into
// the README of the repository. First `npm ci --prefix peers`.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const README = new URL('../README.md', root);
const MARKS = /(<!-- sizes -->\n)[\s\S]*?(<!-- \/sizes -->)/;

const grouped = (bytes) => (bytes ? String(bytes).replace(/(?=(\d{3})$)/, ' ') : '');
const gzipped = (contents) => gzipSync(contents, { level: 9 }).length;
const shipped = (path) => gzipped(readFileSync(new URL(path, root)));

/** A page's script that starts a package so. */
async function bundled(start) {
  const { outputFiles } = await build({
    stdin: { contents: start, resolveDir: new URL('peers', root).pathname },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['./sdk.more.js'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return gzipped(outputFiles[0].contents);
}

const core = await bundled(`import { GoSight } from '../dist/sdk.esm.js'; GoSight.init({ projectKey: 'k' });`);
const gosight = core + shipped('dist/sdk.more.js');
const recorder = shipped('dist/recorder.js');
const posthog = await bundled(`import posthog from 'posthog-js'; posthog.init('k');`);
const sentry = (integrations) => bundled(`import * as Sentry from '@sentry/browser'; Sentry.init({ dsn: 'd', integrations: [${integrations}] });`);
const openreplay = await bundled(`import { tracker } from '@openreplay/tracker'; tracker.configure({ projectKey: 'k' }); void tracker.start();`);
const plausible = await bundled(`import { init } from '@plausible-analytics/tracker'; init({ domain: 'd' });`);

/** Name; bytes without replay; with it; what that is. */
const rows = [
  ['@gosight/sdk', gosight, gosight + recorder, `${grouped(core)} before the page has loaded, the rest beside it; the recorder is ${grouped(recorder)} of it`],
  ['posthog-js', posthog, posthog + shipped('peers/node_modules/posthog-js/dist/lazy-recorder.js'), 'events and surveys; the recorder is a second file'],
  ['@sentry/browser', await sentry(''), await sentry('Sentry.replayIntegration()'), 'errors and traces'],
  ['@openreplay/tracker', undefined, openreplay, 'replay is what it does'],
  ['clarity-js', undefined, shipped('peers/node_modules/clarity-js/build/clarity.min.js'), 'what `@microsoft/clarity`, a loader, loads'],
  ['@plausible-analytics/tracker', plausible, undefined, 'page views and named events'],
];

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(name === '@gosight/sdk' ? 'package.json' : `peers/node_modules/${name}/package.json`, root), 'utf8')).version;
const table = [
  '| `gzip -9`, bytes | version | without replay | with replay | |',
  '|---|---|---|---|---|',
  ...rows.map(([name, plain, replay, what]) => `| ${name} | ${versionOf(name)} | ${grouped(plain)} | ${grouped(replay)} | ${what} |`),
].join('\n');

console.log(table);
if (process.argv.includes('--write')) writeFileSync(README, readFileSync(README, 'utf8').replace(MARKS, `$1${table}\n$2`));
