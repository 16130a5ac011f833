import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startCluster } from '../../dev/services/cluster';
import { checkDatabase } from '../../scripts/check-database';
import { type Finding, formatFindings, isReady } from '../../scripts/check-database/finding';
import type { Target } from '../../scripts/database';
import { startTcpProxy } from '../fakes/tcp-proxy';
import { DATABASE, deployFirst, type Field, openField } from './stage';

let field: Field;
beforeAll(async () => {
  field = await openField();
  await field.reset('stripped', 'utf8mb3');
});
afterAll(() => field.stop());

const check = (target: Target, runtime: Target | null = null, instances = 20): Promise<Finding[]> =>
  checkDatabase({ target, runtime, instances, pool: 2 });

const lacking = (findings: Finding[]): string[] => findings.filter(({ status }) => status === 'missing').map(({ needed }) => needed);
const row = (findings: Finding[], needed: string): Finding | undefined => findings.find((each) => each.needed.includes(needed));

/** Everything that a preflight could have left behind. */
const traces = () =>
  field.ask(`SELECT schema_name AS name FROM information_schema.schemata UNION ALL SELECT CONCAT(user, ' ', account_locked) FROM mysql.user
    UNION ALL SELECT CONCAT(table_schema, table_name) FROM information_schema.tables WHERE table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
    UNION ALL SELECT CONCAT(routine_schema, routine_name) FROM information_schema.routines ORDER BY 1`);

test('a managed database with a stripped administrator is fit, and nothing stays of the check', async () => {
  const before = await traces();
  const findings = await check(field.as('field_admin'));
  expect(await traces()).toEqual(before);
  expect(lacking(findings)).toEqual([]);
  expect(row(findings, 'character set')).toMatchObject({ status: 'note', found: 'database utf8mb3_general_ci, server utf8mb3_general_ci' });
  expect(row(findings, 'encrypted')?.found).toMatch(/^TLS_/);
  expect(row(findings, 'password policy')).toMatchObject({ status: 'ok', found: 'MEDIUM, 14 characters' });
  expect(row(findings, 'binlog')?.found).toBe('log_bin ON, trust_function_creators OFF');
  expect(formatFindings(findings)).toContain('the database is fit');
});

test('a database that is not there yet is checked in one that is thrown away', async () => {
  const before = await traces();
  expect(lacking(await check({ ...field.as('field_admin'), database: 'not_there' }))).toEqual([]);
  expect(await traces()).toEqual(before);
});

test('a certificate for another host, a wrong password and a server without TLS for the account are said in one row', async () => {
  const identity = { ...field.as('field_admin'), tls: { mode: 'verify-identity' as const, ca: (field.as('x').tls as { ca: string }).ca } };
  expect(await check(identity)).toMatchObject([{ status: 'missing', todo: expect.stringContaining('verify-ca') }]);
  expect(await check({ ...field.as('field_admin'), password: 'wrong' })).toMatchObject([
    { status: 'missing', found: 'ER_ACCESS_DENIED_ERROR (1045)' },
  ]);
  expect(await check({ ...field.as('field_admin'), tls: { mode: 'off' } })).toMatchObject([
    { status: 'missing', todo: expect.stringContaining('DB_TLS') },
  ]);
});

test('too few connections for the instances, and an account that may create neither procedures nor accounts, are missing', async () => {
  await field.root.query("CREATE USER IF NOT EXISTS poor IDENTIFIED BY 'Field-Test-Passw0rd'");
  await field.root.query(`GRANT SELECT, INSERT, UPDATE, CREATE, DROP ON ${DATABASE}.* TO poor`);
  const findings = await check(field.as('poor'), null, 1_000);
  await field.root.query('DROP USER poor');
  expect(isReady(findings)).toBe(false);
  expect(lacking(findings)).toEqual([
    'max_connections ≥ 2010 (1000 instances × 2 + 10)',
    'procedures: prepared CALL with a result set, SIGNAL, RESIGNAL',
    'poor may migrate',
  ]);
});

test('after the first deployment gd_migrator is fit, and an EXECUTE that is missing is found as the runtime account', async () => {
  await field.reset('stripped', 'utf8mb4');
  await deployFirst(field);
  const both = () => check(field.as('gd_migrator'), field.as('gd_runtime'));
  expect(row(await both(), 'gd_runtime')).toMatchObject({ status: 'ok' });
  expect(lacking(await both())).toEqual([]);
  await field.root.query(`REVOKE EXECUTE ON ${DATABASE}.* FROM gd_runtime`);
  expect(row(await both(), 'gd_runtime')).toMatchObject({ status: 'missing', todo: expect.stringContaining('db:migrate') });
});

test('a read-only address is found', async () => {
  await field.root.query('SET GLOBAL read_only = ON');
  const findings = await check({ ...field.as('root'), password: '' });
  await field.root.query('SET GLOBAL read_only = OFF');
  expect(row(findings, 'one server behind')).toMatchObject({ status: 'missing', found: 'read-only' });
});

test('a proxy that sends connections to several servers is found', async () => {
  const other = await startCluster({ mysqls: 1, redises: 1, report: console.log });
  const [second] = other.members;
  const first = inject('services').admin;
  let opened = 0;
  const proxy = await startTcpProxy({
    host: '127.0.0.1',
    get port() {
      opened += 1;
      return opened % 2 === 0 ? first.port : second.port;
    },
  });
  try {
    const findings = await check({ host: '127.0.0.1', port: proxy.port, user: 'root', password: '', database: 'not_there' });
    for (const needed of ['one server behind', 'a read sees']) {
      expect(row(findings, needed)).toMatchObject({ status: 'missing', todo: expect.stringContaining('read-write address') });
    }
  } finally {
    await proxy.stop();
    await other.stop();
  }
});
