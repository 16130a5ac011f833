import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
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
/** Of a limit whose blocks are single calls: each goes to Redis. */
const verify = (main: Main, openid: string) => send(main, openid, 'verify');
const update = (main: Main, openid: string) => send(main, openid, 'update', {});

describe('D17: without Redis', () => {
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
    const { sync } = await behindProxy();
    for (let call = 0; call < calls; call += 1) await verify(sync, openid);
    proxy.blackHole = true;
    const times: number[] = [];
    for (let call = 0; call < 5; call += 1) {
      const started = performance.now();
      expect((await verify(sync, openid)).success).toBe(true);
      times.push(performance.now() - started);
    }
    expect(Math.max(...times)).toBeLessThan(1_000);
    expect(Math.max(...times.slice(1))).toBeLessThan(300);
  });

  test('cut in the middle: the same call still answers, and after the pause Redis is used again', async () => {
    const { openid } = await newChild();
    const { sync } = await behindProxy();
    await verify(sync, openid);
    await proxy.refuse();
    expect((await verify(sync, openid)).success).toBe(true);
    await proxy.listen();
    const before = proxy.opened;
    await verify(sync, openid);
    expect(proxy.opened).toBe(before);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
    expect((await verify(sync, openid)).success).toBe(true);
    vi.useRealTimers();
    expect(proxy.opened).toBe(before + 1);
  });

  test('flushed: calls go on, and a new window starts', async () => {
    const { openid } = await newChild();
    const { user } = await behindProxy();
    expect(await codesOf(60, () => update(user, openid))).toEqual({ OK: 60 });
    expect((await refused(user, openid, 'update', {})).code).toBe('RATE_LIMITED');
    await openCache().run((redis) => redis.flushdb());
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    const codes = await codesOf(70, () => update(user, openid));
    vi.useRealTimers();
    expect(codes).toEqual({ OK: 60, RATE_LIMITED: 10 });
  });

  test('slow: a call waits no longer than the time-out, and is counted in memory', async () => {
    const { openid } = await newChild();
    const { user } = await behindProxy();
    await profile(user, openid);
    proxy.latencyMs = 200;
    const started = performance.now();
    expect(await codesOf(40, () => update(user, openid))).toEqual({ OK: 30, RATE_LIMITED: 10 });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('not configured: a logout stops its tokens on every instance', async () => {
    const { openid, token } = await newChild();
    const { user, login } = await freshInstance({ REDIS_URL: '' });
    expect((await http(user, 'GET', '/api/user/profile', { token })).status).toBe(200);
    await send(login, openid, 'logout');
    expect((await http(user, 'GET', '/api/user/profile', { token })).status).toBe(401);
  });
});
