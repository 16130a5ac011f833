import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { HttpAnswer, HttpRequest } from './http-door';
import type { LogLine } from './logs';
import { Refusal } from './requests';
import type { Vitals } from './vitals';

/** Answers routes that exist in a local run only; null for all others. */
export type LocalRoutes = (request: HttpRequest) => Promise<HttpAnswer | null>;

export interface LocalRoutesOptions {
  /** The built page. */
  pageDir: string;
  /** Where the pictures lie that the page uploads to cloud storage. */
  filesDir: string;
  /** What the functions have put there. */
  stored: (path: string) => Buffer | undefined;
  logs: () => readonly LogLine[];
  vitals: () => Promise<Vitals>;
  /** Makes the demo child and tells what it has. */
  demo?: () => Promise<unknown>;
  /** The catalogue of actions; asked for once, by the first who opens the console. */
  catalogue: () => Promise<unknown>;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};

// This policy makes the browser restrict the page's requests to this gateway.
const headers = {
  'content-security-policy': "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

async function file(path: string, otherwise: Buffer | undefined = undefined): Promise<HttpAnswer> {
  const body = await readFile(path).catch(() => otherwise);
  if (body === undefined) throw new Refusal(404, 'there is no such file');
  return { statusCode: 200, headers: { ...headers, 'content-type': types[extname(path)] ?? 'application/octet-stream' }, body };
}

const json = (value: unknown): HttpAnswer => ({
  statusCode: 200,
  headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});

/** A path within a folder: plain names, never `..`. */
const isTame = (path: string): boolean => path.split('/').every((part) => /^[\w-][\w.-]*$/.test(part));

/** Our own access line of a call, and what the instance wrote besides while it served it. */
const isOf = (requestId: string) => (line: LogLine) =>
  line.requestId === requestId || line.text.includes(`"requestId":${JSON.stringify(requestId)}`);

export function createLocalRoutes({ pageDir, filesDir, stored, logs, vitals, demo, catalogue }: LocalRoutesOptions): LocalRoutes {
  let actions: Promise<unknown> | undefined;
  let making: Promise<unknown> | undefined;

  async function storage(request: HttpRequest, path: string): Promise<HttpAnswer> {
    if (!isTame(path)) throw new Refusal(400, 'a file name has letters, digits, dots, - and _');
    const place = join(filesDir, path);
    if (request.method !== 'PUT') return file(place, stored(path));
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, request.body ?? '');
    return json({ path });
  }

  return async (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://localhost');
    const [, area = '', ...rest] = pathname.split('/');
    const name = rest.join('/');
    if (pathname === '/' && request.method === 'GET') return file(join(pageDir, 'index.html'));
    if (area === 'page' && isTame(name)) return file(join(pageDir, name));
    if (area !== 'local') return null;
    if (rest[0] === 'files') return storage(request, rest.slice(1).join('/'));
    if (name === 'demo' && demo && request.method === 'POST') {
      making ??= demo().finally(() => {
        making = undefined;
      });
      return json(await making);
    }
    if (name === 'catalogue') {
      actions ??= catalogue();
      return json(await actions);
    }
    if (name === 'logs') return json(logs().filter(isOf(searchParams.get('request') ?? '')));
    if (name === 'vitals') return json(await vitals());
    return null;
  };
}
