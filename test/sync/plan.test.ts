import { afterAll, beforeAll, expect, test } from 'vitest';
import { selectHashes, selectImported, selectImportState, selectKept, selectStanding } from '../../shared/import/queries';
import type { Database, Value } from '../../shared/runtime/mysql';
import { selectFeed, selectHome, selectKnown, selectMadeTask, selectMetVersion } from '../../shared/sync/queries';
import { selectOldest, selectUsersWithTombstones } from '../../shared/upkeep/garbage-queries';
import { select, TODAY } from '../harness';

const USER = 900_001;
const ACCOUNT = { userId: USER, epoch: null };
const USERS = 20;
const ROWS = 200;

// Enough of everybody else's rows that reading a table instead of a user would show.
beforeAll(async () => {
  const numbers = `SELECT a.n * 10 + b.n AS n FROM (${digits(20)}) a JOIN (${digits(10)}) b`;
  const each = `(SELECT ${USER} + n AS user_id FROM (${numbers}) AS u WHERE n < ${USERS}) AS u JOIN (SELECT n + 1 AS n FROM (${numbers}) AS r WHERE n < ${ROWS}) AS r`;
  for (const statement of [
    `INSERT INTO users (id, openid, rev, points_seq, created_at, updated_at) SELECT ${USER} + n, CONCAT('plan-', n), 200, 200, NOW(3), NOW(3) FROM (${numbers}) AS u WHERE n < ${USERS}`,
    `INSERT INTO diaries (user_id, id, diary_date, content, images, tags, rev, content_rev, modified_at, created_at, updated_at)
     SELECT user_id, n, '2024-01-01' + INTERVAL n DAY, 'x', '[]', '[]', n, n, NOW(3), NOW(3), NOW(3) FROM ${each}`,
    `INSERT INTO tasks (user_id, id, task_date, task_key, title, rev, created_at, updated_at)
     SELECT user_id, n, '2024-01-01' + INTERVAL n DIV 5 DAY, CONCAT('own:', n), 'x', n, NOW(3), NOW(3) FROM ${each}`,
    `INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, rev, created_at) SELECT user_id, n, 1, n, 'x', CONCAT('req:', n), n, NOW(3) FROM ${each}`,
    `INSERT INTO moods (user_id, mood_date, mood, rev, created_at, updated_at) SELECT user_id, '2024-01-01' + INTERVAL n DAY, 'happy', n, NOW(3), NOW(3) FROM ${each}`,
    `INSERT INTO won_prizes (user_id, draw_id, given_at, rev) SELECT user_id, n, NOW(3), n FROM ${each}`,
    `INSERT INTO lottery_records (user_id, id, cost_points, rev, created_at) SELECT user_id, n, 0, n, NOW(3) FROM ${each}`,
    `INSERT INTO requests (user_id, request_id, hash, receipt, created_at) SELECT user_id, CONCAT('~phone-1234:', LPAD(n, 10, '0')), REPEAT('x', 32), '{}', NOW(3) FROM ${each}`,
    `INSERT INTO diary_revisions (user_id, id, diary_date, reason, content, mood, weather, images, tags, is_draft, hash, is_unread, modified_at, created_at)
     SELECT user_id, n, '2024-01-01' + INTERVAL n DAY, 'lost', 'x', '', '', '[]', '[]', 0, 'x', n = 7, NOW(3), NOW(3) FROM ${each}`,
    `INSERT INTO imports (user_id, item_key, created_at) SELECT user_id, CONCAT('task:', n), NOW(3) FROM ${each}`,
  ]) {
    await select(statement);
  }
  await select(
    'ANALYZE TABLE users, diaries, tasks, point_records, moods, won_prizes, lottery_records, requests, diary_revisions, imports, ai_jobs',
  );
});

afterAll(async () => {
  for (const table of [
    'diaries',
    'tasks',
    'point_records',
    'moods',
    'won_prizes',
    'lottery_records',
    'requests',
    'diary_revisions',
    'imports',
  ])
    await select(`DELETE FROM ${table} WHERE user_id >= ${USER}`);
  await select(`DELETE FROM users WHERE id >= ${USER}`);
});

