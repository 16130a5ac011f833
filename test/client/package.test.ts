import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildClient } from '../../scripts/build/client';

test('the built SDK is an npm package: Node, TypeScript and 构建 npm find it by its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'package-'));
  try {
    await buildClient({ outDir: join(folder, 'dist') });
    await cp(join(folder, 'dist'), join(folder, 'node_modules/growth-diary-client'), { recursive: true });
    const require = createRequire(join(folder, 'app.js'));
    const name = 'growth-diary-client';
    expect(Object.keys(require(name))).toEqual(['GrowthDiaryError', 'createGrowthDiary']);
    const manifest = JSON.parse(await readFile(require.resolve(`${name}/package.json`), 'utf8'));
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(manifest).toMatchObject({ name, version, miniprogram: '.', types: 'growth-diary.d.ts' });
    // What a mini-program loads for the bare name.
    expect(Object.keys(createRequire(join(folder, 'app.js'))('./node_modules/growth-diary-client/index.js'))).toHaveLength(2);
  } finally {
    await rm(folder, { recursive: true });
  }
});
