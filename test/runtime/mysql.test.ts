import { setTimeout as wait } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { eventOf, platformContext } from '../../dev/gateway/context';
import { main as stableLogin } from '../../functions/login/index';
import type { Envelope } from '../../shared/errors';
import { startTcpProxy, type TcpProxy } from '../fakes/tcp-proxy';
import { freshInstance } from '../fresh';
import { appId, db, type Main, NOON, newOpenid, ok, select, send, TODAY } from '../harness';
import { readSessions } from '../sessions';

let proxy: TcpProxy;

beforeEach(async () => {
  proxy = await startTcpProxy(inject('services').admin);
});
afterEach(() => proxy.stop());

const behindProxy = (pool = 2) =>
  freshInstance({ DB_HOST: '127.0.0.1', DB_PORT: String(proxy.port), DB_POOL: String(pool), DB_ACQUIRE_MS: undefined });

/** A call whose platform gives it so many seconds. */
async function within(seconds: number, main: Main, openid: string, action: string, data: object = {}, requestId?: string) {
  const caller = { door: 'miniprogram', openid, now: NOON } as const;
  const event = eventOf(caller, { action, data, ...(requestId !== undefined && { requestId }) }, appId);
  const started = performance.now();
  const envelope = (await main(event, platformContext('test', caller, appId, { timeoutSeconds: seconds, memoryMb: 256 }))) as Envelope;
  return { envelope, code: envelope.success ? 'OK' : envelope.error.code, ms: performance.now() - started };
}

async function newUser(): Promise<{ openid: string; id: number }> {
  const openid = newOpenid();
  const { userInfo } = await ok(stableLogin, openid, 'login');
  return { openid, id: userInfo.id };
}

const diariesOf = (id: number) => select<{ content: string }>('SELECT content FROM diaries WHERE user_id = ?', [id]);

test('a database that refuses connections and comes back within the deadline still answers', async () => {
  const { user } = await behindProxy();
  const { openid } = await newUser();
  await proxy.refuse();
  const asked = within(10, user, openid, 'profile');
  await wait(700);
  await proxy.listen();
  expect((await asked).code).toBe('OK');
});

test('a database that stays down answers UNAVAILABLE by the deadline', async () => {
  const { user } = await behindProxy();
  const { openid } = await newUser();
  await proxy.refuse();
  const { code, ms } = await within(2, user, openid, 'profile');
  expect(code).toBe('UNAVAILABLE');
  expect(ms).toBeLessThan(2_000);
});

test.each([0, 1])(
  'a line gone dead after %i calls answers UNAVAILABLE by the deadline, and the pool works once it is back',
  async (calls) => {
    const { user } = await behindProxy();
    const { openid } = await newUser();
    for (let i = 0; i < calls; i += 1) expect((await within(5, user, openid, 'profile')).code).toBe('OK');
    proxy.blackHole = true;
    const { code, ms } = await within(2, user, openid, 'profile');
    expect(code).toBe('UNAVAILABLE');
    expect(ms).toBeLessThan(2_000);
    proxy.blackHole = false;
    proxy.reset();
    expect((await within(5, user, openid, 'profile')).code).toBe('OK');
  },
);

test('a connection that breaks while a statement is being prepared does not hang the call', async () => {
  const { user, diary } = await behindProxy(1);
  const { openid } = await newUser();
  expect((await within(5, user, openid, 'profile')).code).toBe('OK');
  proxy.blackHole = true;
  const { code, ms } = await within(2, diary, openid, 'stats');
  expect(code).toBe('UNAVAILABLE');
  expect(ms).toBeLessThan(2_000);
});

test('a slow connection is not treated as broken', async () => {
  const { diary } = await behindProxy();
  const { openid, id } = await newUser();
  proxy.latencyMs = 60;
  expect((await within(10, diary, openid, 'create', { date: TODAY, content: '慢慢来' })).code).toBe('OK');
  expect(await diariesOf(id)).toEqual([{ content: '慢慢来' }]);
});

