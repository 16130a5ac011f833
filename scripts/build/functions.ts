import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { removeOthers, subfolders, writeWhole } from './files';
import { smallerFiles, standIns } from './lighten';

export interface BuildFunctionsOptions {
  /** Off, the bundle stays readable in a debugger. Default: on. */
  minify?: boolean;
  /** Default: every folder of `functionsDir` with an index.ts. */
  names?: readonly string[];
  functionsDir?: string;
  outDir?: string;
}

export interface Bundle {
  name: string;
  file: string;
  bytes: number;
  /** What it still requires at run time and Node does not have: must be empty. */
  missing: string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

const target: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // With one character beyond Latin-1 in it, V8 keeps and scans the whole file at two bytes a character: 10 % of a cold start.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
  alias: standIns,
  plugins: [smallerFiles],
};

/**
 * Bundles each `functions/<name>/index.ts` into the self-contained `dist/functions/<name>/index.js`, which is all that is
 * uploaded. Source maps go to `dist/maps`, beside the upload.
 */
export async function buildFunctions(options: BuildFunctionsOptions = {}): Promise<Bundle[]> {
  const functionsDir = options.functionsDir ?? join(root, 'functions');
  const outDir = options.outDir ?? join(root, 'dist');
  const known = (await subfolders(functionsDir)).filter((name) => existsSync(join(functionsDir, name, 'index.ts')));
  const names = options.names ?? known;
  const mapsDir = join(outDir, 'maps');
  if (names.length === 0) return [];

  // esbuild believes that the bundle lies where its map does, which makes the map's relative paths right without touching them.
  const { outputFiles, metafile } = await build({
    ...target,
    entryPoints: names.map((name) => ({ in: join(functionsDir, name, 'index.ts'), out: name })),
    outdir: mapsDir,
    minify: options.minify ?? true,
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    write: false,
    absWorkingDir: root,
  });

  // The project is an ES module package and the bundles are CommonJS. In the cloud no package.json stands above them.
  await writeWhole(join(outDir, 'package.json'), '{ "type": "commonjs" }\n');
  if (!options.names) await removeOthers(join(outDir, 'functions'), known);

  const texts = new Map(outputFiles.map((file) => [file.path, file.contents]));
  return Promise.all(
    names.map(async (name) => {
      const file = join(outDir, 'functions', name, 'index.js');
      const code = Buffer.concat([
        texts.get(join(mapsDir, `${name}.js`)) ?? new Uint8Array(),
        // Found in a checkout by `node --enable-source-maps`; in the cloud it points at nothing and is ignored.
        Buffer.from(`//# sourceMappingURL=../../maps/${name}.js.map\n`),
      ]);
      await writeWhole(join(mapsDir, `${name}.js.map`), texts.get(join(mapsDir, `${name}.js.map`)) ?? '{}');
      await writeWhole(file, code);
      await copyPermissions(join(functionsDir, name), join(outDir, 'functions', name));
      return { name, file, bytes: code.length, missing: missingModules(metafile, `${name}.js`) };
    }),
  );
}

/** WeChat reads the rights to its open interfaces from a config.json beside the function. */
async function copyPermissions(from: string, to: string): Promise<void> {
  const config = join(from, 'config.json');
  if (existsSync(config)) await writeWhole(join(to, 'config.json'), await readFile(config));
}

function missingModules(metafile: Metafile, file: string): string[] {
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith(`/${file}`));
  const external = output?.[1].imports.filter((entry) => entry.external && !isBuiltin(entry.path)) ?? [];
  return [...new Set(external.map((entry) => entry.path))];
}
