import { createHash, createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Fake, type FakeAnswer, startFake } from './server';

export const cosAccount = { bucket: 'local-1250000000', region: 'ap-shanghai', secretId: 'AKIDlocal', secretKey: 'local-secret-key' };

interface StoredObject {
  bytes: Buffer;
  contentType: string;
}

export interface FakeCos extends Fake {
  /** What lies in the bucket, by key. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Behaviour from now on: normal, 503 for every request, failed deletion of one key, or no answer for a long time. */
  behave(how: 'well' | 'failing' | 'keeping' | 'slow'): void;
}

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  bytes: Buffer;
}

const xml = (status: number, body: string): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-cos-request-id': 'local' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
});

const refusal = (status: number, code: string, message: string): FakeAnswer =>
  xml(status, `<Error><Code>${code}</Code><Message>${message}</Message><Resource>/</Resource><RequestId>local</RequestId></Error>`);

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** The parts that were signed, as `name=value`, sorted. */
const signedParts = (names: string, find: (name: string) => string | undefined): string =>
  names
    .split(';')
    .filter(Boolean)
    .map((name) => `${name}=${encode(find(name) ?? '')}`)
    .join('&');

/** Verifies a signature as COS documents it; null when it is right and has not ended. */
function refuseSignature({ method, path, query, headers }: Asked): FakeAnswer | null {
  const given = typeof headers.authorization === 'string' ? new URLSearchParams(headers.authorization) : query;
  const part = (name: string): string => given.get(name) ?? '';
  if (part('q-ak') === '') return refusal(403, 'AccessDenied', 'Access Denied.');
  if (part('q-ak') !== cosAccount.secretId) return refusal(403, 'InvalidAccessKeyId', 'The Access Key Id does not exist.');
  const [from = 0, until = 0] = part('q-sign-time').split(';').map(Number);
  const now = Date.now() / 1_000;
  if (now < from - 60 || now > until) return refusal(403, 'RequestTimeTooSkewed', 'Request has expired');
  const format = [
    method.toLowerCase(),
    decodeURIComponent(path),
    signedParts(decodeURIComponent(part('q-url-param-list')), (name) => query.get(name) ?? ''),
    signedParts(part('q-header-list'), (name) => [headers[name]].flat()[0]),
    '',
  ].join('\n');
  const toSign = ['sha1', part('q-sign-time'), createHash('sha1').update(format).digest('hex'), ''].join('\n');
  const key = createHmac('sha1', cosAccount.secretKey).update(part('q-key-time')).digest('hex');
  const signature = createHmac('sha1', key).update(toSign).digest('hex');
  if (signature !== part('q-signature')) return refusal(403, 'SignatureDoesNotMatch', 'The Signature you specified is invalid.');
  return part('q-header-list').split(';').includes('host') ? null : refusal(403, 'AccessDenied', 'the host has to be signed');
}

/** Tencent's object storage with one private bucket on the loopback, in the XML that its SDK reads, errors included. */
export async function startFakeCos(): Promise<FakeCos> {
  const objects = new Map<string, StoredObject>();
  let how: 'well' | 'failing' | 'keeping' | 'slow' = 'well';

  function remove(body: string): FakeAnswer {
    const keys = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? '');
    const kept = how === 'keeping' ? keys.slice(0, 1) : [];
    for (const key of keys.filter((each) => !kept.includes(each))) objects.delete(key);
    const failed = kept.map((key) => `<Error><Key>${key}</Key><Code>InternalError</Code><Message>as told</Message></Error>`);
    return xml(200, `<DeleteResult>${failed.join('')}</DeleteResult>`);
  }

  async function answer(asked: Asked): Promise<FakeAnswer> {
    if (how === 'slow') await wait(20_000);
    if (how === 'failing') return refusal(503, 'ServiceUnavailable', 'Please reduce your request rate.');
    const refused = refuseSignature(asked);
    if (refused !== null) return refused;
    const { method, path, query, headers, body, bytes } = asked;
    const key = decodeURIComponent(path.slice(1));
    if (method === 'POST' && query.has('delete')) return remove(body);
    if (method === 'HEAD' && key === '') return { body: '' };
    if (method === 'PUT' && key !== '') {
      objects.set(key, { bytes, contentType: String(headers['content-type'] ?? '') });
      return { headers: { etag: '"local"' }, body: '' };
    }
    const stored = objects.get(key);
    if (method !== 'GET' || stored === undefined) return refusal(404, 'NoSuchKey', 'The specified key does not exist.');
    return { headers: { 'content-type': stored.contentType }, body: stored.bytes };
  }

  const route = (method: string) => (request: Omit<Asked, 'method'>) => answer({ ...request, method });
  const methods = ['GET', 'PUT', 'POST', 'HEAD'].map((method) => [`${method} /*`, route(method)] as const);
  const fake = await startFake(Object.fromEntries(methods));
  return {
    ...fake,
    objects,
    behave: (next) => {
      how = next;
    },
  };
}

/** What makes the functions use it. */
export const cosEnvironment = ({ url }: Pick<Fake, 'url'>): Record<string, string> => ({
  STORAGE: 'cos',
  COS_BUCKET: cosAccount.bucket,
  COS_REGION: cosAccount.region,
  COS_SECRET_ID: cosAccount.secretId,
  COS_SECRET_KEY: cosAccount.secretKey,
  COS_ENDPOINT: url,
});
