import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { deployedSettings } from '../../scripts/deploy/certificate';
import { checkDeployment, knownFunctions, root } from '../../scripts/deploy/check';
import { type Cli, spell } from '../../scripts/deploy/cli';
import { lineOf } from '../../scripts/deploy/problem';
import { parsePercent, release, type Versions, versionIn } from '../../scripts/deploy/release';
import type { GivenSettings } from '../../scripts/deploy/settings';
import { DRAWING_TIMEOUT_MS } from '../../shared/ai/coze';

const file = readFileSync(join(root, 'cloudbaserc.json'), 'utf8');
const known = await knownFunctions();
const certificate = readFileSync(join(root, 'test/trust/tls/ca.pem'), 'utf8').replaceAll('\n', '\\n');

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

const from = (values: Record<string, string>): GivenSettings => ({
  values,
  fileOf: (name) => (name in given ? '.env.production' : 'this shell'),
});

const checkAll = (change: (plan: Plan) => void = () => {}, settings: Record<string, string> = {}) => {
  const plan = JSON.parse(file);
  change(plan);
  return checkDeployment(JSON.stringify(plan), from({ ...given, ...settings }), known, root);
};

const check = (change?: (plan: Plan) => void, settings?: Record<string, string>): string[] =>
  checkAll(change, settings).problems.map(lineOf);

