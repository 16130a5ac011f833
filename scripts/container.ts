import { fileURLToPath } from 'node:url';
import { buildFunctions } from './build/functions';

const root = fileURLToPath(new URL('../', import.meta.url));

// All that the container runs: the folder dist/container/functions/container.
const [bundle] = await buildFunctions({ functionsDir: root, names: ['container'], outDir: `${root}dist/container` });
if (!bundle || bundle.missing.length > 0) throw new Error(`the container's file requires ${bundle?.missing.join(', ')}`);
console.log(`${bundle.file} ${Math.round(bundle.bytes / 1000)} KB`);
