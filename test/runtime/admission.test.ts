import { afterEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { main as ai } from '../../functions/ai';
import { main as diary } from '../../functions/diary';
import { main as login } from '../../functions/login';
import { main as lottery } from '../../functions/lottery';
import { main as points } from '../../functions/points';
import { main as report } from '../../functions/report';
import { main as sync } from '../../functions/sync';
import { main as task } from '../../functions/task';
import { main as user } from '../../functions/user';
import { type LimitName, limits } from '../../shared/contract';
import { subjectOf } from '../../shared/runtime/identity';
import { openCache } from '../../shared/runtime/redis';
import { settingsFor } from '../ai/services';
import { startTcpProxy } from '../fakes/tcp-proxy';
import { freshInstance } from '../fresh';
import { accessLines, configure, http, type Main, newChild, ok, refused, select, send } from '../harness';

const mains = { login, user, diary, task, points, lottery, ai, report, sync };
const actions = Object.entries(mains).flatMap(([name, main]) =>
  Object.entries(main.actions)
    .filter(([, { contract }]) => contract.access === 'user')
    .map(([action, { contract }]): [string, Main, string, object] => [`${name}.${action}`, main, action, contract.example]),
);

async function codesOf(calls: number, call: () => Promise<{ success: boolean; error?: { code: string } }>, isAtOnce: boolean) {
  const codes: string[] = [];
  const note = async () => {
    const { success, error } = await call();
    codes.push(success ? 'OK' : (error?.code ?? '?'));
  };
  if (isAtOnce) await Promise.all(Array.from({ length: calls }, note));
  else for (let n = 0; n < calls; n += 1) await note();
  return codes;
}

const keysOf = (openid: string, name: LimitName) =>
  limits[name].windows.map(({ windowSeconds }) => `gd:{${subjectOf(openid)}}:${name}:${windowSeconds}`);

const countsOf = (openid: string, name: LimitName) => openCache().run((redis) => redis.mget(...keysOf(openid, name)));

afterEach(() => {
  vi.useRealTimers();
});

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

test.each<[LimitName, Main, string, object, number]>([
  ['read', points, 'balance', {}, 120],
  ['write', user, 'update', {}, 60],
  ['sync', sync, 'verify', {}, 30],
  ['draw', lottery, 'draw', {}, 10],
  ['points', points, 'deduct', { amount: 1, source: '冰淇淋' }, 20],
])('%s: one process admits the limit and no call more, in sequence and at once', async (_, main, action, input, max) => {
  for (const isAtOnce of [false, true]) {
    const { openid } = await newChild();
    const codes = await codesOf(Math.max(64, max + 10), () => send(main, openid, action, input), isAtOnce);
    // A call that is refused for another reason, for want of points, is admitted all the same.
    expect(codes.filter((code) => code !== 'RATE_LIMITED')).toHaveLength(max);
    if (!isAtOnce) expect(codes.indexOf('RATE_LIMITED')).toBe(max);
  }
});

test('a block of calls is one trip to Redis', async () => {
  const { openid } = await newChild();
  const lines = await accessLines(() => codesOf(15, () => send(user, openid, 'profile'), false));
  expect(lines.map(({ redis }) => redis.trips)).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
  expect(await countsOf(openid, 'read')).toEqual(['21']);
});

test('unused calls of a block are given back to the day’s window when its minute ends', async () => {
  const { openid } = await newChild();
  await ok(user, openid, 'update', {});
  expect(await countsOf(openid, 'write')).toEqual(['3', '3']);
  await openCache().run((redis) => redis.del(keysOf(openid, 'write')[0] ?? ''));
  later(61_000);
  await ok(user, openid, 'update', {});
  expect(await countsOf(openid, 'write')).toEqual(['3', '4']);
});

test('the longer window counts too, and a refused call uses no quota of either', async () => {
  const { openid } = await newChild();
  await openCache().run((redis) => redis.set(keysOf(openid, 'write')[1] ?? '', 498, 'EX', 4_000));
  expect(await codesOf(6, () => send(user, openid, 'update', {}), false)).toEqual(['OK', 'OK', ...Array(4).fill('RATE_LIMITED')]);
  expect(await countsOf(openid, 'write')).toEqual(['2', '500']);
  expect((await refused(user, openid, 'update', {})).retryAfter).toBeGreaterThan(3_900);
});

test('a refused caller gets retryAfter at both doors, and no other caller is refused', async () => {
  const [child, other] = [await newChild(), await newChild()];
  await codesOf(20, () => send(points, child.openid, 'deduct', { amount: 1, source: 'x' }), false);
  const { code, retryAfter, message } = await refused(points, child.openid, 'deduct', { amount: 1, source: 'x' });
  expect([code, message]).toEqual(['RATE_LIMITED', '操作太频繁，请稍后再试']);
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(60);
  const answer = await http(points, 'POST', '/api/points/deduct', { token: child.token, body: { amount: 1, source: 'x' } });
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, String(answer.body.error.retryAfter)]);
  expect((await refused(points, other.openid, 'deduct', { amount: 1, source: 'x' })).code).toBe('POINTS_INSUFFICIENT');
  await ok(user, child.openid, 'profile');
});

