import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { removeOthers, subfolders, writeWhole } from './files';
import { smallerFiles, standIns } from './lighten';
import { buildParts, partsOf, separateParts } from './parts';

export interface BuildFunctionsOptions {
  /** Off, the bundle stays readable in a debugger. Default: on. */
  minify?: boolean;
  /** Default: every folder of `functionsDir` with an index.ts. */
  names?: readonly string[];
  functionsDir?: string;
  /** Off, the parts of the last build stay as they are: packages change seldom and take half of the time. Default: on. */
  withParts?: boolean;
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
 * Bundles each `functions/<name>/index.ts` into the self-contained `dist/functions/<name>/index.js`; that folder is all
 * that is uploaded, with the parts that are read only when they are needed (parts.ts). Source maps go to `dist/maps`, beside the upload.
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
    plugins: [smallerFiles, separateParts],
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
  const wanted = new Map(names.map((name) => [name, partsOf(outputOf(metafile, name))]));
  const withParts = options.withParts ?? true;
  const partNames = new Set(withParts ? [...wanted.values()].flat() : []);
  const parts = await buildParts(partNames, { ...target, minify: options.minify ?? true });
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
      for (const [part, text] of parts) if (wanted.get(name)?.includes(part)) await writeWhole(join(outDir, 'functions', name, part), text);
      await copyPermissions(join(functionsDir, name), join(outDir, 'functions', name));
      return { name, file, bytes: code.length, missing: missingModules(outputOf(metafile, name)) };
    }),
  );
}

/** WeChat reads the rights to its open interfaces from a config.json beside the function. */
async function copyPermissions(from: string, to: string): Promise<void> {
  const config = join(from, 'config.json');
  if (existsSync(config)) await writeWhole(join(to, 'config.json'), await readFile(config));
}

type Output = Metafile['outputs'][string] | undefined;

const outputOf = (metafile: Metafile, name: string): Output =>
  Object.entries(metafile.outputs).find(([path]) => path.endsWith(`/${name}.js`))?.[1];

function missingModules(output: Output): string[] {
  const parts = partsOf(output);
  const external = output?.imports.filter(({ path, external }) => external && !isBuiltin(path) && !parts.includes(path.slice(2))) ?? [];
  return [...new Set(external.map((entry) => entry.path))];
}
