import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { ok, select } from '../harness';

const pathOf = (name: string): string => fileURLToPath(new URL(`./tls/${name}`, import.meta.url));
const pemOf = (name: string): string => readFileSync(pathOf(name), 'utf8');
const isOurServer = inject('services').databasePrefix === 'gd_test_';

async function present(certificate: string): Promise<void> {
  await select('SET GLOBAL ssl_ca = ?', [pathOf('ca.pem')]);
  await select('SET GLOBAL ssl_cert = ?', [pathOf(`${certificate}.pem`)]);
  await select('SET GLOBAL ssl_key = ?', [pathOf(`${certificate}-key.pem`)]);
  await select('ALTER INSTANCE RELOAD TLS');
}

/** What a process that was started with this DB_CA and DB_TLS says of its database. */
async function databaseWith(ca: string | undefined, mode?: 'verify-ca'): Promise<{ status: string; detail?: string }> {
  vi.resetModules();
  // Other tests call as this operator too.
  vi.stubEnv('RATE_LIMIT_FACTOR', '1000');
  if (ca === undefined) delete process.env.DB_CA;
  else process.env.DB_CA = ca;
  vi.stubEnv('DB_TLS', mode);
  const { main } = await import('../../functions/monitor/index');
  const { closeMysql } = await import('../../shared/runtime/mysql');
  const { closeRedis } = await import('../../shared/runtime/redis');
  try {
    const { checks } = await ok(main, null, 'health', {}, { token: 'operator-token-of-the-tests' });
    return checks.find(({ name }: { name: string }) => name === 'database');
  } finally {
    await closeMysql();
    await closeRedis();
  }
}

describe.skipIf(!isOurServer)('a database that offers TLS', () => {
  beforeAll(() => present('server'));
  afterEach(() => present('server'));
  afterAll(() => {
    vi.unstubAllEnvs();
    delete process.env.DB_CA;
    vi.resetModules();
  });

  test('is spoken to in cipher when its authority is known', async () => {
    expect(await databaseWith(pemOf('ca.pem'))).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^TLS_|^ECDHE/) });
  });

  test('is spoken to in cipher when the authority comes on one line, as the console stores it', async () => {
    const line = pemOf('ca.pem').replaceAll('\n', '\\n');
    expect(await databaseWith(line)).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^TLS_|^ECDHE/) });
  });

  test('is not spoken to when a stranger signed its certificate', async () => {
    expect(await databaseWith(pemOf('stranger.pem'))).toMatchObject({ status: 'down' });
  });

  test('is not spoken to when its certificate is for another host', async () => {
    await present('elsewhere');
    expect(await databaseWith(pemOf('ca.pem'))).toMatchObject({ status: 'down' });
  });

  test('is spoken to whatever host its certificate names, where only the authority is checked', async () => {
    await present('elsewhere');
    expect(await databaseWith(pemOf('ca.pem'), 'verify-ca')).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^TLS_|^ECDHE/) });
    expect(await databaseWith(pemOf('stranger.pem'), 'verify-ca')).toMatchObject({ status: 'down' });
  });

  test('is spoken to in plain words without an authority, and health says so', async () => {
    expect(await databaseWith(undefined)).toMatchObject({ status: 'ok', detail: 'not encrypted' });
  });
});
