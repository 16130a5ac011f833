import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventOf, platformContext } from '../../dev/gateway/context';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import { subjectOf } from '../../shared/runtime/identity';
import { freshInstance, production } from '../fresh';
import { appId, type Child, http, type Main, NOON, newChild, ok, refused, TODAY } from '../harness';

const SECRET = 'a-secret-of-the-tests-that-signs';
const at = (instant: string) => Math.floor(Date.parse(instant) / 1_000);
const limits = { timeoutSeconds: 20, memoryMb: 256 };

let alice: Child;
let bob: Child;
beforeAll(async () => {
  [alice, bob] = [await newChild(), await newChild()];
});

describe('D16: a token', () => {
  const claims = () => ({
    iat: at(NOON),
    exp: at(NOON) + 3_600,
    iss: 'growth-diary',
    aud: 'growth-diary-api',
    sub: String(alice.userId),
    tag: subjectOf(alice.openid),
    ep: 0,
  });
  const sign = (changes: object = {}, options: jwt.SignOptions = {}, key: jwt.Secret = SECRET) =>
    jwt.sign({ ...claims(), ...changes }, key, { keyid: 'k2', ...options });
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

  test('signed by the functions is accepted', async () => {
    expect((await http(user, 'GET', '/api/user/profile', { token: sign() })).body.data.id).toBe(alice.userId);
    expect((await http(user, 'GET', '/api/user/profile', { token: sign({ iat: at(NOON) + 20 }) })).status).toBe(200);
    expect((await http(user, 'GET', '/api/user/profile', { token: sign({ exp: at(NOON) - 20 }) })).status).toBe(200);
  });

  const forgeries: Record<string, () => string> = {
    'with an altered payload': () => {
      const [head, , signature] = sign().split('.');
      return `${head}.${segment({ ...claims(), sub: String(bob.userId), tag: subjectOf(bob.openid) })}.${signature}`;
    },
    'without a signature': () => sign().replace(/[^.]+$/, ''),
    'of algorithm none': () => `${segment({ alg: 'none', typ: 'JWT', kid: 'k2' })}.${segment(claims())}.`,
    'of algorithm None': () => `${segment({ alg: 'None', typ: 'JWT', kid: 'k2' })}.${segment(claims())}.`,
    'of another secret': () => sign({}, {}, 'another-secret-that-nobody-knows-of'),
    'of the other key under this id': () => sign({}, {}, 'an-older-secret-that-still-verifies'),
    'with the key id of nobody': () => sign({}, { keyid: 'k9' }),
    'without a key id': () => jwt.sign(claims(), SECRET),
    'with a key id that is a path': () => sign({}, { keyid: '../../dev/null' }),
    'with a key id of every object': () => sign({}, { keyid: 'constructor' }),
    'of HS512': () => sign({}, { algorithm: 'HS512' }),
    'of RS256': () => sign({}, { algorithm: 'RS256' }, privateKey),
    'of HS256 with a public key as its secret': () => sign({}, {}, publicKey.export({ type: 'spki', format: 'pem' })),
    'that has expired': () => sign({ exp: at(NOON) - 31 }),
    'that was issued in the future': () => sign({ iat: at(NOON) + 31 }),
    'that is not valid yet': () => sign({ nbf: at(NOON) + 60 }),
    'that never expires': () => jwt.sign((({ exp, ...rest }) => rest)(claims()), SECRET, { keyid: 'k2' }),
    'of another issuer': () => sign({ iss: 'someone' }),
    'for another audience': () => sign({ aud: 'someone' }),
    'of an earlier epoch': () => sign({ ep: -1 }),
    'of an epoch as text': () => sign({ ep: '0' }),
    'without an epoch': () => sign({ ep: undefined }),
    'of no user': () => sign({ sub: '2147483647' }),
    'of user NaN': () => sign({ sub: 'abc' }),
    'of user nothing': () => sign({ sub: '' }),
    'that is an operator’s': () => 'operator-token-of-the-tests',
    'that is nothing': () => 'x',
    'that is only dots': () => '..',
    'that is huge': () => 'a'.repeat(50_000),
  };

  test.each(Object.entries(forgeries))('%s is nobody’s, by HTTP and at the console', async (_, forge) => {
    const token = forge();
    const expected = token.startsWith('operator-') ? [403, 'FORBIDDEN'] : [401, 'UNAUTHENTICATED'];
    const { status, body } = await http(user, 'GET', '/api/user/profile', { token });
    expect([status, body.error.code]).toEqual(expected);
    expect((await refused(user, null, 'profile', {}, { token })).code).toBe(expected[1]);
    expect(JSON.stringify(body)).not.toContain(token.length > 3 ? token : 'nothing');
  });

  test('must be sent in a Bearer header', async () => {
    for (const authorization of [sign(), `Basic ${sign()}`, 'Bearer', 'Bearer ', `Bearer ${sign()} x`]) {
      expect((await http(user, 'GET', '/api/user/profile', { headers: { authorization } })).status).toBe(401);
    }
    for (const url of [`/api/user/profile?token=${sign()}`, `/api/user/profile?authorization=${sign()}`]) {
      expect((await http(user, 'GET', url)).status).toBe(401);
    }
  });
});

