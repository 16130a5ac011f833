import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../loopback';
import { Refusal } from './requests';

interface Asked {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

const COOKIE = 'gateway-token';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The token of a request: from its query, a header, or the cookie set when the query's token was accepted. */
function tokenIn({ path, headers }: Asked): string | null {
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]+)`).exec(headers.cookie ?? '')?.[1];
  const header = headers['x-gateway-token'];
  return new URL(path, 'http://localhost').searchParams.get('token') ?? (typeof header === 'string' ? header : undefined) ?? cookie ?? null;
}

const holds = (asked: Asked, token: string | null): boolean => {
  const given = tokenIn(asked);
  return token !== null && given !== null && timingSafeEqual(digest(given), digest(token));
};

/** Keeps the token of a URL for the page's further requests; null when the URL has none. */
export const cookieFor = (asked: Asked, token: string | null): string | null =>
  new URL(asked.path, 'http://localhost').searchParams.has('token') && holds(asked, token)
    ? `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`
    : null;

/**
 * Refuses requests that a foreign web page can make a browser on this machine send. A local run does not verify callers, so that such a request
 * could act as any child or as the operator.
 * - DNS rebinding to 127.0.0.1 is visible in `Host`: only loopback names pass; any other address needs the token.
 * - A foreign page is visible in `Origin` and `Sec-Fetch-Site`. Following a link to this gateway is allowed: the linking page cannot read the answer.
 * - A form cannot send JSON, so that a POST from a page must be JSON.
 * Requests without `Origin` come from a program on this machine (curl, a test), which is trusted.
 */
export function requireOwnCaller(asked: Asked, token: string | null): void {
  const { method, headers } = asked;
  const { host = '', origin } = headers;
  if (!isLoopback(host) && !holds(asked, token)) {
    throw new Refusal(403, `this gateway is at 127.0.0.1 and localhost, not at ${host.slice(0, 100) || 'an unnamed host'}`);
  }
  const site = headers['sec-fetch-site'];
  const isLink = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  if (origin !== undefined ? origin !== `http://${host}` : (site === 'cross-site' || site === 'same-site') && !isLink) {
    throw new Refusal(403, 'only the page of this gateway may ask this');
  }
  if (origin !== undefined && method === 'POST' && !/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new Refusal(415, 'a page has to send content-type: application/json');
  }
}
