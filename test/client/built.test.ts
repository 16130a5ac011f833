import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { budgetsKb } from '../../scripts/build/budget';
import { buildClient } from '../../scripts/build/client';
import { FORGET, type Loose } from '../example/mini-program';

let built = '';
let sizes: { name: string; bytes: number }[] = [];

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'sdk-'));
  sizes = await buildClient({ outDir: built });
});
afterAll(() => rm(built, { recursive: true }));

describe('the SDK as it is built', () => {
  test('has no side effect on load, and needs ES2017 only', () => {
    const read: string[] = [];
    const world = new Proxy({}, { get: (_, name) => read.push(String(name)), has: () => true });
    const context: Loose = vm.createContext({ module: { exports: {} } });
    vm.runInContext(`${FORGET}; (function (wx, App, Page, require) {${readFileSync(join(built, 'growth-diary.js'), 'utf8')}\n})`, context)(
      world,
      null,
      null,
      () => {
        throw new Error('nothing may be required');
      },
    );
    expect(read).toEqual([]);
    expect(Object.keys(context.module.exports)).toEqual(['GrowthDiaryError', 'createGrowthDiary']);
  });

  test('fits its budget', () => {
    for (const { name, bytes } of sizes) expect([name, bytes]).toEqual([name, Math.min(bytes, (budgetsKb[name] ?? 0) * 1_000)]);
  });
});
