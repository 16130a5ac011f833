import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { buildFunctions } from '../../scripts/build/functions';
import { deployedSettings } from '../../scripts/deploy/certificate';
import { checkDeployment, knownFunctions, root } from '../../scripts/deploy/check';
import { type Cli, realCli } from '../../scripts/deploy/cli';
import { type DeployOptions, deploy, type Steps } from '../../scripts/deploy/deploy';
import { lineOf } from '../../scripts/deploy/problem';
import { readBack } from '../../scripts/deploy/read-back';
import { callOnce, writeOnce } from '../../scripts/deploy/smoke';
import { type CloudApi, startCloudApi } from '../fakes/cloud-api';

// The vendor's real command line runs here, against a stand-in of the vendor's API. Each of its calls takes about five seconds.
const PATIENCE_MS = 180_000;

const known = await knownFunctions();
const file = readFileSync(join(root, 'cloudbaserc.json'), 'utf8');
const given = {
  ENV_ID: 'prod-1a2b3c',
  VPC_ID: 'vpc-1',
  SUBNET_ID: 'subnet-1',
  DB_HOST: '10.0.0.2',
  DB_USER: 'gd_runtime',
  DB_PASSWORD: 'secret-of-the-database',
  DB_NAME: 'growth_diary',
  DB_TLS: 'verify-ca',
  DB_CA: './test/trust/tls/ca.pem',
  JWT_KEYS: 'k1:pS0w9vXq7LrT2mKz8NbY4cHdJ6fGaUeR',
  PERSON_PEPPER: 'Zk3u8Qw1nR5tV7yB2mX9cLsDJ6fGaUeP',
  WX_APPID: 'wx1',
  WX_SECRET: 'secret',
};
const deployed = deployedSettings(given);
const options: DeployOptions = { only: ['ai'], skipMigrate: false, http: false, dryRun: false };

const checked = (settings: Record<string, string> = {}) =>
  checkDeployment(file, { values: { ...given, ...settings }, fileOf: () => '.env.production' }, known, root);

function planOf() {
  const { plan } = checked();
  if (plan === null) throw new Error('the plan is not fit');
  return plan;
}

/** A vendor of one test's own. `onFinished` is that test's: tests run beside each other here. */
async function vendor(onFinished: (work: () => Promise<void>) => void): Promise<{ api: CloudApi; cli: Cli }> {
  const [api, home] = await Promise.all([startCloudApi(), mkdtemp(join(tmpdir(), 'tcb-'))]);
  onFinished(async () => {
    await api.stop();
    await rm(home, { recursive: true, force: true });
  });
  return { api, cli: realCli({ ...deployed, ...api.environment(home) }) };
}

function stepsWith(cli: Cli): { steps: Steps; order: string[]; said: string[] } {
  const order: string[] = [];
  const said: string[] = [];
  const noted = (run: Cli['run']) => (words: readonly string[]) => {
    order.push(words.slice(0, 3).join(' '));
    return run(words);
  };
  return {
    order,
    said,
    steps: {
      cli: { run: noted(cli.run), read: noted(cli.read) },
      report: (line) => said.push(line),
      checkDatabase: async () => void order.push('check the database'),
      migrate: async () => void order.push('migrate'),
      build: async () => {
        order.push('build');
        await buildFunctions({ names: ['ai'] });
      },
    },
  };
}

/** A function as `deploy` leaves it behind. */
const asPlanned = (name: string) => {
  const plan = planOf();
  const own = plan.functions.find((each) => each.name === name);
  const variables = { ...plan.functionDefaultConfig.envVariables, ...own?.envVariables };
  const settings: Record<string, string> = deployed;
  return {
    FunctionName: name,
    Status: 'Active',
    Runtime: 'Nodejs20.19',
    Handler: 'index.main',
    MemorySize: own?.memorySize ?? 256,
    Timeout: own?.timeout ?? 20,
    Environment: {
      Variables: Object.entries(variables).map(([Key, text]) => ({
        Key,
        Value: text.replace(/\{\{env\.(\w+)\}\}/, (_, setting: string) => settings[setting] ?? ''),
      })),
    },
    VpcConfig: { VpcId: 'vpc-1', SubnetId: 'subnet-1' },
    Triggers: (own?.triggers ?? []).map((each) => ({ TriggerName: each.name, Type: 'timer', TriggerDesc: each.config })),
    Layers: [],
  };
};

