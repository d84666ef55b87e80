// The budgets of the three files a page may load, in bytes of `gzip -9`; together they stay below 30 KB.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What a page waits for: the core, in either form. 8 KB of 1024 bytes. */
const CORE_BYTES_MAX = 8192;
/** What comes beside it, once it runs. */
const MORE_BYTES_MAX = 6200;
/** What a session that is recorded loads as well. */
const RECORDER_BYTES_MAX = 14_450;

function weigh(name, bytesMax) {
  const bytes = gzipSync(readFileSync(new URL(`../dist/${name}`, import.meta.url)), { level: 9 }).length;
  console.log(`${name}: ${bytes} bytes gzip -9 of ${bytesMax}`);
  if (bytes > bytesMax) process.exitCode = 1;
  return bytes;
}

weigh('sdk.esm.js', CORE_BYTES_MAX);
const page = weigh('sdk.js', CORE_BYTES_MAX) + weigh('sdk.more.js', MORE_BYTES_MAX);
const recorded = page + weigh('recorder.js', RECORDER_BYTES_MAX);
console.log(`a page loads ${page} bytes in all, one that is recorded ${recorded}`);

/** The README's row is measured a little otherwise, as its peers' are (peers.mjs). */
const README_OFF_BY_MAX = 0.01;
const row = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').match(/\| @gosight\/sdk \|.*?\| ([\d ]+) \| ([\d ]+) \|/);
const isNear = (said, is) => Math.abs(Number(said?.replace(' ', '')) / is - 1) < README_OFF_BY_MAX;
if (!isNear(row?.[1], page) || !isNear(row?.[2], recorded)) {
  console.error("README's table of sizes is out of date: npm --prefix sdk run peers -- --write");
  process.exitCode = 1;
}
