import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { migrate } from '../../scripts/migrate';
import { db } from '../harness';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
let database: string;

// A copy of sql/ that a test may edit.
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'growth-diary-sql-'));
  cpSync(join(root, 'sql'), join(folder, 'sql'), { recursive: true });
  database = `${inject('services').databasePrefix}migrate_${randomBytes(4).toString('hex')}`;
});
afterEach(async () => {
  await db().query(`DROP DATABASE IF EXISTS ${database}`);
  rmSync(folder, { recursive: true, force: true });
});

async function run(): Promise<string[]> {
  const lines: string[] = [];
  const { ours, ...server } = { ours: inject('services').databasePrefix === 'gd_test_', ...inject('services').admin };
  await migrate({ ...server, database }, { report: (line) => lines.push(line), sqlFolder: join(folder, 'sql'), oneAccount: !ours });
  return lines;
}

const edit = (file: string, change: (text: string) => string) => {
  const path = join(folder, 'sql', file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};

const ask = async <Row>(sql: string): Promise<Row[]> => {
  const [rows] = await db().query<mysql.RowDataPacket[]>(sql.replaceAll('@db', database));
  return rows as Row[];
};

const procedures = () =>
  ask(
    "SELECT routine_name AS name, SHA2(routine_definition, 256) AS hash FROM information_schema.routines WHERE routine_schema = '@db' ORDER BY 1",
  );

test('the second run applies nothing and changes nothing', async () => {
  const first = await run();
  expect(first.filter((line) => line.startsWith('applied 0001'))).toHaveLength(1);
  await ask("INSERT INTO @db.users (openid, created_at, updated_at) VALUES ('o1', NOW(), NOW())");
  expect(await run()).toEqual([]);
  expect(await ask('SELECT openid FROM @db.users')).toEqual([{ openid: 'o1' }]);
});

test('an applied file that was edited is refused by name, and nothing is done', async () => {
  await run();
  edit('0002_diaries.sql', (text) => `${text}\n-- edited`);
  writeFileSync(join(folder, 'sql/9999_later.sql'), 'CREATE TABLE later (id INT);');
  await expect(run()).rejects.toThrow('0002_diaries.sql was edited');
  expect(await ask("SELECT table_name FROM information_schema.tables WHERE table_schema = '@db' AND table_name = 'later'")).toEqual([]);
});

test('a new file is applied once, after the others', async () => {
  await run();
  writeFileSync(
    join(folder, 'sql/9999_later.sql'),
    "-- a semicolon; in a comment\nCREATE TABLE later (word VARCHAR(9) DEFAULT 'a;b');\nINSERT INTO later VALUES (DEFAULT);\n",
  );
  expect(await run()).toEqual(['applied 9999_later.sql']);
  expect(await run()).toEqual([]);
  expect(await ask('SELECT word FROM @db.later')).toEqual([{ word: 'a;b' }]);
});

test('a file that fails says which and where, and the run after the repair goes on from there', async () => {
  writeFileSync(join(folder, 'sql/9999_later.sql'), 'CREATE TABLE nonsense (id NONSENSE);');
  await expect(run()).rejects.toThrow('9999_later.sql failed at: CREATE TABLE nonsense');
  writeFileSync(join(folder, 'sql/9999_later.sql'), 'CREATE TABLE sense (id INT);');
  expect(await run()).toContain('applied 9999_later.sql');
});

test('a procedure whose file changed is replaced, alone', async () => {
  await run();
  edit('procedures/post_logout.sql', (text) => text.replace("JSON_OBJECT('loggedOut'", "JSON_OBJECT('edited', 1, 'loggedOut'"));
  expect(await run()).toEqual(['applied procedures/post_logout.sql']);
  const [row] = await ask<{ body: string }>(
    "SELECT routine_definition AS body FROM information_schema.routines WHERE routine_schema = '@db' AND routine_name = 'post_logout'",
  );
  expect(row?.body).toContain("'edited'");
});

test('stored answers become receipts without their words, and references of AI jobs become columns', async () => {
  const later = readdirSync(join(folder, 'sql')).filter((name) => /^\d{4}_/.test(name) && name >= '0011');
  const texts = later.map((name) => readFileSync(join(folder, 'sql', name), 'utf8'));
  for (const name of later) rmSync(join(folder, 'sql', name));
  await run();
  const answers: [string, object | null][] = [
    [
      'a-create',
      { diary: { id: 3, version: 4, content: '秘密' }, reward: { points: 5, balance: 15 }, isDeleted: false, isRejected: false },
    ],
    ['a-completion', { task: { id: 7, title: '秘密', points_reward: 10 }, awarded: 4, balance: 19 }],
    ['a-profile', { id: 1, nickname: '秘密' }],
    ['a-draw', { id: 9, prize_name: '秘密', balance: 9 }],
    ['phone-1234:0000000001', { id: 7, task_date: '2025-01-22', title: '秘密' }],
    ['phone-1234:0000000002', { refused: 'NOT_FOUND' }],
    ['phone-1234:0000000003', { isConflict: false, diary: { version: 6, content: '秘密' } }],
    ['phone-1234:0000000004', null],
  ];
  for (const [id, answer] of answers) {
    const response = answer === null ? 'NULL' : `'${JSON.stringify(answer)}'`;
    await ask(
      `INSERT INTO @db.requests (user_id, request_id, hash, response, created_at) VALUES (1, '${id}', REPEAT('x', 32), ${response}, NOW())`,
    );
  }
  await ask('INSERT INTO @db.lottery_records (user_id, id, cost_points, rev, created_at) VALUES (1, 9, 10, 9, NOW())');
  await ask(
    "INSERT INTO @db.point_records (user_id, seq, amount, balance_after, source, source_key, rev, created_at) VALUES (1, 1, 5, 5, 'x', 'req:phone-1234:0000000004', 1, NOW())",
  );
  const references = ['conversation', 'conversation:chat', 'conversation:', 'sent', 'media:trace'];
  for (const [index, reference] of references.entries()) {
    await ask(
      `INSERT INTO @db.ai_jobs (user_id, id, kind, quota_day, reference, rev, created_at) VALUES (1, ${index}, 'comment', '2025-01-22', '${reference}', 1, NOW())`,
    );
  }
  later.forEach((name, index) => {
    writeFileSync(join(folder, 'sql', name), texts[index] ?? '');
  });
  await run();
  const rows = await ask<{ request_id: string; action: string; receipt: string | null }>(
    'SELECT request_id, action, receipt FROM @db.requests ORDER BY request_id',
  );
  expect(rows.map(({ request_id, action, receipt }) => [request_id, action, receipt && JSON.parse(receipt)])).toEqual([
    ['a-completion', '', { id: 7, awarded: 4, balance: 19, capped: true }],
    ['a-create', '', { id: 3, version: 4, reward: 5, balance: 15, isRejected: false }],
    ['a-profile', '', {}],
    ['~phone-1234:0000000001', 'task.create', { id: 7 }],
    ['~phone-1234:0000000002', '', { refused: 'NOT_FOUND' }],
    ['~phone-1234:0000000003', '', { isConflict: false, version: 6 }],
    ['~phone-1234:0000000004', '', null],
  ]);
  expect(await ask('SELECT conversation, chat, is_sent, trace_id FROM @db.ai_jobs ORDER BY id')).toEqual([
    { conversation: 'conversation', chat: null, is_sent: 0, trace_id: null },
    { conversation: 'conversation', chat: 'chat', is_sent: 0, trace_id: null },
    { conversation: 'conversation', chat: '', is_sent: 0, trace_id: null },
    { conversation: null, chat: null, is_sent: 1, trace_id: null },
    { conversation: null, chat: null, is_sent: 0, trace_id: 'trace' },
  ]);
  expect(await ask('SELECT request_id FROM @db.lottery_records')).toEqual([{ request_id: 'a-draw' }]);
  expect(await ask('SELECT source_key FROM @db.point_records')).toEqual([{ source_key: 'req:~phone-1234:0000000004' }]);
});

test('two migrators at once do the work once', async () => {
  const [a, b] = await Promise.all([run(), run()]);
  const applied = [...a, ...b].filter((line) => line.startsWith('applied'));
  expect(new Set(applied).size).toBe(applied.length);
  expect(applied.length).toBeGreaterThan(10);
  expect(Math.min(a.length, b.length)).toBe(0);
});

test.each(['11.4.2-MariaDB', '5.7.44-log', '8.0.20-txsql'])(
  'a server of version %s is refused by name before anything is asked of it',
  async (version) => {
    const query = vi.fn(async () => [[{ version }]]);
    const connect = vi.spyOn(mysql, 'createConnection').mockImplementation(async () => Object.create({ query, end: async () => {} }));
    await expect(run()).rejects.toThrow(`MySQL 8.0.21 or later is needed, this is ${version}`);
    expect(query.mock.calls.map(([sql]: [string?]) => sql?.split(' ')[0])).toEqual(['SET', 'SELECT']);
    connect.mockRestore();
  },
);

test('a procedure that the server refuses changes nothing: the old ones are in place, no file was applied', async () => {
  await run();
  edit('procedures/post_logout.sql', (text) => text.replace('BEGIN', 'BEGIN NONSENSE;'));
  edit('procedures/post_login.sql', (text) => `-- edited\n${text}`);
  writeFileSync(join(folder, 'sql/9999_later.sql'), 'CREATE TABLE later (id INT);');
  const before = await procedures();
  await expect(run()).rejects.toThrow('procedures/post_logout.sql failed');
  expect(await procedures()).toEqual(before);
  expect(await ask("SELECT 1 FROM information_schema.tables WHERE table_schema = '@db' AND table_name = 'later'")).toEqual([]);
});

test('after a failed statement the next run continues the file at that statement', async () => {
  await run();
  const file = join(folder, 'sql/9999_later.sql');
  writeFileSync(file, 'CREATE TABLE one (id INT);\nCREATE TABLE two (id NONSENSE);\nCREATE TABLE three (id INT);');
  await expect(run()).rejects.toThrow('9999_later.sql failed at: CREATE TABLE two');
  writeFileSync(file, 'CREATE TABLE one (id BIGINT);\nCREATE TABLE two (id INT);\nCREATE TABLE three (id INT);');
  await expect(run()).rejects.toThrow('9999_later.sql was edited after it had been applied');
  writeFileSync(file, 'CREATE TABLE one (id INT);\nCREATE TABLE two (id INT);\nCREATE TABLE three (id INT);');
  expect(await run()).toEqual(['applied 9999_later.sql']);
  expect(await ask("SELECT name FROM @db.schema_migrations WHERE name LIKE '9999%'")).toEqual([{ name: '9999_later.sql' }]);
});

test('a procedure that was dropped by hand, or lost with a dump without routines, is there again', async () => {
  await run();
  await ask('DROP PROCEDURE @db.post_points');
  expect(await run()).toEqual(['applied procedures/post_points.sql']);
});
