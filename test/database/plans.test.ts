import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import * as diary from '../../shared/diary/queries';
import * as login from '../../shared/login/queries';
import { openDatabase, type Value } from '../../shared/runtime/mysql';
import * as user from '../../shared/user/queries';
import { select, TODAY } from '../harness';

interface Step {
  id: number;
  table: string | null;
  type: string | null;
  key: string | null;
  rows: number | null;
  Extra: string | null;
}

const real = () => openDatabase(Date.now() + 20_000, 'plans');

type Query = (db: ReturnType<typeof openDatabase>) => Promise<unknown>;

/** Runs a query for real and has each statement that it sent told about, prepared with the same values. */
async function tell<Row>(how: 'EXPLAIN FORMAT=TRADITIONAL' | 'EXPLAIN ANALYZE', query: Query): Promise<Row[]> {
  const statements: { sql: string; values: readonly Value[] }[] = [];
  const database = real();
  await query({
    ...database,
    rows: (name, sql, values) => {
      statements.push({ sql, values });
      return database.rows(name, sql, values);
    },
  });
  expect(statements.length).toBeGreaterThan(0);
  const told = await Promise.all(statements.map(({ sql, values }) => database.rows<Row>('explain', `${how} ${sql}`, values)));
  return told.flat();
}

const plansOf = (query: Query): Promise<Step[]> => tell<Step>('EXPLAIN FORMAT=TRADITIONAL', query);

const READING = /-> (.+) on diaries using .+ \(actual time=\S+ rows=(\S+) loops=(\d+)\)/g;

/** How many diaries a query fetched; what an index told without them does not count. */
async function diariesFetchedBy(query: Query): Promise<number> {
  const trees = await tell<{ EXPLAIN: string }>('EXPLAIN ANALYZE', query);
  const readings = trees.flatMap(({ EXPLAIN: tree }) => [...tree.matchAll(READING)]);
  expect(readings.length).toBeGreaterThan(0);
  return readings.reduce((sum, [, how = '', rows, loops]) => sum + (how.startsWith('Covering') ? 0 : Number(rows) * Number(loops)), 0);
}

const USERS = 20;
const DAYS = 300;
const account = { userId: 0, epoch: null };
let openid: string;

const tag = `oplan${Date.now()}`;

beforeAll(async () => {
  const now = new Date();
  await select(
    `INSERT INTO users (openid, total_diaries, created_at, updated_at) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${USERS})
     SELECT CONCAT('${tag}', i), ${DAYS}, ?, ? FROM n`,
    [now, now],
  );
  await select(
    `INSERT INTO diaries (user_id, id, diary_date, content, mood, images, tags, is_draft, rev, content_rev, modified_at, deleted_at, created_at, updated_at)
     WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${DAYS})
     SELECT u.id, n.i, DATE('${TODAY}') - INTERVAL n.i DAY, REPEAT('字', 200), IF(n.i % 3, 'happy', 'sad'), '[]', '["a"]', n.i % 10 = 0, n.i, n.i, ?, IF(n.i % 13 = 0, ?, NULL), ?, ?
       FROM users u JOIN n WHERE u.openid LIKE '${tag}%'`,
    [now, now, now, now],
  );
  await select(
    `INSERT INTO tasks (user_id, id, task_date, task_key, title, rev, created_at, updated_at)
     SELECT user_id, id, diary_date, CONCAT('own:', id), 't', rev, created_at, updated_at FROM diaries WHERE user_id IN (SELECT id FROM users WHERE openid LIKE '${tag}%')`,
  );
  await select(
    `INSERT INTO point_records (user_id, seq, amount, balance_after, source, source_key, rev, created_at)
     SELECT user_id, id, 5, 5, '写日记', CONCAT('diary:', diary_date), rev, created_at FROM diaries WHERE user_id IN (SELECT id FROM users WHERE openid LIKE '${tag}%')`,
  );
  await select(
    `INSERT INTO requests (user_id, request_id, hash, receipt, created_at)
     SELECT user_id, CONCAT('r', id), REPEAT('x', 32), '{}', created_at FROM diaries WHERE user_id IN (SELECT id FROM users WHERE openid LIKE '${tag}%')`,
  );
  await select('ANALYZE TABLE users, diaries, tasks, point_records, requests');
  const [row] = await select<{ id: number; openid: string }>(
    `SELECT id, openid FROM users WHERE openid LIKE '${tag}%' ORDER BY id LIMIT 1 OFFSET 7`,
  );
  account.userId = row?.id ?? 0;
  openid = row?.openid ?? '';
});

afterAll(async () => {
  for (const table of ['diaries', 'tasks', 'point_records', 'requests']) {
    await select(`DELETE FROM ${table} WHERE user_id IN (SELECT id FROM users WHERE openid LIKE '${tag}%')`);
  }
  await select(`DELETE FROM users WHERE openid LIKE '${tag}%'`);
});

