import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildFunctions } from '../../scripts/build/functions';
import { type Main, newChild, ok, TODAY } from '../harness';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  await buildFunctions({ outDir: folder, names: ['diary'] });
});
afterAll(() => rm(folder, { recursive: true }));

test('the built function keeps every character that the source does', async () => {
  const { main } = createRequire(import.meta.url)(join(folder, 'functions/diary/index.js')) as { main: Main };
  const { openid } = await newChild();
  const content = '汉字 𠮷野家 👨‍👩‍👧 é e\u0301 \u202eRTL\u202c \u0000 \t\r\n "\'\\%_`$ \u{10ffff}';
  await ok(main, openid, 'create', { date: TODAY, content, mood: '𠮷', tags: ['😀', '"%_'] });
  expect((await ok(main, openid, 'get', { date: TODAY })).diary).toMatchObject({ content, mood: '𠮷', tags: ['😀', '"%_'] });
});