describe('the check before a deployment', () => {
  test('finds nothing wrong with this project and settings that are complete', () => {
    expect(check()).toEqual([]);
  });

  test.each<[string, (plan: Plan) => void, string]>([
    ['a runtime that does not exist', (plan) => (plan.functionDefaultConfig.runtime = 'Nodejs20'), 'runtime: must be one of Nodejs20.19'],
    [
      'a runtime without isWellFormed',
      (plan) => (plan.functions[0].runtime = 'Nodejs18.15'),
      'login · functions.0.runtime: must be one of',
    ],
    ['a network switch that is none', (plan) => (plan.functions[0].publicNetConfig = { publicNetStatus: 'ON' }), 'publicNetStatus'],
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
    ['a line break', { WX_SECRET: 'a\nb' }, 'WX_SECRET holds a quote or a line break'],
    ['a certificate that is none', { DB_CA: '-----BEGIN\nCERTIFICATE' }, 'DB_CA is no certificate'],
    ['a certificate in a file that is not there', { DB_CA: './no-such.pem' }, 'DB_CA names a file that cannot be read'],
    [
      'a full-width comma in a list',
      { OPERATOR_OPENIDS: 'oAlice，oBob' },
      'this shell · all functions · OPERATOR_OPENIDS holds a full-width comma',
    ],
    [
      'a full-width colon in a key',
      { JWT_KEYS: 'k1：pS0w9vXq7LrT2mKz8NbY4cHdJ6fGaUeR' },
      'JWT_KEYS holds a full-width comma, semicolon or colon',
    ],
    ['a backslash', { DB_PASSWORD: 'a\\b' }, 'DB_PASSWORD holds a backslash'],
    ['JSON', { IMAGE_HOSTS: '["a"]' }, 'IMAGE_HOSTS'],
    ['more than the platform takes', { WEBHOOK_URL: 'x'.repeat(4_000) }, 'cloudbaserc.json · monitor · its variables weigh'],
    ['a number that is none', { LOTTERY_COST: 'ten' }, 'lottery · LOTTERY_COST must be a whole number'],
  ])('finds %s among the settings', (_, settings, said) => {
    expect(check(undefined, settings).join('\n')).toContain(said);
  });

  test('reports all problems at once, each with its file and function', () => {
    const wrong = {
      JWT_KEYS: 'k1:weak',
      DB_USER: '',
      PERSON_PEPPER: '',
      DB_TLS: 'maybe',
      OPERATOR_OPENIDS: 'a，b',
      LOTTERY_COST: 'ten',
      WX_APPID: '',
    };
    const found = check((plan) => {
      plan.functionDefaultConfig.runtime = 'Nodejs18.15';
      plan.functions.at(-1).triggers.pop();
      delete plan.functionDefaultConfig.envVariables.DB_POOL;
    }, wrong);
    for (const said of [
      /^cloudbaserc\.json · all functions · functionDefaultConfig\.runtime: must be one of/,
      /^cloudbaserc\.json · monitor · nothing triggers audit/,
      /^cloudbaserc\.json · all functions · no function receives DB_POOL, which the README offers/,
      /^\.env\.production · all functions · WX_APPID is not set/,
      /^this shell · all functions · OPERATOR_OPENIDS holds a full-width comma/,
      /^\.env\.production · all functions · JWT_KEYS or JWT_SECRET is too weak/,
      /^\.env\.production · all functions · DB_USER is missing/,
      /^\.env\.production · all functions · DB_TLS must be/,
      /^\.env\.production · all functions · PERSON_PEPPER is missing/,
      /^this shell · lottery · LOTTERY_COST must be a whole number/,
    ])
      expect(
        found.filter((line) => said.test(line)),
        String(said),
      ).toHaveLength(1);
  });

  test('every setting of the README reaches a function, and every setting that the functions read is in the README or the guide', () => {
    expect(known.settings.length).toBeGreaterThan(40);
    for (const name of ['DB_POOL', 'DB_ACQUIRE_MS', 'DB_SLOW_MS', 'REDIS_TIMEOUT_MS', 'RATE_LIMIT_FACTOR', 'JWT_SECRET'])
      expect(file).toContain(`"${name}": "{{env.${name}}}"`);
    const read = readFileSync(join(root, 'shared/runtime/config.ts'), 'utf8').matchAll(
      /env\.([A-Z_]+)|\(env, '([A-Z_]+)'|required\('([A-Z_]+)'\)/g,
    );
    const names = new Set([...read].map(([, ...groups]) => groups.find(Boolean) ?? ''));
    expect(names.size).toBeGreaterThan(20);
    expect([...names].filter((name) => !known.settings.includes(name) && !['TCB_ENV', 'TENCENTCLOUD_SECRETID'].includes(name))).toEqual([]);
    const receives = [...names].filter((name) => !file.includes(`"${name}"`));
    expect(receives.sort()).toEqual(['APP_ENV', 'COS_ENDPOINT', 'TCB_ENV', 'TENCENTCLOUD_SECRETID', 'WX_API_BASE']);
  });

  test('an AI function with a certificate and an RSA key stays below 4,096 bytes, because the certificate is a file of the bundle', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim().replaceAll('\n', '\\n');
    const settings = {
      DB_TLS: 'verify-ca',
      DB_CA: certificate,
      COZE_OAUTH_APP_ID: '1',
      COZE_OAUTH_KEY_ID: '2',
      COZE_OAUTH_PRIVATE_KEY: pem,
    };
    expect(certificate.length + pem.length).toBeGreaterThan(2_000);
    expect(check(undefined, settings)).toEqual([]);
    expect(deployedSettings({ ...given, ...settings }).DB_CA).toBe('./database-ca.pem');
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
  const run = async (words: readonly string[]): Promise<string> => {
    lines.push(spell(words));
    return print(words);
  };
  return { cli: { run, read: run } satisfies Cli, lines };
}

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
  const [deploying, invoking, publishing, listing, routing, opening, pulling, detail] = await Promise.all([
    help('fn', 'deploy'),
    help('fn', 'invoke'),
    help('fn', 'publish-version'),
    help('fn', 'list-function-versions'),
    help('fn', 'config-route'),
    help('service', 'create'),
    help('config', 'pull'),
    help('fn', 'detail'),
  ]);
  for (const option of ['--force', '--yes', '--envId']) expect(deploying).toContain(option);
  for (const option of ['--params', '--envId']) expect(invoking).toContain(option);
  expect(publishing).toContain('<name> [description]');
  for (const option of ['--limit', '--envId']) expect(listing).toContain(option);
  expect(routing).toContain('<name> <version1> <traffic1> [version2] [traffic2]');
  for (const option of ['--service-path', '--function', '--envId']) expect(opening).toContain(option);
  for (const option of ['--stdout', '--envId']) expect(pulling).toContain(option);
  expect(detail).toContain('--envId');
}, 120_000);
