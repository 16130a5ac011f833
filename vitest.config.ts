import { defineConfig } from 'vitest/config';

// The phones of the tests are in China; a worker thread cannot change its zone by itself.
process.env.TZ ??= 'Asia/Shanghai';

export default defineConfig({
  test: {
    globalSetup: 'test/setup/global.ts',
    setupFiles: 'test/setup/worker.ts',
    pool: 'threads',
    maxWorkers: 2,
    // One copy of the modules, and so one pool and one Redis client, per worker.
    isolate: false,
    // Faults and time-outs happen in real time, so a test on a busy machine gets two more chances; the report names each that needed one. Histories drawn at random get none
    // (retry: 0 beside each), because the next one may not show what this one found.
    retry: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['functions/**/*.test.ts', 'shared/**/*.test.ts', 'client/**/*.test.ts', 'test/**/*.test.ts'],
  },
});
