import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise';
import { type FakeCoze, startFakeCoze } from '../../dev/fakes/coze';
import { startFakeWechat } from '../../dev/fakes/wechat';
import { type Caller, eventOf, platformContext } from '../../dev/gateway/context';
import type { Cluster } from '../../dev/services/cluster';
import { buildFunctions } from '../../scripts/build/functions';
import { createAccounts, migrate } from '../../scripts/migrate';
import type { Envelope } from '../../shared/errors';
import { findMismatches, type Mismatch } from '../../shared/upkeep/queries';
import { startTcpProxy, type TcpProxy } from '../fakes/tcp-proxy';

export type Main = (event: unknown, context: unknown) => Promise<unknown>;

/** The clock of every call: noon of a Wednesday in Beijing. */
export const NOON = '2025-01-22T04:00:00.000Z';
export const TODAY = '2025-01-22';
const APP_ID = 'wxtest';
const DATABASE = 'growth_diary';

const names = ['login', 'user', 'diary', 'task', 'points', 'lottery', 'sync', 'ai'] as const;
export type FunctionName = (typeof names)[number];
/** One copy of every function: modules, settings, pools and Redis clients of its own, as the platform runs them. */
export type Instance = Record<FunctionName, Main>;

export interface Stage {
  /** What lies between the functions and each service. */
  lines: Record<'mysql' | 'redis' | 'wechat' | 'coze', TcpProxy>;
  /** Where the database's line leads; changing it holds for connections opened from then on. */
  mysqlTarget: { host: string; port: number };
  coze: FakeCoze;
  newInstance(settings?: Record<string, string>): Instance;
  /** Looks behind the functions, with all rights; `behind(…)` changes where, once another member is the primary. */
  select<Row>(sql: string, values?: (string | number)[]): Promise<Row[]>;
  lookAt(member: Cluster['members'][0]): void;
  mismatches(): Promise<Mismatch[]>;
  stop(): Promise<void>;
}

interface StageOptions {
  cluster: Cluster;
  /** A folder for the bundles. */
  outDir: string;
  /** Without, the functions reach the servers directly. */
  settings?: Record<string, string>;
}

