import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Bundles the mini-program's SDK into one file without dependencies, `dist/client/growth-diary.js`. Answers its size in bytes,
 * or null while there is no client. WeChat's older base libraries run ES2017 at most.
 */
export async function buildClient(): Promise<number | null> {
  const entry = join(root, 'client/index.ts');
  if (!existsSync(entry)) return null;
  const outfile = join(root, 'dist/client/growth-diary.js');
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'neutral',
    target: 'es2017',
    charset: 'utf8',
    minify: true,
    metafile: true,
    logLevel: 'warning',
    absWorkingDir: root,
  });
  return Object.values(metafile.outputs)[0]?.bytes ?? null;
}
