import { AppError } from '../errors';
import { logLine } from '../runtime/log';
import type { Cache } from '../runtime/redis';
import { restAfterFailures } from '../runtime/rest';
import { within } from '../within';
import { openCloud } from './cloud';

const UPLOAD_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 3_000;
const URLS_TIMEOUT_MS = 1_500;
/** Links live longer than they are cached, so that one handed out at the last moment still serves. */
const LINK_SECONDS = 7_200;
const CACHE_SECONDS = 3_600;
const BATCH = 50;
const MAX_URLS = 500;

const storage = restAfterFailures(30_000);

/** The SDK's own time-out does not cover its uploads. */
const late = () => new AppError('UNAVAILABLE', { message: '云服务没有及时回应' });

export const isCloudFile = (url: string): boolean => url.startsWith('cloud://');

/** Stores a file and answers its file ID. The same path again replaces it. */
export async function upload(path: string, bytes: Buffer, timeoutMs = UPLOAD_TIMEOUT_MS): Promise<string> {
  const cloud = await openCloud();
  const { fileID } = await within(timeoutMs, cloud.uploadFile({ cloudPath: path, fileContent: bytes }, { timeout: timeoutMs }), late);
  return fileID;
}

/** Removes files; one that is not there counts as removed. Throws when storage does not answer. */
export async function removeOrFail(fileIds: readonly string[]): Promise<void> {
  const own = fileIds.filter(isCloudFile);
  for (let at = 0; at < own.length; at += BATCH) {
    const cloud = await openCloud();
    await within(TIMEOUT_MS, cloud.deleteFile({ fileList: own.slice(at, at + BATCH) }, { timeout: TIMEOUT_MS }), late);
  }
}

/** Removes files, after the rows that named them are gone. What cannot be removed is only logged: nothing points at it any more. */
export async function remove(fileIds: readonly string[]): Promise<void> {
  try {
    await removeOrFail(fileIds);
  } catch (error) {
    logLine('warning', { what: 'storage.remove', files: fileIds.length, code: error instanceof Error ? error.name : 'unknown' });
  }
}

export const linkKey = (subject: string, fileId: string): string => `gd:{${subject}}:url:${fileId}`;

async function askUrls(fileIds: readonly string[]): Promise<[string, string][]> {
  const cloud = await openCloud();
  const fileList = fileIds.map((fileID) => ({ fileID, maxAge: LINK_SECONDS }));
  const answer = await within(URLS_TIMEOUT_MS, cloud.getTempFileURL({ fileList }, { timeout: URLS_TIMEOUT_MS }), late);
  return answer.fileList.flatMap(({ code, fileID, tempFileURL }) => (code === 'SUCCESS' && tempFileURL ? [[fileID, tempFileURL]] : []));
}

/**
 * Temporary https links of the files that storage knows, by file ID. Never throws: a file without a link is absent.
 * `subject` tags the keys of one user, which then lie in one slot of a cluster.
 */
export async function temporaryUrls(
  { cache, subject }: { cache: Cache; subject: string },
  fileIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(fileIds.filter(isCloudFile))].slice(0, MAX_URLS);
  if (wanted.length === 0) return new Map();
  const keyOf = (fileId: string) => linkKey(subject, fileId);
  const cached = await cache.run((redis) => redis.mget(wanted.map(keyOf)));
  const known = new Map(
    wanted.flatMap((fileId, index): [string, string][] => {
      const url = cached?.[index];
      return url ? [[fileId, url]] : [];
    }),
  );
  const unknown = wanted.filter((fileId) => !known.has(fileId));
  if (unknown.length === 0 || storage.isResting()) return known;
  try {
    const batches = Array.from({ length: Math.ceil(unknown.length / BATCH) }, (_, index) =>
      unknown.slice(index * BATCH, (index + 1) * BATCH),
    );
    const fresh = (await Promise.all(batches.map(askUrls))).flat();
    storage.succeeded();
    await cache.run((redis) => {
      const pipeline = redis.pipeline();
      for (const [fileId, url] of fresh) pipeline.set(keyOf(fileId), url, 'EX', CACHE_SECONDS);
      return pipeline.exec();
    });
    return new Map([...known, ...fresh]);
  } catch (error) {
    storage.failed();
    logLine('warning', { what: 'storage.urls', code: error instanceof Error ? error.name : 'unknown' });
    return known;
  }
}
