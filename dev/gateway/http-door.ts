import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { localEnvironmentId } from './context';

export interface HttpRequest {
  method: string;
  /** With the query, as in a request line: `/api/diary?page=2`. */
  path: string;
  headers?: IncomingHttpHeaders;
  body?: string | Uint8Array;
}

export interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

const owners = new Map(
  Object.entries({
    auth: 'login',
    user: 'user',
    diary: 'diary',
    task: 'task',
    points: 'points',
    lottery: 'lottery',
    ai: 'ai',
    sync: 'sync',
    family: 'family',
    report: 'report',
    monitor: 'monitor',
  }),
);

/** The function that answers `/api/<segment>/…`; undefined when none does. */
export function ownerOf(path: string): string | undefined {
  const [, api, segment = ''] = path.split(/[/?]/);
  return api === 'api' ? owners.get(segment) : undefined;
}

const isText = (contentType: string): boolean => !/^(image|audio|video|multipart)\/|octet-stream/.test(contentType);

export function lowerCase(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? []].flat().join(', ')]);
  return Object.fromEntries(entries);
}

/** The event that the HTTP access service makes of a request. */
export function httpEvent(request: HttpRequest & { headers: Record<string, string> }, requestId: string, appId: string): unknown {
  const url = new URL(request.path, 'http://localhost');
  const body = Buffer.from(request.body ?? '');
  const isBase64Encoded = body.length > 0 && !isText(request.headers['content-type'] ?? '');
  return {
    path: url.pathname,
    httpMethod: request.method,
    // The platform appends the address it saw to whatever the caller claims.
    headers: { ...request.headers, 'x-forwarded-for': [request.headers['x-forwarded-for'], '127.0.0.1'].filter(Boolean).join(', ') },
    queryStringParameters: Object.fromEntries(url.searchParams),
    body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
    requestContext: { requestId, envId: localEnvironmentId, appId, uin: '100000000000' },
  };
}

const integrated = z.object({
  statusCode: z.number().int().min(200).max(599),
  headers: z.record(z.string(), z.coerce.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

const json = { 'content-type': 'application/json; charset=utf-8' };

/** For a path of the API that no function owns. */
export const nobodyAnswers = (): HttpAnswer => ({
  statusCode: 404,
  headers: json,
  body: JSON.stringify({ success: false, error: { code: 'NOT_FOUND', message: '没有这个接口' }, requestId: randomUUID() }),
});

/** The HTTP response: the function's own, or else its answer as JSON; a failure is a 500. */
export function httpAnswer(result: unknown): HttpAnswer {
  const answer = integrated.safeParse(result);
  if (!answer.success) {
    const failed = typeof result === 'object' && result !== null && 'errorCode' in result;
    return { statusCode: failed ? 500 : 200, headers: json, body: JSON.stringify(result) };
  }
  const { statusCode, headers, body, isBase64Encoded } = answer.data;
  return { statusCode, headers, body: isBase64Encoded ? Buffer.from(body, 'base64') : body };
}
