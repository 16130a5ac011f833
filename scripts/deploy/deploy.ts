import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { overBudget } from '../build/budget';
import { buildFunctions } from '../build/functions';
import { runCommand } from '../command';
import { migrationTargetFrom } from '../database';
import { migrate } from '../migrate';
import { type Checked, checkHere, reportCheck } from './check';
import { type Cli, dryCli, realCli } from './cli';
import type { Settings } from './settings';

const usage = `Checks, migrates the database, builds, deploys every function and calls each once.

  npm run deploy -- --mode production      settings from .env, .env.local, .env.production and this shell
  npm run deploy -- --dry-run              says what it would do, and does none of it
  --only NAME (more than once)             these functions alone
  --skip-migrate                           the database cannot be reached from here, or is migrated elsewhere
  --http                                   opens the REST paths to the internet as well`;

export interface DeployOptions {
  only: readonly string[];
  skipMigrate: boolean;
  http: boolean;
  dryRun: boolean;
}

export interface Steps {
  cli: Cli;
  report(line: string): void;
  migrate(): Promise<void>;
  build(): Promise<void>;
}

/** First segments of the REST paths, by function. */
const paths: Readonly<Record<string, string>> = { login: '/api/auth' };
const pathOf = (name: string): string => paths[name] ?? `/api/${name}`;

const refusal = z.object({ success: z.literal(false), error: z.object({ code: z.literal('NOT_FOUND') }) });

/** No function knows this action: one whose settings are right says so, any other answers INTERNAL or nothing that is ours. */
async function callOnce({ cli, report }: Steps, name: string, envId: string, dryRun: boolean): Promise<void> {
  const printed = await cli.run(['fn', 'invoke', name, '--params', '{"action":"smoke"}', '--envId', envId]);
  if (dryRun) return;
  const answer = /\{"success".*\}/.exec(printed.replaceAll('\\"', '"'))?.[0] ?? '';
  let isWell = false;
  try {
    isWell = refusal.safeParse(JSON.parse(answer)).success;
  } catch {
    // It is not even JSON.
  }
  if (!isWell) throw new Error(`${name} was deployed and does not answer as it should: look at its log`);
  report(`${name} answers`);
}

export async function deploy({ plan, problems }: Checked, given: Settings, options: DeployOptions, steps: Steps): Promise<void> {
  const { cli, report } = steps;
  if (plan === null || (problems.length > 0 && !options.dryRun)) throw new Error('nothing was deployed: see the problems above');
  const known = plan.functions.map(({ name }) => name);
  const unknown = options.only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`there is no function ${unknown.join(', ')}`);
  const names = options.only.length > 0 ? options.only : known;
  const envId = given.ENV_ID || '<ENV_ID>';

  report('1. migrate the database');
  if (options.skipMigrate) report('   skipped');
  else await steps.migrate();
  report('2. build');
  await steps.build();
  report('3. deploy');
  for (const name of names) await cli.run(['fn', 'deploy', name, '--force', '--yes', '--envId', envId]);
  if (options.http) {
    report('   open the REST paths');
    for (const name of names) await cli.run(['service', 'create', '--service-path', pathOf(name), '--function', name, '--envId', envId]);
  }
  report('4. call each function once');
  for (const name of names) await callOnce(steps, name, envId, options.dryRun);
  report(options.dryRun ? 'nothing of this was done' : 'deployed');
}

async function buildOrFail(): Promise<void> {
  const bundles = await buildFunctions();
  const problems = [...bundles.flatMap(({ name, missing }) => missing.map((each) => `${name} requires ${each}`)), ...overBudget(bundles)];
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

const migrateHere = (given: Settings, report: (line: string) => void): Promise<void> => migrate(migrationTargetFrom(given), { report });

const flags = {
  mode: { type: 'string' },
  only: { type: 'string', multiple: true },
  'skip-migrate': { type: 'boolean', default: false },
  http: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
} as const;

async function main(values: {
  mode?: string | undefined;
  only?: string[] | undefined;
  'skip-migrate': boolean;
  http: boolean;
  'dry-run': boolean;
}) {
  const report = (line: string): void => console.log(line);
  const checked = await checkHere(values.mode);
  const { given } = checked;
  reportCheck(checked);
  const dryRun = values['dry-run'];
  const wouldDo = (what: string) => async (): Promise<void> => report(`   ${what}`);
  const target = `${given.DB_MIGRATE_USER || given.DB_USER || '<user>'}@${given.DB_MIGRATE_HOST || given.DB_HOST || '<host>'}/${given.DB_NAME || '<database>'}`;
  const steps: Steps = dryRun
    ? {
        cli: dryCli((line) => report(`   ${line}`)),
        report,
        migrate: wouldDo(`apply sql/ to ${target}`),
        build: wouldDo('write dist/functions/<name>/index.js'),
      }
    : { cli: realCli(given), report, migrate: () => migrateHere(given, report), build: buildOrFail };
  await deploy(checked, given, { only: values.only ?? [], skipMigrate: values['skip-migrate'], http: values.http, dryRun }, steps);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand({ usage, flags }, main);
