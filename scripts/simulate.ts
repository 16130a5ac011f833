import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

// The long mode of the simulation of sync: npm run test:sim -- --runs 2000 [--seed 42] [--twins]
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string' }, twins: { type: 'boolean', default: false } },
});
const seed = values.seed ?? String(Date.now() % 2 ** 31);
console.log(`${values.runs} histories from seed ${seed}`);
const vitest = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/simulation', '--disableConsoleIntercept', '--maxWorkers=1'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SIM_RUNS: values.runs, SIM_SEED: seed, SIM_TWINS: values.twins ? 'yes' : 'no' },
  },
);
// The functions' own log lines would bury the report.
let rest = '';
vitest.stdout.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) if (!line.startsWith('{"at":')) console.log(line);
});
vitest.on('close', (code) => {
  console.log(rest);
  process.exitCode = code ?? 1;
});
