import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Caller, eventOf, type Limits, localAppId, platformContext } from './context';
import { type HttpAnswer, type HttpRequest, httpAnswer, httpEvent, lowerCase, nobodyAnswers, ownerOf } from './http-door';
import { loadWorkerCode, startInstance } from './instance';
import { defaultLimits } from './limits';
import type { LocalRoutes } from './local-routes';
import { createLogs, type LogLine } from './logs';
import { cookieFor, requireOwnCaller } from './own-caller';
import { createPool, type Pool } from './pool';
import { type InvokeBody, instant, parseInvokeBody, parseJson, Refusal, readBody, sendJson } from './requests';

export interface GatewayOptions {
  /** Holds `<name>/index.js`, as built. */
  functionsDir: string;
  /** The configuration that every function gets as its process.env. */
  env: Record<string, string>;
  /** Instances per function; further calls wait. Default 4. */
  maxInstances?: number;
  /** Default: any free port. */
  port?: number;
  /** Further instances end after this idle time. Default 60 s. */
  idleMs?: number;
  limits?: (functionName: string) => Limits;
  /** The body of /healthz; healthy while `status` is ok. */
  health?: () => Promise<{ status: string; [part: string]: string }>;
  onLog?: (line: LogLine) => void;
  /** What this run serves beside the doors of the cloud. Default: nothing. */
  local?: LocalRoutes;
  /** Where to listen. Default: 127.0.0.1. */
  host?: string;
  /** Allows callers that address a host other than the loopback. Default: refused. */
  token?: string;
}

export interface Gateway {
  url: string;
  /** Rejects with a Refusal for an unknown function or a malformed body; never because of what the function does. */
  invoke(functionName: string, body: InvokeBody): Promise<{ result: unknown; ms: number }>;
  http(request: HttpRequest): Promise<HttpAnswer>;
  /** Runs the bundles as they lie there now. */
  reload(): void;
  /** The latest 500 lines, oldest first. */
  logs(): readonly LogLine[];
  stop(): Promise<void>;
}

/** Runs the built bundles as CloudBase does, behind the doors that it has. Listens on the loopback unless told otherwise. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { functionsDir, env, limits = () => defaultLimits, maxInstances = 4, idleMs = 60_000 } = options;
  const health = options.health ?? (async () => ({ status: 'ok' }));
  const appId = env.WX_APPID || localAppId;
  const token = options.token ?? null;
  const logs = createLogs(options.onLog ?? (() => {}));
  const workerCode = await loadWorkerCode();
  const pools = new Map<string, Pool>();

  function poolOf(functionName: string): Pool {
    const known = pools.get(functionName);
    if (known) return known;
    const file = join(functionsDir, functionName, 'index.js');
    if (!/^[a-z][a-z0-9-]*$/.test(functionName) || !existsSync(file)) throw new Refusal(404, `there is no function ${functionName}`);
    const onLog = (text: string, requestId: string | undefined) => logs.write(functionName, text, requestId);
    const start = () => startInstance({ file, workerCode, env, limits: limits(functionName), onLog });
    const pool = createPool({ start, max: maxInstances, idleMs });
    pools.set(functionName, pool);
    return pool;
  }

  async function invoke(functionName: string, body: unknown): Promise<{ result: unknown; ms: number }> {
    const pool = poolOf(functionName);
    const { data, as, door, now } = parseInvokeBody(body);
    const caller: Caller = { door, openid: as?.openid, now };
    const context = platformContext(functionName, caller, appId, limits(functionName));
    const startedAt = performance.now();
    const result = await pool.run({ event: eventOf(caller, data, appId), context });
    return { result, ms: Math.round((performance.now() - startedAt) * 10) / 10 };
  }

  async function http(request: HttpRequest): Promise<HttpAnswer> {
    const functionName = ownerOf(request.path);
    if (functionName === undefined) {
      if (request.path.startsWith('/api/')) return nobodyAnswers();
      throw new Refusal(404, `there is nothing at ${request.path}`);
    }
    const pool = poolOf(functionName);
    const { 'x-dev-now': now, ...headers } = lowerCase(request.headers ?? {});
    if (now !== undefined && !instant.safeParse(now).success) throw new Refusal(400, 'X-Dev-Now must be an ISO 8601 instant');
    const context = platformContext(functionName, { door: 'http', now }, appId, limits(functionName));
    return httpAnswer(await pool.run({ event: httpEvent({ ...request, headers }, context.request_id, appId), context }));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const asked = { method, path, headers };
    requireOwnCaller(asked, token);
    const cookie = cookieFor(asked, token);
    if (cookie !== null) response.setHeader('set-cookie', cookie);
    const body = await readBody(request);
    const invoked = /^\/invoke\/([^/?]+)$/.exec(path)?.[1];
    if (invoked !== undefined && method !== 'POST') throw new Refusal(405, `send POST to /invoke/${invoked}, with a JSON body`);
    if (invoked !== undefined) {
      sendJson(response, 200, await invoke(invoked, parseJson(body.toString())));
    } else if (path === '/healthz') {
      const report = await health();
      sendJson(response, report.status === 'ok' ? 200 : 503, report);
    } else {
      const answer = (await options.local?.({ ...asked, body })) ?? (await http({ ...asked, body }));
      const length = { 'content-length': Buffer.byteLength(answer.body) };
      response.writeHead(answer.statusCode, { ...answer.headers, ...length }).end(answer.body);
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      const status = error instanceof Refusal ? error.status : 500;
      return sendJson(response, status, { error: error instanceof Error ? error.message : String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;

  return {
    url: `http://127.0.0.1:${port}`,
    invoke,
    http,
    logs: logs.recent,
    reload() {
      for (const pool of pools.values()) pool.replace();
    },
    async stop() {
      server.close();
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
      server.closeAllConnections();
    },
  };
}
