import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { budgetsKb, overBudget } from '../scripts/build/budget';
import { type Bundle, buildFunctions } from '../scripts/build/functions';
import { partFiles } from '../scripts/build/parts';
import { encodingExists, getDecoder, getEncoder } from '../scripts/build/stand-ins/iconv-lite';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const bootstrap = require.resolve('@cloudbase/cli/runtime/nodejs/bootstrap.js');
const names = readdirSync(join(root, 'functions')).filter((name) => existsSync(join(root, 'functions', name, 'index.ts')));

const refusal = z.object({ success: z.literal(false), error: z.object({ code: z.string() }), requestId: z.string() });

/** Runs a bundle as the vendor's own command line does, and answers the JSON it prints. */
async function runInBootstrap(file: string, event: unknown): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [bootstrap], {
    cwd: tmpdir(),
    env: {
      APP_ENV: 'local',
      DB_HOST: '127.0.0.1',
      DB_PORT: '1',
      DB_USER: 'nobody',
      DB_PASSWORD: 'nothing',
      DB_NAME: 'nothing',
      JWT_KEYS: 'k1:0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ',
      WX_APPID: 'wx1',
      WX_SECRET: 'secret',
      GLOBAL_USER_FILE_PATH: `${dirname(file)}/`,
      SCF_FUNCTION_HANDLER: 'index.main',
      SCF_FUNCTION_NAME: 'main',
      SCF_EVENT_BODY: JSON.stringify(event),
      SCF_FUNCTION_ENVIRON:
        'TENCENTCLOUD_RUNENV=SCF;TCB_ENV=demo;WX_CONTEXT_KEYS=WX_OPENID,WX_APPID;WX_OPENID=o1;WX_APPID=wx1;TCB_SOURCE=wx_client',
      SCF_DISPLAY_IS_QUIET: 'True',
    },
  });
  // The bootstrap ends with 0 even when main throws; its last line is the answer.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

describe('the bundles of this project', () => {
  let bundles: Bundle[] = [];

  beforeAll(async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'bundles-'));
    bundles = await buildFunctions({ outDir });
    return () => rm(outDir, { recursive: true });
  });

  test.each(names)('%s loads in the vendor’s bootstrap and answers an unknown action with an envelope', async (name) => {
    const file = bundles.find((bundle) => bundle.name === name)?.file ?? '';
    refusal.parse(await runInBootstrap(file, { action: 'no-such-action', tcbContext: {}, userInfo: { appId: 'wx1', openId: 'o1' } }));
  });

  test('all need nothing but Node, and fit their budgets', () => {
    expect(bundles.flatMap(({ missing }) => missing)).toEqual([]);
    expect(overBudget(bundles)).toEqual([]);
    expect(Object.keys(budgetsKb)).toEqual(expect.arrayContaining(names));
  });

  test('nothing but the bundle, its parts and its rights is in the folder that is uploaded', async () => {
    for (const { file } of bundles) {
      const uploaded = await readdir(dirname(file));
      expect(uploaded.filter((each) => !['index.js', 'config.json', ...partFiles].includes(each))).toEqual([]);
    }
  });
});

describe('building', () => {
  /** Builds one function of this source and answers what its `main` gives. */
  async function buildOne(source: string) {
    const folder = await mkdtemp(join(root, 'node_modules/.build-test-'));
    try {
      await mkdir(join(folder, 'functions/probe'), { recursive: true });
      await writeFile(join(folder, 'functions/probe/index.ts'), source);
      const options = { functionsDir: join(folder, 'functions'), outDir: join(folder, 'dist') };
      const [bundle] = await buildFunctions(options);
      if (!bundle) throw new Error('nothing was built');
      const code = await readFile(bundle.file, 'utf8');
      const map = await readFile(join(folder, 'dist/maps/probe.js.map'), 'utf8');
      const main: () => Promise<unknown> = createRequire(bundle.file)(bundle.file).main;
      await mkdir(join(folder, 'dist/functions/gone'), { recursive: true });
      await buildFunctions(options);
      return { bundle, code, map, built: await readdir(join(folder, 'dist/functions')), answer: await main() };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('a map leads back to the sources from outside the upload, and functions that are gone are gone', async () => {
    const { code, map, built } = await buildOne('export const main = async () => 42;');
    expect(code).toMatch(/\n\/\/# sourceMappingURL=\.\.\/\.\.\/maps\/probe\.js\.map\n$/);
    expect(z.object({ sources: z.array(z.string()) }).parse(JSON.parse(map)).sources).toEqual(['../../functions/probe/index.ts']);
    expect(built).toEqual(['probe']);
  });

  test('what is imported late is found, inside the file or beside it', async () => {
    const { answer, bundle } = await buildOne(`
      export async function main() {
        const { default: jwt } = await import('jsonwebtoken');
        const { Redis } = await import('ioredis');
        const redis = new Redis({ lazyConnect: true });
        const { default: axios } = await import('axios');
        const { sub } = jwt.verify(jwt.sign({ sub: '阿丽' }, 'secret'), 'secret');
        return { sub, status: redis.status, axios: typeof axios.post };
      }`);
    expect(answer).toMatchObject({ sub: '阿丽', status: 'wait', axios: 'function' });
    expect(bundle.missing).toEqual([]);
  });

  test('mysql2’s compacted table of errors says the same as the original', async () => {
    const original: Record<string, unknown> = require('../node_modules/mysql2/lib/constants/errors.js');
    const { answer } = await buildOne(`
      import errors from '../../../mysql2/lib/constants/errors.js';
      export const main = async () => ${JSON.stringify(Object.keys(original))}.map((key) => errors[key]);`);
    expect(answer).toEqual(Object.values(original));
  });

  test('a bundle over its budget is named', () => {
    const bundles = [
      { name: 'diary', bytes: 500_001 },
      { name: 'task', bytes: 1 },
    ];
    expect(overBudget(bundles, { diary: 500 })).toEqual([expect.stringMatching(/^diary weighs 500\.0 KB, its budget is 500 KB/)]);
    expect(overBudget(bundles, { diary: 501 })).toEqual([]);
  });
});

describe('the stand-in for iconv-lite', () => {
  test.each(['utf8mb4', 'cesu8', 'utf8'])('%s carries Chinese and emoji there and back', (name) => {
    const text = '今天很开心😀';
    expect(getDecoder(name).write(getEncoder(name).write(text))).toBe(text);
  });

  test('a character set that is not in the bundle is refused by name', () => {
    expect(encodingExists('gbk')).toBe(false);
    expect(() => getDecoder('gbk')).toThrow("'gbk'");
  });
});