test('room comes back when the window ends', async () => {
  const { openid } = await newChild();
  await codesOf(10, () => send(lottery, openid, 'draw'), false);
  expect((await refused(lottery, openid, 'draw')).code).toBe('RATE_LIMITED');
  await openCache().run((redis) => redis.del(keysOf(openid, 'draw')[0] ?? ''));
  later(60_500);
  expect((await refused(lottery, openid, 'draw')).code).toBe('POINTS_INSUFFICIENT');
});

test('windows follow the real clock, whatever clock the call brings', async () => {
  const { openid } = await newChild();
  await codesOf(10, () => send(lottery, openid, 'draw'), false);
  for (const now of ['2024-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z']) {
    expect((await refused(lottery, openid, 'draw', {}, { now })).code).toBe('RATE_LIMITED');
  }
});

test('an exhausted limit is read again from Redis after a minute, before the call runs', async () => {
  const { openid } = await newChild();
  const [minute = '', day = ''] = keysOf(openid, 'draw');
  await openCache().run((redis) => redis.set(day, 99, 'EX', 80_000));
  expect((await refused(lottery, openid, 'draw')).code).toBe('POINTS_INSUFFICIENT');
  expect((await refused(lottery, openid, 'draw')).code).toBe('RATE_LIMITED');
  await openCache().run((redis) => redis.del(minute));
  later(60_500);
  const lines = await accessLines(() => codesOf(2, () => send(lottery, openid, 'draw'), false));
  expect(lines).toMatchObject([
    { code: 'RATE_LIMITED', redis: { trips: 1 }, mysql: { trips: 0 } },
    { code: 'RATE_LIMITED', redis: { trips: 0 }, mysql: { trips: 0 } },
  ]);
});

test('a flood of refused calls reaches neither MySQL nor Redis', async () => {
  const mysql = await startTcpProxy({ host: process.env.DB_HOST ?? '', port: Number(process.env.DB_PORT) });
  const redis = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(inject('services').redisUrl).port) });
  onTestFinished(async () => void (await Promise.all([mysql.stop(), redis.stop()])));
  const proxied = await freshInstance({
    DB_HOST: '127.0.0.1',
    DB_PORT: String(mysql.port),
    REDIS_URL: (process.env.REDIS_URL ?? '').replace(/:\d+\//, `:${redis.port}/`),
  });
  const { openid, token } = await newChild();
  await codesOf(60, () => send(proxied.user, openid, 'update', {}), false);
  const before = [mysql.requests, redis.requests];
  expect(before.every((requests) => requests > 0)).toBe(true);
  const byToken = await codesOf(200, () => send(proxied.user, null, 'update', {}, { token }), true);
  const byOpenid = await codesOf(200, () => send(proxied.user, openid, 'update', {}), true);
  expect(new Set([...byToken, ...byOpenid])).toEqual(new Set(['RATE_LIMITED']));
  expect([mysql.requests, redis.requests]).toEqual(before);
});

