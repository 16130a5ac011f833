import { describe, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import { main as user } from '../../functions/user/index';
import { accessLines, http, NOON, newOpenid, ok, refused, select, send, TODAY } from '../harness';

// Doors, tokens, headers, limits and fuzzed input have suites of their own (test/security, test/runtime): here is what lies between them.

const newUser = async (): Promise<{ openid: string; token: string; id: number }> => {
  const openid = newOpenid();
  const { token, userInfo } = await ok(login, openid, 'login');
  return { openid, token, id: userInfo.id };
};

describe('a flood', () => {
  test('of forged tokens costs neither the database nor Redis anything', async () => {
    const { token } = await newUser();
    const forged = `${token.slice(0, -4)}AAAA`;
    const lines = await accessLines(() =>
      Promise.all(Array.from({ length: 200 }, () => send(user, null, 'profile', {}, { token: forged }))),
    );
    expect(lines).toHaveLength(200);
    for (const { code, mysql, redis } of lines) expect([code, mysql.trips, redis.trips]).toEqual(['UNAUTHENTICATED', 0, 0]);
  });

  test('of one user over many ids, actions and functions is refused, and other users are not affected', async () => {
    const [mallory, alice] = [await newUser(), await newUser()];
    const guesses = Array.from({ length: 150 }, (_, index) => index + 1);
    const codes = await Promise.all(
      guesses.map(async (id) => {
        const answer = id % 2 === 0 ? await send(diary, mallory.openid, 'get', { id }) : await send(points, mallory.openid, 'balance');
        return answer.success ? 'OK' : answer.error.code;
      }),
    );
    // Half of it where Redis did not answer in time and this process counted for itself.
    expect([60, 120]).toContain(codes.filter((code) => code !== 'RATE_LIMITED').length);
    expect(await refused(user, null, 'profile', {}, { token: mallory.token })).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfter: expect.any(Number),
    });
    await ok(diary, alice.openid, 'list');
  });

  test('of refused calls sends no statement to the database', async () => {
    const { openid } = await newUser();
    await Promise.all(Array.from({ length: 130 }, () => send(diary, openid, 'list')));
    const lines = await accessLines(() => Promise.all(Array.from({ length: 50 }, () => send(diary, openid, 'list'))));
    for (const { code, mysql } of lines) expect([code, mysql.trips]).toEqual(['RATE_LIMITED', 0]);
  });
});