describe.concurrent('a deployment', () => {
  test('migrates, builds, deploys, reads back and calls, and gives no secret away', { timeout: PATIENCE_MS }, async ({
    expect,
    onTestFinished,
  }) => {
    const { api, cli } = await vendor(onTestFinished);
    const { steps, order, said } = stepsWith(cli);
    await deploy(checked(), given, options, steps).catch((error: unknown) => {
      throw new Error(`${error} ${said.join()}`);
    });
    expect(order).toEqual(['check the database', 'migrate', 'build', 'fn deploy ai', 'config pull fn', 'fn detail ai', 'fn invoke ai']);
    expect(said).toContain('   ✓ runtime, variables, triggers and network are as asked for');
    expect(said.at(-1)).toBe('deployed; nobody is served by it before npm run release');
    const made = api.functions.get('ai');
    expect(made).toMatchObject({
      Runtime: 'Nodejs20.19',
      VpcConfig: { VpcId: 'vpc-1' },
      PublicNetConfig: { PublicNetStatus: 'ENABLE' },
      Triggers: [{ TriggerName: 'work' }],
    });
    expect(made?.Environment.Variables).toContainEqual({ Key: 'DB_CA', Value: './database-ca.pem' });
    for (const value of [given.DB_PASSWORD, given.JWT_KEYS, given.PERSON_PEPPER]) expect(said.join()).not.toContain(value);
  });

  test('fails when a trigger is not created, although the command line only warns and exits with 0', { timeout: PATIENCE_MS }, async ({
    expect,
    onTestFinished,
  }) => {
    const { api, cli } = await vendor(onTestFinished);
    api.functions.set('ai', { ...asPlanned('ai'), Triggers: [] });
    api.refuseTriggers = true;
    await expect(deploy(checked(), given, options, stepsWith(cli).steps)).rejects.toThrow(/fn deploy ai.*failed \(0\).*触发器/);
  });

  test('tells each difference of what is deployed, by function, without a value', { timeout: PATIENCE_MS }, async ({
    expect,
    onTestFinished,
  }) => {
    const { api, cli } = await vendor(onTestFinished);
    const { Environment, ...rest } = asPlanned('ai');
    const variables = Environment.Variables.filter(({ Key }) => Key !== 'COZE_TOKEN').map((each) =>
      each.Key === 'DB_PASSWORD' ? { Key: 'DB_PASSWORD', Value: 'an older secret' } : each,
    );
    api.functions.set('ai', {
      ...rest,
      Runtime: 'Nodejs18.15',
      Environment: { Variables: [...variables, { Key: 'LEFT_OVER', Value: '1' }] },
      VpcConfig: { VpcId: 'vpc-2', SubnetId: 'subnet-2' },
      Triggers: [{ TriggerName: 'old', Type: 'timer', TriggerDesc: '0 0 4 * * * *' }],
    });
    const differences = await readBack(cli, { plan: planOf(), names: ['ai', 'points'], envId: 'prod-1a2b3c', given: deployed });
    expect(differences.map(lineOf)).toEqual([
      'deployed · ai · runtime is Nodejs18.15, asked for was Nodejs20.19',
      'deployed · ai · a runtime is fixed when a function is created: delete the function and deploy it again',
      'deployed · ai · variables missing: COZE_TOKEN',
      'deployed · ai · variables that the plan does not have: LEFT_OVER',
      'deployed · ai · variables with another value: DB_PASSWORD',
      'deployed · ai · triggers missing: work (30 * * * * * *)',
      'deployed · ai · triggers that the plan does not have: old (0 0 4 * * * *)',
      'deployed · ai · the network is vpc-2/subnet-2, asked for was vpc-1/subnet-1',
      'deployed · points · is not deployed',
    ]);
  });

  test('calls with a text that an old runtime cannot check', { timeout: PATIENCE_MS }, async ({ expect, onTestFinished }) => {
    const { api, cli } = await vendor(onTestFinished);
    const seen: unknown[] = [];
    api.functions.set('points', asPlanned('points'));
    api.answer = (_, event) => {
      seen.push(event);
      return { success: false, error: { code: 'INTERNAL', message: '服务出了点问题' }, requestId: 'r' };
    };
    await expect(callOnce(cli, 'points', 'prod-1a2b3c')).rejects.toThrow('points was deployed and does not answer as it should (INTERNAL)');
    expect(seen).toEqual([{ action: 'smoke', data: { text: '😊' } }]);
  });
});

