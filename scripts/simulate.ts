import { spawn } from 'node:child_process';
import { runCommand, wholeNumber } from './command';

const usage = `Plays random histories of phones that sync, and compares the server with what each child saw. The long mode of test/simulation.

  npm run test:sim -- --runs 2000
  npm run test:sim -- --seed 42      the same histories again
  npm run test:sim -- --twins        two instances of the SDK on each phone`;

const text = { type: 'string' } as const;

await runCommand({ usage, flags: { runs: text, seed: text, twins: { type: 'boolean', default: false } } }, async (values) => {
  const runs = wholeNumber('--runs', values.runs, { fallback: 1_000, min: 1, max: 10_000_000 });
  const seed = wholeNumber('--seed', values.seed, { fallback: Date.now() % 2 ** 31, min: 0, max: 2 ** 31 });
  console.log(`${runs} histories from seed ${seed}`);
  const vitest = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'test/simulation', '--disableConsoleIntercept', '--maxWorkers=1'],
    {
      stdio: 'inherit',
      env: { ...process.env, SIM_RUNS: String(runs), SIM_SEED: String(seed), SIM_TWINS: values.twins ? 'yes' : 'no' },
    },
  );
  process.exitCode = await new Promise<number>((resolve) => vitest.on('close', (code) => resolve(code ?? 1)));
});
