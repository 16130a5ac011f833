import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { startFakeCloud } from '../../dev/fakes/storage';
import { startFakeWechat } from '../../dev/fakes/wechat';
import { platformContext } from '../../dev/gateway/context';
import { buildFunctions } from '../../scripts/build/functions';
import { newChild } from '../harness';

let outDir = '';

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'parts-'));
  await buildFunctions({ outDir, names: ['ai', 'diary'] });
  return () => rm(outDir, { recursive: true });
});

const script = `
const [file, calls] = process.argv.slice(1);
const { main } = require(file);
(async () => {
  const answers = [];
  for (const [event, context] of JSON.parse(calls)) answers.push(await main(event, context));
  const loaded = Object.keys(require.cache).map((path) => path.split('/').at(-1));
  process.stderr.write(JSON.stringify({ answers, loaded }));
  process.exit(0);
})();`;

/** What a bundle answers in a process of its own, and which files it has read by then. */
async function run(name: string, openid: string, events: object[], env: Record<string, string>) {
  const context = platformContext(name, { door: 'miniprogram', openid }, 'wxtest', { timeoutSeconds: 20, memoryMb: 256 });
  const file = join(outDir, 'functions', name, 'index.js');
  const calls = JSON.stringify(events.map((event) => [event, context]));
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', script, file, calls], { env: { ...process.env, ...env } });
  const { answers, loaded }: { answers: { success: boolean; data: { diary: { imageUrls?: string[] } } }[]; loaded: string[] } = JSON.parse(
    stderr.slice(stderr.indexOf('{"answers"')),
  );
  return { answers, parts: loaded.filter((part) => part !== basename(file)).sort() };
}

const write = { action: 'create', data: { date: '2025-01-22', content: '今天' } };

test('an ordinary call of a bundle reads nothing but the bundle', async () => {
  const { openid } = await newChild();
  const { answers, parts } = await run('diary', openid, [write, { action: 'list' }], {});
  expect(answers).toMatchObject([{ success: true }, { success: true }]);
  expect(parts).toEqual([]);
  expect((await run('ai', openid, [{ action: 'job', data: { id: 1 } }], {})).parts).toEqual([]);
});

test('each part is read by the call that needs it, and works there', async () => {
  const { openid, userId } = await newChild();
  const [wechat, cloud] = await Promise.all([startFakeWechat(), startFakeCloud()]);
  const file = `cloud://test.bucket/users/${userId}/a.png`;
  await fetch(`${cloud.url}/upload/a`, { method: 'PUT', body: 'a', headers: { 'x-cos-meta-fileid': file } });
  const env = {
    TENCENTCLOUD_RUNENV: 'SCF',
    TENCENTCLOUD_SECRETID: 'id',
    TENCENTCLOUD_SECRETKEY: 'key',
    TCB_ENV: 'test',
    TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${cloud.url}/admin` }),
  };
  const checked = await run('diary', openid, [write], { CONTENT_CHECK: 'https', WX_API_BASE: wechat.url });
  expect(checked).toMatchObject({ answers: [{ success: true }], parts: ['axios.js'] });
  const picture = { action: 'create', data: { date: '2025-01-21', content: '有图', images: [file] } };
  const shown = await run('diary', openid, [picture, { action: 'get', data: { date: '2025-01-21' } }], env);
  expect(shown).toMatchObject({
    answers: [{ success: true }, { data: { diary: { imageUrls: [expect.stringContaining('sign=1')] } } }],
    parts: ['node-sdk.js'],
  });
  await Promise.all([wechat.stop(), cloud.stop()]);
});
