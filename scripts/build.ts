import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { overBudget } from './build/budget';
import { buildClient, type ClientFile } from './build/client';
import { copySdkToExample } from './build/example';
import { type Bundle, buildFunctions } from './build/functions';
import { runCommand } from './command';

export { buildFunctions } from './build/functions';

const usage = `Builds the cloud functions into dist/functions and the mini-program's SDK into dist/client and examples/miniprogram/lib, and prints their sizes.

  npm run build

Exits with 1 when a bundle misses a module or is larger than its budget.`;

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`.padStart(10);

async function table(bundles: readonly Bundle[], client: readonly ClientFile[]): Promise<string> {
  const lines = await Promise.all(
    bundles.map(async ({ name, bytes, file }) => {
      const gzipped = gzipSync(await readFile(file)).length;
      return `${name.padEnd(10)}${kilobytes(bytes)}${kilobytes(gzipped)}`;
    }),
  );
  for (const { name, bytes, gzipped } of client) lines.push(`${name.padEnd(10)}${kilobytes(bytes)}${kilobytes(gzipped)}`);
  return [`${'bundle'.padEnd(10)}${'size'.padStart(10)}${'gzip'.padStart(10)}`, ...lines].join('\n');
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const [bundles, client] = await Promise.all([buildFunctions(), buildClient()]);
  await copySdkToExample();
  console.log(await table(bundles, client));
  console.log(`built in ${Math.round(performance.now() - startedAt)} ms`);
  const problems = [
    ...bundles.filter(({ missing }) => missing.length > 0).map(({ name, missing }) => `${name} requires ${missing.join(', ')}`),
    ...overBudget([...bundles, ...client]),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand({ usage }, main);
