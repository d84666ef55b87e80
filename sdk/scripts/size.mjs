// The budgets of the two files a page loads, in bytes of `gzip -9`.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What a page waits for: the core, in either form. 8 KB of 1024 bytes. */
const CORE_BYTES_MAX = 8192;
/** What comes beside it, once it runs. */
const MORE_BYTES_MAX = 5400;
/** What a session that is recorded loads as well: with the core less than 30 KB. */
const RECORDER_BYTES_MAX = 18_500;
const CORE_AND_RECORDER_BYTES_MAX = 30 * 1024;

const bytesOf = (name) => gzipSync(readFileSync(new URL(`../dist/${name}`, import.meta.url)), { level: 9 }).length;

function weigh(name, bytesMax) {
  const bytes = bytesOf(name);
  console.log(`${name}: ${bytes} bytes gzip -9 of ${bytesMax}`);
  if (bytes > bytesMax) process.exitCode = 1;
}

weigh('sdk.js', CORE_BYTES_MAX);
weigh('sdk.esm.js', CORE_BYTES_MAX);
weigh('sdk.more.js', MORE_BYTES_MAX);
weigh('recorder.js', RECORDER_BYTES_MAX);
if (bytesOf('sdk.js') + bytesOf('recorder.js') > CORE_AND_RECORDER_BYTES_MAX) process.exitCode = 1;
const page = bytesOf('sdk.js') + bytesOf('sdk.more.js');
console.log(`a page loads ${page} bytes in all, one that is recorded ${page + bytesOf('recorder.js')}`);
