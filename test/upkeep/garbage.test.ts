import { expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main } from '../../functions/sync/index';
import { main as task } from '../../functions/task/index';
import type { Database, Value } from '../../shared/runtime/mysql';
import type { SyncOutput } from '../../shared/sync/contract';
import { collectGarbage } from '../../shared/upkeep/garbage';
import { type Child, db, NOON, newChild, ok, select, TODAY, withoutRateLimits } from '../harness';
import { mismatches } from '../reconcile';

withoutRateLimits();

const daysLater = (days: number) => new Date(Date.parse(NOON) + days * 86_400_000);

const asJob: Database = {
  usage: { trips: 0, ms: 0, waitMs: 0, slow: 0, unprepared: 0 },
  rows: async (_, sql, values) => select(sql, [...values] as string[]),
  async post<Answer>(name: string, values: readonly Value[]) {
    const [[[row]]] = (await db().query(`CALL ${name}(${values.map(() => '?').join(', ')})`, [...values])) as never as [
      [{ response: Answer }[]],
    ];
    return row?.response as Answer;
  },
};

const pull = (child: Child, cursor: string | null, more: object = {}): Promise<SyncOutput> =>
  ok(main, child.openid, 'sync', { clientId: 'phone-of-this-test', cursor, ...more }, { now: daysLater(100).toISOString() });

async function withTombstones() {
  const child = await newChild();
  for (let count = 0; count < 6; count += 1) await ok(diary, child.openid, 'create', { date: `2025-01-1${count}`, content: `${count}` });
  const early = await pull(child, null);
  const { diary: doomed } = await ok(diary, child.openid, 'get', { date: '2025-01-12' });
  await ok(diary, child.openid, 'delete', { id: doomed.id });
  const { task: own } = await ok(task, child.openid, 'create', { title: 't' });
  await ok(task, child.openid, 'delete', { id: own.id });
  const late = await pull(child, null);
  return { child, early, late };
}

test('tombstones are removed after 90 days: a cursor past them continues, an older one reads everything again and drops deleted rows', async () => {
  const { child, early, late } = await withTombstones();
  await collectGarbage(asJob, daysLater(89));
  expect((await select('SELECT 1 FROM diaries WHERE user_id = ? AND deleted_at IS NOT NULL', [child.userId])).length).toBe(1);
  expect((await pull(child, early.cursor)).changes.filter((change) => 'deleted' in change).length).toBe(2);

  await collectGarbage(asJob, daysLater(92));
  expect(await select('SELECT 1 FROM diaries WHERE user_id = ? AND deleted_at IS NOT NULL', [child.userId])).toEqual([]);
  expect(await select('SELECT 1 FROM tasks WHERE user_id = ?', [child.userId])).toEqual([]);
  expect(await pull(child, late.cursor)).toMatchObject({ changes: [] });
  expect((await pull(child, late.cursor)).reset).toBeUndefined();

  const anew = await pull(child, early.cursor);
  expect(anew.reset).toBe(true);
  expect(anew.changes.filter(({ kind }) => kind === 'diary').map(({ key }) => key)).toEqual(
    ['10', '11', '13', '14', '15'].map((day) => `2025-01-${day}`),
  );
  expect((await pull(child, anew.cursor)).reset).toBeUndefined();
  expect((await mismatches()).filter(({ subject }) => subject === child.userId)).toEqual([]);
});

test('a read from the beginning in small pages is not reset', async () => {
  const { child, early } = await withTombstones();
  await collectGarbage(asJob, daysLater(92));
  let page = await pull(child, early.cursor, { limit: 1 });
  expect([page.reset, page.hasMore]).toEqual([true, true]);
  for (let pages = 0; page.hasMore; pages += 1) {
    expect(pages).toBeLessThan(20);
    page = await pull(child, page.cursor, { limit: 1 });
    expect(page.reset).toBeUndefined();
  }
});

test('a collection in the middle of such a reading, of what it may have missed, begins it again', async () => {
  const { child } = await withTombstones();
  const first = await pull(child, null, { limit: 1 });
  const { diary: doomed } = await ok(diary, child.openid, 'get', { date: '2025-01-10' });
  await ok(diary, child.openid, 'delete', { id: doomed.id });
  await collectGarbage(asJob, daysLater(92));
  expect((await pull(child, first.cursor, { limit: 1 })).reset).toBe(true);
});

test('a restored database has another epoch: every cursor is reset, and earlier versions do not count as seen', async () => {
  const { child, late } = await withTombstones();
  try {
    await select('UPDATE sync_epoch SET epoch = epoch + 1');
    const answer = await pull(child, late.cursor);
    expect(answer.reset).toBe(true);
    expect((await pull(child, answer.cursor)).reset).toBeUndefined();
  } finally {
    await select('UPDATE sync_epoch SET epoch = epoch - 1');
  }
});

