import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySdkToExample } from '../scripts/build/example';
import { type Bundle, buildFunctions } from '../scripts/build/functions';
import { CommandError, localPort, wholeNumber } from '../scripts/command';
import { announceDatabase, dataFolder } from '../scripts/local-database';
import { createAccounts, migrate } from '../scripts/migrate';
import { type DemoSummary, seedDemo } from './demo';
import { startFakeWechat } from './fakes/wechat';
import { localAppId } from './gateway/context';
import { createGateway, type Gateway, type GatewayOptions } from './gateway/gateway';
import { checkHealth } from './gateway/health';
import { readLimits } from './gateway/limits';
import type { LogLine } from './gateway/logs';
import { startOutside } from './gateway/outside';
import { openPage } from './gateway/page';
import { isLoopback } from './loopback';
import { type Services, startServices } from './services';

const root = fileURLToPath(new URL('..', import.meta.url));
const functionsDir = join(root, 'dist/functions');

export interface LocalCloud {
  gateway: Gateway;
  services: Services;
  /** Addresses for other devices, with the token that they need; none while only this machine is served. */
  addresses: string[];
  bundles: Bundle[];
}

interface CloudOptions {
  report: (line: string) => void;
  onLog: (line: LogLine) => void;
  /** Called with each thing that has to be ended; the last one started is ended first. */
  onStop: (cleanup: () => Promise<void>) => void;
  /** Readable bundles, which are built faster. */
  isWatched: boolean;
}

interface Account {
  user: string;
  password: string;
}

async function openDataFolder(): Promise<string> {
  const folder = dataFolder();
  try {
    await mkdir(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new CommandError(`The data folder ${folder} cannot be written${code}. Name another: DATA_DIR=/path npm start`);
  }
  return folder;
}

/** A secret that is made once and kept with the data, so that tokens and addresses stay valid over a restart. */
async function keptSecret(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return readFile(file, 'utf8');
}

/** Migrates, and answers the account for the functions: without rights to the schema wherever this run may arrange that. */
async function prepareDatabase({ mysql }: Services, database: string, report: (line: string) => void): Promise<Account> {
  const { host, port, user, password } = mysql;
  let applied = 0;
  const hear = (line: string): void => {
    if (line.startsWith('applied ')) applied += 1;
    else report(line);
  };
  const target = { host, port, user, password, database };
  await migrate(target, { report: hear, oneAccount: !mysql.ours });
  if (applied > 0) report(`database ${database}: ${applied} files of sql/ applied`);
  if (mysql.ours) return (await createAccounts(target)).runtime;
  report(`the functions use the account ${user}, as given: on a server that is not ours no password is changed`);
  return { user, password };
}

async function wechat(onStop: CloudOptions['onStop']): Promise<Record<string, string>> {
  const { WX_APPID, WX_SECRET } = process.env;
  if (WX_APPID && WX_SECRET) return { WX_APPID, WX_SECRET };
  const fake = await startFakeWechat();
  onStop(fake.stop);
  return { WX_APPID: WX_APPID || localAppId, WX_SECRET: 'local', WX_API_BASE: fake.url };
}

/** What was set for this run, without what Node and npm add for themselves. */
function ownEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)/.test(name));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function operator() {
  const openids = process.env.OPERATOR_OPENIDS || 'oOperator';
  const tokens = process.env.OPERATOR_TOKENS || 'local:operator-token';
  return { openids, tokens, first: { openid: openids.split(',')[0] ?? '', token: tokens.split(',')[0]?.replace(/^[^:]*:/, '') ?? '' } };
}

/** What the functions of a local run find in their environment. */
function functionEnvironment(services: Services, account: Account, database: string, key: string): Record<string, string> {
  const { mysql, redis } = services;
  const { openids, tokens } = operator();
  return {
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
    OPERATOR_OPENIDS: openids,
    OPERATOR_TOKENS: tokens,
    MIGRATION_MODE: process.env.MIGRATION_MODE || 'dual',
    JWT_KEYS: process.env.JWT_KEYS || `local:${key}`,
  };
}

interface Outward {
  host: string;
  token: string;
}

/** HOST lets other devices in, each of which has to show the token: without one, anybody in the network could act as any child. */
async function outwardSettings(folder: string): Promise<Outward | null> {
  const host = process.env.HOST;
  if (!host || isLoopback(host)) return null;
  return { host, token: (await keptSecret(folder, 'gateway-token')).slice(0, 24) };
}

function addressesFor(url: string, { host, token }: Outward): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
  const names = host === '0.0.0.0' || host === '::' ? outer : [host];
  return names.map((name) => `http://${name}:${new URL(url).port}/?token=${token}`);
}

/** In instances of its own: eight weeks in a few seconds are more calls than a child is allowed. They are counted in memory, not in Redis. */
async function makeDemo(options: GatewayOptions): Promise<DemoSummary> {
  const gateway = await createGateway({ ...options, env: { ...options.env, REDIS_URL: '', RATE_LIMIT_FACTOR: '1000' } });
  try {
    return await seedDemo(gateway.invoke);
  } finally {
    await gateway.stop();
  }
}

/** The whole product on this machine: servers, built functions, the services around them, and the page. */
export async function startCloud({ report, onLog, onStop, isWatched }: CloudOptions): Promise<LocalCloud> {
  const port = localPort();
  const maxInstances = wholeNumber('INSTANCES', process.env.INSTANCES, { fallback: 4, min: 1, max: 64 });
  const folder = await openDataFolder();
  const database = process.env.DB_NAME || 'growth_diary';
  const started = startServices({ dataDir: folder, profile: 'dev', redis: 'optional', report }).then((services) => {
    onStop(services.stop);
    return services;
  });
  const [services, bundles] = await Promise.all([started, buildFunctions({ minify: !isWatched })]);
  const { mysql, redis } = services;
  const [account, key, wechatEnv, limits] = await Promise.all([
    prepareDatabase(services, database, report),
    keptSecret(folder, 'jwt-key'),
    wechat(onStop),
    readLimits(join(root, 'cloudbaserc.json')),
  ]);
  const unannounce = announceDatabase(folder, { host: mysql.host, port: mysql.port, user: mysql.user, password: mysql.password, database });
  onStop(async () => unannounce());
  const outside = await startOutside(process.env, (name, data) => gateway.invoke(name, { data }));
  onStop(outside.stop);
  const env = { ...outside.env, ...ownEnvironment(), ...wechatEnv, ...functionEnvironment(services, account, database, key) };
  const page = await openPage({
    database: { host: mysql.host, port: mysql.port, ...account, database },
    filesDir: join(folder, 'files'),
    stored: outside.file,
    operator: operator().first,
    logs: () => gateway.logs(),
    demo: () => makeDemo({ functionsDir, limits, env }),
  });
  await copySdkToExample();
  const outward = await outwardSettings(folder);
  const gateway = await createGateway({
    functionsDir,
    port,
    ...outward,
    maxInstances,
    limits,
    health: () => checkHealth({ mysql: { host: mysql.host, port: mysql.port, ...account }, redis }),
    onLog: (line) => {
      onLog(line);
      page.hear(line);
    },
    local: page.routes,
    env,
  });
  onStop(gateway.stop);
  const addresses = outward ? addressesFor(gateway.url, outward) : [];
  return { gateway, services, addresses, bundles };
}
