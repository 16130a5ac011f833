import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runCommand, wholeNumber } from './command';

const usage = `Runs the tests on a MySQL and a Redis of their own. Logs of the functions are printed for failing tests only.

  npm test
  npm test -- diary points             files whose path contains one of these words
  npm test -- --name 'streak'          tests whose name matches
  npm test -- --retry 2                a failing test gets this many more chances
  npm test -- --watch                  runs again when a file is saved`;

/** The functions run in UTC, as in the cloud. The phones of the former client are in China (vitest.config.ts). */
const zones = ['UTC', 'Asia/Shanghai'];

/** The exit code of one run. */
function runIn(zone: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, TZ: zone } });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

const flags = {
  name: { type: 'string', short: 't' },
  retry: { type: 'string' },
  watch: { type: 'boolean', default: false },
} as const;

await runCommand({ usage, flags, maxWords: 1_000 }, async ({ name, retry, watch }, words) => {
  const retries = wholeNumber('--retry', retry, { fallback: 0, min: 0, max: 10 });
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const args = [
    vitest,
    watch ? 'watch' : 'run',
    '--passWithNoTests',
    ...words,
    ...(name ? ['-t', name] : []),
    ...(retry ? [`--retry=${retries}`] : []),
  ];
  for (const zone of watch ? ['UTC'] : zones) process.exitCode ||= await runIn(zone, args);
});
