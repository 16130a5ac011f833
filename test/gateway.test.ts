import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { startFakeWechat } from '../dev/fakes/wechat';
import { createGateway, type Gateway, type GatewayOptions } from '../dev/gateway/gateway';
import { buildFunctions } from '../scripts/build/functions';

const probe = `
  import { threadId } from 'node:worker_threads';
  let calls = 0;
  let finishedAt = 0;
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  export async function main(event: any, context: any) {
    const order = event.isBase64Encoded ? {} : (JSON.parse(event.body || '{}').order ?? event);
    calls += 1;
    const at = calls;
    console.log('call', at);
    if (order.work) await wait(order.work);
    if (order.crash) process.exit(3);
    if (order.fail) throw new Error('as told');
    if (order.later) void wait(order.later).then(() => { finishedAt = Date.now(); });
    if (order.raw) return { statusCode: 201, headers: { 'x-probe': 'yes' }, body: 'made', isBase64Encoded: false };
    return { event, context, env: { ...process.env }, calls, overlapped: at !== calls, threadId, finishedAt };
  }`;

const answer = z.object({
  result: z.object({
    event: z.record(z.string(), z.unknown()),
    context: z.record(z.string(), z.unknown()),
    env: z.record(z.string(), z.string()),
    calls: z.number(),
    overlapped: z.boolean(),
    threadId: z.number(),
    finishedAt: z.number(),
  }),
  ms: z.number(),
});

const variables = (context: Record<string, unknown>): unknown => JSON.parse(String(context.environment));

let folder = '';
let open: Gateway[] = [];

async function gateway(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const created = await createGateway({
    functionsDir: join(folder, 'dist/functions'),
    env: { APP_ENV: 'local', WX_APPID: 'wx1' },
    ...options,
  });
  open.push(created);
  return created;
}

async function call(at: Gateway, body: Parameters<Gateway['invoke']>[1]) {
  return answer.parse(await at.invoke('diary', body)).result;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  await mkdir(join(folder, 'functions/diary'), { recursive: true });
  await writeFile(join(folder, 'functions/diary/index.ts'), probe);
  await mkdir(join(folder, 'functions/task'), { recursive: true });
  await writeFile(join(folder, 'functions/task/index.ts'), `throw new Error('does not load'); export const main = 1;`);
  await buildFunctions({ functionsDir: join(folder, 'functions'), outDir: join(folder, 'dist') });
  return async () => {
    await Promise.all(open.map((each) => each.stop()));
    open = [];
    await rm(folder, { recursive: true });
  };
});

describe('contexts', () => {
  test('a mini-program call carries the identity in its context and the platform’s fields in its event', async () => {
    const { event, context } = await call(await gateway(), {
      data: { action: 'x', userInfo: { openId: 'eve' } },
      as: { openid: 'oAlice' },
    });
    expect(event).toEqual({ action: 'x', tcbContext: {}, userInfo: { appId: 'wx1', openId: 'oAlice' } });
    expect(variables(context)).toMatchObject({ WX_OPENID: 'oAlice', WX_APPID: 'wx1', TCB_SOURCE: 'wx_client', TENCENTCLOUD_RUNENV: 'SCF' });
    expect(context).toMatchObject({
      function_name: 'diary',
      function_version: '$LATEST',
      time_limit_in_ms: 20_000,
      memory_limit_in_mb: 256,
    });
    expect(String(context.environ).split(';')).toContain('WX_OPENID=oAlice');
  });

  test('the previous caller is still in process.env of a warm instance, but not in the next call’s context', async () => {
    const at = await gateway();
    await call(at, { as: { openid: 'oAlice' } });
    const { env, context, calls } = await call(at, { data: {}, door: 'console' });
    expect(calls).toBe(2);
    expect(env.WX_OPENID).toBe('oAlice');
    expect(`${context.environment}${context.environ}`).not.toMatch(/WX_|oAlice/);
  });

  test('a timer call is proved by its context, whatever an event of the console says', async () => {
    const at = await gateway();
    const timer = await call(at, { door: 'timer', data: { TriggerName: 'nightly' }, now: '2025-01-01T00:30:00+08:00' });
    expect(timer.event).toEqual({ Type: 'Timer', TriggerName: 'nightly', Time: '2024-12-31T16:30:00Z', Message: '' });
    expect(variables(timer.context)).toMatchObject({ TRIGGER_SRC: 'timer', DEV_NOW: '2025-01-01T00:30:00+08:00' });
    expect((await call(at, { door: 'timer', data: { action: 'nightly' } })).event).toMatchObject({ Type: 'Timer', TriggerName: 'nightly' });
    const forged = await call(at, { data: { Type: 'Timer' } });
    expect(variables(forged.context)).not.toHaveProperty('TRIGGER_SRC');
    expect(variables(forged.context)).not.toHaveProperty('DEV_NOW');
  });

  test('a function sees its own configuration only, not the machine’s environment', async () => {
    const { env } = await call(await gateway(), { data: {} });
    expect(env).toMatchObject({ APP_ENV: 'local', WX_APPID: 'wx1' });
    expect(env).not.toHaveProperty('PATH');
  });
});

