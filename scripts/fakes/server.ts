import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

interface FakeRequest {
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface FakeAnswer {
  status?: number;
  /** A string is sent as it stands, anything else as JSON. */
  body: unknown;
}

/** `GET /path` → what it answers. */
export type FakeRoutes = Record<string, (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>>;

export interface Fake {
  url: string;
  /** How often each path was called, whatever it answered. */
  calls: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** An outside service on the loopback, so that our real clients run against it. */
export async function startFake(routes: FakeRoutes): Promise<Fake> {
  const calls: Record<string, number> = {};

  async function answer(request: IncomingMessage): Promise<FakeAnswer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    calls[pathname] = (calls[pathname] ?? 0) + 1;
    const route = routes[`${request.method} ${pathname}`];
    if (!route) return { status: 404, body: 'not found' };
    return route({ query: searchParams, headers: request.headers, body: await text(request) });
  }

  const server = createServer(async (request, response) => {
    const { status = 200, body } = await answer(request);
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json' });
    response.end(isText ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the fake listens on no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
