import { describe, expect, test, vi } from 'vitest';
import { ConfigError, readConfig } from '../../shared/runtime/config';
import { freshInstance, production } from '../fresh';
import { http, newOpenid, send } from '../harness';

const base = { DB_HOST: 'db', DB_USER: 'gd_runtime', DB_NAME: 'growth_diary', WX_APPID: 'wx1', WX_SECRET: 's', ...production };
const STRONG = 'Zq3T9vXw7Lr5Np1Kd8Hs2Bf6Gy4Cj0Mt';

function refusal(changes: Record<string, string | undefined>): string {
  try {
    readConfig({ ...base, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('was taken');
}

describe('in production', () => {
  test.each([
    ['k1:short'],
    ['k1:password'],
    ['k1:growth-diary'],
    [`k1:${'a'.repeat(64)}`],
    [`k1:${'ab'.repeat(40)}`],
    [`k1:${'secret'.repeat(12)}`],
    ['k1:abcdefghijabcdefghijabcdefghijabcdefghijabc'],
    [`k1:${'0123456789'.repeat(4)}012`],
    ['k1:your-super-secret-jwt-key-change-this-in-production'],
    [`k1:${'a'.repeat(46)}bcdefgh`],
    [`k1:${'0'.repeat(130)}1`],
    [`k2:${STRONG},k1:weak`],
  ])('the keys %s are refused as too weak', (JWT_KEYS) => {
    expect(refusal({ JWT_KEYS })).toMatch(/JWT_KEYS.*too weak/);
  });

  test.each([undefined, '', ' ', ','])('no key (%j) is refused', (JWT_KEYS) => {
    expect(refusal({ JWT_KEYS, JWT_SECRET: undefined })).toMatch(/missing/);
  });

  test.each([STRONG, `:${STRONG}`, `k1:${STRONG},${STRONG}`, 'k1:', `k1:${STRONG},k1:${STRONG}x`])('the form %s is refused', (JWT_KEYS) => {
    const message = refusal({ JWT_KEYS });
    expect(message).toMatch(/JWT_KEYS/);
    expect(message).not.toContain(STRONG);
  });

  test.each([
    [{ JWT_KEYS: `k3:${STRONG},k2:an older secret: with a colon, no comma`.replace(', no', ' no') }, ['k3', 'k2']],
    [{ JWT_KEYS: ` k1:${STRONG} , ` }, ['k1']],
    [{ JWT_KEYS: '', JWT_SECRET: STRONG }, ['k1']],
    [{ JWT_KEYS: `k1:${'0f3a9c5e71b2d8460f3a9c5e71b2d847'}` }, ['k1']],
  ])('%j is taken', (changes, ids) => {
    expect(readConfig({ ...base, ...changes }).jwtKeys.map(({ id }) => id)).toEqual(ids);
  });

  test('a mode of TLS has to be named, and an authority with it unless the mode is off', () => {
    expect(refusal({ DB_TLS: undefined })).toBe('DB_TLS is missing: verify-identity, verify-ca or off');
    expect(refusal({ DB_TLS: undefined, DB_CA: 'pem' })).toMatch('DB_TLS is missing');
    expect(refusal({ DB_TLS: 'on' })).toBe('DB_TLS must be verify-identity, verify-ca or off');
    expect(refusal({ DB_TLS: 'verify-ca' })).toMatch('DB_CA is missing');
    expect(readConfig(base).database.tls).toEqual({ mode: 'off' });
    const tls = { mode: 'verify-ca', ca: 'line\nline' };
    expect(readConfig({ ...base, DB_TLS: 'verify-ca', DB_CA: 'line\\nline' }).database.tls).toEqual(tls);
  });

  test('an operator’s token is as strong as a key', () => {
    expect(refusal({ OPERATOR_TOKENS: 'alice:operator' })).toMatch(/weak/);
    expect(refusal({ OPERATOR_TOKENS: STRONG })).toMatch(/OPERATOR_TOKENS/);
    expect(readConfig({ ...base, OPERATOR_TOKENS: `alice:${STRONG}` }).operators.tokens).toEqual([{ name: 'alice', token: STRONG }]);
  });

  test.each(['test', 'local'])('unless it says so (%s), where short keys will do', (APP_ENV) => {
    expect(readConfig({ ...base, APP_ENV, JWT_KEYS: 'k1:short', DB_TLS: undefined }).environment).toBe(APP_ENV);
  });

  test.each(['', 'Test', 'dev', 'production', 'LOCAL', 'test '])('is what %j means', (APP_ENV) => {
    expect(readConfig({ ...base, APP_ENV }).environment).toBe('production');
  });
});

test.each(['DB_HOST', 'DB_USER', 'DB_NAME'])('%s is needed, and an empty one is a missing one', (name) => {
  for (const value of [undefined, '']) expect(refusal({ [name]: value })).toBe(`${name} is missing`);
});

test.each([
  ['DB_PORT', '33o6'],
  ['DB_PORT', '-1'],
  ['DB_POOL', '1.5'],
  ['DIARY_REWARD', 'five'],
  ['LOTTERY_COST', '1e99'],
  ['RATE_LIMIT_FACTOR', 'two'],
  ['RATE_LIMIT_FACTOR', '0'],
  ['RATE_LIMIT_FACTOR', '-1'],
  ['RATE_LIMIT_FACTOR', 'Infinity'],
])('%s=%s is refused by name, without its value', (name, value) => {
  const message = refusal({ [name]: value });
  expect(message).toContain(name);
  expect(message).not.toContain(value);
});

test('variables that a deployment left empty mean their defaults', () => {
  const names = ['DB_PORT', 'DB_POOL', 'REDIS_URL', 'RATE_LIMIT_FACTOR', 'DIARY_REWARD', 'IMAGE_HOSTS', 'WX_API_BASE'];
  const empty = readConfig({ ...base, ...Object.fromEntries(names.map((name) => [name, ''])) });
  const absent = readConfig(base);
  expect({ ...empty, jwtKeys: [] }).toEqual({ ...absent, jwtKeys: [] });
  expect(empty).toMatchObject({ rateLimitFactor: 1, redis: null, diaryReward: 5, wechat: { apiBase: 'https://api.weixin.qq.com' } });
});

test('a misconfigured function answers every call INTERNAL, in its caller’s form, and prints no value', async () => {
  const secret = 'hunter2-hunter2';
  const { login, user } = await freshInstance({ ...production, JWT_KEYS: `k1:${secret}` });
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const answers = [
    await send(login, newOpenid(), 'login'),
    await send(user, null, 'profile', {}, { token: 'x' }),
    (await http(user, 'GET', '/api/user/profile')).body,
  ];
  for (const answer of answers)
    expect(answer).toMatchObject({ success: false, error: { code: 'INTERNAL', message: '服务出了点问题，请稍后再试' } });
  const log = written.mock.calls.join('');
  written.mockRestore();
  expect(log).toContain('JWT_KEYS or JWT_SECRET is too weak');
  expect(log + JSON.stringify(answers)).not.toContain('hunter2');
});

test('a database may be one host or several, with ports of their own or the common one; so may Redis', () => {
  expect(readConfig(base).database.hosts).toEqual([{ host: 'db', port: 3306 }]);
  expect(readConfig({ ...base, DB_HOST: 'a:3307, b', DB_PORT: '3308' }).database.hosts).toEqual([
    { host: 'a', port: 3307 },
    { host: 'b', port: 3308 },
  ]);
  expect(readConfig({ ...base, REDIS_URL: 'redis://a:1, redis://b:2' }).redis?.urls).toEqual(['redis://a:1', 'redis://b:2']);
  expect(() => readConfig({ ...base, DB_HOST: ' , ' })).toThrow('DB_HOST');
});
