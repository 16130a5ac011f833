import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Starts servers of its own, a dozen in all, and is therefore not a part of `npm test`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    globalSetup: 'test/scale/global.ts',
    setupFiles: ['test/setup/worker.ts', 'test/scale/worker.ts'],
    include: ['test/races/*.test.ts', 'test/scale/*.scale.ts'],
    pool: 'threads',
    maxWorkers: 1,
    isolate: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
