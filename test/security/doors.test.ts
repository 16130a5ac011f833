import { beforeAll, describe, expect, test } from 'vitest';
import { eventOf, platformContext } from '../../dev/gateway/context';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import { type ErrorCode, errorKinds } from '../../shared/errors';
import { accessLines, appId, type Child, http, NOON, newChild, ok, refused, select, send, TODAY, withoutRateLimits } from '../harness';

withoutRateLimits();

const limits = { timeoutSeconds: 20, memoryMb: 256 };
const LONE = '\ud83d';

let child: Child;
beforeAll(async () => {
  child = await newChild();
});

/** The event as a caller of the mini-program shapes it, all of it. */
const raw = (event: unknown) =>
  diary(event, platformContext('diary', { door: 'miniprogram', openid: child.openid, now: NOON }, appId, limits));
const nested = (depth: number): object => (depth === 0 ? {} : { x: nested(depth - 1) });

describe('an event', () => {
  test.each([null, undefined, 1, 'create', true, [], [[]], [{ action: 'list' }]])('%j is refused in an envelope', async (event) => {
    expect(await raw(event)).toMatchObject({ success: false, error: { code: 'INVALID_INPUT' }, requestId: expect.any(String) });
  });

  test.each([
    [{}, 'action'],
    [{ action: 1 }, 'action'],
    [{ action: null }, 'action'],
    [{ action: ['list'] }, 'action'],
    [{ action: 'list', token: 1 }, 'token'],
    [{ action: 'list', extra: 1 }, 'extra'],
    [{ action: 'list', Type: 'Timer' }, 'Type'],
    [{ action: 'list', httpmethod: 'GET' }, 'httpmethod'],
    [JSON.parse('{ "action": "list", "__proto__": { "x": 1 } }'), '__proto__'],
    [{ action: 'list', constructor: {} }, 'constructor'],
    [{ action: 'list', requestId: 5 }, 'requestId'],
    [{ action: 'list', requestId: {} }, 'requestId'],
    [{ action: 'list', requestId: 'a b' }, 'requestId'],
    [{ action: 'list', requestId: 'é' }, 'requestId'],
    [{ action: 'list', requestId: 'x'.repeat(65) }, 'requestId'],
    [{ action: 'list', requestId: "x'--" }, 'requestId'],
    [{ action: 'list', requestId: 'a\n' }, 'requestId'],
  ])('%j is refused at its field', async (event, path) => {
    expect(await raw(event)).toMatchObject({ success: false, error: { code: 'INVALID_INPUT', details: [{ path }] } });
  });

  test.each(['', 'nope', 'constructor', '__proto__', 'toString', 'LIST', 'list ', 'create\u0000'])(
    'the action %j does not exist',
    async (action) => {
      expect(await raw({ action })).toMatchObject({ success: false, error: { code: 'NOT_FOUND' } });
    },
  );

  test('a request id comes back, an empty or absent one is replaced, an absurd one is not repeated', async () => {
    expect(await raw({ action: 'list', requestId: 'mine-1' })).toMatchObject({ success: true, requestId: 'mine-1' });
    for (const requestId of ['', null, undefined])
      expect(await raw({ action: 'list', requestId })).toMatchObject({ success: true, requestId: expect.stringMatching(/^[\w-]{36}$/) });
    const forged = await raw({ action: 'list', requestContext: { requestId: 'x'.repeat(5_000) } });
    expect(JSON.stringify(forged)).not.toContain('xxxxx');
  });
});