test.each(['loseRequest', 'loseAnswer'] as const)(
  'a posting cut off in the middle (%s) is asked again and stands exactly once',
  async (fault) => {
    const { diary } = await behindProxy();
    const { openid, id } = await newUser();
    await within(5, diary, openid, 'stats');
    const content = `只写一次 ${fault}`;
    proxy[fault](content);
    const { envelope } = await within(10, diary, openid, 'create', { date: TODAY, content });
    expect(envelope).toMatchObject({ success: true, data: { reward: { points: 5, balance: 5 }, stats: { totalDiaries: 1 } } });
    expect(await diariesOf(id)).toEqual([{ content }]);
    expect(await select('SELECT amount FROM point_records WHERE user_id = ?', [id])).toEqual([{ amount: 5 }]);
  },
);

test('connections cut at any byte never end the process and never write twice', async () => {
  const { openid, id } = await newUser();
  const { diary } = await behindProxy();
  const codes = new Set<string>();
  for (const direction of ['toServer', 'toClient'] as const) {
    for (let bytes = 0; bytes < 1_500; bytes += 190) {
      proxy.cutAfter(direction === 'toServer' ? { toServer: bytes } : { toClient: bytes });
      proxy.reset();
      codes.add((await within(1, diary, openid, 'create', { date: TODAY, content: 'x' }, `cut-${direction}-${bytes}`)).code);
    }
  }
  proxy.cutAfter(null);
  expect([...codes].filter((code) => !['OK', 'UNAVAILABLE', 'DIARY_EXISTS', 'RATE_LIMITED'].includes(code))).toEqual([]);
  expect((await within(5, diary, openid, 'stats')).code).toBe('OK');
  expect((await diariesOf(id)).length).toBeLessThanOrEqual(1);
});

const killConnectionsTo = async (database: string) => {
  const sessions = (await readSessions(select)).filter((session) => session.database === database && session.user === 'gd_runtime');
  for (const { id } of sessions)
    await db()
      .query(`KILL ${id}`)
      .catch(() => {});
  return sessions.length;
};

test('the call after idle connections were killed works', async () => {
  const { openid } = await newUser();
  const { user } = await behindProxy();
  await Promise.all([within(5, user, openid, 'profile'), within(5, user, openid, 'profile')]);
  expect(await killConnectionsTo(process.env.DB_NAME ?? '')).toBeGreaterThan(0);
  expect((await within(5, user, openid, 'profile')).code).toBe('OK');
});

test('a posting waits for a row lock, and is retried after a lock time-out', async () => {
  const { openid, id } = await newUser();
  const { diary } = await behindProxy();
  const connection = await db().getConnection();
  await connection.beginTransaction();
  await connection.query<RowDataPacket[]>('SELECT id FROM users WHERE id = ? FOR UPDATE', [id]);
  const asked = within(10, diary, openid, 'create', { date: TODAY, content: '等一等' });
  // Longer than innodb_lock_wait_timeout = 3 s of the functions' sessions.
  await wait(3_600);
  await connection.rollback();
  connection.release();
  expect((await asked).code).toBe('OK');
  expect(await diariesOf(id)).toEqual([{ content: '等一等' }]);
});

