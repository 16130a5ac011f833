import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildClient } from './client';
import { writeWhole } from './files';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = join(root, 'scripts/page');

/** Each phone of the page loads the SDK anew, as each real one does: what a module keeps in memory must not be shared. */
const asFactory = (code: string): string => `globalThis.loadGrowthDiary=()=>{const module={exports:{}};const exports=module.exports;
${code}
return module.exports};`;

/** Builds the page that a local gateway shows, with the built SDK in it, into `<outDir>/page`; answers that folder. */
export async function buildPage(outDir = join(root, 'dist')): Promise<string> {
  const page = join(outDir, 'page');
  await mkdir(page, { recursive: true });
  const [client] = await Promise.all([
    buildClient().then(() => readFile(join(root, 'dist/client/growth-diary.js'), 'utf8')),
    build({
      entryPoints: { app: join(source, 'main.tsx') },
      outdir: page,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      logLevel: 'warning',
      absWorkingDir: root,
    }),
    ...['index.html', 'icon.svg'].map((name) => copyFile(join(source, name), join(page, name))),
  ]);
  await writeWhole(join(page, 'growth-diary.js'), asFactory(client));
  return page;
}
