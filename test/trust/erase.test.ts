import { expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import { main as user } from '../../functions/user/index';
import { subjectOf } from '../../shared/runtime/identity';
import { openCache } from '../../shared/runtime/redis';
import { grant, newOpenid, ok, refused, select, send, TODAY, withoutRateLimits } from '../harness';

withoutRateLimits();

const confirm = '注销账号';

interface Child {
  openid: string;
  id: number;
  token: string;
  /** What only this child has ever written. */
  secret: string;
}

async function newChild(): Promise<Child> {
  const openid = newOpenid();
  const { token, userInfo } = await ok(login, openid, 'login');
  return { openid, id: userInfo.id, token, secret: `秘密${openid.slice(-9)}` };
}

/** An account with something in every corner. */
async function livelyChild(): Promise<Child> {
  const child = await newChild();
  const { secret } = child;
  await ok(user, child.openid, 'update', { nickname: secret });
  await ok(diary, child.openid, 'create', { date: TODAY, content: secret, tags: [secret] });
  await ok(diary, child.openid, 'create', { date: '2025-01-02', content: secret, isDraft: true });
  await ok(task, child.openid, 'create', { title: secret, pointsReward: 5 });
  await ok(task, child.openid, 'list');
  await grant(child.id, 50);
  await ok(points, child.openid, 'deduct', { amount: 7, source: secret, description: secret });
  return child;
}

const tablesWithUsers = async (): Promise<string[]> => {
  const rows = await select<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = DATABASE() AND column_name = 'user_id' AND table_type = 'BASE TABLE'`,
  );
  return rows.map(({ name }) => name);
};

const KEPT = ['erasures', 'point_records', 'lottery_records'];

const countRows = async (userId: number): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of await tablesWithUsers()) {
    const [row] = await select<{ n: number }>(`SELECT COUNT(*) AS n FROM ${name} WHERE user_id = ?`, [userId]);
    counts[name] = row?.n ?? 0;
  }
  return counts;
};

/** Every text of every column of every table that still holds these words. */
async function placesOf(words: string): Promise<string[]> {
  const columns = await select<{ t: string; c: string }>(
    `SELECT table_name AS t, column_name AS c FROM information_schema.columns
      WHERE table_schema = DATABASE() AND data_type IN ('varchar', 'char', 'text', 'mediumtext', 'json')`,
  );
  const found: string[] = [];
  for (const { t, c } of columns) {
    const [row] = await select<{ n: number }>(`SELECT COUNT(*) AS n FROM ${t} WHERE CONVERT(${c} USING utf8mb4) LIKE ?`, [`%${words}%`]);
    if (row && row.n > 0) found.push(`${t}.${c}`);
  }
  return found;
}

test('a wrong phrase removes nothing', async () => {
  const child = await livelyChild();
  const before = await countRows(child.id);
  for (const wrong of ['注销', '', '删除账号', true, null]) {
    expect(await refused(user, child.openid, 'erase', { confirm: wrong })).toMatchObject({ code: 'INVALID_INPUT' });
  }
  expect(await refused(user, child.openid, 'erase')).toMatchObject({ code: 'INVALID_INPUT' });
  expect(await countRows(child.id)).toEqual(before);
  expect(await ok(user, child.openid, 'profile')).toMatchObject({ nickname: child.secret });
});

test('nothing that a child wrote, and no name of theirs, is left in any column of any table', async () => {
  const child = await livelyChild();
  const neighbour = await livelyChild();
  const neighbourRows = await countRows(neighbour.id);
  expect(await ok(user, child.openid, 'erase', { confirm })).toEqual({ erased: true });

  expect(await placesOf(child.openid)).toEqual([]);
  const counts = await countRows(child.id);
  for (const [name, count] of Object.entries(counts)) if (!KEPT.includes(name)) expect([name, count]).toEqual([name, 0]);
  expect(await countRows(neighbour.id)).toEqual(neighbourRows);
  expect(await placesOf(child.secret)).toEqual([]);
  expect((await placesOf(neighbour.secret)).length).toBeGreaterThan(5);
});

interface Column {
  t: string;
  c: string;
  type: string;
  key: string;
}

/** A row of `table` for the user, made from the schema alone: a table that is added later takes part. */
async function fillTable(table: string, userId: number): Promise<void> {
  const columns = await select<Column>(
    `SELECT table_name AS t, column_name AS c, data_type AS type, column_key AS \`key\` FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name = ? AND is_nullable = 'NO' AND generation_expression = '' AND extra NOT LIKE '%auto%'`,
    [table],
  );
  const dummyOf = ({ c, type }: Column): string => {
    if (c === 'user_id') return String(userId);
    if (type === 'json') return "'[]'";
    if (/date|time/.test(type)) return "'2025-01-01'";
    if (/binary/.test(type)) return "REPEAT('x', 16)";
    return /int|decimal|float|double/.test(type) ? '1' : "'1'";
  };
  await select(`INSERT INTO ${table} (${columns.map(({ c }) => c).join()}) VALUES (${columns.map(dummyOf).join()})`);
}

