import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const DRAFT = '.draft-';
const DAY_MS = 86_400_000;

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'growth-diary');
}

/**
 * A folder of the cache that is either complete or absent: it is built under another name and renamed at the end.
 * When two processes build it at once, the first to finish wins and the other takes what it finds.
 */
export async function buildOnce(name: string, build: (draft: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  await removeAbandonedDrafts();
  const draft = `${folder}${DRAFT}${process.pid}-${Date.now()}`;
  await mkdir(draft, { recursive: true });
  try {
    await build(draft);
    await rename(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function removeAbandonedDrafts(): Promise<void> {
  const names = await readdir(cacheFolder()).catch(() => []);
  for (const name of names.filter((entry) => entry.includes(DRAFT))) {
    const path = join(cacheFolder(), name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Calls `tick` every second with the megabytes that lie in a folder, until `work` ends. */
export async function withProgress<T>(folder: string, tick: (megabytes: number) => void, work: Promise<T>): Promise<T> {
  const timer = setInterval(async () => {
    const megabytes = Math.round((await sizeOf(folder)) / 1e6);
    if (megabytes > 0) tick(megabytes);
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(entries.map((entry) => stat(join(folder, entry)).catch(() => null)));
  return sizes.reduce((sum, entry) => sum + (entry?.isFile() ? entry.size : 0), 0);
}
