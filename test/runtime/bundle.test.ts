import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Main, newChild, ok, TODAY } from '../harness';

const bundle = fileURLToPath(new URL('../../dist/functions/diary/index.js', import.meta.url));

test.skipIf(!existsSync(bundle))('the built function keeps every character that the source does', async () => {
  const { main } = createRequire(import.meta.url)(bundle) as { main: Main };
  const { openid } = await newChild();
  const content = '汉字 𠮷野家 👨‍👩‍👧 é e\u0301 \u202eRTL\u202c \u0000 \t\r\n "\'\\%_`$ \u{10ffff}';
  await ok(main, openid, 'create', { date: TODAY, content, mood: '𠮷', tags: ['😀', '"%_'] });
  expect((await ok(main, openid, 'get', { date: TODAY })).diary).toMatchObject({ content, mood: '𠮷', tags: ['😀', '"%_'] });
});