describe('data', () => {
  const write = { date: TODAY, content: 'x' };

  test.each([null, 1, 'x', true, [], [write]])('%j is refused', async (data) => {
    expect((await refused(diary, child.openid, 'create', data)).code).toBe('INVALID_INPUT');
  });

  const bags: [string, object, string?][] = [
    ['depth', { ...write, tags: nested(9) }],
    ['a key that reaches prototypes', JSON.parse(`{ "date": "${TODAY}", "content": "x", "__proto__": { "isDraft": true } }`), '__proto__'],
    [
      'a key that reaches prototypes, deeper',
      JSON.parse(`{ "date": "${TODAY}", "content": "x", "tags": [{ "constructor": 1 }] }`),
      'tags.0.constructor',
    ],
    ['half a character', { ...write, content: `a${LONE}b` }, 'content'],
    ['half a character in a list', { ...write, tags: [LONE] }, 'tags.0'],
    ['half a character as a name', { ...write, [LONE]: 1 }],
    ['size', { ...write, content: 'x'.repeat(200_000) }, 'content'],
    ['size of one emoji each', { ...write, tags: Array.from({ length: 30_000 }, () => '😀') }],
    ['many keys', { ...write, ...Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index])) }],
  ];
  test.each(bags)('is refused for its %s', async (_, data, path) => {
    const { code, details } = await refused(diary, child.openid, 'create', data);
    expect(code).toBe('INVALID_INPUT');
    if (path !== undefined) expect(details).toMatchObject([{ path }]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(Object.hasOwn(Object.prototype, 'isDraft')).toBe(false);
  });

  test('none of these calls wrote anything', async () => {
    expect(await select('SELECT id FROM diaries WHERE user_id = ?', [child.userId])).toEqual([]);
  });

  test.each([0, -1, 1.5, '1', [1], {}, null, true, 2 ** 53, '1 OR 1=1'])('the id %j is a field error', async (id) => {
    for (const action of ['get', 'delete']) {
      expect(await refused(diary, child.openid, action, { id })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'id' }] });
    }
    expect(await refused(diary, child.openid, 'update', { id, version: 1 })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'id' }],
    });
    expect(await refused(diary, child.openid, 'update', { id: 1, version: id })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'version' }],
    });
  });

  test('every field error is in Chinese', async () => {
    const absurd = { date: 5, content: {}, mood: [], weather: 1, images: 'x', tags: [1, null], isDraft: 'no' };
    const { details } = await refused(diary, child.openid, 'create', absurd);
    expect(details).toHaveLength(8);
    for (const { message } of details as { message: string }[]) expect(message).toMatch(/^[\u4e00-\u9fff]/);
  });
});

