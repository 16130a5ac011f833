import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { limits } from '../../shared/contract';
import { admit } from '../../shared/runtime/rate-limit';
import { closeRedis, openCache } from '../../shared/runtime/redis';
import { startTcpProxy, type TcpProxy } from '../fakes/tcp-proxy';
import { freshInstance } from '../fresh';
import { http, type Main, newChild, newOpenid, refused, send } from '../harness';

const REDIS_PORT = Number(new URL(inject('services').redisUrl).port);

async function codesOf(
  calls: number,
  call: () => Promise<{ success: boolean; error?: { code: string } }>,
): Promise<Record<string, number>> {
  const answers = await Promise.all(Array.from({ length: calls }, call));
  const counts: Record<string, number> = {};
  for (const { success, error } of answers) {
    const code = success ? 'OK' : (error?.code ?? '?');
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

const profile = (main: Main, openid: string) => send(main, openid, 'profile');
const update = (main: Main, openid: string) => send(main, openid, 'update', {});

describe('D17: with Redis', () => {
  test('the call over the limit waits, is told how long, and nobody else does', async () => {
    const { user } = await freshInstance({ RATE_LIMIT_FACTOR: '0.1' });
    const [a, b] = [await newChild(), await newChild()];
    expect(await codesOf(6, () => update(user, a.openid))).toEqual({ OK: 6 });
    const { code, retryAfter, message } = await refused(user, a.openid, 'update', {});
    expect([code, message]).toEqual(['RATE_LIMITED', '操作太频繁，请稍后再试']);
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(await codesOf(6, () => update(user, b.openid))).toEqual({ OK: 6 });
    expect(await codesOf(12, () => profile(user, a.openid))).toEqual({ OK: 12 });

    const answer = await http(user, 'PUT', '/api/user/profile', { token: a.token, body: {} });
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, String(answer.body.error.retryAfter)]);
  });

  test('many calls at once get exactly the allowance', async () => {
    const { user } = await freshInstance({});
    const { openid } = await newChild();
    expect(await codesOf(70, () => update(user, openid))).toEqual({ OK: 60, RATE_LIMITED: 10 });
  });

  test('the longer window counts too, and what was refused by the shorter one is not charged to it', async () => {
    const subject = newOpenid();
    const keys = async () => openCache().run((redis) => redis.mget(`gd:{${subject}}:write:60`, `gd:{${subject}}:write:86400`));
    for (let call = 0; call < 100; call += 1) await admit(openCache(), subject, 'write');
    expect(await keys()).toEqual(['60', '60']);
    await openCache().run((redis) => redis.set(`gd:{${subject}}:write:86400`, 500, 'EX', 4_000));
    await openCache().run((redis) => redis.del(`gd:{${subject}}:write:60`));
    const { retryAfter } = await admit(openCache(), subject, 'write');
    expect(retryAfter).toBeGreaterThan(3_900);
    expect(await keys()).toEqual([null, '500']);
  });

  test('room comes back when the window has passed', async () => {
    const subject = newOpenid();
    for (let call = 0; call < 60; call += 1) expect((await admit(openCache(), subject, 'write')).retryAfter).toBeNull();
    expect((await admit(openCache(), subject, 'write')).retryAfter).toBeGreaterThan(0);
    await openCache().run((redis) => redis.pexpire(`gd:{${subject}}:write:60`, 20));
    await vi.waitFor(async () => expect((await admit(openCache(), subject, 'write')).retryAfter).toBeNull());
  });

  test('every counter ends by itself and bears no openid', async () => {
    const { openid } = await newChild();
    const { user } = await freshInstance({});
    await update(user, openid);
    const keys = (await openCache().run((redis) => redis.keys('gd:*'))) ?? [];
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.filter((key) => key.includes(openid))).toEqual([]);
    // -1: it stays for ever. -2: it has just ended.
    for (const key of keys) expect([key, await openCache().run((redis) => redis.ttl(key))]).not.toEqual([key, -1]);
  });

  test.each(Object.entries(limits))('%s has windows that are whole', (_, windows) => {
    for (const { max, windowSeconds } of windows) expect([Number.isInteger(max), max > 0, windowSeconds > 0]).toEqual([true, true, true]);
  });
});

describe('without Redis', () => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await startTcpProxy({ host: '127.0.0.1', port: REDIS_PORT });
  });
  afterEach(async () => {
    await proxy.stop();
    await closeRedis();
  });
  const behindProxy = () =>
    freshInstance({ REDIS_URL: `redis://127.0.0.1:${proxy.port}/${process.env.VITEST_POOL_ID ?? 1}`, REDIS_TIMEOUT_MS: '80' });

  test.each([
    ['not configured', async () => freshInstance({ REDIS_URL: '' })],
    ['refusing', async () => freshInstance({ REDIS_URL: 'redis://127.0.0.1:1/0' })],
  ])('%s: each instance counts for itself, at half', async (_, instance) => {
    const { openid } = await newChild();
    const { user } = await instance();
    expect(await codesOf(40, () => update(user, openid))).toEqual({ OK: 30, RATE_LIMITED: 10 });
    const { retryAfter } = await refused(user, openid, 'update', {});
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(await codesOf(30, () => update(user, newOpenid()))).toEqual({ UNAUTHENTICATED: 30 });
    expect((await profile(user, openid)).success).toBe(true);
  });

  test.each([
    ['frozen from the start', 0],
    ['frozen in the middle', 1],
  ])('%s: answers stay right and fast, and only the first one waits', async (_, calls) => {
    const { openid } = await newChild();
    const { user } = await behindProxy();
    for (let call = 0; call < calls; call += 1) await profile(user, openid);
    proxy.blackHole = true;
    const times: number[] = [];
    for (let call = 0; call < 5; call += 1) {
      const started = performance.now();
      expect((await profile(user, openid)).success).toBe(true);
      times.push(performance.now() - started);
    }
    expect(Math.max(...times)).toBeLessThan(1_000);
    expect(Math.max(...times.slice(1))).toBeLessThan(300);
  });

  test('cut in the middle: the same call still answers, and after its rest Redis is used again', async () => {
    const { openid } = await newChild();
    const { user } = await behindProxy();
    await profile(user, openid);
    await proxy.refuse();
    expect((await profile(user, openid)).success).toBe(true);
    await proxy.listen();
    const before = proxy.opened;
    await profile(user, openid);
    expect(proxy.opened).toBe(before);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
    expect((await profile(user, openid)).success).toBe(true);
    vi.useRealTimers();
    expect(proxy.opened).toBe(before + 1);
  });

  test('at rest after a failure: a logout is told to every instance all the same', async () => {
    const { openid, token } = await newChild();
    const { user: another } = await freshInstance({});
    expect((await http(another, 'GET', '/api/user/profile', { token })).status).toBe(200);
    const { user, login } = await behindProxy();
    await proxy.refuse();
    await profile(user, openid);
    await proxy.listen();
    await send(login, openid, 'logout');
    expect((await http(another, 'GET', '/api/user/profile', { token })).status).toBe(401);
  });

  test('not configured: a logout is still heard, by the database', async () => {
    const { openid, token } = await newChild();
    const { user, login } = await freshInstance({ REDIS_URL: '' });
    expect((await http(user, 'GET', '/api/user/profile', { token })).status).toBe(200);
    await send(login, openid, 'logout');
    expect((await http(user, 'GET', '/api/user/profile', { token })).status).toBe(401);
  });
});
