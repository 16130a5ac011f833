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
    onResolve({ filter: /^\.\/import$/ }, () => ({ path: `./${MIGRATION}`, external: true }));
  },
};

/** WeChat's older base libraries run ES2017 at most. */
const target: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2017',
  supported: { 'dynamic-import': true },
  charset: 'utf8',
  minify: true,
  write: false,
  logLevel: 'warning',
  absWorkingDir: root,
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

/** esbuild's own CommonJS form brings along 0.7 KB that one plain assignment does not need. `import()` is known to no mini-program. */
const toCommonJs = (text: string): string =>
  text
    .replace(/export\{([^}]*)\};?\s*$/, (_, list: string) => {
      const pairs = list.split(',').map((each) => each.split(' as '));
      return `module.exports={${pairs.map(([local, name = local]) => `${name}:${local}`).join()}};`;
    })
    .replace(/\bimport\(("[^"]+")\)/g, 'Promise.resolve().then(()=>require($1))');

async function bundle(entry: string, name: string, outDir: string, plugins: Plugin[]): Promise<ClientFile> {
  const built = await build({ ...target, entryPoints: [join(root, entry)], plugins });
  const contents = Buffer.from(toCommonJs(built.outputFiles?.[0]?.text ?? ''));
  await writeWhole(join(outDir, name), contents);
  return { name, bytes: contents.length, gzipped: gzipSync(contents).length };
}

/** Everything that a mini-program sees stands in one file that imports nothing: it is its own declaration. */
async function declare(outDir: string): Promise<void> {
  const types = await readFile(join(root, 'client/types.ts'), 'utf8');
  await writeWhole(join(outDir, 'growth-diary.d.ts'), types);
}

/** What WeChat DevTools needs for 构建 npm, and Node and TypeScript to find files and types. */
async function describePackage(outDir: string): Promise<void> {
  const { version, description, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const manifest = {
    name: 'growth-diary-client',
    version,
    description,
    license,
    type: 'commonjs',
    main: 'growth-diary.js',
    types: 'growth-diary.d.ts',
    miniprogram: '.',
    exports: {
      '.': { types: './growth-diary.d.ts', default: './growth-diary.js' },
      './growth-diary-migration.js': './growth-diary-migration.js',
      './package.json': './package.json',
    },
    files: ['index.js', 'growth-diary.js', MIGRATION, 'growth-diary.d.ts'],
  };
  // A mini-program looks for this name alone.
  await writeWhole(join(outDir, 'index.js'), "module.exports = require('./growth-diary.js');\n");
  await writeWhole(join(outDir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Builds the mini-program's SDK: plain files without dependencies, their types, and the npm package around them. */
export async function buildClient({ outDir = join(root, 'dist/client') } = {}): Promise<ClientFile[]> {
  const core = await bundle('client/index.ts', 'growth-diary.js', outDir, [apart]);
  const migration = await bundle('client/legacy/import.ts', MIGRATION, outDir, []);
  await declare(outDir);
  await describePackage(outDir);
  return [core, migration];
}
