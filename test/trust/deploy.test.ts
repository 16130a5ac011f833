import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { checkDeployment, knownFunctions, root } from '../../scripts/deploy/check';
import { type Cli, spell } from '../../scripts/deploy/cli';
import { type DeployOptions, deploy, type Steps } from '../../scripts/deploy/deploy';
import { parsePercent, release, type Versions, versionIn } from '../../scripts/deploy/release';
import { DRAWING_TIMEOUT_MS } from '../../shared/ai/coze';

const file = readFileSync(join(root, 'cloudbaserc.json'), 'utf8');
const known = await knownFunctions();

const given = {
  ENV_ID: 'prod-1a2b3c',
  VPC_ID: 'vpc-1',
  SUBNET_ID: 'subnet-1',
  DB_HOST: '10.0.0.2',
  DB_USER: 'gd_runtime',
  DB_PASSWORD: 'secret',
  DB_NAME: 'growth_diary',
  DB_TLS: 'off',
  REDIS_URL: 'redis://10.0.0.3:6379/0',
  JWT_KEYS: 'k1:pS0w9vXq7LrT2mKz8NbY4cHdJ6fGaUeR',
  PERSON_PEPPER: 'Zk3u8Qw1nR5tV7yB2mX9cLsDJ6fGaUeP',
  WX_APPID: 'wx1',
  WX_SECRET: 'secret',
};

// biome-ignore lint/suspicious/noExplicitAny: a plan that is wrong on purpose fits no type
type Plan = any;

const check = (change: (plan: Plan) => void = () => {}, settings: Record<string, string> = {}) => {
  const plan = JSON.parse(file);
  change(plan);
  return checkDeployment(JSON.stringify(plan), { ...given, ...settings }, known).problems;
};

