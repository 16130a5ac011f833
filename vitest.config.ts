import { configDefaults, defineConfig } from 'vitest/config';

/** Tests of phones in China, whose former client reads its own clock. A worker thread cannot change its zone, so they run in a run of their own. */
const phoneZone = 'Asia/Shanghai';
const phoneTests = ['test/client/migration.test.ts', 'test/client/former-lives.test.ts', 'test/client/crash.test.ts'];

// As in the cloud, unless another zone is given.
process.env.TZ ??= 'UTC';
const isPhoneRun = process.env.TZ === phoneZone;

export default defineConfig({
  test: {
    globalSetup: 'test/setup/global.ts',
    setupFiles: 'test/setup/worker.ts',
    pool: 'threads',
    maxWorkers: 2,
    // One copy of the modules, and so one pool and one Redis client, per worker.
    isolate: false,
    // Faults and time-outs happen in real time, so a test on a busy machine gets two more chances; the report names each that needed one.
    // Histories drawn at random get none (retry: 0 beside each), because the next one may not show what this one found.
    retry: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: isPhoneRun ? phoneTests : ['functions/**/*.test.ts', 'shared/**/*.test.ts', 'client/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: isPhoneRun ? configDefaults.exclude : [...configDefaults.exclude, ...phoneTests],
  },
});
