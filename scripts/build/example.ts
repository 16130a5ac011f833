import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Copies the built SDK and its types into the example, so that the example opens in WeChat DevTools as it is. */
export async function copySdkToExample(clientDir = join(root, 'dist/client')): Promise<void> {
  const lib = join(root, 'examples/miniprogram/lib');
  await mkdir(lib, { recursive: true });
  const names = (await readdir(clientDir)).filter((name) => /^growth-diary.*\.(js|d\.ts)$/.test(name));
  await Promise.all(names.map((name) => copyFile(join(clientDir, name), join(lib, name))));
}