describe('the check before a deployment', () => {
  test('finds nothing wrong with this project and settings that are complete', () => {
    expect(check()).toEqual([]);
  });

  test.each<[string, (plan: Plan) => void, string]>([
    ['a runtime that does not exist', (plan) => (plan.functionDefaultConfig.runtime = 'Nodejs20'), 'runtime'],
    ['another handler', (plan) => (plan.functions[0].handler = 'index.handler'), 'handler'],
    ['dependencies to be installed in the cloud', (plan) => delete plan.functionDefaultConfig.installDependency, 'installDependency'],
    ['too long a time-out', (plan) => (plan.functions[0].timeout = 901), 'timeout'],
    ['the console’s default time-out', (plan) => (plan.functionDefaultConfig.timeout = 3), 'timeout'],
    ['memory that is not sold', (plan) => (plan.functions[0].memorySize = 300), '64, or 128 to 3072'],
    ['a value that is no text', (plan) => (plan.functions[0].envVariables = { DB_PORT: 3306 }), 'DB_PORT'],
    ['a field nobody knows', (plan) => (plan.functions[0].memory = 256), 'memory'],
    ['five fields of cron', (plan) => (plan.functions.at(-1).triggers[0].config = '*/5 * * * *'), 'seven fields'],
    ['a weekday in figures', (plan) => (plan.functions.at(-1).triggers[0].config = '0 0 4 * * 1 *'), 'seven fields'],
    ['an hour that does not exist', (plan) => (plan.functions.at(-1).triggers[0].config = '0 0 24 * * * *'), 'seven fields'],
    ['a trigger that no function knows', (plan) => (plan.functions.at(-1).triggers[0].name = 'colect'), 'colect is no action'],
    ['a timer that nothing triggers', (plan) => plan.functions.at(-1).triggers.pop(), 'nothing triggers audit'],
    ['a function that is not there', (plan) => plan.functions.push({ name: 'ghost' }), 'ghost, which has no folder'],
    ['a function that is left out', (plan) => plan.functions.shift(), 'functions/login is not in'],
    ['one that stands twice', (plan) => plan.functions.push(plan.functions[0]), 'login stands twice'],
    ['no network to the database', (plan) => delete plan.functionDefaultConfig.vpc, 'vpc'],
    ['another folder', (plan) => (plan.functionRoot = './functions'), 'functionRoot'],
  ])('finds %s', (_, change, said) => {
    expect(check(change).join('\n')).toContain(said);
  });

  test.each<[string, Record<string, string>, string]>([
    ['no environment', { ENV_ID: '' }, 'ENV_ID is not set'],
    ['no mini-program', { WX_APPID: '' }, 'WX_APPID is not set'],
    ['a weak secret', { JWT_KEYS: 'k1:secret' }, 'too weak'],
    ['a database without a word on TLS', { DB_TLS: '' }, 'DB_TLS is missing'],
    ['TLS without an authority', { DB_TLS: 'verify-ca' }, 'DB_CA is missing'],
    ['a missing pepper', { PERSON_PEPPER: '' }, 'PERSON_PEPPER'],
    ['a quote', { DB_PASSWORD: 'a"b' }, 'DB_PASSWORD holds a quote'],
    ['a line break', { DB_CA: '-----BEGIN\nCERTIFICATE' }, 'DB_CA holds a quote or a line break'],
    ['a backslash', { DB_PASSWORD: 'a\\b' }, 'DB_PASSWORD holds a backslash'],
    ['JSON', { IMAGE_HOSTS: '["a"]' }, 'IMAGE_HOSTS'],
    ['more than the platform takes', { DB_CA: 'x'.repeat(4_000) }, '4096 are allowed'],
    ['a number that is none', { LOTTERY_COST: 'ten' }, 'LOTTERY_COST must be a whole number (lottery)'],
  ])('finds %s among the settings', (_, settings, said) => {
    expect(check(undefined, settings).join('\n')).toContain(said);
  });

  test('misses no variable that the functions read, but those that are for development or fine tuning', () => {
    const read = readFileSync(join(root, 'shared/runtime/config.ts'), 'utf8').matchAll(
      /env\.([A-Z_]+)|\(env, '([A-Z_]+)'|required\('([A-Z_]+)'\)/g,
    );
    const names = new Set([...read].map(([, ...groups]) => groups.find(Boolean) ?? ''));
    const left = [
      'APP_ENV',
      'JWT_SECRET',
      'WX_API_BASE',
      'DB_POOL',
      'DB_SLOW_MS',
      'DB_ACQUIRE_MS',
      'REDIS_TIMEOUT_MS',
      'RATE_LIMIT_FACTOR',
    ];
    const platforms = ['TCB_ENV', 'TENCENTCLOUD_SECRETID'];
    const absent = [...names].filter((name) => !file.includes(`"${name}"`));
    expect(names.size).toBeGreaterThan(20);
    expect(absent.filter((name) => ![...left, ...platforms].includes(name))).toEqual([]);
  });

  test('gives the AI time for the slowest picture, its checks before and its storing after', () => {
    const { timeout } = JSON.parse(file).functions.find(({ name }: { name: string }) => name === 'ai');
    expect(timeout * 1_000).toBeGreaterThanOrEqual(DRAWING_TIMEOUT_MS + 25_000);
  });

  test('never prints a value', () => {
    const problems = check(undefined, { DB_PASSWORD: 'very"secret', JWT_KEYS: 'k1:hush', OPERATOR_TOKENS: 'alice:hush' });
    expect(problems.length).toBeGreaterThan(1);
    expect(problems.join()).not.toMatch(/very|hush/);
  });
});

/** A command line that only writes down what it is told, and prints what the real one would. */
function recorded(print: (words: readonly string[]) => string = () => '') {
  const lines: string[] = [];
  const cli: Cli = {
    async run(words) {
      lines.push(spell(words));
      return print(words);
    },
  };
  return { cli, lines };
}

const smoke = '{"success":false,"error":{"code":"NOT_FOUND","message":"没有这个操作"},"requestId":"r"}';
const options: DeployOptions = { only: [], skipMigrate: false, http: false, dryRun: false };

const stepsWith = (cli: Cli): { steps: Steps; order: string[] } => {
  const order: string[] = [];
  const run = cli.run;
  const step = (name: string) => async () => void order.push(name);
  return {
    order,
    steps: {
      cli: {
        run: (words) => {
          order.push(words.slice(0, 3).join(' '));
          return run(words);
        },
      },
      report: () => {},
      migrate: step('migrate'),
      build: step('build'),
    },
  };
};

const checked = () => checkDeployment(file, given, known);

describe('a deployment', () => {
  test('migrates, builds, deploys every function and calls each', async () => {
    const { cli, lines } = recorded((words) => (words[1] === 'invoke' ? `返回结果：${smoke}` : ''));
    const { steps, order } = stepsWith(cli);
    await deploy(checked(), given, options, steps);
    expect(order.slice(0, 2)).toEqual(['migrate', 'build']);
    for (const name of known.names) {
      expect(lines).toContain(`tcb fn deploy ${name} --force --yes --envId prod-1a2b3c`);
      expect(lines).toContain(`tcb fn invoke ${name} --params '{"action":"smoke"}' --envId prod-1a2b3c`);
    }
    for (const value of [given.DB_PASSWORD, given.JWT_KEYS, given.PERSON_PEPPER]) expect(lines.join()).not.toContain(value);
  });

  test('does nothing while the check finds a problem', async () => {
    const { cli, lines } = recorded();
    const { steps, order } = stepsWith(cli);
    const bad = checkDeployment(file, { ...given, JWT_KEYS: '' }, known);
    await expect(deploy(bad, given, options, steps)).rejects.toThrow('nothing was deployed');
    expect([...lines, ...order]).toEqual([]);
  });

  test.each([
    ['misconfigured', smoke.replace('NOT_FOUND', 'INTERNAL')],
    ['broken', '{"errorCode":1,"errorMessage":"Cannot find module"}'],
    ['silent', ''],
  ])('fails when a function is %s', async (_, printed) => {
    const { cli } = recorded((words) => (words[1] === 'invoke' ? printed : ''));
    await expect(deploy(checked(), given, options, stepsWith(cli).steps)).rejects.toThrow('does not answer as it should');
  });

  test('opens the REST paths when it is told to, and only then', async () => {
    const { cli, lines } = recorded(() => smoke);
    await deploy(checked(), given, { ...options, only: ['login'], http: true }, stepsWith(cli).steps);
    expect(lines.filter((line) => line.startsWith('tcb service'))).toEqual([
      'tcb service create --service-path /api/auth --function login --envId prod-1a2b3c',
    ]);
  });
});

describe('a release', () => {
  const names = ['diary', 'task'];
  const published: Record<string, number> = {};
  const table = (words: readonly string[]): string => {
    const name = words[2] ?? '';
    if (words[1] === 'publish-version') published[name] = (published[name] ?? 0) + 1;
    if (words[1] !== 'list-function-versions') return '';
    return `┌──────┬───────────┐\n│ 版本 │   描述    │\n│ \u001b[90m${published[name]}\u001b[39m │ release-a │ 2025-01-01 10:00:00 │\n│ $LATEST │  │`;
  };
  let kept: Versions = {};
  const go = async (percent: number | 'back') => {
    const { cli, lines } = recorded(table);
    await release(cli, kept, { names, envId: 'e', percent, description: 'release-a' }, async (versions) => {
      kept = structuredClone(versions);
    });
    return lines;
  };

  test('moves traffic step by step, and back', async () => {
    expect(await go(100)).toEqual([
      'tcb fn publish-version diary release-a --envId e',
      'tcb fn list-function-versions diary --limit 100 --envId e',
      'tcb fn publish-version task release-a --envId e',
      'tcb fn list-function-versions task --limit 100 --envId e',
      "tcb fn config-route diary 1 100 '$LATEST' 0 --envId e",
      "tcb fn config-route task 1 100 '$LATEST' 0 --envId e",
    ]);
    expect((await go(10)).filter((line) => line.includes('route'))).toEqual([
      'tcb fn config-route diary 2 10 1 90 --envId e',
      'tcb fn config-route task 2 10 1 90 --envId e',
    ]);
    expect(await go(50)).toEqual(['tcb fn config-route diary 2 50 1 50 --envId e', 'tcb fn config-route task 2 50 1 50 --envId e']);
    expect(await go('back')).toEqual(['tcb fn config-route diary 1 100 2 0 --envId e', 'tcb fn config-route task 1 100 2 0 --envId e']);
    expect(kept).toEqual({ diary: { stable: '1', candidate: null }, task: { stable: '1', candidate: null } });
    await go(10);
    expect(await go(100)).toEqual(['tcb fn config-route diary 3 100 1 0 --envId e', 'tcb fn config-route task 3 100 1 0 --envId e']);
    expect(kept.diary).toEqual({ stable: '3', candidate: null });
  });

  test('that breaks off while publishing moves no traffic, and goes on where it was', async () => {
    const { cli, lines } = recorded((words) => {
      if (words[1] === 'publish-version' && words[2] === 'task') throw new Error('network');
      return table(words);
    });
    const before = structuredClone(kept);
    await expect(
      release(cli, kept, { names, envId: 'e', percent: 10, description: 'release-a' }, async (versions) => {
        kept = structuredClone(versions);
      }),
    ).rejects.toThrow('network');
    expect(lines.filter((line) => line.includes('route'))).toEqual([]);
    expect(kept.task).toEqual(before.task);
    expect((await go(10)).filter((line) => line.includes('publish'))).toEqual(['tcb fn publish-version task release-a --envId e']);
  });

  test.each(['0', '101', '12.5', 'all', ''])('refuses %s percent', (text) => {
    expect(() => parsePercent(text)).toThrow('--percent must be');
  });

  test('finds no version in a table without it', () => {
    expect(versionIn('│ 1 │ another │', 'release-a')).toBeNull();
  });
});

const help = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [join(root, 'node_modules/@cloudbase/cli/bin/tcb'), ...words, '--help'], { cwd: root }))
    .stdout;

