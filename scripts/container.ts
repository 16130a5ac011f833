import { fileURLToPath } from 'node:url';
import { buildFunctions } from './build/functions';
import { runCommand } from './command';

const usage = `Builds the one server that runs every function in a container: the folder dist/container/functions/container.

  npm run build:container && docker build -t growth-diary .`;

const root = fileURLToPath(new URL('../', import.meta.url));

await runCommand({ usage }, async () => {
  const [bundle] = await buildFunctions({ functionsDir: root, names: ['container'], outDir: `${root}dist/container` });
  if (!bundle || bundle.missing.length > 0) throw new Error(`the container's file requires ${bundle?.missing.join(', ')}`);
  console.log(`${bundle.file} ${Math.round(bundle.bytes / 1000)} KB`);
});
