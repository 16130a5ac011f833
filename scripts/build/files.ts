import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes by renaming: a running gateway or a second build never reads half a bundle. An unchanged file keeps its date. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const next = Buffer.from(content);
  const previous = await readFile(path).catch(() => null);
  if (previous?.equals(next)) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, next);
  await rename(draft, path);
}

/** The folders in `folder`, sorted; none when it does not exist. */
export async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Removes the folders of functions that exist no longer, or a deploy of everything would bring them back. */
export async function removeOthers(folder: string, keep: readonly string[]): Promise<void> {
  const stale = (await subfolders(folder)).filter((name) => !keep.includes(name));
  await Promise.all(stale.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
