import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type ServedFunction } from '../../container/server';
import { freePort } from '../../dev/services/process';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import { newOpenid, withoutRateLimits } from '../harness';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
  body: any;
}

const callerOf =
  (base: string) =>
  async (
    method: string,
    path: string,
    { body, token, headers = {} }: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> => {
    const response = await fetch(base + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };

const listen = async (server: ReturnType<typeof createServer>): Promise<string> => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('one process for all functions', () => {
  withoutRateLimits();
  const server = createServer({ functions: [diary, login, user], trustedProxies: 0 });
  let call: ReturnType<typeof callerOf>;
  let base = '';
  beforeAll(async () => {
    base = await listen(server);
    call = callerOf(base);
  });
  afterAll(() => server.stop(1_000));

  const signIn = async () => {
    const openid = newOpenid();
    const { body } = await call('POST', '/api/auth/login', { body: { code: `dev-${openid}` } });
    return { token: body.data.token as string, id: body.data.userInfo.id as number };
  };

  test('many callers at once each act as themselves', async () => {
    const children = await Promise.all(Array.from({ length: 8 }, signIn));
    await Promise.all(
      children.flatMap(({ token, id }) =>
        Array.from({ length: 10 }, async (_, index) => {
          const { body } = await call('GET', '/api/user/profile', { token });
          expect(body.data.id).toBe(id);
          const date = `2024-03-${String(index + 1).padStart(2, '0')}`;
          const written = await call('POST', '/api/diary/create', { token, body: { date, content: `我是 ${id}` } });
          expect(written.status).toBe(200);
        }),
      ),
    );
    for (const { token, id } of children) {
      const { body } = await call('GET', '/api/diary/list?limit=100', { token });
      expect(body.data.diaries.map((each: { content: string }) => each.content)).toEqual(Array(10).fill(`我是 ${id}`));
    }
    expect((await call('GET', '/api/user/profile')).status).toBe(401);
  });

  test('no header is an identity', async () => {
    const headers = { 'x-wx-openid': 'oOperator', 'x-wx-source': 'wx_client', 'x-wx-appid': 'wxtest' };
    expect((await call('GET', '/api/user/profile', { headers })).status).toBe(401);
  });

  test('unknown paths, bodies without end and requests that are none are refused in the envelope', async () => {
    expect(await call('GET', '/')).toMatchObject({ status: 404, body: { success: false, error: { code: 'NOT_FOUND' } } });
    expect(await call('GET', '/api/nothing/here')).toMatchObject({ status: 404 });
    expect(await call('GET', '/api/monitor/health')).toMatchObject({ status: 404 });
    expect(await call('POST', '/api/diary/create', { body: { content: 'x'.repeat(2_000_000) } })).toMatchObject({ status: 413 });
    const odd = await fetch(`${base}/api/diary/list?cursor=%E0%A4%A`);
    expect(odd.status).toBe(401);
  });
});

test.each([
  [0, '6.6.6.6, 7.7.7.7', '127.0.0.1'],
  [1, '6.6.6.6, 7.7.7.7', '7.7.7.7'],
  [2, '6.6.6.6, 7.7.7.7', '6.6.6.6'],
  [1, '', '127.0.0.1'],
])('behind %i proxies the caller of %j has the address %s', async (trustedProxies, forwarded, address) => {
  const seen: unknown[] = [];
  const probe = Object.assign(
    async (event: unknown) => {
      seen.push((event as { headers: Record<string, string> }).headers['x-forwarded-for']);
      return { statusCode: 200, headers: {}, body: '{}' };
    },
    { actions: { probe: { contract: { rest: 'GET /api/probe' } } } },
  ) satisfies ServedFunction;
  const server = createServer({ functions: [probe], trustedProxies });
  await callerOf(await listen(server))('GET', '/api/probe', { headers: forwarded ? { 'x-forwarded-for': forwarded } : {} });
  await server.stop(1_000);
  expect(seen).toEqual([address]);
});

test('a call that has begun is answered while the process stops, and a new one is not taken', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = Object.assign(async () => held.then(() => ({ statusCode: 200, headers: {}, body: '{"late":true}' })), {
    actions: { probe: { contract: { rest: 'GET /api/probe' } } },
  });
  const server = createServer({ functions: [slow], trustedProxies: 0 });
  const base = await listen(server);
  const answer = fetch(`${base}/api/probe`).then((response) => response.json());
  await new Promise((resolve) => setTimeout(resolve, 50));
  const stopped = server.stop(5_000);
  await expect(fetch(`${base}/healthz`)).rejects.toThrow();
  release();
  expect(await answer).toEqual({ late: true });
  await stopped;
});

/** The steps of the Dockerfile, done in a folder of their own. */
async function buildAsTheDockerfileSays(folder: string): Promise<{ image: string; env: Record<string, string>; command: string[] }> {
  const [app, image] = [join(folder, 'app'), join(folder, 'image')];
  mkdirSync(app);
  mkdirSync(image);
  let env: Record<string, string> = {};
  let command: string[] = [];
  let isBuilding = true;
  for (const line of readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')) {
    const [word, ...words] = line.split(' ');
    const rest = words.join(' ');
    if (word === 'FROM') isBuilding = rest.endsWith('AS build');
    if (word === 'ENV') env = Object.fromEntries(words.map((each) => each.split('=')));
    if (word === 'CMD') command = JSON.parse(rest);
    if (word === 'COPY' && words[0] === '--from=build')
      cpSync(join(app, (words[1] ?? '').slice('/app/'.length)), image, { recursive: true });
    else if (word === 'COPY') {
      const to = words.at(-1) ?? '';
      for (const from of words.slice(0, -1)) {
        cpSync(join(root, from), to === './' ? join(app, basename(from)) : join(app, to), { recursive: true });
      }
    }
    if (word !== 'RUN' || !isBuilding) continue;
    // Minutes of download are left to the real build; what they would bring lies here.
    if (rest === 'npm ci' && !process.env.CI) symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'));
    else await promisify(execFile)('sh', ['-c', rest], { cwd: app });
  }
  return { image, env, command };
}

describe('the steps of the Dockerfile, in a clean folder', () => {
  let folder = '';
  let child: ChildProcess | undefined;
  let base = '';
  let output = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'container-'));
    const { image, env, command } = await buildAsTheDockerfileSays(folder);
    expect(readdirSync(image).every((name) => name.endsWith('.js'))).toBe(true);
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    child = spawn(process.execPath, command.slice(1), {
      cwd: image,
      env: { ...process.env, ...env, PORT: String(port), NODE_OPTIONS: '' },
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const deadline = Date.now() + 20_000;
    while (!output.includes('"listening"') && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  }, 120_000);
  afterAll(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('start a process that serves every REST path and stops on request, from its own files only', async () => {
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const call = callerOf(base);
    const { body } = await call('POST', '/api/auth/login', { body: { code: `dev-${newOpenid()}` } });
    const { token } = body.data;
    for (const path of [
      '/api/user/profile',
      '/api/diary/list',
      '/api/task/list',
      '/api/points/balance',
      '/api/lottery/prizes',
      '/api/sync/home',
    ]) {
      expect([path, (await call('GET', path, { token })).status]).toEqual([path, 200]);
    }
    if (!child) throw new Error('it was not started');
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test('run as a user without rights, on a base that is pinned by its digest', () => {
    const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
    expect(text).toMatch(/^USER node$/m);
    const [base, ...others] = text.match(/^FROM \S+/gm) ?? [];
    expect(base).toMatch(/^FROM node:20\.20\.2-bookworm-slim@sha256:[0-9a-f]{64}$/);
    expect(others).toEqual([base]);
    expect(text).not.toMatch(/^(ADD|ARG .*(SECRET|PASSWORD|TOKEN))/m);
    for (const from of ['package.json', 'tsconfig.json', 'container', 'functions', 'shared', 'scripts'])
      expect(existsSync(join(root, from))).toBe(true);
  });
});

test('a server that stops does not wait for a body that never comes', async () => {
  const server = createServer({ functions: [diary], trustedProxies: 0 });
  const base = await listen(server);
  const open = request(`${base}/api/diary/create`, { method: 'POST', headers: { 'content-length': '100' } });
  open.on('error', () => {});
  open.write('{');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.stop(100);
  open.destroy();
});

describe.concurrent('sockets that send nothing', () => {
  const silentSockets = async (base: string, count: number) => {
    const port = Number(new URL(base).port);
    const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return sockets.map((socket) => once(socket.resume(), 'close'));
  };

  test('200 of them are closed within 7 s, and calls are served meanwhile', async () => {
    const server = createServer({ functions: [diary], trustedProxies: 0 });
    const base = await listen(server);
    const startedAt = performance.now();
    const closed = await silentSockets(base, 200);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    await Promise.all(closed);
    expect(performance.now() - startedAt).toBeLessThan(7_000);
    await server.stop(100);
  }, 15_000);

  test('above the limit of connections further ones are closed at once, and there is room again once the silent ones are gone', async () => {
    const server = createServer({ functions: [diary], trustedProxies: 0, maxConnections: 20 });
    const base = await listen(server);
    const first = await silentSockets(base, 20);
    const startedAt = performance.now();
    await Promise.all(await silentSockets(base, 20));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await expect(fetch(`${base}/healthz`)).rejects.toThrow();
    await Promise.all(first);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    await server.stop(100);
  }, 15_000);

  test('a body that stops in the middle is answered 408 within 17 s', async () => {
    const server = createServer({ functions: [diary], trustedProxies: 0 });
    const base = await listen(server);
    const open = request(`${base}/api/diary/create`, { method: 'POST', headers: { 'content-length': '100' } });
    open.write('{');
    const startedAt = performance.now();
    const [response] = await once(open, 'response');
    expect(response.statusCode).toBe(408);
    expect(performance.now() - startedAt).toBeLessThan(17_000);
    response.resume();
    await server.stop(100);
  }, 25_000);
});