describe('HTTP', () => {
  const asked = (event: object) =>
    diary(
      { headers: { authorization: `Bearer ${child.token}` }, ...event },
      platformContext('diary', { door: 'http', now: NOON }, appId, limits),
    ) as Promise<{
      statusCode: number;
      headers: Record<string, string>;
      body: string;
      isBase64Encoded: boolean;
    }>;
  const post = { path: '/api/diary/create', httpMethod: 'POST' };
  const codeOf = ({ body }: { body: string }): string => JSON.parse(body).error?.code ?? 'OK';

  test('answers JSON with Cache-Control: no-store', async () => {
    const answer = await asked({ path: '/api/diary/stats', httpMethod: 'GET' });
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      isBase64Encoded: false,
    });
    expect(JSON.parse(answer.body)).toMatchObject({ success: true, data: { totalDiaries: 0 } });
  });

  test.each(['{', '', '[]', 'null', '"x"', '1', '{"date":}', '\u0000', '{}{}'])('the body %j is refused', async (body) => {
    const answer = await asked({ ...post, body });
    expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'INVALID_INPUT']);
  });

  test('takes a body in base64, with every character intact', async () => {
    const content = '汉字😀𠮷';
    const { token, openid } = await newChild();
    const body = Buffer.from(JSON.stringify({ date: TODAY, content })).toString('base64');
    const answer = await asked({ ...post, headers: { authorization: `Bearer ${token}` }, body, isBase64Encoded: true });
    expect(answer.statusCode).toBe(200);
    expect((await ok(diary, openid, 'get', { date: TODAY })).diary.content).toBe(content);
  });

  test('refuses a body beyond half a megabyte unread', async () => {
    expect(await asked({ ...post, body: `"${'x'.repeat(600_000)}"` })).toMatchObject({ statusCode: 400 });
  });

  test.each([
    ['GET', '/api/diary/create', 400],
    ['PATCH', '/api/diary/1', 404],
    ['HEAD', '/api/diary/stats', 404],
    ['OPTIONS', '/api/diary/list', 404],
    ['DELETE', '/api/diary/list', 400],
    ['POST', '/api/diary/list', 404],
    ['POST', '/api/diary', 404],
    ['GET', '/', 404],
    ['GET', '/api/diary', 404],
    ['GET', '/api/diary/', 404],
    ['GET', '/api/diary/1/2', 404],
    ['GET', '/api//diary/list', 404],
    ['GET', '/api/user/profile', 404],
    ['GET', '/../etc/passwd', 404],
  ])('%s %s answers %i', async (httpMethod, path, status) => {
    const answer = await asked({ httpMethod, path, body: '{}' });
    expect([answer.statusCode, codeOf(answer)]).toEqual([status, status === 404 ? 'NOT_FOUND' : 'INVALID_INPUT']);
  });

  test.each([
    'abc',
    '-1',
    '0',
    '9007199254740992',
    '9007199254740993',
    '1e3',
    '1.5',
    '0x1',
    '%20',
    '%00',
    '+1',
    '１',
    '%31%27',
    '999999999999999999999999',
  ])('the id %s in a path is a field error', async (id) => {
    for (const httpMethod of ['GET', 'DELETE']) {
      const answer = await asked({ httpMethod, path: `/api/diary/${id}` });
      expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'INVALID_INPUT']);
    }
    expect((await asked({ httpMethod: 'PUT', path: `/api/diary/${id}`, body: '{"version":1}' })).statusCode).toBe(400);
  });

  test.each(['%', '%E4%A', '%zz'])('a path that cannot be read (%s) is no path', async (id) => {
    expect((await asked({ httpMethod: 'GET', path: `/api/diary/${id}` })).statusCode).toBe(404);
  });

  test('a method in small letters is the same method, with its query', async () => {
    expect((await asked({ httpMethod: 'get', path: '/api/diary/list', queryStringParameters: { limit: '0' } })).statusCode).toBe(400);
  });

  test('the path decides which diary is meant, not the body or the query', async () => {
    const { openid, token } = await newChild();
    const { diary: one } = await ok(diary, openid, 'create', { date: TODAY, content: '一' });
    const { diary: two } = await ok(diary, openid, 'create', { date: '2025-01-02', content: '二' });
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ id: two.id, version: one.version, content: '改' });
    expect((await asked({ httpMethod: 'PUT', path: `/api/diary/${one.id}`, headers, body })).statusCode).toBe(200);
    expect((await ok(diary, openid, 'get', { id: two.id })).diary.content).toBe('二');
    await asked({ httpMethod: 'DELETE', path: `/api/diary/${one.id}`, headers, queryStringParameters: { id: String(two.id) } });
    expect((await ok(diary, openid, 'list')).diaries.map(({ id }: { id: number }) => id)).toEqual([two.id]);
  });

  test('a path cut off at the function’s own mount means the same', async () => {
    for (const path of ['/stats', '/api/diary/stats', '/api/diary/stats/'])
      expect((await asked({ httpMethod: 'GET', path })).statusCode).toBe(200);
    const mounted = await login(
      { path: '/login', httpMethod: 'POST', headers: {}, body: '{"code":"dev-oMounted"}' },
      platformContext('login', { door: 'http', now: NOON }, appId, limits),
    );
    expect(mounted).toMatchObject({ statusCode: 200 });
  });

  test.each(['short', 'x'.repeat(65), 'with space in it....', 'ünïcode-ünïcode-ü', "quote'quote'quote'"])(
    'the Idempotency-Key %j is refused',
    async (key) => {
      const { status, body } = await http(diary, 'POST', '/api/diary/create', {
        token: child.token,
        headers: { 'idempotency-key': key },
        body: { date: TODAY, content: 'x' },
      });
      expect([status, body.error.details]).toMatchObject([400, [{ path: 'Idempotency-Key' }]]);
    },
  );

  test('an Idempotency-Key makes a retry answer the same', async () => {
    const { token, userId } = await newChild();
    const options = { token, headers: { 'idempotency-key': 'key-of-sixteen-characters' }, body: { date: TODAY, content: 'x' } };
    const first = await http(diary, 'POST', '/api/diary/create', options);
    expect(first.body.requestId).toBe('key-of-sixteen-characters');
    expect(await http(diary, 'POST', '/api/diary/create', options)).toEqual(first);
    const other = await http(diary, 'POST', '/api/diary/create', { ...options, body: { date: TODAY, content: 'y' } });
    expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_MISMATCH']);
    expect(await select('SELECT id FROM diaries WHERE user_id = ?', [userId])).toHaveLength(1);
  });

  test.each([
    { path: 7, httpMethod: 'GET' },
    { httpMethod: 'GET' },
    { path: '/api/diary/list', httpMethod: 'GET', headers: null, queryStringParameters: null },
    { path: '/api/diary/list', httpMethod: 'GET', headers: 'x', queryStringParameters: ['a'] },
    { path: '/api/diary/list', httpMethod: 'GET', queryStringParameters: { page: ['1', '2'], tag: { $ne: 1 } } },
    { path: '/api/diary/list', httpMethod: 'GET', queryStringParameters: { tag: LONE } },
    { path: '/api/diary/list', httpMethod: 'GET', queryStringParameters: JSON.parse('{ "__proto__": "x" }') },
    { path: '/api/diary/create', httpMethod: 'POST', body: { date: TODAY } },
    { path: '/api/diary/create', httpMethod: '', body: '' },
    { path: '/api/diary/create', httpMethod: 'POST', body: '%%%', isBase64Encoded: true },
    { path: '/api/diary/create', httpMethod: 'POST', body: '{}', requestContext: { requestId: { a: 1 } } },
  ])('the malformed request %j gets an answer', async (event) => {
    const { statusCode, body } = await asked(event);
    expect(statusCode).toBeLessThan(500);
    expect(JSON.parse(body)).toMatchObject({ success: expect.any(Boolean), requestId: expect.any(String) });
  });

  test('each code has its status', async () => {
    const { token, openid } = await newChild();
    const { diary: written } = await ok(diary, openid, 'create', { date: TODAY, content: 'x' });
    const put = (version: number) => http(diary, 'PUT', `/api/diary/${written.id}`, { token, body: { version } });
    const answers = [
      await http(diary, 'GET', '/api/diary/stats'),
      await http(diary, 'GET', '/api/diary/404', { token }),
      await http(diary, 'POST', '/api/diary/create', { token, body: { date: TODAY, content: 'y' } }),
      await put(99),
      await http(diary, 'GET', '/api/diary/stats', { token: 'operator-token-of-the-tests' }),
      await http(login, 'POST', '/api/auth/login', { body: { code: 'fail-45011' } }),
      await http(login, 'POST', '/api/auth/login', { body: { code: 'fail-40125' } }),
      await http(login, 'POST', '/api/auth/login', { body: { code: 'http-500' } }),
    ];
    for (const { status, body } of answers) expect(status).toBe(errorKinds[body.error.code as ErrorCode].status);
    expect(answers.map(({ body }) => body.error.code)).toEqual([
      'UNAUTHENTICATED',
      'NOT_FOUND',
      'DIARY_EXISTS',
      'VERSION_CONFLICT',
      'FORBIDDEN',
      'RATE_LIMITED',
      'INTERNAL',
      'UNAVAILABLE',
    ]);
  });
});

