import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { SDK_VERSION: JSON.stringify('0.0.0-test') },
  // The second file by its source.
  resolve: { alias: { './sdk.more.js': `${import.meta.dirname}/src/more/index.ts` } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
});