test('each table with a user_id is emptied: one row made in every one of them is gone after the erasure', async () => {
  const child = await newChild();
  const tables = (await tablesWithUsers()).filter((name) => !KEPT.includes(name));
  expect(tables).toEqual(expect.arrayContaining(['sync_failures', 'picture_checks', 'content_checks', 'won_prizes']));
  for (const table of tables) await fillTable(table, child.id);
  // The postings themselves: the row in guardian_gates asks for a PIN at the front door.
  await select("CALL post_erase(?, NULL, REPEAT('x', 32), NOW(3))", [child.id]);
  await select('DELETE FROM erased_files WHERE user_id = ?', [child.id]);
  for (const _ of [1, 2]) await select('CALL post_erase_rows(?, 500, 0, NOW(3))', [child.id]);
  const counts = await countRows(child.id);
  for (const table of tables) expect([table, counts[table]]).toEqual([table, 0]);
  expect(await select('SELECT 1 FROM erasures WHERE user_id = ? AND finished_at IS NOT NULL', [child.id])).toHaveLength(1);
});

/** Columns that may hold words of a person in rows that outlive the account. Whoever adds one says here how erasure empties it. */
const KEPT_TEXTS: Record<string, string> = {
  'point_records.source': 'emptied where a person wrote it',
  'point_records.description': 'emptied',
  'point_records.related_type': 'emptied',
  'point_records.source_key': 'made by the system',
  'point_records.actor': 'an operator',
  'lottery_records.prize_name': 'emptied',
  'lottery_records.prize_image': 'emptied; a file of the user’s own is removed',
  'lottery_records.prize_emoji': 'emptied',
  'lottery_records.prize_description': 'emptied',
  'lottery_records.prize_kind': 'made by the system',
  'lottery_records.request_id': 'a random id',
  'users.openid': 'emptied',
  'users.nickname': 'emptied',
  'users.avatar_url': 'emptied; the file is removed',
  'users.settings': 'reset',
};

test('every text column of rows that outlive an account is listed with what erasure does to it', async () => {
  const columns = await select<{ name: string }>(
    `SELECT CONCAT(table_name, '.', column_name) AS name FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name IN ('erasures', 'point_records', 'lottery_records', 'users')
        AND data_type IN ('varchar', 'char', 'text', 'mediumtext', 'longtext', 'json') AND generation_expression = ''`,
  );
  expect(columns.map(({ name }) => name).toSorted()).toEqual(Object.keys(KEPT_TEXTS).toSorted());
});

/** Columns that can name a file in storage; post_erase reads each of them. */
const FILE_COLUMNS = [
  'ai_jobs.result',
  'diaries.ai_image',
  'diaries.images',
  'diary_revisions.images',
  'family_prizes.image_url',
  'lottery_records.prize_image',
  'picture_checks.file',
  'users.avatar_url',
];

test('every column of a user’s that can name a file is one that erasure reads files from', async () => {
  const columns = await select<{ name: string }>(
    `SELECT CONCAT(table_name, '.', column_name) AS name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND column_name RLIKE 'image|file|avatar|picture|url|^result$'
        AND data_type IN ('varchar', 'text', 'json') AND (table_name = 'users' OR table_name IN
            (SELECT table_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'user_id'))`,
  );
  const found = columns.map(({ name }) => name).filter((name) => name !== 'erased_files.file_id');
  expect(found.toSorted()).toEqual(FILE_COLUMNS);
});