describe('instances', () => {
  test('one instance serves one call at a time and is used again', async () => {
    const at = await gateway({ maxInstances: 1 });
    const results = await Promise.all([1, 2, 3].map(() => call(at, { data: { work: 30 } })));
    expect(results.map(({ calls }) => calls)).toEqual([1, 2, 3]);
    expect(results.some(({ overlapped }) => overlapped)).toBe(false);
  });

  test('concurrent calls start instances up to the maximum, and the rest wait', async () => {
    const at = await gateway({ maxInstances: 3 });
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map(() => call(at, { data: { work: 300 } })));
    expect(new Set(results.map(({ threadId }) => threadId)).size).toBe(3);
  });

  test('idle instances end, except one', async () => {
    const at = await gateway({ idleMs: 50 });
    await Promise.all([1, 2].map(() => call(at, { data: { work: 200 } })));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const results = await Promise.all([1, 2].map(() => call(at, { data: { work: 200 } })));
    expect(results.map(({ calls }) => calls).sort()).toEqual([1, 2]);
  });

  test('work that a function leaves running after its answer is frozen until the next call', async () => {
    const at = await gateway();
    await call(at, { data: { later: 20 } });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const thawedAt = Date.now();
    expect((await call(at, { data: { work: 50 } })).finishedAt).toBeGreaterThanOrEqual(thawedAt);
  });

  test('a crash answers its caller, and the next call gets a fresh instance', async () => {
    const at = await gateway();
    expect((await at.invoke('diary', { data: { crash: true } })).result).toMatchObject({ errorCode: 1, errorMessage: expect.any(String) });
    expect((await call(at, { data: {} })).calls).toBe(1);
  });

  test('a throw answers its caller and keeps the instance', async () => {
    const at = await gateway();
    expect((await at.invoke('diary', { data: { fail: true } })).result).toMatchObject({
      errorCode: 1,
      stackTrace: expect.stringMatching(/as told[\s\S]*functions\/diary\/index\.ts/),
    });
    expect((await call(at, { data: {} })).calls).toBe(2);
  });

  test('a function that does not load answers too', async () => {
    const { result } = await (await gateway()).invoke('task', { data: {} });
    expect(result).toMatchObject({ errorCode: 1, errorMessage: expect.stringContaining('does not load') });
  });

  test('a call over its time limit is cut off with its instance', async () => {
    const at = await gateway({ limits: () => ({ timeoutSeconds: 0.2, memoryMb: 128 }) });
    const { result } = await at.invoke('diary', { data: { work: 5000 } });
    expect(result).toMatchObject({ errorCode: 1, errorMessage: expect.stringContaining('timed out after 0.2 seconds') });
    expect((await call(at, { data: {} })).calls).toBe(1);
  });

  test('log lines are kept with the request that wrote them', async () => {
    const at = await gateway();
    const { context } = await call(at, { data: {} });
    expect(at.logs()).toEqual([{ at: expect.any(String), functionName: 'diary', requestId: context.request_id, text: 'call 1' }]);
  });
});

