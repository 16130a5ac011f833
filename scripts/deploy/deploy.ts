import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { overBudget } from '../build/budget';
import { buildFunctions } from '../build/functions';
import { checkDatabase, checkOptionsFrom } from '../check-database';
import { formatFindings, isReady } from '../check-database/finding';
import { runCommand } from '../command';
import { migrationTargetFrom } from '../database';
import { migrate } from '../migrate';
import { deployedSettings, readCertificate, writeCertificate } from './certificate';
import { type Checked, checkHere, reportCheck, root } from './check';
import { type Cli, dryCli, realCli } from './cli';
import { commands } from './commands';
import type { Deployment } from './plan';
import { lineOf } from './problem';
import { readBack } from './read-back';
import type { Settings } from './settings';
import { callOnce, smokeCommand, writeOnce } from './smoke';

const usage = `Checks settings and database, migrates, builds, deploys every function, reads back what is deployed and calls each function once.

  npm run deploy -- --mode production      settings from .env, .env.local, .env.production and this shell
  npm run deploy -- --dry-run              says what it would do, and does none of it; exits with 1 when there are problems
  --only NAME (more than once)             these functions alone
  --skip-migrate                           the database cannot be reached from here: it is neither checked nor migrated
  --http                                   opens the REST paths to the internet as well

With SMOKE_TOKEN set (the token of a test user) it also writes, reads and deletes a diary.`;

export interface DeployOptions {
  only: readonly string[];
  skipMigrate: boolean;
  http: boolean;
  dryRun: boolean;
}

export interface Steps {
  cli: Cli;
  report(line: string): void;
  /** Rejects when the database cannot carry the product. Changes nothing that stays. */
  checkDatabase(): Promise<void>;
  migrate(): Promise<void>;
  /** Writes the bundles, each with the certificate of the database beside it. */
  build(): Promise<void>;
}

/** First segments of the REST paths, by function. */
const paths: Readonly<Record<string, string>> = { login: '/api/auth' };
const pathOf = (name: string): string => paths[name] ?? `/api/${name}`;

function chosenNames({ functions }: Deployment, only: readonly string[]): string[] {
  const known = functions.map(({ name }) => name);
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`there is no function ${unknown.join(', ')}`);
  return only.length > 0 ? [...only] : known;
}

async function verify(plan: Deployment, names: readonly string[], envId: string, given: Settings, { cli, report }: Steps): Promise<void> {
  const differences = await readBack(cli, { plan, names, envId, given: deployedSettings(given) });
  for (const difference of differences) report(`   ✗ ${lineOf(difference)}`);
  if (differences.length > 0) throw new Error(`${differences.length} differences between what was asked for and what is deployed`);
  report('   ✓ runtime, variables, triggers and network are as asked for');
}

async function smoke(names: readonly string[], envId: string, given: Settings, { cli, report }: Steps): Promise<void> {
  for (const name of names) {
    await callOnce(cli, name, envId);
    report(`   ✓ ${name} answers`);
  }
  const token = given.SMOKE_TOKEN;
  if (!token || !names.includes('diary')) return;
  await writeOnce(cli, envId, token);
  report('   ✓ a diary was written, read and deleted');
}

/** The steps after the deployment, in words and commands. */
async function sayRest(names: readonly string[], envId: string, given: Settings, { cli, report }: Steps): Promise<void> {
  report('6. read back and compare: runtime, variables, triggers, network');
  await cli.read(commands.pull(names, envId));
  for (const name of names) await cli.read(commands.detail(name, envId));
  report('7. call each function once');
  for (const name of names) await cli.run(smokeCommand(name, envId));
  if (given.SMOKE_TOKEN) report('   write, read and delete a diary with SMOKE_TOKEN');
  report('nothing of this was done');
}

export async function deploy({ plan, problems }: Checked, given: Settings, options: DeployOptions, steps: Steps): Promise<void> {
  const { cli, report } = steps;
  if (plan === null || (problems.length > 0 && !options.dryRun)) throw new Error('nothing was deployed: see the problems above');
  const names = chosenNames(plan, options.only);
  const envId = given.ENV_ID || '<ENV_ID>';

  report('2. check the database');
  if (options.skipMigrate) report('   skipped');
  else await steps.checkDatabase();
  report('3. migrate the database');
  if (options.skipMigrate) report('   skipped');
  else await steps.migrate();
  report('4. build');
  await steps.build();
  report('5. deploy');
  for (const name of names) await cli.run(commands.deploy(name, envId));
  if (options.http) {
    report('   open the REST paths');
    for (const name of names) await cli.run(commands.openPath(name, pathOf(name), envId));
  }
  if (options.dryRun) {
    await sayRest(names, envId, given, steps);
    if (problems.length > 0) throw new Error(`${problems.length} problems would have stopped it before step 2`);
    return;
  }
  report('6. read back and compare: runtime, variables, triggers, network');
  await verify(plan, names, envId, given, steps);
  report('7. call each function once');
  await smoke(names, envId, given, steps);
  report('deployed; nobody is served by it before npm run release');
}

async function buildOrFail(given: Settings): Promise<void> {
  const bundles = await buildFunctions();
  const problems = [...bundles.flatMap(({ name, missing }) => missing.map((each) => `${name} requires ${each}`)), ...overBudget(bundles)];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  await writeCertificate(
    bundles.map(({ file }) => dirname(file)),
    readCertificate(root, given),
  );
}

/** Instances of all functions together; `npm run check:database -- --instances` asks about another number. */
const INSTANCES = 20;

async function checkDatabaseOrFail(given: Settings, report: (line: string) => void): Promise<void> {
  const findings = await checkDatabase(checkOptionsFrom(given, INSTANCES));
  report(formatFindings(findings));
  if (!isReady(findings)) throw new Error('nothing was deployed: the database lacks something, see the table above');
}

function stepsFor(given: Settings, isDry: boolean, report: (line: string) => void): Steps {
  if (!isDry) {
    return {
      cli: realCli(deployedSettings(given)),
      report,
      checkDatabase: () => checkDatabaseOrFail(given, report),
      migrate: () => migrate(migrationTargetFrom(given), { report }),
      build: () => buildOrFail(given),
    };
  }
  const wouldDo = (what: string) => async (): Promise<void> => report(`   ${what}`);
  const user = given.DB_MIGRATE_USER || given.DB_USER || '<user>';
  const target = `${user}@${given.DB_MIGRATE_HOST || given.DB_HOST || '<host>'}/${given.DB_NAME || '<database>'}`;
  return {
    cli: dryCli((line) => report(`   ${line}`)),
    report,
    checkDatabase: wouldDo(`try out what ${target} can do`),
    migrate: wouldDo(`apply sql/ to ${target}`),
    build: wouldDo(`write dist/functions/<name>/index.js${given.DB_CA ? ' and database-ca.pem' : ''}`),
  };
}

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
  report('1. check cloudbaserc.json and the settings');
  reportCheck(checked, (line) => report(`   ${line}`));
  const isDry = values['dry-run'];
  await deploy(
    checked,
    checked.given,
    { only: values.only ?? [], skipMigrate: values['skip-migrate'], http: values.http, dryRun: isDry },
    stepsFor(checked.given, isDry, report),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand({ usage, flags }, main);
