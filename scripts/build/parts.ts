import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { unsupported } from './lighten';

/**
 * Packages that weigh much and that few calls need, or not the mini-program's: each is a file of its own beside the bundle, read when
 * `import()` asks for it. Inside the bundle every cold start would read and scan them.
 */
const files: Readonly<Record<string, string>> = {
  axios: 'axios.js',
  jsonwebtoken: 'jsonwebtoken.js',
  '@cloudbase/node-sdk': 'node-sdk.js',
  'cos-nodejs-sdk-v5': 'cos-nodejs-sdk-v5.js',
  'wx-server-sdk': 'wx-server-sdk.js',
  './redis-cluster': 'redis-cluster.js',
  './english': 'english.js',
};

/** Where our own part lies; packages are found from there, too. */
const folder = fileURLToPath(new URL('../../shared/runtime', import.meta.url));

export const partFiles: readonly string[] = Object.values(files);

const packages = new RegExp(`^(${Object.keys(files).join('|')})$`);

export const separateParts: Plugin = {
  name: 'separate-parts',
  setup(builder) {
    builder.onResolve({ filter: packages }, ({ path, kind }) => (kind === 'dynamic-import' ? { path, namespace: 'part' } : null));
    // Required and not imported: what a minified CommonJS file exports cannot be told from its text.
    builder.onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({ contents: `module.exports = require('./${files[path]}');` }));
    builder.onResolve({ filter: /.*/, namespace: 'part' }, ({ path }) => ({ path, external: true }));
    // The one Redis that most have needs none of this: 45 KB less.
    builder.onLoad({ filter: /[\\/]ioredis[\\/]built[\\/]cluster[\\/]index\.js$/ }, () => ({ contents: unsupported('Redis Cluster') }));
  },
};

/** The parts that a bundle asks for. */
export const partsOf = (output: Metafile['outputs'][string] | undefined): string[] => [
  ...new Set((output?.imports ?? []).map(({ path }) => path.slice(2)).filter((path) => partFiles.includes(path))),
];

/** Bundles the parts that any of the functions asks for; their text by file name. */
export async function buildParts(wanted: ReadonlySet<string>, options: BuildOptions): Promise<ReadonlyMap<string, Uint8Array>> {
  const chosen = Object.entries(files).filter(([, file]) => wanted.has(file));
  const built = await Promise.all(
    chosen.map(async ([name, file]) => {
      const { outputFiles } = await build({
        ...options,
        stdin: { contents: `module.exports = require('${name}');`, resolveDir: folder },
        write: false,
      });
      return [file, outputFiles[0]?.contents ?? new Uint8Array()] as const;
    }),
  );
  return new Map(built);
}