/** The bundles as they are deployed, on the given servers, behind lines that misbehave as told. */
export async function openStage({ cluster, outDir, settings: always = {} }: StageOptions): Promise<Stage> {
  const [first] = cluster.members;
  const [bundles, coze, wechat] = await Promise.all([
    buildFunctions({ outDir, names }),
    startFakeCoze(),
    startFakeWechat(),
    migrate({ ...first, database: DATABASE }),
  ]);
  const { runtime } = await createAccounts({ ...first, database: '' });
  const mysqlTarget = { host: first.host, port: first.port };
  const portOf = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const lines = {
    mysql: await startTcpProxy(mysqlTarget),
    redis: await startTcpProxy(portOf(cluster.redisUrl.split(',')[0] ?? '')),
    wechat: await startTcpProxy(portOf(wechat.url)),
    coze: await startTcpProxy(portOf(coze.url)),
  };
  const common = {
    APP_ENV: 'test',
    DB_HOST: '127.0.0.1',
    DB_PORT: String(lines.mysql.port),
    DB_USER: runtime.user,
    DB_PASSWORD: runtime.password,
    DB_NAME: DATABASE,
    DB_POOL: '2',
    REDIS_URL: `redis://127.0.0.1:${lines.redis.port}`,
    JWT_KEYS: 'k1:a-secret-of-the-tests-that-signs',
    WX_APPID: APP_ID,
    WX_SECRET: 'wechat-secret',
    WX_API_BASE: `http://127.0.0.1:${lines.wechat.port}`,
    CONTENT_CHECK: 'off',
    COZE_API_BASE: `http://127.0.0.1:${lines.coze.port}`,
    COZE_TOKEN: 'pat-test',
    COZE_BOT_ID: 'bot',
    AI_COMMENTS_PER_DAY: '1000000',
    RATE_LIMIT_FACTOR: '1000000',
    OPERATOR_TOKENS: 'alice:operator-token-of-the-tests',
    ...always,
  };
  const require = createRequire(import.meta.url);

  /** Loaded by its first call, which also reads the settings before it waits for anything. */
  function lazily(name: FunctionName, settings: Record<string, string>): Main {
    let loaded: Main | undefined;
    return (event, context) => {
      if (loaded) return loaded(event, context);
      const before = { ...process.env };
      Object.assign(process.env, common, settings);
      try {
        const file = bundles.find((bundle) => bundle.name === name)?.file ?? '';
        delete require.cache[file];
        const { main }: { main: Main } = require(file);
        loaded = main;
        return main(event, context);
      } finally {
        for (const variable of Object.keys({ ...common, ...settings })) delete process.env[variable];
        Object.assign(process.env, before);
      }
    };
  }

  const newInstance = (settings: Record<string, string> = {}): Instance =>
    Object.fromEntries(names.map((name) => [name, lazily(name, settings)])) as Instance;

  let pool: Pool;
  const lookAt = ({ host, port, user, password }: Cluster['members'][0]) => {
    pool?.end().catch(() => {});
    pool = mysql.createPool({ host, port, user, password, database: DATABASE, dateStrings: ['DATE'], connectionLimit: 4 });
  };
  lookAt(first);
  const select = async <Row>(sql: string, values: (string | number)[] = []) => {
    const [rows] = await pool.query<RowDataPacket[]>(sql, values);
    return rows as Row[];
  };

  return {
    lines,
    mysqlTarget,
    coze,
    newInstance,
    select,
    lookAt,
    mismatches: () => findMismatches({ rows: (_, sql) => select(sql) }),
    async stop() {
      await pool.end().catch(() => {});
      await Promise.all(Object.values(lines).map((line) => line.stop()));
      await Promise.all([coze.stop(), wechat.stop()]);
      await cluster.stop();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
type Data = any;

export interface Heard {
  code: string;
  ms: number;
  data: Data;
}

interface AskOptions {
  requestId?: string | undefined;
  token?: string;
  /** What the platform gives the function. */
  seconds?: number;
  now?: string;
}

export async function ask(main: Main, openid: string | null, action: string, data: object = {}, options: AskOptions = {}): Promise<Heard> {
  const { requestId, token, seconds = 3, now = NOON } = options;
  const caller: Caller = { door: openid === null ? 'console' : 'miniprogram', now, ...(openid !== null && { openid }) };
  const event = eventOf(
    caller,
    { action, data, ...(requestId !== undefined && { requestId }), ...(token !== undefined && { token }) },
    APP_ID,
  );
  const started = performance.now();
  const envelope = (await main(
    event,
    platformContext('stage', caller, APP_ID, { timeoutSeconds: seconds, memoryMb: 256 }),
  )) as Envelope<Data>;
  const ms = performance.now() - started;
  return envelope.success ? { code: 'OK', ms, data: envelope.data } : { code: envelope.error.code, ms, data: null };
}

/** A login by code over HTTP, which is the one that needs WeChat. */
export async function askByCode({ login }: Instance, code: string, seconds = 3): Promise<Heard> {
  const event = {
    path: '/api/auth/login',
    httpMethod: 'POST',
    headers: { 'x-forwarded-for': '127.0.0.1' },
    queryStringParameters: {},
    body: JSON.stringify({ code }),
    isBase64Encoded: false,
    requestContext: { requestId: randomBytes(8).toString('hex'), envId: 'test', appId: 1, uin: 1 },
  };
  const started = performance.now();
  const answer = await login(
    event,
    platformContext('login', { door: 'http', now: NOON }, APP_ID, { timeoutSeconds: seconds, memoryMb: 256 }),
  );
  const { body }: { body: string } = answer as { body: string };
  const envelope: Envelope<Data> = JSON.parse(body);
  const ms = performance.now() - started;
  return envelope.success ? { code: 'OK', ms, data: envelope.data } : { code: envelope.error.code, ms, data: null };
}

export interface Child {
  openid: string;
  userId: number;
  taskIds: number[];
}

/** Until it succeeds, in the time that a first call on a busy machine may need. */
async function insist(main: Main, openid: string | null, action: string, data: object, options: AskOptions = {}): Promise<Data> {
  for (let tries = 1; ; tries += 1) {
    const heard = await ask(main, openid, action, data, { ...options, seconds: 20 });
    if (heard.code === 'OK') return heard.data;
    if (heard.code !== 'UNAVAILABLE' || tries === 10) throw new Error(`${action} answered ${heard.code}`);
  }
}

/** A signed-in child with today's tasks and some points. */
export async function newChild({ login, task, points }: Instance, amount: number): Promise<Child> {
  const openid = `o${randomBytes(12).toString('hex')}`;
  const { userInfo } = await insist(login, openid, 'login', {});
  const userId: number = userInfo.id;
  const { tasks } = await insist(task, openid, 'list', {});
  const gift = { userId, amount, source: '测试' };
  await insist(points, null, 'add', gift, { token: 'operator-token-of-the-tests', requestId: `gift-${userId}` });
  return { openid, userId, taskIds: tasks.map(({ id }: { id: number }) => id) };
}

/** Prizes that can be won: one limited, one not. */
export async function stockPrizes({ select }: Pick<Stage, 'select'>): Promise<void> {
  await select('DELETE FROM lottery_prizes');
  await select(
    "INSERT INTO lottery_prizes (name, probability, stock, points) VALUES ('limited', 0.4, 100000, 2), ('unlimited', 0.3, -1, 3)",
  );
}

/** Keeps the functions' log lines from the screen, and hands them to `hear`. Answers how to stop that. */
export function hearLogs(hear: (line: Record<string, Data>) => void): () => void {
  const { write } = process.stdout;
  const listening = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (typeof chunk === 'string' && chunk.startsWith('{"at"')) {
      hear(JSON.parse(chunk));
      return true;
    }
    return Reflect.apply(write, process.stdout, [chunk, ...rest]);
  };
  process.stdout.write = listening as typeof write;
  return () => {
    process.stdout.write = write;
  };
}
