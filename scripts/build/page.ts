import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildClient } from './client';
import { writeWhole } from './files';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = join(root, 'dev/page');

/** Each phone of the page loads the SDK anew, as each real one does: what a module keeps in memory must not be shared. */
const asFactory = (files: readonly { name: string; code: string }[]): string => `globalThis.loadGrowthDiary=()=>{
const loaded={};
const require=(name)=>{
if(!loaded[name]){loaded[name]={exports:{}};files[name](loaded[name],loaded[name].exports)}
return loaded[name].exports};
const files={${files.map(({ name, code }) => `"./${name}":(module,exports)=>{${code}\n}`).join(',\n')}};
return require("./growth-diary.js")};`;

async function readClient(outDir: string): Promise<{ name: string; code: string }[]> {
  const files = await buildClient({ outDir });
  return Promise.all(files.map(async ({ name }) => ({ name, code: await readFile(join(outDir, name), 'utf8') })));
}

/** Builds the page that a local gateway shows, with the built SDK in it, into `<outDir>/page`; answers that folder. */
export async function buildPage(outDir = join(root, 'dist')): Promise<string> {
  const page = join(outDir, 'page');
  await mkdir(page, { recursive: true });
  const [client] = await Promise.all([
    readClient(join(outDir, 'client')),
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