test('a timer event that a caller sends is not a timer', async () => {
  for (const variables of [
    {},
    { TRIGGER_SRC: 'http' },
    { TRIGGER_SRC: 'timer', WX_OPENID: child.openid, WX_APPID: appId, TCB_SOURCE: 'wx_client' },
  ]) {
    const event = { Type: 'Timer', TriggerName: 'profile', Time: NOON, Message: '' };
    expect(await user(event, { environment: JSON.stringify(variables) })).toMatchObject({
      success: false,
      error: { code: 'INVALID_INPUT' },
    });
  }
  const sent = eventOf({ door: 'timer', now: NOON }, { TriggerName: 'profile' }, appId);
  expect(await user(sent, platformContext('user', { door: 'timer', now: NOON }, appId, limits))).toMatchObject({
    error: { code: 'FORBIDDEN' },
  });
});

describe('the door follows from the platform’s context, not from the event', () => {
  const wechat = { WX_OPENID: 'oMallory', WX_APPID: appId, TCB_SOURCE: 'wx_client' };
  const callers: [string, Record<string, string>][] = [
    ['the mini-program', wechat],
    ['DevTools', { ...wechat, TCB_SOURCE: 'wx_devtools' }],
    ['a function that the mini-program called', { ...wechat, TCB_SOURCE: 'wx_client,scf' }],
    ['another client SDK', { TCB_UUID: 'anonymous-1' }],
  ];
  const call = (main: typeof login, event: object, variables: Record<string, string>) =>
    main(event, { environment: JSON.stringify({ DEV_NOW: NOON, ...variables }) });

  test.each(callers)('an event with httpMethod from %s is a function call and is refused at that field', async (_, variables) => {
    const event = { httpMethod: 'POST', path: '/api/auth/login', headers: {}, body: '{"code":"dev-oX"}' };
    expect(await call(login, event, variables)).toMatchObject({
      success: false,
      error: { code: 'INVALID_INPUT', details: [{ path: 'httpMethod' }] },
    });
  });

  test('a client cannot invent addresses to pass the limit per address: of 40 sign-ins with 40 addresses none gets through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        call(
          login,
          {
            httpMethod: 'POST',
            path: '/api/auth/login',
            headers: { 'x-forwarded-for': `203.0.113.${index}` },
            body: `{"code":"dev-oForged${index}"}`,
          },
          wechat,
        ),
      ),
    );
    for (const answer of answers) expect(answer).toMatchObject({ success: false, error: { code: 'INVALID_INPUT' } });
    expect(await select("SELECT id FROM users WHERE openid LIKE 'oForged%'")).toEqual([]);
  });

  const push = { MsgType: 'event', Event: 'wxa_media_check', trace_id: 'guess', result: { suggest: 'pass' } };
  const pushers = callers.filter(([, { TCB_SOURCE }]) => TCB_SOURCE !== 'wx_client,scf');

  test.each(pushers)('a verdict on a picture from %s is refused before MySQL is asked', async (_, variables) => {
    const lines = await accessLines(async () => {
      expect(await call(ai, push, variables)).toMatchObject({ success: false, error: { code: 'INVALID_INPUT' } });
    });
    expect(lines.map(({ mysql, redis }) => [mysql?.trips ?? 0, redis.trips])).toEqual([[0, 0]]);
  });

  test('a verdict that WeChat pushes is accepted, also with the author’s openid beside it', async () => {
    for (const variables of [{}, { WX_OPENID: 'oAuthor', WX_APPID: appId }])
      expect(await call(ai, push, variables)).toMatchObject({ success: true, data: { known: false } });
  });
});

test('a request id that was used for one action is refused for another', async () => {
  const { openid } = await newChild();
  await ok(diary, openid, 'create', { date: TODAY, content: 'x' }, { requestId: 'shared-id' });
  expect(await send(user, openid, 'update', {}, { requestId: 'shared-id' })).toMatchObject({ error: { code: 'IDEMPOTENCY_MISMATCH' } });
});