const everything = { from: '2000-01-01', to: TODAY, mood: null, tag: null, isDraft: null };
const page =
  (filter: object, more: object = {}) =>
  (db: Parameters<typeof diary.selectDiaryPage>[0]) =>
    diary.selectDiaryPage(db, account, { ...everything, ...filter }, { limit: 11, offset: 0, count: 'counted', ...more });

/** What the procedure asks, outside of it. */
const RECOUNT = readFileSync(new URL('../../sql/procedures/recount_streak.sql', import.meta.url), 'utf8')
  .replace(/^[\s\S]*?BEGIN/, '')
  .replace(/INTO p_.*? FROM/, 'FROM')
  .replace('p_user_id', '?')
  .replace(/;\s*END\s*$/, '');

const queries: Record<string, Query> = {
  'a diary by id': (db) => diary.selectDiaryById(db, account, 5),
  'a diary by date': (db) => diary.selectDiaryByDate(db, account, addDays(TODAY, -5)),
  'the first page': page({}, { count: 'stored' }),
  'a page further on': page({}, { count: 'stored', offset: 100 }),
  'a page by cursor': page({ to: addDays(TODAY, -50) }, { count: 'none' }),
  'a page of a mood': page({ mood: 'happy' }),
  'a page of a tag': page({ tag: 'a' }),
  'a page of a month': page({ from: '2025-01-01', to: '2025-01-31' }),
  'a page of drafts': page({ isDraft: true }),
  'the total of a span': page({ from: addDays(TODAY, -200) }, { limit: 0 }),
  'the total of drafts': page({ isDraft: true }, { limit: 0 }),
  'a calendar': (db) => diary.selectCalendar(db, account, '2025-01-01', '2025-01-31'),
  stats: (db) => diary.selectStats(db, account, '2025-01-01', '2025-01-31'),
  'the state before a creation': (db) => diary.selectDiaryState(db, account, 'r7', { date: TODAY }),
  'the state before an update': (db) => diary.selectDiaryState(db, account, 'r7', { id: 5 }),
  'the state before a move': (db) => diary.selectDiaryState(db, account, 'r7', { id: 5, date: TODAY }),
  'a recount of the streak': (db) => db.rows('recount', RECOUNT, [account.userId]),
  'an account by openid': (db) => login.selectAccount(db, openid),
  'a profile': (db) => user.selectProfile(db, account),
};

/** Tables that hold rows, under the names that the statements give them. */
const TABLES = new Set(['users', 'u', 'requests', 'r', 'diaries', 'i', 'd', 'tasks', 'point_records']);

describe('with twenty children of three hundred days each', () => {
  test.each(Object.entries(queries))('%s reads by index, and no other child’s rows', async (_, query) => {
    const steps = (await plansOf(query)).filter(({ table }) => table !== null && TABLES.has(table));
    expect(steps.length).toBeGreaterThan(0);
    for (const { table, type, key, rows } of steps) {
      expect({ table, type, key }).not.toMatchObject({ type: expect.stringMatching(/^(ALL|index)$/) });
      // A join on a value that is not given reads nothing, and no index.
      if (type !== 'const') expect(key).not.toBeNull();
      // An estimate, from a few dives into the index.
      expect(rows ?? 0).toBeLessThan(4 * DAYS);
    }
  });

  test.each(Object.entries(queries).filter(([name]) => name.includes('page')))('%s finds its order in the index', async (_, query) => {
    const steps = (await plansOf(query)).filter(({ table }) => table === 'diaries');
    expect(steps.length).toBeGreaterThan(0);
    for (const { Extra } of steps) expect(Extra ?? '').not.toMatch(/filesort|temporary/);
  });

  test.each([
    ['the first page', {}],
    ['a page far down', { offset: 200 }],
    ['a page by cursor', { count: 'none' }],
  ])('%s fetches the diaries that it shows, past tombstones, and none that it skips', async (_, more) => {
    expect(await diariesFetchedBy(page({}, { count: 'stored', ...more }))).toBe(11);
    expect(await diariesFetchedBy(page({ from: addDays(TODAY, -290), isDraft: false }, more))).toBe(11);
  });

  test.each(['stats', 'a recount of the streak', 'the total of a span', 'the total of drafts'])(
    '%s needs the index alone',
    async (name) => {
      const query = queries[name];
      if (!query) throw new Error(name);
      expect(await diariesFetchedBy(query)).toBe(0);
    },
  );

  test.each([
    'the state before a creation',
    'the state before an update',
    'the state before a move',
    'a diary by id',
    'an account by openid',
  ])('%s touches single rows', async (name) => {
    const query = queries[name];
    if (!query) throw new Error(name);
    for (const { rows } of await plansOf(query)) expect(rows ?? 1).toBeLessThanOrEqual(1);
  });
});
