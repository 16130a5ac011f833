import { extname } from 'node:path';
import { AppError } from '../errors';
import { type CosSettings, config } from '../runtime/config';
import type { Provider } from './provider';

type Sdk = typeof import('cos-nodejs-sdk-v5');
type Client = InstanceType<Sdk>;

const TIMEOUT_MS = 10_000;

/** What may be stored, by the ending of its path. A browser that opens a link takes the content type for what it says. */
export const pictureTypes = { 'image/jpeg': '.jpg', 'image/png': '.png', 'image/webp': '.webp', 'image/gif': '.gif' } as const;
const contentTypes: Record<string, string> = {
  ...Object.fromEntries(Object.entries(pictureTypes).map(([type, ending]) => [ending, type])),
  '.json': 'application/json',
};

function settings(): CosSettings {
  const { storage } = config();
  if (storage.kind !== 'cos') throw new AppError('UNAVAILABLE', { message: '云存储尚未配置' });
  return storage;
}

let client: Promise<Client> | undefined;

/** The SDK is loaded by the first call that needs it. */
function open(): Promise<Client> {
  const { secretId, secretKey, endpoint } = settings();
  client ??= import('cos-nodejs-sdk-v5').then(
    ({ default: Cos }) =>
      new Cos({
        SecretId: secretId,
        SecretKey: secretKey,
        Protocol: endpoint?.startsWith('http:') ? 'http:' : 'https:',
        Timeout: TIMEOUT_MS,
        ...(endpoint !== null && { Domain: new URL(endpoint).host }),
      }),
  );
  return client;
}

const place = () => {
  const { bucket, region } = settings();
  return { Bucket: bucket, Region: region };
};

export const cosFileId = (path: string): string => `cos://${settings().bucket}/${path}`;

/** The key of a file in our bucket. Our key signs for every bucket of the account, so an id that names another one is refused. */
function keyOf(fileId: string): string {
  const prefix = cosFileId('');
  if (!fileId.startsWith(prefix) || fileId.length === prefix.length) throw new AppError('NOT_FOUND', { message: '没有找到这个文件' });
  return fileId.slice(prefix.length);
}

/** Tencent Cloud Object Storage, in a private bucket of one's own. File ids read `cos://<bucket>/<path>`. */
export const cosProvider: Provider = {
  async fileIdOf(path) {
    return cosFileId(path);
  },
  async upload(path, bytes) {
    const cos = await open();
    await cos.putObject({ ...place(), Key: path, Body: bytes, ContentType: contentTypes[extname(path)] ?? 'application/octet-stream' });
    return cosFileId(path);
  },
  async remove(fileIds) {
    const cos = await open();
    const { Error: failed } = await cos.deleteMultipleObject({ ...place(), Objects: fileIds.map((fileId) => ({ Key: keyOf(fileId) })) });
    if (failed && failed.length > 0) throw new AppError('UNAVAILABLE', { message: '有文件未能删除' });
  },
  async links(fileIds, seconds) {
    const cos = await open();
    return fileIds.map((fileId) => [fileId, cos.getObjectUrl({ ...place(), Key: keyOf(fileId), Sign: true, Expires: seconds }, () => {})]);
  },
  async probe() {
    await (await open()).headBucket(place());
  },
};

/**
 * A link that takes one PUT of exactly this type and size at this path: both headers are part of the signature, so that COS refuses another
 * picture type and a larger file.
 */
export async function signedUpload(path: string, headers: Record<string, string>, seconds: number): Promise<string> {
  const cos = await open();
  return cos.getObjectUrl({ ...place(), Key: path, Method: 'PUT', Sign: true, Expires: seconds, Headers: headers }, () => {});
}
