import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/setup/global.ts',
    setupFiles: 'test/setup/worker.ts',
    pool: 'threads',
    maxWorkers: 2,
    // One copy of the modules, and so one pool and one Redis client, per worker.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ['functions/**/*.test.ts', 'shared/**/*.test.ts', 'client/**/*.test.ts', 'test/**/*.test.ts'],
  },
});
