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

test('the reference is as the contracts say now', () => {
  expect(() => execFileSync(process.execPath, ['--import', 'tsx', 'scripts/docs.ts', '--check'], { stdio: 'pipe' })).not.toThrow();
});
