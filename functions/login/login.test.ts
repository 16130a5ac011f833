import { describe, expect, test } from 'vitest';
import { eventOf, platformContext } from '../../dev/gateway/context';
import { freshInstance } from '../../test/fresh';
import { appId, http, type Main, NOON, newChild, newOpenid, ok, refused, select, send } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as user } from '../user/index';
import { main } from './index';

const byCode = (code: unknown, options: object = {}) => http(main, 'POST', '/api/auth/login', { body: { code }, ...options });
const usersCalled = (openid: string) => select<{ id: number }>('SELECT id FROM users WHERE openid = ?', [openid]);
const profileBy = async (token: string, now?: string) => {
  const { status } = await http(user, 'GET', '/api/user/profile', { token, ...(now !== undefined && { now }) });
  return status;
};

describe('inside the mini-program', () => {
  test('WeChat’s context identifies the caller: no code is needed, and the first login creates the account', async () => {
    const openid = newOpenid();
    expect((await refused(diary, openid, 'stats')).code).toBe('UNAUTHENTICATED');
    const first = await ok(main, openid, 'login');
    expect(first).toMatchObject({
      isNewUser: true,
      userInfo: { openid, nickname: '', avatar: '', points: 0 },
      expiresAt: '2025-01-29T04:00:00.000Z',
    });
    const second = await ok(main, openid, 'login', { code: 'is-not-looked-at' });
    expect(second).toMatchObject({ isNewUser: false, userInfo: first.userInfo });
    await ok(diary, openid, 'stats');
  });

  test('50 first logins at once make one account and greet one newcomer', async () => {
    const openid = newOpenid();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ok(main, openid, 'login')));
    expect(answers.filter(({ isNewUser }) => isNewUser)).toHaveLength(1);
    expect(new Set(answers.map(({ userInfo }) => userInfo.id)).size).toBe(1);
    expect(await usersCalled(openid)).toHaveLength(1);
  });

  test('openids are case-sensitive: oAAA and oaaa are two children', async () => {
    const tail = newOpenid();
    const [upper, lower] = [await ok(main, `oAAA${tail}`, 'login'), await ok(main, `oaaa${tail}`, 'login')];
    expect(lower.isNewUser).toBe(true);
    expect(lower.userInfo.id).not.toBe(upper.userInfo.id);
    expect((await ok(user, `oAAA${tail}`, 'profile')).id).toBe(upper.userInfo.id);
  });
});

