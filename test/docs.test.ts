import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';

const spec = JSON.parse(readFileSync('docs/openapi.json', 'utf8'));

test('the OpenAPI document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(spec))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test.each([
  ['in English', ['README.md', 'docs/operations.md']],
  ['in Chinese', ['README.zh-CN.md', 'docs/operations.zh-CN.md']],
])('every setting that the functions read is explained %s', (_, files) => {
  const source = ['config', 'ai-settings'].map((name) => readFileSync(`shared/runtime/${name}.ts`, 'utf8')).join('\n');
  const constants = new Set([...source.matchAll(/^const ([A-Z_]+)/gm)].map(([, name]) => name));
  const names = new Set(source.match(/\b[A-Z]+(_[A-Z]+)+\b/g)?.filter((name) => !constants.has(name)));
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  expect(names.size).toBeGreaterThan(30);
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test('the reference is as the contracts say now', () => {
  expect(() => execFileSync(process.execPath, ['--import', 'tsx', 'scripts/docs.ts', '--check'], { stdio: 'pipe' })).not.toThrow();
});
