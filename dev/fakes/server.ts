import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isLoopback } from '../loopback';

interface FakeRequest {
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
  bytes: Buffer;
}

export interface FakeAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** A string, bytes or a stream is sent as it stands, anything else as JSON. */
  body: unknown;
}

/** `GET /path` → what it answers; `GET /folder/*` stands for all beneath. */
export type FakeRoutes = Record<string, (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>>;

export interface Fake {
  url: string;
  /** How often each path was called, whatever it answered. */
  calls: Readonly<Record<string, number>>;
  /** The `X-Request-Id` of each call to a path, in their order. */
  requestIds: Readonly<Record<string, readonly string[]>>;
  stop(): Promise<void>;
}

/** A fake of an outside service on the loopback, so that our real clients run against it. Refuses requests of web pages. */
export async function startFake(routes: FakeRoutes, tls?: { key: string; cert: string }): Promise<Fake> {
  const calls: Record<string, number> = {};
  const requestIds: Record<string, string[]> = {};

  async function answer(request: IncomingMessage): Promise<FakeAnswer> {
    const { host, origin } = request.headers;
    // Over TLS the fake stands for a host of the cloud, under that host's name.
    const isForUs = tls !== undefined || isLoopback(host);
    if (!isForUs || origin !== undefined) return { status: 403, body: 'no web page may ask this' };
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    calls[pathname] = (calls[pathname] ?? 0) + 1;
    requestIds[pathname] = [...(requestIds[pathname] ?? []), String(request.headers['x-request-id'] ?? '')];
    const asked = `${request.method} ${pathname}`;
    const folder = Object.keys(routes).find((each) => each.endsWith('/*') && asked.startsWith(each.slice(0, -1)));
    const route = routes[asked] ?? (folder === undefined ? undefined : routes[folder]);
    if (!route) return { status: 404, body: 'not found' };
    const bytes = await buffer(request);
    return route({ path: pathname, query: searchParams, headers: request.headers, body: bytes.toString(), bytes });
  }

  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const answered = await answer(request).catch((error: unknown) => {
      if (!request.destroyed) throw error;
      return null;
    });
    // The client closed the connection while the answer was sent.
    if (answered === null) return;
    const { status = 200, headers, body } = answered;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Readable;
    response.writeHead(status, { 'content-type': isRaw ? 'text/html' : 'application/json', ...headers });
    if (body instanceof Readable) body.on('error', () => response.destroy()).pipe(response);
    else response.end(isRaw ? body : JSON.stringify(body));
  };
  const server = tls ? createTlsServer(tls, respond) : createServer(respond);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the fake listens on no port');

  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    calls,
    requestIds,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
