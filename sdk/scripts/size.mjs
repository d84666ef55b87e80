// The core's budget: bytes of `gzip -9`.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const CORE_BYTES_MAX = 8000;

for (const name of ['sdk.js', 'sdk.esm.js']) {
  const bytes = gzipSync(readFileSync(new URL(`../dist/${name}`, import.meta.url)), { level: 9 }).length;
  console.log(`${name}: ${bytes} bytes gzip -9 of ${CORE_BYTES_MAX}`);
  if (bytes > CORE_BYTES_MAX) process.exitCode = 1;
}