test('the ledger stays anonymously and still adds up', async () => {
  const child = await livelyChild();
  await ok(user, child.openid, 'erase', { confirm });
  const [account] = await select<{ openid: null; nickname: string; points: number; status: number; total_diaries: number }>(
    'SELECT openid, nickname, points, status, total_diaries FROM users WHERE id = ?',
    [child.id],
  );
  expect(account).toMatchObject({ openid: null, nickname: '', status: 0, total_diaries: 1, points: 48 });
  const records = await select<{ amount: number; source: string; description: string }>(
    'SELECT amount, source, description FROM point_records WHERE user_id = ? ORDER BY seq',
    [child.id],
  );
  expect(records.map(({ amount }) => amount)).toEqual([5, 50, -7]);
  expect(records.map(({ source }) => source)).toEqual(['写日记', '', '']);
  expect(new Set(records.map(({ description }) => description))).toEqual(new Set(['']));
});

test('tokens are refused at once at every door', async () => {
  const child = await livelyChild();
  await ok(user, null, 'profile', {}, { token: child.token });
  await ok(user, child.openid, 'erase', { confirm });
  expect(await refused(user, null, 'profile', {}, { token: child.token })).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await refused(diary, null, 'create', { date: TODAY, content: 'x' }, { token: child.token })).toMatchObject({
    code: 'UNAUTHENTICATED',
  });
  expect(await refused(login, null, 'refresh', {}, { token: child.token })).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await refused(user, child.openid, 'profile')).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('the same person signing in again gets a new account, which the old tokens do not open', async () => {
  const child = await livelyChild();
  await ok(user, child.openid, 'erase', { confirm });
  const again = await ok(login, child.openid, 'login');
  expect(again).toMatchObject({ isNewUser: true, userInfo: { nickname: '', points: 0 } });
  expect(again.userInfo.id).not.toBe(child.id);
  expect(await ok(diary, child.openid, 'list')).toMatchObject({ diaries: [], total: 0 });
  expect(await refused(user, null, 'profile', {}, { token: child.token })).toMatchObject({ code: 'UNAUTHENTICATED' });
  await ok(user, null, 'profile', {}, { token: again.token });
});

test('after an erasure Redis keeps nothing of the person but counts of calls, which end within a day', async () => {
  const child = await livelyChild();
  const keysOf = async () => (await openCache().run((redis) => redis.keys(`*{${subjectOf(child.openid)}}*`))) ?? [];
  expect((await keysOf()).length).toBeGreaterThan(1);
  await ok(user, child.openid, 'erase', { confirm });
  for (const key of await keysOf()) {
    expect(key).toMatch(/^gd:\{[^}]+\}:(erase|write|read|login|sync|points|draw)/);
    const seconds = await openCache().run((redis) => redis.ttl(key));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(86_400);
  }
});

test('writes concurrent with an erasure leave no row behind', async () => {
  const child = await livelyChild();
  const writes = Array.from({ length: 20 }, (_, index) =>
    send(diary, child.openid, 'create', { date: `2024-05-${String(index + 1).padStart(2, '0')}`, content: child.secret }),
  );
  await Promise.all([...writes, ok(user, child.openid, 'erase', { confirm })]);
  const counts = await countRows(child.id);
  for (const [name, count] of Object.entries(counts)) if (!KEPT.includes(name)) expect([name, count]).toEqual([name, 0]);
});

test('two concurrent erasures have one effect', async () => {
  const child = await livelyChild();
  const answers = await Promise.all([1, 2, 3].map(() => send(user, child.openid, 'erase', { confirm })));
  expect(answers.some(({ success }) => success)).toBe(true);
  expect(await select('SELECT user_id FROM erasures WHERE user_id = ?', [child.id])).toHaveLength(1);
});

test('the rows of an active account cannot be removed by mistake', async () => {
  const child = await livelyChild();
  await expect(select('CALL post_erase_rows(?, 100, 0, NOW(3))', [child.id])).rejects.toThrow('FORBIDDEN');
});
