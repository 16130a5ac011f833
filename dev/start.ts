import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFunctions } from '../scripts/build/functions';
import { createAccounts, migrate } from '../scripts/migrate';
import { startFakeWechat } from './fakes/wechat';
import { localAppId } from './gateway/context';
import { createGateway } from './gateway/gateway';
import { checkHealth } from './gateway/health';
import { readLimits } from './gateway/limits';
import type { LogLine } from './gateway/logs';
import { startOutside } from './gateway/outside';
import { openPage } from './gateway/page';
import { type Services, startServices } from './services';

// As in the cloud. Threads take the zone of their process, not of their own environment.
process.env.TZ = 'UTC';

const root = fileURLToPath(new URL('..', import.meta.url));
const dataDir = resolve(process.env.DATA_DIR || join(root, '.data'));
const database = process.env.DB_NAME || 'growth_diary';
const report = (line: string): void => console.log(line);

/** What has to be ended, last started first. */
const cleanups: (() => Promise<void>)[] = [];

let stopping: Promise<void> | undefined;

function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch((error: unknown) => console.error(error));
  })();
  return stopping;
}

function stopOnSignals(): void {
  let firstAt = 0;
  const onSignal = (): void => {
    // npm passes Ctrl-C on to us, and so does the terminal: two signals, one wish.
    if (firstAt > 0 && performance.now() - firstAt > 500) process.exit(130);
    if (firstAt > 0) return;
    firstAt = performance.now();
    report('stopping (Ctrl-C again to stop at once)');
    stop().then(() => process.exit(0));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

/** Tokens stay valid over a restart: the key is made once and kept with the data. */
async function signingKey(): Promise<string> {
  const file = join(dataDir, 'jwt-key');
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return readFile(file, 'utf8');
}

/** Migrates, and answers the account for the functions: without rights to the schema wherever we may arrange that. */
async function prepareDatabase({ mysql }: Services): Promise<{ user: string; password: string }> {
  const { host, port, user, password } = mysql;
  const target = { host, port, user, password, database, report };
  await migrate(target);
  if (mysql.ours) return (await createAccounts(target)).runtime;
  report(`the functions use the account ${user}, as given: on a server that is not ours no password is changed`);
  return { user, password };
}

async function wechat(): Promise<Record<string, string>> {
  const { WX_APPID, WX_SECRET } = process.env;
  if (WX_APPID && WX_SECRET) return { WX_APPID, WX_SECRET };
  const fake = await startFakeWechat();
  cleanups.push(fake.stop);
  return { WX_APPID: WX_APPID || localAppId, WX_SECRET: 'local', WX_API_BASE: fake.url };
}

/** What was set for this run, without what Node and npm add for themselves. */
function ownEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)/.test(name));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function printLog({ functionName, text }: LogLine): void {
  console.log(`${functionName.padEnd(8)}│ ${text}`);
}

function banner(url: string, services: Services): string {
  const { mysql, redis } = services;
  const cache = redis ? `${new URL(redis.url).host} (${redis.source})` : 'none: limits and caches are per instance';
  return `
Growth Diary is ready at ${url}: open it in a browser to see two phones, a console and charts
  MySQL ${mysql.host}:${mysql.port} (${mysql.source}), Redis ${cache}

Try, as the mini-program's user oAlice:
  curl -s ${url}/invoke/login -d '{"as":{"openid":"oAlice"},"data":{"action":"login"}}'
  curl -s ${url}/invoke/diary -d '{"as":{"openid":"oAlice"},"data":{"action":"list"}}'
or over HTTP, where the code dev-<openid> signs in:
  curl -s ${url}/api/auth/login -H 'content-type: application/json' -d '{"code":"dev-oAlice"}'

Stop with Ctrl-C.`;
}

async function main(): Promise<void> {
  stopOnSignals();
  const [services, bundles] = await Promise.all([
    startServices({ dataDir, profile: 'dev', redis: 'optional', report }).then((started) => {
      cleanups.push(started.stop);
      return started;
    }),
    buildFunctions(),
  ]);
  const { mysql, redis } = services;
  const [account, key, wechatEnv, limits] = await Promise.all([
    prepareDatabase(services),
    signingKey(),
    wechat(),
    readLimits(join(root, 'cloudbaserc.json')),
  ]);
  const outside = await startOutside(process.env, (name, data) => gateway.invoke(name, { data }));
  cleanups.push(outside.stop);
  const operatorOpenids = process.env.OPERATOR_OPENIDS || 'oOperator';
  const operatorTokens = process.env.OPERATOR_TOKENS || 'local:operator-token';
  const page = await openPage({
    database: { host: mysql.host, port: mysql.port, ...account, database },
    filesDir: join(dataDir, 'files'),
    stored: outside.file,
    operator: { openid: operatorOpenids.split(',')[0] ?? '', token: operatorTokens.split(',')[0]?.replace(/^[^:]*:/, '') ?? '' },
    logs: () => gateway.logs(),
  });
  const gateway = await createGateway({
    functionsDir: join(root, 'dist/functions'),
    port: Number(process.env.PORT || 3000),
    maxInstances: Number(process.env.INSTANCES || 4),
    limits,
    health: () => checkHealth({ mysql: { host: mysql.host, port: mysql.port, ...account }, redis }),
    onLog: (line) => {
      printLog(line);
      page.hear(line);
    },
    local: page.routes,
    env: {
      ...outside.env,
      ...ownEnvironment(),
      ...wechatEnv,
      APP_ENV: 'local',
      TZ: 'UTC',
      DB_HOST: mysql.host,
      DB_PORT: String(mysql.port),
      DB_USER: account.user,
      DB_PASSWORD: account.password,
      DB_NAME: database,
      REDIS_URL: redis?.url ?? '',
      // A developer's machine pauses longer than a server does.
      REDIS_TIMEOUT_MS: process.env.REDIS_TIMEOUT_MS || '300',
      OPERATOR_OPENIDS: operatorOpenids,
      OPERATOR_TOKENS: operatorTokens,
      MIGRATION_MODE: process.env.MIGRATION_MODE || 'dual',
      JWT_KEYS: process.env.JWT_KEYS || `local:${key}`,
    },
  });
  cleanups.push(gateway.stop);
  report(`built ${bundles.map(({ name }) => name).join(', ')}`);
  report(banner(gateway.url, services));
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `Port ${process.env.PORT || 3000} is taken. Stop what listens there, or choose another: PORT=3001 npm start`;
  }
  return error.message;
}

main().catch(async (error: unknown) => {
  await stop();
  console.error(explain(error));
  process.exit(1);
});