describe('over HTTP', () => {
  test('a code signs in the same child as the mini-program does', async () => {
    const { openid, userId } = await newChild();
    const { status, body } = await byCode(`dev-${openid}`);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ isNewUser: false, userInfo: { id: userId, openid } });
    expect(await profileBy(body.data.token)).toBe(200);
  });

  test('a code is needed', async () => {
    for (const code of [undefined, '', 'x'.repeat(129), 5, null]) {
      const { status, body } = await byCode(code);
      expect([status, body.error.code, body.error.details]).toMatchObject([400, 'INVALID_INPUT', [{ path: 'code' }]]);
    }
  });

  test('a code works once', async () => {
    const code = `once-${newOpenid()}`;
    expect((await byCode(code)).status).toBe(200);
    expect((await byCode(code)).body.error).toMatchObject({ code: 'UNAUTHENTICATED', message: '登录凭证已失效，请重试' });
  });

  test.each([
    ['an invalid code', 'fail-40029', 401, 'UNAUTHENTICATED', undefined],
    ['too many calls', 'fail-45011', 429, 'RATE_LIMITED', 60],
    ['a blocked user', 'fail-40226', 403, 'FORBIDDEN', undefined],
    ['WeChat busy', 'fail--1', 503, 'UNAVAILABLE', undefined],
    ['our wrong secret', 'fail-40125', 500, 'INTERNAL', undefined],
    ['our wrong appid', 'fail-40013', 500, 'INTERNAL', undefined],
    ['an error nobody knows', 'fail-99999', 500, 'INTERNAL', undefined],
    ['HTML instead of JSON', 'html', 503, 'UNAVAILABLE', undefined],
    ['HTTP 500', 'http-500', 503, 'UNAVAILABLE', undefined],
    ['HTTP 302', 'http-302', 503, 'UNAVAILABLE', undefined],
  ])('%s', async (_, code, status, error, retryAfter) => {
    const answer = await byCode(code);
    expect([answer.status, answer.body.error.code, answer.body.error.retryAfter]).toEqual([status, error, retryAfter]);
    expect(answer.headers['retry-after']).toBe(retryAfter === undefined ? undefined : String(retryAfter));
    expect(JSON.stringify(answer)).not.toContain('wechat-secret');
  });

  test('WeChat too slow is UNAVAILABLE within the time of the call', async () => {
    const event = {
      path: '/api/auth/login',
      httpMethod: 'POST',
      headers: {},
      body: JSON.stringify({ code: 'slow-3000' }),
      requestContext: {},
    };
    const started = performance.now();
    const answer = await main(event, platformContext('login', { door: 'http', now: NOON }, appId, { timeoutSeconds: 1, memoryMb: 256 }));
    expect(answer).toMatchObject({ statusCode: 503 });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('WeChat down is UNAVAILABLE over HTTP; the mini-program’s door still signs in', async () => {
    const away = await freshInstance({ WX_API_BASE: 'http://127.0.0.1:1' });
    expect((await http(away.login, 'POST', '/api/auth/login', { body: { code: 'dev-x' } })).status).toBe(503);
    await ok(away.login, newOpenid(), 'login');
  });

  test('a session key is in no answer', async () => {
    expect(JSON.stringify(await byCode(`dev-${newOpenid()}`))).not.toMatch(/session_?key/i);
  });

  test('the eleventh code from one address waits, whatever the caller says it was sent on for', async () => {
    const address = `203.0.113.${Math.floor(Math.random() * 250)}`;
    const from = (claimed: string) => byCode('fail-40029', { headers: { 'x-forwarded-for': `${claimed}, ${address}` } });
    for (let index = 0; index < 10; index += 1) expect((await from(`10.0.0.${index}`)).status).toBe(401);
    const { status, body, headers } = await from('10.9.9.9');
    expect([status, body.error.code]).toEqual([429, 'RATE_LIMITED']);
    expect(body.error.retryAfter).toBeGreaterThanOrEqual(1);
    expect(headers['retry-after']).toBe(String(body.error.retryAfter));
    expect((await byCode('fail-40029', { headers: { 'x-forwarded-for': '203.0.113.251' } })).status).toBe(401);
  });

  test('codes from callers without an address share one allowance', async () => {
    const codes = await Promise.all(Array.from({ length: 12 }, () => refused(main, null, 'login', { code: 'fail-40029' })));
    expect(codes.filter(({ code }) => code === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(2);
  });

  test('the sixth code of one child within a minute waits', async () => {
    const openid = newOpenid();
    for (let index = 0; index < 5; index += 1) expect((await byCode(`dev-${openid}`)).status).toBe(200);
    expect((await byCode(`dev-${openid}`)).status).toBe(429);
    expect((await byCode(`dev-${newOpenid()}`)).status).toBe(200);
  });
});

describe('tokens', () => {
  const refresh = (token: string, now?: string) => http(main, 'POST', '/api/auth/refresh', { token, ...(now !== undefined && { now }) });
  const logout = (token: string) => http(main, 'POST', '/api/auth/logout', { token });

  test('last seven days and are renewed before', async () => {
    const { token } = await newChild();
    expect(await profileBy(token, '2025-01-29T03:59:00.000Z')).toBe(200);
    expect(await profileBy(token, '2025-01-29T04:01:00.000Z')).toBe(401);
    const renewed = await refresh(token, '2025-01-29T03:59:00.000Z');
    expect(renewed.body.data).toEqual({ token: expect.any(String), expiresAt: '2025-02-05T03:59:00.000Z' });
    expect(await profileBy(renewed.body.data.token, '2025-01-30T04:00:00.000Z')).toBe(200);
    expect((await refresh(token, '2025-01-29T04:01:00.000Z')).status).toBe(401);
  });

  test('after logout all earlier ones are refused at once by every function, and none can be renewed', async () => {
    const { openid, token } = await newChild();
    const { body } = await refresh(token);
    for (const each of [token, body.data.token]) expect(await profileBy(each)).toBe(200);
    expect((await logout(token)).body).toMatchObject({ success: true, data: { loggedOut: true } });
    for (const each of [token, body.data.token]) {
      expect(await profileBy(each)).toBe(401);
      expect((await http(diary, 'GET', '/api/diary/stats', { token: each })).status).toBe(401);
      expect((await refresh(each)).status).toBe(401);
      expect((await logout(each)).status).toBe(401);
    }
    const { token: anew } = await ok(main, openid, 'login');
    expect(await profileBy(anew)).toBe(200);
    expect(await profileBy(token)).toBe(401);
  });

  test('of an erased account are refused by every door', async () => {
    const { token, userId, openid } = await newChild();
    await select('UPDATE users SET status = 0, openid = NULL, token_epoch = token_epoch + 1 WHERE id = ?', [userId]);
    const cold = await freshInstance({ REDIS_URL: '' });
    expect((await http(cold.user, 'GET', '/api/user/profile', { token })).status).toBe(401);
    expect((await http(cold.login, 'POST', '/api/auth/logout', { token })).status).toBe(401);
    expect((await refused(cold.user, openid, 'profile')).code).toBe('UNAUTHENTICATED');
    const fresh = await ok(cold.login, openid, 'login');
    expect(fresh).toMatchObject({ isNewUser: true });
    expect(fresh.userInfo.id).not.toBe(userId);
  });

  test('of an erased account do not keep its owner from signing in to the new one', async () => {
    const { token, userId, openid } = await newChild();
    await select('UPDATE users SET status = 0, openid = NULL, token_epoch = token_epoch + 1 WHERE id = ?', [userId]);
    const { userInfo } = await ok(main, openid, 'login');
    expect(await profileBy(token)).toBe(401);
    expect((await ok(user, openid, 'profile')).id).toBe(userInfo.id);
  });

  test('signed with an older key still count while it is listed, and no longer once it is not', async () => {
    const { openid } = await newChild();
    const [k1, k2, k3] = [
      'k1:an-older-secret-that-still-verifies',
      'k2:a-secret-of-the-tests-that-signs',
      'k3:a-key-that-comes-later-on-1',
    ];
    const keyOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
    const old = await freshInstance({ JWT_KEYS: k1 });
    const { token } = await ok(old.login, openid, 'login');
    expect(keyOf(token)).toBe('k1');
    expect(await profileBy(token)).toBe(200);
    const { body } = await refresh(token);
    expect(keyOf(body.data.token)).toBe('k2');

    const next = await freshInstance({ JWT_KEYS: `${k3},${k2}` });
    const profileThere = async (main: Main, given: string) => (await http(main, 'GET', '/api/user/profile', { token: given })).status;
    expect(await profileThere(next.user, body.data.token)).toBe(200);
    expect(await profileThere(next.user, token)).toBe(401);
  });

  test('are read from the event at the console door', async () => {
    const { token, userId } = await newChild();
    expect(await ok(user, null, 'profile', {}, { token })).toMatchObject({ id: userId });
    expect((await refused(user, null, 'profile')).code).toBe('UNAUTHENTICATED');
    expect((await refused(user, null, 'profile', {}, { token: '' })).code).toBe('UNAUTHENTICATED');
    expect((await refused(user, null, 'profile', {}, { token: `${token}x` })).code).toBe('UNAUTHENTICATED');
  });
});

test('unknown fields are refused', async () => {
  const openid = newOpenid();
  for (const field of ['openid', 'userId', 'nickname', 'points', 'isNewUser']) {
    expect(await refused(main, openid, 'login', { [field]: 'x' })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: field }] });
  }
  expect(await send(main, openid, 'register')).toMatchObject({ success: false, error: { code: 'NOT_FOUND' } });
  expect(await usersCalled(openid)).toEqual([]);
});

test('a login from a warm instance never answers for the one before', async () => {
  const [alice, bob] = [await newChild(), await newChild()];
  const caller = { door: 'miniprogram', openid: bob.openid, now: NOON } as const;
  await ok(main, alice.openid, 'login');
  const answer = await main(
    eventOf(caller, { action: 'login' }, appId),
    platformContext('login', caller, appId, { timeoutSeconds: 5, memoryMb: 256 }),
  );
  expect(answer).toMatchObject({ data: { userInfo: { id: bob.userId } } });
});