// The commands themselves need an account: these tests record them, and ask the real program only whether it knows them.
test('the installed command line knows every command and option that is used', async () => {
  const [deploying, invoking, publishing, listing, routing, opening] = await Promise.all([
    help('fn', 'deploy'),
    help('fn', 'invoke'),
    help('fn', 'publish-version'),
    help('fn', 'list-function-versions'),
    help('fn', 'config-route'),
    help('service', 'create'),
  ]);
  for (const option of ['--force', '--yes', '--envId']) expect(deploying).toContain(option);
  for (const option of ['--params', '--envId']) expect(invoking).toContain(option);
  expect(publishing).toContain('<name> [description]');
  for (const option of ['--limit', '--envId']) expect(listing).toContain(option);
  expect(routing).toContain('<name> <version1> <traffic1> [version2] [traffic2]');
  for (const option of ['--service-path', '--function', '--envId']) expect(opening).toContain(option);
}, 120_000);

test('a dry run from this folder prints what it would do, without settings and without doing it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/deploy/deploy.ts', '--dry-run'], {
    cwd: root,
    env: { PATH: process.env.PATH },
  });
  expect(stdout).toContain('1. migrate the database\n   apply sql/ to');
  expect(stdout).toContain('2. build');
  for (const name of known.names) expect(stdout).toContain(`   tcb fn deploy ${name} --force`);
  expect(stdout.trim().endsWith('nothing of this was done')).toBe(true);
}, 60_000);