test('before the first login: a flood of calls is refused in the process once the limit is used up', async () => {
  const stranger = `o${Date.now()}`;
  const codes = await codesOf(125, () => send(user, stranger, 'profile'), false);
  expect(codes.slice(0, 120)).toEqual(Array(120).fill('UNAUTHENTICATED'));
  expect(codes.slice(120)).toEqual(Array(5).fill('RATE_LIMITED'));
});

test('a call that costs money or cannot be undone is counted before it runs', async () => {
  expect(Object.keys(limits).filter((name) => limits[name as LimitName].countedFirst)).toEqual(
    expect.arrayContaining(['loginByAddress', 'loginByOpenid', 'comment', 'picture', 'import', 'export', 'erase']),
  );
  const { openid } = await newChild();
  const lines = await accessLines(() => codesOf(8, () => send(user, openid, 'export'), true));
  expect(lines.filter(({ code }) => code === 'OK')).toHaveLength(2);
  for (const { code, mysql } of lines) expect([code, mysql.trips > 0]).toEqual([code, code === 'OK']);
});

test.each(Object.entries(limits))('%s has whole windows', (_, { windows }) => {
  for (const { max, windowSeconds } of windows) expect([Number.isInteger(max), max > 0, windowSeconds > 0]).toEqual([true, true, true]);
});

test('every counter ends by itself and bears no openid', async () => {
  const { openid } = await newChild();
  await ok(user, openid, 'update', {});
  const keys = (await openCache().run((redis) => redis.keys('gd:*'))) ?? [];
  expect(keys.length).toBeGreaterThan(1);
  expect(keys.filter((key) => key.includes(openid))).toEqual([]);
  // -1: without an end. -2: ended since.
  for (const key of keys) expect([key, await openCache().run((redis) => redis.ttl(key))]).not.toEqual([key, -1]);
});

describe('the statement is the guard', () => {
  // Configured, so that the AI actions reach their first statement. Nothing listens there.
  configure({
    ai: settingsFor({ url: 'http://127.0.0.1:1' }),
    cloud: { environmentId: 'test' },
  });

  test.each(actions)('%s: a revoked token is refused', async (_, main, action, example) => {
    const { userId, token } = await newChild();
    await select('UPDATE users SET token_epoch = token_epoch + 1 WHERE id = ?', [userId]);
    expect((await refused(main, null, action, example, { token })).code).toBe('UNAUTHENTICATED');
  });

  test.each(actions)('%s: an account that another instance erased is refused at once', async (_, main, action, example) => {
    const { openid, userId, token } = await newChild();
    await ok(user, openid, 'profile');
    await select('UPDATE users SET status = 0, openid = NULL, token_epoch = token_epoch + 1 WHERE id = ?', [userId]);
    expect((await refused(main, openid, action, example)).code).toBe('UNAUTHENTICATED');
    expect((await refused(main, null, action, example, { token })).code).toBe('UNAUTHENTICATED');
  });

  test('an openid that signed up again is served as the new account by an instance that cached the old one', async () => {
    const { openid, userId } = await newChild();
    await ok(diary, openid, 'create', { date: '2025-01-21', content: '旧的' });
    await select('UPDATE users SET status = 0, openid = NULL, token_epoch = token_epoch + 1 WHERE id = ?', [userId]);
    const { userInfo } = await ok(login, openid, 'login');
    const { diaries, total } = await ok(diary, openid, 'list');
    expect([total, diaries]).toEqual([0, []]);
    expect((await ok(user, openid, 'profile')).id).toBe(userInfo.id);
    await ok(diary, openid, 'create', { date: '2025-01-21', content: '新的' });
    expect(await select('SELECT user_id FROM diaries WHERE user_id IN (?, ?) AND content = ?', [userId, userInfo.id, '新的'])).toEqual([
      { user_id: userInfo.id },
    ]);
  });
});
