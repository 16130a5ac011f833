import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { invariants } from '../shared/upkeep/queries';
import { newChild, select } from './harness';

const { admin, runtime } = inject('services');
const { host, port } = admin;

const signIn = (user: string, password: string): Promise<Connection> =>
  mysql.createConnection({ host, port, user, password, database: process.env.DB_NAME ?? '' });

const TABLE_DENIED = 1142;
const COLUMN_DENIED = 1143;
const ROUTINE_DENIED = 1370;
const NOT_PRIVILEGED = 1227;
const DATABASE_DENIED = 1044;
const SIGNALLED = 1644;

const VALUED = [
  'users',
  'diaries',
  'tasks',
  'task_rules',
  'task_templates',
  'point_records',
  'lottery_prizes',
  'lottery_records',
  'requests',
  'diary_revisions',
  'imports',
  'sync_epoch',
];

// A server that was given may have no runtime account of ours.
describe.runIf(runtime.user === 'gd_runtime')('the account of the functions', () => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await signIn(runtime.user, runtime.password);
  });
  afterAll(() => connection.end());

  const refusalOf = async (sql: string): Promise<number> => {
    try {
      await connection.query(sql);
    } catch (error) {
      return Number((error as { errno?: number }).errno);
    }
    throw new Error(`not refused: ${sql}`);
  };

  test('cannot move a balance', async () => {
    const { userId } = await newChild(10);
    expect([TABLE_DENIED, COLUMN_DENIED]).toContain(await refusalOf(`UPDATE users SET points = 1000 WHERE id = ${userId}`));
    expect(await select('SELECT points FROM users WHERE id = ?', [userId])).toEqual([{ points: 10 }]);
  });

  test('can read what it answers from', async () => {
    for (const table of VALUED) await connection.query(`SELECT COUNT(*) FROM ${table}`);
    for (const { sql } of invariants) await connection.query(sql);
  });

  test.each(VALUED)('cannot write %s', async (table) => {
    const [column] = await select<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND extra = '' LIMIT 1",
      [table],
    );
    expect(await refusalOf(`INSERT INTO ${table} () VALUES ()`)).toBe(TABLE_DENIED);
    expect(await refusalOf(`UPDATE ${table} SET ${column?.name} = ${column?.name}`)).toBe(TABLE_DENIED);
    expect(await refusalOf(`DELETE FROM ${table}`)).toBe(TABLE_DENIED);
    expect(await refusalOf(`TRUNCATE ${table}`)).toBe(TABLE_DENIED);
  });

  test('cannot write through a view either', async () => {
    const views = await select<{ name: string }>('SELECT table_name AS name FROM information_schema.views WHERE table_schema = DATABASE()');
    expect(views.length).toBeGreaterThan(0);
    for (const { name } of views) expect(await refusalOf(`DELETE FROM ${name}`)).not.toBe(0);
  });

  test('calls a procedure that only postings use with its own rights, which do not include writing', async () => {
    const { userId } = await newChild();
    const revision = JSON.stringify([{ date: '2025-01-22', reason: 'merge', content: 'x', isDraft: false, hash: '0'.repeat(16) }]);
    expect(await refusalOf(`CALL keep_revisions(${userId}, 1, '${revision}', NOW(3))`)).toBe(TABLE_DENIED);
    const inner = await select<{ name: string; security: string }>(
      `SELECT routine_name AS name, security_type AS security FROM information_schema.routines
        WHERE routine_schema = DATABASE() AND routine_name NOT LIKE 'post\\_%' AND routine_name <> 'open_owner'`,
    );
    expect(inner.map(({ name }) => name)).toEqual(expect.arrayContaining(['find_receipt', 'keep_revisions']));
    expect(inner.filter(({ security }) => security !== 'INVOKER')).toEqual([]);
  });

  test('cannot unlock the owner of the procedures', async () => {
    expect(await refusalOf("CALL open_owner('Gd1-a-password-of-ours')")).toBe(SIGNALLED);
    expect(await refusalOf('CALL open_owner(NULL)')).toBe(SIGNALLED);
  });

  test.each([
    'DROP TABLE point_records',
    'ALTER TABLE users ADD COLUMN x INT',
    'CREATE TABLE loot (id INT)',
    'CREATE PROCEDURE post_mine() SELECT 1',
    'DROP PROCEDURE post_points',
    "GRANT ALL ON *.* TO 'gd_runtime'",
    "CREATE USER 'mallory'",
    "ALTER USER 'gd_owner' ACCOUNT UNLOCK",
    "SELECT 'x' INTO OUTFILE '/tmp/gd-loot'",
    'SET GLOBAL read_only = 1',
    'CREATE TRIGGER sneak BEFORE INSERT ON users FOR EACH ROW SET NEW.points = 1000',
  ])('cannot %s', async (sql) => {
    expect([TABLE_DENIED, ROUTINE_DENIED, NOT_PRIVILEGED, DATABASE_DENIED, 1045, 1290, 1410]).toContain(await refusalOf(sql));
  });

  test('cannot see the accounts of the server', async () => {
    expect(await refusalOf('SELECT user FROM mysql.user')).toBe(TABLE_DENIED);
  });
});

test('nobody can sign in as the owner of the procedures', async () => {
  for (const password of ['', 'gd_owner', 'root']) {
    await expect(signIn('gd_owner', password)).rejects.toMatchObject({
      errno: expect.toSatisfy((errno: number) => errno === 3118 || errno === 1045),
    });
  }
});

test.runIf(runtime.user === 'gd_runtime')('every posting runs with the owner’s rights, not the caller’s', async () => {
  const routines = await select<{ definer: string; security: string }>(
    `SELECT DISTINCT definer AS definer, security_type AS security FROM information_schema.routines
      WHERE routine_schema = DATABASE() AND routine_name LIKE 'post\\_%'`,
  );
  expect(routines).toEqual([{ definer: 'gd_owner@%', security: 'DEFINER' }]);
});
