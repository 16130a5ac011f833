import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { writeWhole } from './files';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ClientFile {
  name: string;
  bytes: number;
  gzipped: number;
}

const MIGRATION = 'growth-diary-migration.js';

/** The migration is required when it runs, so that an app without a former version can leave the file out. */
const apart: Plugin = {
  name: 'apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/migrate$/ }, () => ({ path: `./${MIGRATION}`, external: true }));
  },
};

/** WeChat's older base libraries run ES2017 at most. */
const target: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'neutral',
  target: 'es2017',
  // Else the migration's file would be asked for by `import()`, which no mini-program knows.
  supported: { 'dynamic-import': false },
  charset: 'utf8',
  minify: true,
  write: false,
  logLevel: 'warning',
  absWorkingDir: root,
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

async function bundle(entry: string, name: string, outDir: string, plugins: Plugin[]): Promise<ClientFile> {
  const { outputFiles } = await build({ ...target, entryPoints: [join(root, entry)], plugins });
  const contents = outputFiles?.[0]?.contents ?? new Uint8Array();
  await writeWhole(join(outDir, name), contents);
  return { name, bytes: contents.length, gzipped: gzipSync(contents).length };
}

/** Everything that a mini-program sees stands in one file that imports nothing: it is its own declaration. */
async function declare(outDir: string): Promise<void> {
  const types = await readFile(join(root, 'client/types.ts'), 'utf8');
  await writeWhole(join(outDir, 'growth-diary.d.ts'), types);
}

/** Builds the mini-program's SDK: plain files without dependencies, and their types. */
export async function buildClient({ outDir = join(root, 'dist/client') } = {}): Promise<ClientFile[]> {
  const [core, migration] = await Promise.all([
    bundle('client/index.ts', 'growth-diary.js', outDir, [apart]),
    bundle('client/migrate.ts', MIGRATION, outDir, []),
    declare(outDir),
  ]);
  return [core, migration];
}
