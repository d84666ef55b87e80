import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { SDK_VERSION: JSON.stringify('0.0.0-test') },
  // The files that are loaded later, by their source.
  resolve: { alias: { './sdk.more.js': `${import.meta.dirname}/src/more/index.ts`, './recorder.js': `${import.meta.dirname}/src/recorder/index.ts` } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000 } } },
});