test('a posting that loses a deadlock is retried and succeeds', async () => {
  const { openid, id } = await newUser();
  const { diary } = await behindProxy();
  const { diary: written } = await ok(diary, openid, 'create', { date: TODAY, content: '前' });
  for (const date of ['2025-01-01', '2025-01-02', '2025-01-03']) await ok(diary, openid, 'create', { date, content: '前' });
  const deadlocks = async () =>
    Number((await select<{ n: string }>("SELECT COUNT AS n FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'"))[0]?.n);
  const before = await deadlocks();
  const connection = await db().getConnection();
  await connection.beginTransaction();
  // The wrong way round, and with more at stake than the posting, so that the posting is the victim.
  await connection.query('UPDATE diaries SET mood = REPEAT("x", 20) WHERE user_id = ?', [id]);
  const asked = within(10, diary, openid, 'update', { id: written.id, version: written.version, content: '后' });
  await wait(300);
  await connection.query<RowDataPacket[]>('SELECT id FROM users WHERE id = ? FOR UPDATE', [id]);
  expect(await deadlocks()).toBe(before + 1);
  await connection.rollback();
  connection.release();
  expect((await asked).code).toBe('OK');
  expect(await diariesOf(id)).toContainEqual({ content: '后' });
});

test('a full pool answers UNAVAILABLE after 800 ms instead of queueing without limit', async () => {
  const { openid, id } = await newUser();
  const { diary, user } = await behindProxy(1);
  await within(5, user, openid, 'profile');
  const connection = await db().getConnection();
  await connection.beginTransaction();
  await connection.query<RowDataPacket[]>('SELECT id FROM users WHERE id = ? FOR UPDATE', [id]);
  const holding = within(10, diary, openid, 'create', { date: TODAY, content: '占着' });
  await wait(200);
  const { code, ms } = await within(10, user, openid, 'profile');
  await connection.rollback();
  connection.release();
  expect(code).toBe('UNAVAILABLE');
  expect(ms).toBeGreaterThan(700);
  expect(ms).toBeLessThan(1_500);
  expect((await holding).code).toBe('OK');
});

test('a session starts in UTC, READ COMMITTED and with short time-outs', async () => {
  const { openDatabase } = await behindProxy(1);
  const [row] = await openDatabase(Date.now() + 5_000, 'r').rows(
    'session',
    'SELECT @@transaction_isolation AS isolation, @@time_zone AS zone, @@innodb_lock_wait_timeout AS lockSeconds, @@wait_timeout AS idleSeconds',
    [],
  );
  expect(row).toEqual({ isolation: 'READ-COMMITTED', zone: '+00:00', lockSeconds: 3, idleSeconds: 45 });
});

test('a session whose set-up fails is closed, and does not end the process', async () => {
  const { openid } = await newUser();
  const { user } = await behindProxy();
  proxy.tamper('READ-COMMITTED', 'READ-COMMITTEX');
  expect((await within(1, user, openid, 'profile')).code).toBe('UNAVAILABLE');
  proxy.tamper('', '', 0);
  expect((await within(5, user, openid, 'profile')).code).toBe('OK');
});

test.each([
  ['once is asked again, as one that is being killed may blame anything', 1, 'OK'],
  ['twice is at fault', 2, 'INTERNAL'],
])('a statement that the server refuses %s', async (_, times, code) => {
  const { openid } = await newUser();
  const { diary, user } = await behindProxy(1);
  expect((await within(5, user, openid, 'profile')).code).toBe('OK');
  proxy.tamper('diaries', 'diariez', times);
  expect((await within(5, diary, openid, 'list')).code).toBe(code);
  expect((await within(5, diary, openid, 'list')).code).toBe('OK');
});

test('Chinese, emoji, rare characters and the oddest bytes come back as they went in', async () => {
  const { openid } = await newUser();
  const { diary } = await behindProxy(1);
  const content = '汉字 𠮷野家 👨‍👩‍👧 é é ‮RTL‬ \u0000 \t\r\n ∞ "\'\\%_`$ \u{10FFFF}';
  const { envelope } = await within(5, diary, openid, 'create', { date: TODAY, content, mood: '𠮷', tags: ['😀', '"%_'] });
  expect(envelope).toMatchObject({ data: { diary: { content, mood: '𠮷', tags: ['😀', '"%_'] } } });
  const read = await send(diary, openid, 'get', { date: TODAY });
  expect(read).toMatchObject({ data: { diary: { content, mood: '𠮷', tags: ['😀', '"%_'] } } });
});