test('answers of direct calls are kept 30 days, those of phones 90', async () => {
  const child = await newChild();
  const put = { date: TODAY, content: 'x', mood: '', weather: '', images: [], tags: [], isDraft: false };
  await ok(diary, child.openid, 'create', { date: '2025-01-10', content: 'x' }, { requestId: 'a-direct-call' });
  await ok(main, child.openid, 'sync', { clientId: 'phone-1234', mutations: [{ mid: 1, type: 'diary.put', args: put, modifiedAt: NOON }] });
  const left = async () =>
    (await select<{ request_id: string }>('SELECT request_id FROM requests WHERE user_id = ? ORDER BY 1', [child.userId])).map(
      ({ request_id }) => request_id,
    );
  await collectGarbage(asJob, daysLater(29));
  expect(await left()).toEqual(['a-direct-call', '~phone-1234:0000000001']);
  await collectGarbage(asJob, daysLater(32));
  expect(await left()).toEqual(['~phone-1234:0000000001']);
  await collectGarbage(asJob, daysLater(92));
  expect(await left()).toEqual([]);
});

/** So many requests of one user, made so many days before NOON. */
async function withOldRequests(child: Child, count: number, days: number, prefix: string): Promise<void> {
  const digits =
    '(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
  await select(
    `INSERT INTO requests (user_id, request_id, hash, receipt, created_at)
     SELECT ?, CONCAT(?, LPAD(n, 10, '0')), REPEAT('x', 32), '{}', ?
       FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM ${digits} a JOIN ${digits} b JOIN ${digits} c JOIN ${digits} d) AS numbers
      WHERE n < ?`,
    [child.userId, prefix, daysLater(-days), count],
  );
}

const requestsOf = async ({ userId }: Child): Promise<number> =>
  (await select<{ n: number }>('SELECT COUNT(*) AS n FROM requests WHERE user_id = ?', [userId]))[0]?.n ?? 0;

test('clean-up works in slices: what one run has no time for, the next one removes', async () => {
  const child = await newChild();
  await withOldRequests(child, 1_200, 40, 'a-direct-call-');
  let slices = 0;
  const counting: Database = {
    ...asJob,
    post: (name, values) => {
      if (name === 'post_forgetting') slices += 1;
      return asJob.post(name, values);
    },
  };
  await collectGarbage(counting, daysLater(0), Date.now());
  expect([await requestsOf(child), slices]).toEqual([1_200, 0]);
  await collectGarbage(counting, daysLater(0));
  expect(await requestsOf(child)).toBe(0);
  expect(slices).toBeGreaterThanOrEqual(4);
});

test('recent mutations of phones, however many, do not slow the clean-up of direct calls: only rows that go are read', async () => {
  const child = await newChild();
  await withOldRequests(child, 5_000, 40, '~phone-1234:');
  await withOldRequests(child, 100, 40, 'a-direct-call-');
  const connection = await db().getConnection();
  try {
    await connection.query('FLUSH STATUS');
    await connection.query('CALL post_forgetting(FALSE, ?, 500)', [daysLater(-30)]);
    const [rows] = await connection.query("SHOW SESSION STATUS LIKE 'Handler_read%'");
    const read = (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
    expect(read).toBeLessThan(1_500);
  } finally {
    connection.release();
  }
  expect(await requestsOf(child)).toBe(5_000);
});

test.runIf(process.env.MODE === 'long')(
  'two million mutations of phones: each slice of the clean-up stays below 200 ms',
  async () => {
    const child = await newChild();
    for (let part = 0; part < 200; part += 1) await withOldRequests(child, 10_000, 40, `~phone-${1_000 + part}:`);
    await withOldRequests(child, 10_000, 40, 'a-direct-call-');
    const times: number[] = [];
    const timing: Database = {
      ...asJob,
      async post(name, values) {
        const started = performance.now();
        const answer = await asJob.post(name, values);
        times.push(performance.now() - started);
        return answer as never;
      },
    };
    await collectGarbage(timing, daysLater(0), Date.now() + 60_000);
    expect(await requestsOf(child)).toBe(2_000_000);
    await collectGarbage(timing, daysLater(60), Date.now() + 60_000);
    console.log(`${times.length} slices, longest ${Math.max(...times).toFixed(0)} ms`);
    expect(times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]).toBeLessThan(200);
    for (let left = true; left; )
      left =
        (await select<{ n: number }>('SELECT 1 AS n FROM requests WHERE user_id = ? LIMIT 1', [child.userId])).length > 0 &&
        (await select('DELETE FROM requests WHERE user_id = ? LIMIT 100000', [child.userId])) !== null;
  },
  900_000,
);