function digits(count: number): string {
  return Array.from({ length: count }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ');
}

interface Step {
  table: string | null;
  type: string | null;
  key: string | null;
  rows: number | null;
}

/** What MySQL says of the statement that a query sends. */
async function explain<Row>(how: string, query: (db: Database) => Promise<unknown>): Promise<Row[]> {
  let asked: { sql: string; values: readonly Value[] } | undefined;
  const db: Database = {
    usage: { trips: 0, ms: 0, waitMs: 0, slow: 0, unprepared: 0 },
    rows: async (_, sql, values) => {
      asked = { sql, values };
      return [];
    },
    post: () => Promise.reject(new Error('a read')),
  };
  // Without a row the guard refuses; the statement has been sent by then.
  await query(db).catch(() => {});
  if (!asked) throw new Error('no statement was sent');
  return select<Row>(`${how} ${asked.sql}`, [...asked.values] as string[]);
}

async function planOf(query: (db: Database) => Promise<unknown>): Promise<Step[]> {
  const steps = await explain<Step>('EXPLAIN FORMAT=TRADITIONAL', query);
  return steps.filter(({ table }) => table !== null && !/^[<a-z]?</.test(table));
}

/** Ledger rows that the feed reads, by running it. */
async function recordsRead(): Promise<number> {
  const [row] = await explain<{ EXPLAIN: string }>('EXPLAIN ANALYZE', (db) => selectFeed(db, ACCOUNT, reading));
  const accesses = [...(row?.EXPLAIN ?? '').matchAll(/on point_records using.*?actual time=\S+ rows=(\S+) loops=(\d+)/g)];
  expect(accesses.length, row?.EXPLAIN).toBeGreaterThan(0);
  return accesses.reduce((sum, [, rows, loops]) => sum + Number(rows) * Number(loops), 0);
}

const reading = { after: 190, limit: 100, clientId: 'phone-1234', ack: 3 };

test.each<[string, (db: Database) => Promise<unknown>]>([
  ['feed', (db) => selectFeed(db, ACCOUNT, reading)],
  ['home', (db) => selectHome(db, ACCOUNT, { today: TODAY, now: new Date(0) })],
  ['known mutations', (db) => selectKnown(db, ACCOUNT, 'phone-1234', 190, 200)],
  ['task of a mutation', (db) => selectMadeTask(db, USER, '~phone-1234:0000000001')],
  ['version that a mutation met', (db) => selectMetVersion(db, USER, '~phone-1234:0000000001')],
  ['account', (db) => selectImportState(db, ACCOUNT)],
  ['standing days', (db) => selectStanding(db, USER, ['2024-02-01', '2024-02-02'])],
  ['kept texts', (db) => selectKept(db, USER, ['2024-02-01'])],
  ['imported items', (db) => selectImported(db, USER, ['task:1'])],
  ['hashes of a month', (db) => selectHashes(db, USER, '2024-02-01', '2024-02-29')],
  ['oldest rows that clean-up removes', (db) => selectOldest(db)],
  ['tombstones', (db) => selectUsersWithTombstones(db, new Date(0), 100)],
])('%s: no table of users’ rows is read through', async (_, query) => {
  const own = (await planOf(query)).filter(({ table }) => !/^(e|sync_epoch|task_templates|task_rules|asked|page|due)$/.test(table ?? ''));
  expect(own.filter(({ type }) => type === 'ALL' || type === 'index')).toEqual([]);
  expect(own.filter(({ rows }) => (rows ?? 0) > ROWS + 1)).toEqual([]);
});

test('the feed reads each kind by (user, rev), draws and the ledger by their key, and no more than what is new', async () => {
  const plan = await planOf((db) => selectFeed(db, ACCOUNT, reading));
  const ranges = plan.filter(({ type }) => type === 'range' || type === 'ref');
  expect(Object.fromEntries(ranges.map(({ table, key }) => [table, key]))).toEqual({
    ai_jobs: 'idx_user_rev',
    diaries: 'idx_user_rev',
    lottery_records: 'PRIMARY',
    moods: 'idx_user_rev',
    won_prizes: 'idx_user_rev',
    point_records: 'PRIMARY',
    tasks: 'idx_user_rev',
  });
  // Of the ledger the plan cannot tell: it is walked from its end, and stops at the first row that is not new.
  for (const { table, rows } of ranges) if (table !== 'point_records') expect(rows).toBeLessThanOrEqual(11);
  // Ten are new: walked over once to find the first, read once, and one by key for each that is shown.
  expect(await recordsRead()).toBeLessThanOrEqual(3 * 10 + 1);
});
