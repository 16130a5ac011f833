import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A function as it is served in the cloud, with what it answers to. */
export interface ServedFunction {
  (event: unknown, context: unknown): Promise<unknown>;
  readonly actions: Readonly<Record<string, { contract: { rest?: string } }>>;
}

export interface ServerOptions {
  functions: readonly ServedFunction[];
  /**
   * Proxies between the internet and this process, each of which adds whom it heard to X-Forwarded-For. 0: that header is the caller's own
   * invention. Limits by address depend on it.
   */
  trustedProxies: number;
  /** Open sockets, idle ones included; further ones are closed at once. Default 1,000. */
  maxConnections?: number;
}

const MAX_BODY_BYTES = 1_048_576;
const TIME_LIMIT_MS = 20_000;
/** From the opening of a socket, or the first byte of a later request, to the end of the headers. */
const HEADERS_MS = 5_000;
/** To the end of the body. */
const REQUEST_MS = 15_000;
/** Without a byte in either direction; longer than any call takes. */
const SILENT_MS = 30_000;
/** Node looks for overdue sockets each 30 s by default, so that a limit of 5 s would close them after 35 s. */
const CHECK_MS = 500;

/** Functions by the segment after /api/, as their contracts have it. */
function routesOf(functions: readonly ServedFunction[]): ReadonlyMap<string, ServedFunction> {
  const routes = new Map<string, ServedFunction>();
  for (const served of functions) {
    for (const { contract } of Object.values(served.actions)) {
      const segment = contract.rest?.split(' ')[1]?.split('/')[2];
      if (segment !== undefined) routes.set(segment, served);
    }
  }
  return routes;
}

function addressOf(request: IncomingMessage, trustedProxies: number): string {
  const heard = [request.headers['x-forwarded-for'] ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((each) => each.trim());
  const told = trustedProxies > 0 ? heard.at(-trustedProxies) : undefined;
  return told || (request.socket.remoteAddress ?? '');
}

/** Null when it is larger than any call may be. It is read to its end all the same, or the caller would see a broken pipe for an answer. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}

/** The event that the HTTP access service would make of this request. */
function eventOf(request: IncomingMessage, url: URL, body: string, requestId: string, trustedProxies: number): unknown {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, [value ?? []].flat().join(', ')]);
  return {
    path: url.pathname,
    httpMethod: request.method,
    headers: { ...Object.fromEntries(headers), 'x-forwarded-for': addressOf(request, trustedProxies) },
    queryStringParameters: Object.fromEntries(url.searchParams),
    body,
    isBase64Encoded: false,
    requestContext: { requestId },
  };
}

/** No variables of an invocation, and so nobody's identity: over HTTP a token alone says who is calling. */
const contextOf = (requestId: string): unknown => ({ request_id: requestId, time_limit_in_ms: TIME_LIMIT_MS, environment: '{}' });

interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

const refusal = (statusCode: number, code: string, message: string, requestId: string): HttpAnswer => ({
  statusCode,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: JSON.stringify({ success: false, error: { code, message }, requestId }),
});

const isHttpAnswer = (answer: unknown): answer is HttpAnswer => typeof answer === 'object' && answer !== null && 'statusCode' in answer;

/**
 * The REST paths of all functions in one process, several calls at a time. Nothing of a call outlives it, so that they cannot meet.
 * `stop` answers what has begun, takes nothing new, and resolves when the last answer is out.
 */
export function createServer({
  functions,
  trustedProxies,
  maxConnections = 1_000,
}: ServerOptions): Server & { stop(patienceMs: number): Promise<void> } {
  const routes = routesOf(functions);
  let isStopping = false;

  async function answer(request: IncomingMessage): Promise<HttpAnswer> {
    const requestId = randomUUID();
    const body = await readBody(request);
    if (body === null) return refusal(413, 'INVALID_INPUT', '内容过大', requestId);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, api, segment = ''] = url.pathname.split('/');
    const served = api === 'api' ? routes.get(segment) : undefined;
    if (!served) return refusal(404, 'NOT_FOUND', '没有这个接口', requestId);
    const answered = await served(eventOf(request, url, body, requestId, trustedProxies), contextOf(requestId));
    return isHttpAnswer(answered) ? answered : refusal(500, 'INTERNAL', '服务出了点问题，请稍后再试', requestId);
  }

  function send(response: ServerResponse, { statusCode, headers, body }: HttpAnswer): void {
    if (isStopping) response.setHeader('connection', 'close');
    response.writeHead(statusCode, headers).end(body);
  }

  const server = createHttpServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    if (request.url === '/healthz') {
      response
        .writeHead(isStopping ? 503 : 200, { 'content-type': 'application/json' })
        .end(`{"status":"${isStopping ? 'stopping' : 'ok'}"}`);
      return;
    }
    answer(request).then(
      (answered) => send(response, answered),
      // The caller went away while sending, or sent a path that is none.
      () => (response.writableEnded ? undefined : send(response, refusal(400, 'INVALID_INPUT', '请求无法读取', randomUUID()))),
    );
  });
  server.maxConnections = maxConnections;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.timeout = SILENT_MS;
  // Longer than the proxy in front keeps an idle connection: a request could otherwise arrive on one that is being closed.
  server.keepAliveTimeout = 75_000;

  return Object.assign(server, {
    async stop(patienceMs: number): Promise<void> {
      isStopping = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
      await closed;
      clearTimeout(timer);
    },
  });
}