describe('HTTP', () => {
  const request = (at: Gateway, path: string, init?: RequestInit) => fetch(at.url + path, init);

  test('a request becomes the event of the owning function', async () => {
    const at = await gateway();
    const response = await request(at, '/api/diary/12?page=2&tag=%E5%AD%A6%E6%A0%A1', {
      method: 'PUT',
      headers: {
        Authorization: 'Bearer t',
        'Idempotency-Key': 'k',
        'content-type': 'application/json',
        'X-Dev-Now': '2025-01-01T00:00:00Z',
        'X-Forwarded-For': '1.2.3.4',
      },
      body: '{"content":"你好😀"}',
    });
    const { event, context } = answer.shape.result.parse(await response.json());
    expect(event).toMatchObject({
      path: '/api/diary/12',
      httpMethod: 'PUT',
      headers: { authorization: 'Bearer t', 'idempotency-key': 'k', 'x-forwarded-for': '1.2.3.4, 127.0.0.1' },
      queryStringParameters: { page: '2', tag: '学校' },
      body: '{"content":"你好😀"}',
      isBase64Encoded: false,
      requestContext: { requestId: context.request_id, envId: 'local', appId: 'wx1', uin: expect.any(String) },
    });
    expect(event.headers).not.toHaveProperty('x-dev-now');
    expect(variables(context)).toMatchObject({ DEV_NOW: '2025-01-01T00:00:00Z' });
    expect(String(context.environ)).not.toMatch(/WX_/);
  });

  test('a body that is not text arrives in base64', async () => {
    const at = await gateway();
    const body = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
    const answered = await at.http({ method: 'POST', path: '/api/diary', headers: { 'Content-Type': 'image/png' }, body });
    expect(JSON.parse(answered.body.toString())).toMatchObject({ event: { body: 'iVBORw==', isBase64Encoded: true } });
  });

  test('the function’s own status, headers and body are written back', async () => {
    const response = await request(await gateway(), '/api/diary', { method: 'POST', body: '{"order":{"raw":true}}' });
    expect([response.status, response.headers.get('x-probe'), await response.text()]).toEqual([201, 'yes', 'made']);
  });

  test('POST /invoke answers 200 whatever the function does, 404 for an unknown one, 400 for a malformed order', async () => {
    const at = await gateway();
    const post = (path: string, body: unknown) => request(at, path, { method: 'POST', body: JSON.stringify(body) });
    expect((await post('/invoke/diary', { data: { fail: true } })).status).toBe(200);
    expect((await post('/invoke/nothing', { data: {} })).status).toBe(404);
    expect((await post('/invoke/..%2Fdiary', { data: {} })).status).toBe(404);
    expect((await post('/invoke/diary', { data: {}, surprise: 1 })).status).toBe(400);
    expect((await post('/invoke/diary', { data: {}, as: { openid: 'a;TRIGGER_SRC=timer' } })).status).toBe(400);
    expect((await post('/invoke/diary', { data: {}, door: 'miniprogram' })).status).toBe(400);
    expect((await post('/invoke/diary', { data: {}, now: 'tomorrow' })).status).toBe(400);
    expect((await request(at, '/invoke/diary', { method: 'POST', body: '{' })).status).toBe(400);
  });

  test('an unknown path is 404, a body over 6 MB is 413', async () => {
    const at = await gateway();
    const unknown = await request(at, '/api/nothing/here');
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { success: false, error: { code: 'NOT_FOUND' } }]);
    expect((await request(at, '/elsewhere')).status).toBe(404);
    expect((await request(at, '/api/diary', { method: 'POST', body: 'x'.repeat(6 * 1024 * 1024 + 1) })).status).toBe(413);
  });

  test('/healthz is 200 while everything is up, else 503', async () => {
    const well = await gateway({ health: async () => ({ status: 'ok', mysql: 'ok' }) });
    expect(await (await request(well, '/healthz')).json()).toEqual({ status: 'ok', mysql: 'ok' });
    const ill = await gateway({ health: async () => ({ status: 'down', mysql: 'refused' }) });
    expect((await request(ill, '/healthz')).status).toBe(503);
  });
});

