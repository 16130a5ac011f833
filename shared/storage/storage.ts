import { AppError } from '../errors';
import { config } from '../runtime/config';
import { logLine } from '../runtime/log';
import type { Cache } from '../runtime/redis';
import { restAfterFailures } from '../runtime/rest';
import { within } from '../within';
import { openOwnProvider, openProvider, providerOf } from './provider';

const UPLOAD_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 3_000;
const LINKS_TIMEOUT_MS = 1_500;
/** Links live longer than they are cached, so that one handed out at the last moment still serves. */
const LINK_SECONDS = 7_200;
const CACHE_SECONDS = 3_600;
const BATCH = 50;
const MAX_URLS = 500;

const storage = restAfterFailures(30_000);

/** The SDKs' own time-outs do not cover their uploads. */
const late = () => new AppError('UNAVAILABLE', { message: '云服务没有及时回应' });

/** Outside of the cloud, with STORAGE=cloudbase, there is none. */
export const hasStorage = (): boolean => config().storage.kind === 'cos' || config().cloud !== null;

/** A file of ours in either storage, in place of a link. */
export const isStoredFile = (url: string): boolean => providerOf(url) !== null;

/** Files by the place where they lie, in batches that a provider takes. */
function batchesOf(fileIds: readonly string[]) {
  return (['cloudbase', 'cos'] as const).flatMap((name) => {
    const own = fileIds.filter((fileId) => providerOf(fileId) === name);
    const count = Math.ceil(own.length / BATCH);
    return Array.from({ length: count }, (_, index) => ({ name, batch: own.slice(index * BATCH, (index + 1) * BATCH) }));
  });
}

/** The id that a file at this path will have, so that it can be noted before it is stored. */
export async function fileIdOf(path: string): Promise<string> {
  return within(UPLOAD_TIMEOUT_MS, (await openOwnProvider()).fileIdOf(path), late);
}

/** Stores a file and answers its file id. The same path again replaces it. */
export async function upload(path: string, bytes: Buffer, timeoutMs = UPLOAD_TIMEOUT_MS): Promise<string> {
  const provider = await openOwnProvider();
  return within(timeoutMs, provider.upload(path, bytes, timeoutMs), late);
}

/** Removes files; one that is not there counts as removed. Throws when storage does not answer. */
export async function removeOrFail(fileIds: readonly string[]): Promise<void> {
  for (const { name, batch } of batchesOf(fileIds)) {
    const provider = await openProvider(name);
    await within(TIMEOUT_MS, provider.remove(batch), late);
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

/** Rejects when the storage that new files go to does not answer. */
export const probeStorage = async (): Promise<void> => within(LINKS_TIMEOUT_MS, (await openOwnProvider()).probe(), late);

export const linkKey = (subject: string, fileId: string): string => `gd:{${subject}}:url:${fileId}`;

const askUrls = async (fileIds: readonly string[]): Promise<[string, string][]> => {
  const asked = batchesOf(fileIds).map(async ({ name, batch }) =>
    within(LINKS_TIMEOUT_MS, (await openProvider(name)).links(batch, LINK_SECONDS), late),
  );
  return (await Promise.all(asked)).flat();
};

/**
 * Temporary https links of the files that storage knows, by file ID. Never throws: a file without a link is absent.
 * `subject` tags the keys of one user, which then lie in one slot of a cluster.
 */
export async function temporaryUrls(
  { cache, subject }: { cache: Cache; subject: string },
  fileIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(fileIds.filter(isStoredFile))].slice(0, MAX_URLS);
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
    const fresh = await askUrls(unknown);
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