describe('who acts', () => {
  const call = (main: Main, event: object, variables: object, more: object = {}) =>
    main(event, {
      ...platformContext('test', { door: 'console', now: NOON }, appId, limits),
      environment: JSON.stringify(variables),
      ...more,
    });
  const wechat = { WX_OPENID: '', WX_APPID: appId, TCB_SOURCE: 'wx_client', DEV_NOW: NOON };
  const profile = { action: 'profile' };

  test('is the openid of WeChat’s context, in the new form and in the old', async () => {
    const variables = { ...wechat, WX_OPENID: alice.openid };
    expect(await call(user, profile, variables)).toMatchObject({ data: { id: alice.userId } });
    const environ = Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(';');
    expect(await call(user, profile, {}, { environment: undefined, environ })).toMatchObject({ data: { id: alice.userId } });
    expect(await call(user, profile, {}, { environment: 'not json', environ: `X=a=b;;${environ}` })).toMatchObject({
      data: { id: alice.userId },
    });
    expect(await call(user, profile, { ...variables, TCB_SOURCE: 'wx_client,scf' })).toMatchObject({ data: { id: alice.userId } });
    expect(await call(user, profile, { ...variables, TCB_SOURCE: 'wx_devtools' })).toMatchObject({ data: { id: alice.userId } });
  });

  const strangers: Record<string, object> = {
    'another app': { WX_APPID: 'wxother' },
    'no app': { WX_APPID: undefined },
    'a user lent by another app': { WX_FROM_OPENID: 'oSomeone' },
    'an app lent to us': { WX_FROM_APPID: 'wxother' },
    'no source': { TCB_SOURCE: undefined },
    'another source': { TCB_SOURCE: 'scf' },
    'a source that only ends well': { TCB_SOURCE: 'scf,wx_client' },
    'HTTP access': { TCB_SOURCE: 'wx_http' },
    'an empty openid': { WX_OPENID: '' },
    'an openid that is no text': { WX_OPENID: ['x'] },
  };
  test.each(Object.entries(strangers))('%s is nobody', async (_, changes) => {
    expect(await call(user, profile, { ...wechat, WX_OPENID: alice.openid, ...changes })).toMatchObject({
      error: { code: 'UNAUTHENTICATED' },
    });
  });

  test('is never named by the event', async () => {
    const names = { openid: bob.openid, openId: bob.openid, userId: bob.userId, WX_OPENID: bob.openid };
    const mine = { door: 'miniprogram', openid: alice.openid, now: NOON } as const;
    const context = platformContext('user', mine, appId, limits);
    const event = eventOf(mine, { action: 'profile' }, appId);
    expect(await user({ ...Object(event), userInfo: { appId, openId: bob.openid }, tcbContext: names }, context)).toMatchObject({
      data: { id: alice.userId },
    });
    expect(await user({ ...Object(event), token: bob.token }, context)).toMatchObject({ data: { id: alice.userId } });
    for (const [field, value] of Object.entries(names)) {
      expect(await user({ ...Object(event), [field]: value }, context)).toMatchObject({
        error: { code: 'INVALID_INPUT', details: [{ path: field }] },
      });
      expect(await refused(user, alice.openid, 'profile', { [field]: value })).toMatchObject({
        code: 'INVALID_INPUT',
        details: [{ path: field }],
      });
    }
    expect(await refused(user, alice.openid, 'profile', { userInfo: { openId: bob.openid } })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await refused(user, null, 'profile', { userInfo: { openId: bob.openid } })).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('on HTTP is the user of the token', async () => {
    const event = { path: '/api/user/profile', httpMethod: 'GET', headers: { authorization: `Bearer ${bob.token}` } };
    const answer = await call(user, event, { DEV_NOW: NOON });
    expect(answer).toMatchObject({ statusCode: 200, body: expect.stringContaining(bob.openid) });
    expect(await call(user, { ...event, headers: {} }, { DEV_NOW: NOON })).toMatchObject({ statusCode: 401 });
  });

  test('D16: after Alice, a call without credentials in the same warm instance has no identity', async () => {
    await ok(user, alice.openid, 'profile');
    expect((await http(user, 'GET', '/api/user/profile')).status).toBe(401);
    expect((await refused(user, null, 'profile')).code).toBe('UNAUTHENTICATED');
    expect((await refused(diary, null, 'create', { date: TODAY, content: 'x' })).code).toBe('UNAUTHENTICATED');
  });

  test('is never read from process.env, whatever the bootstrap left there', async () => {
    vi.stubEnv('WX_OPENID', alice.openid);
    vi.stubEnv('WX_APPID', appId);
    vi.stubEnv('TCB_SOURCE', 'wx_client');
    vi.stubEnv('TRIGGER_SRC', 'timer');
    expect(await call(user, profile, { DEV_NOW: NOON })).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    expect((await http(user, 'GET', '/api/user/profile')).status).toBe(401);
    expect(await call(user, { Type: 'Timer', TriggerName: 'profile' }, { DEV_NOW: NOON })).toMatchObject({
      error: { code: 'INVALID_INPUT' },
    });
  });
  afterEach(() => vi.unstubAllEnvs());

  test('is separate for concurrent calls', async () => {
    const children = await Promise.all(Array.from({ length: 12 }, () => newChild()));
    const answers = await Promise.all(
      children.flatMap(({ openid, token }) => [ok(user, openid, 'profile'), ok(user, null, 'profile', {}, { token })]),
    );
    expect(answers.map(({ id }) => id)).toEqual(children.flatMap(({ userId }) => [userId, userId]));
  });

  test('a missing or malformed context gives no identity', async () => {
    for (const context of [
      undefined,
      null,
      1,
      'x',
      [],
      {},
      { environment: '[]' },
      { environment: 'null' },
      { environment: 7, environ: 7 },
    ]) {
      expect(await user(profile, context)).toMatchObject({ success: false, error: { code: 'UNAUTHENTICATED' } });
    }
  });
});

describe('the clock', () => {
  test('cannot be moved in production, by context, event, header or process', async () => {
    vi.stubEnv('DEV_NOW', NOON);
    const { openid } = await newChild();
    const { login, diary } = await freshInstance(production);
    const real = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    const { expiresAt } = await ok(login, openid, 'login', {}, { now: NOON });
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 7 * 86_400_000)).toBeLessThan(5_000);
    const { diary: written } = await ok(diary, openid, 'create', { date: real, content: 'x' }, { now: '2000-01-01T00:00:00Z' });
    expect(Math.abs(Date.parse(written.createdAt) - Date.now())).toBeLessThan(5_000);
    const { body } = await http(login, 'POST', '/api/auth/login', {
      body: { code: `dev-${openid}` },
      headers: { 'x-dev-now': NOON, 'dev-now': NOON },
      now: NOON,
    });
    expect(Math.abs(Date.parse(body.data.expiresAt) - Date.now() - 7 * 86_400_000)).toBeLessThan(5_000);
  });

  test.each(['oX ', ' oX', 'o小明', 'o\u00e9', 'a;b', 'o'.repeat(101)])(
    'an openid that is none (%j) is refused as INVALID_INPUT',
    async (openid) => {
      expect(await refused(login, openid, 'login')).toMatchObject({ code: 'INVALID_INPUT' });
    },
  );

  test('developer tools are no phone in production', async () => {
    const { openid } = await newChild();
    const { user } = await freshInstance(production);
    const variables = { WX_OPENID: openid, WX_APPID: appId, TCB_SOURCE: 'wx_devtools' };
    expect(await user({ action: 'profile' }, { environment: JSON.stringify(variables) })).toMatchObject({
      error: { code: 'UNAUTHENTICATED' },
    });
    expect(await user({ action: 'profile' }, { environment: JSON.stringify({ ...variables, TCB_SOURCE: 'wx_client' }) })).toMatchObject({
      success: true,
    });
  });
});