describe('the fake WeChat', () => {
  test('knows codes that work always, once and never, and counts its calls', async () => {
    const wechat = await startFakeWechat();
    const exchange = async (code: string) => {
      const query = new URLSearchParams({ appid: 'wx1', secret: 's', js_code: code, grant_type: 'authorization_code' });
      return (await fetch(`${wechat.url}/sns/jscode2session?${query}`)).json();
    };
    const session = (openid: string) => ({ openid, session_key: expect.any(String) });
    expect(await exchange('dev-oAlice')).toEqual(session('oAlice'));
    expect(await exchange('dev-oAlice')).toEqual(session('oAlice'));
    expect(await exchange('once-oBob')).toEqual(session('oBob'));
    expect(await exchange('once-oBob')).toMatchObject({ errcode: 40029 });
    expect(await exchange('anything')).toMatchObject({ errcode: 40029 });
    expect(await exchange('fail-45011')).toMatchObject({ errcode: 45011 });
    expect(wechat.calls).toEqual({ '/sns/jscode2session': 6 });
    await wechat.stop();
  });
});

describe('callers', () => {
  const ask = (at: Gateway, path: string, headers: Record<string, string>, method = 'GET', body = '') =>
    new Promise<{ status: number; cookie: string | undefined }>((resolve, reject) => {
      const asked = request(at.url + path, { method, headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, cookie: response.headers['set-cookie']?.[0] });
      });
      asked.on('error', reject).end(body);
    });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test('curl as the README has it passes: a form’s content type, no Origin', async () => {
    const at = await gateway();
    expect((await ask(at, '/invoke/diary', form, 'POST', '{"data":{}}')).status).toBe(200);
    const { port } = new URL(at.url);
    expect((await ask(at, '/invoke/diary', { ...form, host: `localhost:${port}` }, 'POST', '{"data":{}}')).status).toBe(200);
  });

  test.each<[string, Record<string, string>, number]>([
    ['another host', { host: 'evil.example' }, 403],
    ['a host that begins like ours', { host: '127.0.0.1.evil.example' }, 403],
    ['an address of the local network', { host: '192.168.1.5:3000' }, 403],
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed frame', { origin: 'null' }, 403],
    ['an embedded request of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['the token of nobody', { host: 'evil.example', 'x-gateway-token': 'guess' }, 403],
  ])('%s is refused', async (_, headers, status) => {
    expect((await ask(await gateway({ token: 'the-token' }), '/healthz', headers)).status).toBe(status);
  });

  test('a POST of the own page has to be JSON', async () => {
    const at = await gateway();
    const post = (type: string) => ask(at, '/invoke/diary', { origin: at.url, 'content-type': type }, 'POST', '{"data":{}}');
    expect((await post('text/plain')).status).toBe(415);
    expect((await post('application/json')).status).toBe(200);
  });

  test('with the token of its URL another host is served, and its page’s further requests by a cookie', async () => {
    const at = await gateway({ token: 'the-token' });
    const host = '192.168.1.5:3000';
    const { status, cookie } = await ask(at, '/api/diary/1?token=the-token', { host });
    expect([status, cookie]).toEqual([200, 'gateway-token=the-token; HttpOnly; SameSite=Strict; Path=/']);
    expect((await ask(at, '/healthz', { host, cookie: 'a=b; gateway-token=the-token' })).status).toBe(200);
    expect((await ask(at, '/healthz', { host, 'x-gateway-token': 'the-token' })).status).toBe(200);
    expect((await ask(at, '/healthz', { host })).status).toBe(403);
    expect((await ask(await gateway(), '/api/diary/1?token=', { host })).status).toBe(403);
  });
});

test('GET on /invoke answers a sentence', async () => {
  const { url } = await gateway();
  const response = await fetch(`${url}/invoke/diary`);
  expect([response.status, await response.json()]).toEqual([405, { error: 'send POST to /invoke/diary, with a JSON body' }]);
});

test('after a reload new calls run the new code, and a call in work ends with the old', async () => {
  const at = await gateway({ maxInstances: 2 });
  const before = await call(at, { data: {} });
  const working = call(at, { data: { work: 300 } });
  at.reload();
  const after = await call(at, { data: {} });
  expect(after.threadId).not.toBe(before.threadId);
  expect(after.calls).toBe(1);
  expect((await working).threadId).toBe(before.threadId);
  expect((await call(at, { data: {} })).threadId).toBe(after.threadId);
});
