import { setTimeout as wait } from 'node:timers/promises';
import { type Fake, type FakeAnswer, type FakeRoutes, startFake } from './server';

export interface FakeCloud extends Fake {
  /** What lies in storage, by file ID. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** How often each action was asked for. */
  readonly actions: Readonly<Record<string, number>>;
  /** Behaviour from now on: normal, an error for every action, no answer for a long time, or an error for uploads only. */
  behave(how: 'well' | 'failing' | 'slow' | 'failing uploads'): void;
}

interface Options {
  /** What `functions.invokeFunction` does; without it no function can be called. */
  invoke?: (name: string, event: unknown) => Promise<unknown>;
  /** What WeChat's interfaces answer through the cloud, by name; `fields` are the JSON values that were sent. */
  openapi?: (name: string, fields: Record<string, unknown>) => FakeAnswer | Promise<FakeAnswer>;
}

type Parameters = Record<string, unknown>;

const failure = (code: string): FakeAnswer => ({ body: { code, message: 'as told', requestId: 'r' } });
const success = (data: unknown): FakeAnswer => ({ body: { data, requestId: 'r' } });

/** The fields of a protobuf message that hold bytes: tag and length are varints, the rest is skipped. */
function* bytesFields(message: Buffer): Generator<[field: number, bytes: Buffer]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at] ?? 0;
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const lengthOrValue = varint();
    if ((tag & 7) !== 2) continue;
    yield [tag >> 3, message.subarray(at, at + lengthOrValue)];
    at += lengthOrValue;
  }
}

function encodeBytes(field: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
}

/** CommApiData { 2: OpenApiData { 1: repeated { 1: key, 2: JSON value } } } */
function openapiFields(message: Buffer): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [outer, data] of bytesFields(message)) {
    if (outer !== 2) continue;
    for (const [, pair] of bytesFields(data)) {
      const parts = new Map(bytesFields(pair));
      const value = parts.get(2)?.toString() ?? 'null';
      fields[parts.get(1)?.toString() ?? ''] = /^[[{"\d]|^(true|false|null)$/.test(value) ? tolerantly(value) : value;
    }
  }
  return fields;
}

function tolerantly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The parts of a multipart body, byte for byte. */
function multipart(bytes: Buffer, contentType: string): Map<string, Buffer> {
  const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? '';
  const parts = new Map<string, Buffer>();
  for (const part of bytes.toString('latin1').split(`--${boundary}`)) {
    const [head = '', ...rest] = part.split('\r\n\r\n');
    const name = /name="([^"]+)"/.exec(head)?.[1];
    if (name !== undefined) parts.set(name, Buffer.from(rest.join('\r\n\r\n').slice(0, -2), 'latin1'));
  }
  return parts;
}

/** A CloudBase environment on the loopback, in the wire form its SDKs speak: storage, calls from function to function, WeChat's interfaces. */
export async function startFakeCloud({ invoke, openapi }: Options = {}): Promise<FakeCloud> {
  const files = new Map<string, Buffer>();
  const actions: Record<string, number> = {};
  let how: 'well' | 'failing' | 'slow' | 'failing uploads' = 'well';
  let url = '';

  const handlers: Record<string, (asked: Parameters) => FakeAnswer | Promise<FakeAnswer>> = {
    'storage.getUploadMetadata': ({ path, envName }) => {
      const fileId = `cloud://${envName}.bucket/${path}`;
      return success({ url: `${url}/upload/${path}`, token: 't', authorization: 'a', fileId, cosFileId: fileId });
    },
    'storage.batchGetDownloadUrl': ({ file_list: list }) =>
      success({
        download_list: (list as { fileid: string }[]).map(({ fileid }) =>
          files.has(fileid)
            ? { code: 'SUCCESS', fileID: fileid, tempFileURL: `${url}/files/${encodeURIComponent(fileid)}?sign=1` }
            : { code: 'STORAGE_FILE_NONEXIST', fileID: fileid, tempFileURL: '' },
        ),
      }),
    'storage.batchDeleteFile': ({ fileid_list: list }) =>
      success({
        delete_list: (list as string[]).map((fileID) => ({ fileID, code: files.delete(fileID) ? 'SUCCESS' : 'STORAGE_FILE_NONEXIST' })),
      }),
    'functions.invokeFunction': async ({ function_name: name, request_data: data }) => {
      if (!invoke) return failure('FUNCTION_NOT_FOUND');
      const answer = await invoke(String(name), JSON.parse(String(data))).catch(() => null);
      return answer === null ? failure('FUNCTION_EXECUTE_FAIL') : success({ response_data: JSON.stringify(answer) });
    },
  };

  async function openapiAnswer(bytes: Buffer, contentType: string): Promise<FakeAnswer> {
    const parts = multipart(bytes, contentType);
    const name = parts.get('apiName')?.toString() ?? '';
    const answer = await openapi?.(name, openapiFields(parts.get('requestData') ?? Buffer.alloc(0)));
    if (!answer) return failure('FUNCTION_NOT_FOUND');
    const body = encodeBytes(1, Buffer.from(JSON.stringify(answer.body)));
    return {
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.concat([body, encodeBytes(2, Buffer.from('application/json'))]),
    };
  }

  const routes: FakeRoutes = {
    'POST /admin': async ({ headers, body, bytes }) => {
      const contentType = headers['content-type'] ?? '';
      const isJson = contentType.includes('json');
      const asked: Parameters = isJson ? JSON.parse(body) : {};
      const action = isJson ? String(asked.action) : 'wx.openApi';
      actions[action] = (actions[action] ?? 0) + 1;
      if (how === 'slow') await wait(20_000);
      if (how === 'failing') return failure('SYS_ERR');
      return isJson ? (handlers[action]?.(asked) ?? failure('ACTION_NOT_FOUND')) : openapiAnswer(bytes, contentType);
    },
    'PUT /upload/*': ({ path, bytes, headers }) => {
      if (how === 'failing uploads') return { status: 500, body: 'as told' };
      files.set(String(headers['x-cos-meta-fileid'] ?? path), bytes);
      return { body: '' };
    },
    'GET /files/*': ({ path }) => {
      const bytes = files.get(decodeURIComponent(path.slice('/files/'.length)));
      return bytes ? { headers: { 'content-type': 'image/png' }, body: bytes } : { status: 404, body: 'not found' };
    },
  };

  const fake = await startFake(routes);
  ({ url } = fake);
  return {
    ...fake,
    files,
    actions,
    behave: (next) => {
      how = next;
    },
  };
}
