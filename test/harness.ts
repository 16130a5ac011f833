import { randomBytes } from 'node:crypto';
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, inject, vi } from 'vitest';
import { type Caller, eventOf, platformContext } from '../dev/gateway/context';
import { postPoints } from '../shared/database/procedures';
import type { Envelope, ErrorBody } from '../shared/errors';
import type { Request } from '../shared/request';
import { type Config, config } from '../shared/runtime/config';
import { type Database, openDatabase } from '../shared/runtime/mysql';

export type Main = (event: unknown, context: unknown) => Promise<unknown>;

export const appId = 'wxtest';

/** Noon of a Wednesday in Beijing: the day most tests stand on. */
export const NOON = '2025-01-22T04:00:00.000Z';
export const TODAY = '2025-01-22';

/** A database client with all rights, for looking behind the functions. */
let pool: Pool | undefined;
export const db = (): Pool => {
  const { admin } = inject('services');
  const { host, port, user, password } = admin;
  pool ??= mysql.createPool({
    host,
    port,
    user,
    password,
    database: process.env.DB_NAME ?? '',
    timezone: 'Z',
    dateStrings: ['DATE'],
    connectionLimit: 4,
  });
  return pool;
};

export async function select<Row>(sql: string, values: (string | number | null | Buffer | Date)[] = []): Promise<Row[]> {
  const [rows] = await db().query<RowDataPacket[]>(sql, values);
  return rows as Row[];
}

/** The functions' own way to the database, for calling a posting directly. */
export const testDatabase = (): Database => openDatabase(Date.now() + 10_000, 'test');

/** A request that nobody made before. */
export const newRequest = (): Request => {
  const hash = randomBytes(32);
  return { requestId: hash.toString('hex'), hash, action: 'test' };
};

export const newOpenid = (): string => `o${randomBytes(12).toString('hex')}`;

export interface CallOptions {
  requestId?: string;
  token?: string;
  guardianToken?: string;
  lang?: 'zh' | 'en';
  now?: string;
}

const limits = { timeoutSeconds: 20, memoryMb: 256 };

async function invoke(main: Main, caller: Caller, event: object): Promise<Envelope> {
  const context = platformContext('test', { now: NOON, ...caller }, appId, limits);
  return (await main(eventOf(caller, { ...event }, appId), context)) as Envelope;
}

/** The whole envelope, through the mini-program's door when an openid is given, else the console's. */
export const send = (
  main: Main,
  openid: string | null,
  action: string,
  data: unknown = {},
  { requestId, token, guardianToken, lang, now }: CallOptions = {},
): Promise<Envelope> =>
  invoke(
    main,
    { door: openid === null ? 'console' : 'miniprogram', ...(openid !== null && { openid }), ...(now !== undefined && { now }) },
    {
      action,
      data,
      ...(requestId !== undefined && { requestId }),
      ...(token !== undefined && { token }),
      ...(guardianToken !== undefined && { guardianToken }),
      ...(lang !== undefined && { lang }),
    },
  );

export const fire = (main: Main, triggerName: string, now?: string): Promise<Envelope> =>
  invoke(main, { door: 'timer', ...(now !== undefined && { now }) }, { TriggerName: triggerName });

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
type Data = any;

/** The data of a call that must succeed. */
export async function ok(main: Main, openid: string | null, action: string, data: unknown = {}, options: CallOptions = {}): Promise<Data> {
  const envelope = await send(main, openid, action, data, options);
  if (!envelope.success) throw new Error(`${action} was refused: ${JSON.stringify(envelope.error)}`);
  return envelope.data;
}

/** The error of a call that must be refused. */
export async function refused(
  main: Main,
  openid: string | null,
  action: string,
  data: unknown = {},
  options: CallOptions = {},
): Promise<ErrorBody> {
  const envelope = await send(main, openid, action, data, options);
  if (envelope.success) throw new Error(`${action} was not refused: ${JSON.stringify(envelope.data)}`);
  return envelope.error;
}

/** What the calls within `run` logged of themselves, a line each. */
export async function accessLines(
  run: () => Promise<unknown>,
): Promise<{ code: string; mysql: { trips: number }; redis: { trips: number } }[]> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return written
    .join('')
    .split('\n')
    .filter((line) => line.includes('"kind":"access"'))
    .map((line) => JSON.parse(line));
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Envelope<Data> & { data: Data; error: ErrorBody };
}

/** A REST call as the platform's HTTP access service hands it over. */
export async function http(
  main: Main,
  method: string,
  url: string,
  { body, token, headers = {}, now }: { body?: unknown; token?: string; headers?: Record<string, string>; now?: string } = {},
): Promise<HttpAnswer> {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const event = {
    path: pathname,
    httpMethod: method,
    headers: { 'x-forwarded-for': '127.0.0.1', ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    queryStringParameters: Object.fromEntries(searchParams),
    body: body === undefined ? '' : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: { requestId: randomBytes(8).toString('hex'), envId: 'test', appId: 1, uin: 1 },
  };
  const context = platformContext('test', { door: 'http', now: now ?? NOON }, appId, limits);
  const answer = (await main(event, context)) as { statusCode: number; headers: Record<string, string>; body: string };
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(answer.body) };
}

export interface Child {
  openid: string;
  userId: number;
  token: string;
}

/** A signed-in user of one test's own. */
export async function newChild(points = 0): Promise<Child> {
  const { main } = await import('../functions/login/index');
  const openid = newOpenid();
  const { userInfo, token } = await ok(main, openid, 'login');
  if (points > 0) await grant(userInfo.id, points);
  return { openid, userId: userInfo.id, token };
}

/** Gives points by the posting that operators use; a ledger that a test wrote by hand would not add up. */
export async function grant(userId: number, amount: number): Promise<void> {
  const points = { amount, source: '测试', description: '', relatedId: null, relatedType: null, actor: 'test' };
  await postPoints(testDatabase(), { userId, epoch: null, ...newRequest(), ...points, now: new Date(NOON) });
}

/** Other settings while the tests of one file, or of one `describe`, run. */
export function configure(settings: Partial<Config>): void {
  let before: Config;
  beforeAll(() => {
    before = { ...config() };
    Object.assign(config(), settings);
  });
  afterAll(() => {
    Object.assign(config(), before);
  });
}

/** Other settings while `work` runs, and whatever becomes of it: a test that fails leaves nothing to the next one. */
export async function withSettings<Answer>(settings: Partial<Config>, work: () => Promise<Answer>): Promise<Answer> {
  const before = { ...config() };
  Object.assign(config(), settings);
  try {
    return await work();
  } finally {
    Object.assign(config(), before);
  }
}

/** So many calls that only their effect on each other counts. */
export const withoutRateLimits = (): void => configure({ rateLimitFactor: 1_000_000 });