describe('a monster of a body', () => {
  test.each([
    ['nested 200,000 deep', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['with 30,000 fields', `{${Array.from({ length: 30_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
    ['of one field with 100,000 items', `{"tags":[${'1,'.repeat(99_999)}1]}`],
    ['with a number of 100,000 digits', `{"id":${'9'.repeat(100_000)}}`],
    ['with a prototype inside', '{"date":"2025-01-22","content":"x","__proto__":{"isAdmin":true}}'],
    ['with a constructor inside', '{"date":"2025-01-22","content":"x","constructor":{"prototype":{"isAdmin":true}}}'],
  ])('%s is refused in no time', async (_, body) => {
    const { token } = await newUser();
    const event = {
      path: '/api/diary/create',
      httpMethod: 'POST',
      headers: { authorization: `Bearer ${token}` },
      queryStringParameters: {},
      body,
      isBase64Encoded: false,
      requestContext: { requestId: 'r' },
    };
    const started = process.cpuUsage();
    const answer = (await diary(event, { time_limit_in_ms: 20_000, environment: JSON.stringify({ DEV_NOW: NOON }) })) as {
      statusCode: number;
    };
    const { user: spent } = process.cpuUsage(started);
    expect(answer.statusCode).toBe(400);
    expect(spent / 1_000).toBeLessThan(1_000);
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
  });
});

describe('tricks with letters', () => {
  const invisible = ['\u200b', '\u200b\u200d\ufeff', '\u3000', '\u2060 \u00ad'];
  const turning = ['\u202egnp.txt', 'a\u2066b', 'line\u2028break'];

  test.each(invisible)('a tag or a title of nothing but %j is empty', async (blank) => {
    const { openid } = await newUser();
    expect(await refused(diary, openid, 'create', { date: TODAY, content: 'x', tags: [blank] })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await refused(task, openid, 'create', { title: blank })).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test.each(turning)('a name that turns or breaks the text around it (%j) is refused', async (name) => {
    const { openid } = await newUser();
    expect(await refused(user, openid, 'update', { nickname: name })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await refused(diary, openid, 'create', { date: TODAY, content: 'x', tags: [name] })).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('one letter written in two ways is one tag', async () => {
    const { openid } = await newUser();
    const { diary: written } = await ok(diary, openid, 'create', {
      date: TODAY,
      content: 'x',
      tags: ['caf\u00e9', 'cafe\u0301', ' caf\u00e9 '],
    });
    expect(written.tags).toEqual(['caf\u00e9']);
    expect((await ok(diary, openid, 'list', { tag: 'cafe\u0301' })).diaries).toHaveLength(1);
  });

  test('families of emoji stay whole, and a diary may hold any mark', async () => {
    const { openid } = await newUser();
    const family = '👨‍👩‍👧‍👦';
    const content = `\u202e ${family} % _ ' " \\ \u200f`;
    const { diary: written } = await ok(diary, openid, 'create', { date: TODAY, content, tags: [family] });
    expect(written).toMatchObject({ content, tags: [family] });
    await ok(user, openid, 'update', { nickname: family });
  });

  test('letters that look like others open no other account and find no other tag', async () => {
    const { openid } = await newUser();
    await ok(diary, openid, 'create', { date: TODAY, content: 'x', tags: ['math'] });
    for (const tag of ['mаth', 'MATH%', 'ma_h', '%', "math' OR '1'='1"]) {
      expect((await ok(diary, openid, 'list', { tag })).diaries).toHaveLength(0);
    }
  });
});

describe('what belongs to the server', () => {
  const columns = [
    'id',
    'userId',
    'user_id',
    'openid',
    'points',
    'points_seq',
    'rev',
    'status',
    'token_epoch',
    'isSystem',
    'awarded',
    'balance',
    'actor',
  ];

  test.each(columns)('a client that sends %s changes nothing by it', async (column) => {
    const { openid, id } = await newUser();
    const before = await select('SELECT points, status, token_epoch, openid FROM users WHERE id = ?', [id]);
    for (const [main, action, input] of [
      [user, 'update', { nickname: 'x' }],
      [diary, 'create', { date: TODAY, content: 'x' }],
      [task, 'create', { title: 'x' }],
      [points, 'deduct', { amount: 1, source: 'x' }],
    ] as const) {
      expect(await refused(main, openid, action, { ...input, [column]: 9_999 })).toMatchObject({ code: 'INVALID_INPUT' });
    }
    expect(await select('SELECT points, status, token_epoch, openid FROM users WHERE id = ?', [id])).toEqual(before);
  });
});

describe('an operator’s token', () => {
  const right = 'operator-token-of-the-tests';

  test.each([right.slice(0, -1), `${right}x`, right.toUpperCase(), right.slice(1), '', ' ', `${right}\u0000`, 'x'.repeat(100_000)])(
    'is not guessed by %.40s',
    async (guess) => {
      const answer = await send(points, null, 'add', { userId: 1, amount: 1, source: 'x' }, { token: guess });
      expect(answer).toMatchObject({ success: false, error: { code: 'UNAUTHENTICATED' } });
    },
  );

  test('does not read a child’s diary', async () => {
    expect(await refused(diary, null, 'list', {}, { token: right })).toMatchObject({ code: 'FORBIDDEN' });
    expect(await http(diary, 'GET', '/api/diary/list', { token: right })).toMatchObject({ status: 403 });
  });
});