describe('the smoke call', () => {
  /** Prints what the command line would, for a function that answers as told. */
  const printing = (answer: (event: { action: string; data: object }) => unknown): Cli => {
    const run = async (words: readonly string[]) => {
      const event = JSON.parse(words[words.indexOf('--params') + 1] ?? '{}');
      return `✔ 调用成功\n返回结果：${JSON.stringify(answer(event))}\n`;
    };
    return { run, read: run };
  };

  test.each([
    ['misconfigured', { success: false, error: { code: 'INTERNAL' }, requestId: 'r' }],
    ['broken', { errorCode: 1, errorMessage: 'Cannot find module' }],
    ['silent', ''],
  ])('fails when a function is %s', async (_, answer) => {
    await expect(
      callOnce(
        printing(() => answer),
        'diary',
        'e',
      ),
    ).rejects.toThrow('does not answer as it should');
  });

  test('with a test user’s token writes, reads and deletes a diary with 😊', async () => {
    const events: { action: string; data: object }[] = [];
    const diary = { id: 7, content: '😊' };
    const cli = printing((event) => {
      events.push(event);
      return { success: true, data: event.action === 'get' ? { diary } : {}, requestId: 'r' };
    });
    await writeOnce(cli, 'e', 'a-token');
    expect(events).toEqual([
      { action: 'create', data: { date: '2001-02-03', content: '😊' }, token: 'a-token' },
      { action: 'get', data: { date: '2001-02-03' }, token: 'a-token' },
      { action: 'delete', data: { id: 7 }, token: 'a-token' },
    ]);
  });

  test('fails when the database stored another text, and still deletes the diary', async () => {
    const events: string[] = [];
    const cli = printing(({ action }) => {
      events.push(action);
      return { success: true, data: action === 'get' ? { diary: { id: 7, content: '?' } } : {}, requestId: 'r' };
    });
    await expect(writeOnce(cli, 'e', 'a-token')).rejects.toThrow('is the database utf8mb4?');
    expect(events).toEqual(['create', 'get', 'delete']);
  });
});

test('a deployment does nothing while the check finds a problem', async () => {
  const untouched: Cli = { run: () => Promise.reject(new Error('called')), read: () => Promise.reject(new Error('called')) };
  const { steps, order } = stepsWith(untouched);
  await expect(deploy(checked({ JWT_KEYS: '' }), given, options, steps)).rejects.toThrow('nothing was deployed');
  expect(order).toEqual([]);
});

test('a deployment opens the REST paths when the flag is given', async () => {
  const { steps, said } = stepsWith({ run: async () => '', read: async () => '' });
  const opened: string[] = [];
  const run = async (words: readonly string[]) => {
    opened.push(words.join(' '));
    return '';
  };
  await deploy(checked(), given, { ...options, only: ['login'], http: true, dryRun: true }, { ...steps, cli: { run, read: run } });
  expect(opened.filter((line) => line.startsWith('service'))).toEqual([
    'service create --service-path /api/auth --function login --envId prod-1a2b3c',
  ]);
  expect(said.at(-1)).toBe('nothing of this was done');
});

const dryRun = (env: Record<string, string>) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/deploy/deploy.ts', '--dry-run'], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...env },
  });

test('a dry run prints a checklist of what it would do, and exits with 0 when nothing is wrong', { timeout: 60_000 }, async () => {
  const { stdout } = await dryRun(given);
  expect(stdout).toContain('1. check cloudbaserc.json and the settings');
  expect(stdout).toContain('   ✓ cloudbaserc.json and the settings are fit to deploy');
  expect(stdout).toContain(
    '2. check the database\n   try out what gd_runtime@10.0.0.2/growth_diary can do\n3. migrate the database\n   apply sql/ to gd_runtime@10.0.0.2/growth_diary',
  );
  for (const name of known.names) expect(stdout).toContain(`   tcb fn deploy ${name} --force`);
  expect(stdout).toContain('6. read back and compare');
  expect(stdout.trim().endsWith('nothing of this was done')).toBe(true);
});

test('a dry run with problems prints all of it as well, and exits with 1', { timeout: 60_000 }, async () => {
  const failed = await dryRun({}).then(
    () => null,
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  expect(failed?.code).toBe(1);
  expect(failed?.stdout).toContain('✗ .env · all functions · ENV_ID is not set');
  expect(failed?.stdout).toContain('7. call each function once');
  expect(failed?.stderr).toMatch(/\d+ problems would have stopped it/);
});
