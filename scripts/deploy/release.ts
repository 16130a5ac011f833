import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';
import { CommandError, runCommand } from '../command';
import { checkHere, root } from './check';
import { type Cli, dryCli, realCli } from './cli';
import { commands } from './commands';

const usage = `Publishes what was deployed and shifts traffic to it.

  npm run release -- --percent 10     publishes a version and gives it a tenth of the calls
  npm run release -- --percent 50     more of them; any whole number
  npm run release -- --percent 100    all of them: from then on it is the version to go back to
  npm run release -- --percent back   all calls to the version before
  --mode, --dry-run                   as for deploy`;

const LATEST = '$LATEST';

const versions = z.record(z.string(), z.strictObject({ stable: z.string(), candidate: z.string().nullable() }));

/** By function: the version that all go to when something is wrong, and the one that is being tried. */
export type Versions = z.infer<typeof versions>;

export type Percent = number | 'back';

export const parsePercent = (text: string | undefined): Percent => {
  if (text === 'back') return text;
  const percent = Number(text);
  if (!text || !Number.isInteger(percent) || percent < 1 || percent > 100)
    throw new CommandError(`--percent must be 1 to 100, or back, not '${text ?? ''}'.`);
  return percent;
};

/** The version that was published under this description: the first column of the row that has it. */
export function versionIn(table: string, description: string): string | null {
  const row = stripVTControlCharacters(table)
    .split('\n')
    .find((line) => line.includes(description));
  return /(?:^|[│|\s])(\d+)(?=[│|\s])/.exec(row ?? '')?.[1] ?? null;
}

interface Release {
  names: readonly string[];
  envId: string;
  percent: Percent;
  /** Names what is published; the same for all functions of one release. */
  description: string;
}

async function publish(cli: Cli, name: string, { envId, description }: Release): Promise<string> {
  await cli.run(commands.publish(name, description, envId));
  const version = versionIn(await cli.run(commands.versions(name, envId)), description);
  if (version === null) throw new Error(`${name} was published as ${description}, but its number cannot be found`);
  return version;
}

/** All functions are published before any traffic moves; what was done is kept after each step, so that a release that broke off can go on or back. */
export async function release(cli: Cli, known: Versions, plan: Release, keep: (versions: Versions) => Promise<void>): Promise<void> {
  const { names, envId, percent } = plan;
  const state: Versions = { ...known };
  if (percent === 'back') {
    for (const name of names) {
      const { stable, candidate } = state[name] ?? { stable: LATEST, candidate: null };
      await cli.run(commands.route(name, [stable, 100], candidate ?? LATEST, envId));
      state[name] = { stable, candidate: null };
      await keep(state);
    }
    return;
  }
  for (const name of names) {
    const { stable, candidate } = state[name] ?? { stable: LATEST, candidate: null };
    state[name] = { stable, candidate: candidate ?? (await publish(cli, name, plan)) };
    await keep(state);
  }
  for (const name of names) {
    const { stable, candidate } = state[name] ?? { stable: LATEST, candidate: LATEST };
    if (candidate === null) continue;
    await cli.run(commands.route(name, [candidate, percent], stable, envId));
    if (percent === 100) state[name] = { stable: candidate, candidate: null };
    await keep(state);
  }
}

const flags = { percent: { type: 'string' }, mode: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } } as const;

async function main(values: { percent?: string | undefined; mode?: string | undefined; 'dry-run': boolean }): Promise<void> {
  const percent = parsePercent(values.percent);
  const { plan, given } = await checkHere(values.mode);
  const envId = given.ENV_ID;
  if (plan === null || !envId) throw new Error('ENV_ID is not set, or cloudbaserc.json is not as it should be: npm run check:deploy');
  const file = join(root, '.releases', `${envId}.json`);
  const known = versions.parse(JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
  const dryRun = values['dry-run'];
  const printing = dryCli((line) => console.log(line));
  // A dry run publishes nothing that could be found again.
  const description = `release-${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')}`;
  const dry: Cli = { ...printing, run: async (words) => `${await printing.run(words)}│ 0 │ ${description} │` };
  const keep = async (state: Versions): Promise<void> => {
    if (dryRun) return;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(state, null, 2)}\n`);
  };
  const names = plan.functions.map(({ name }) => name);
  await release(dryRun ? dry : realCli(given), known, { names, envId, percent, description }, keep);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand({ usage, flags }, main);
