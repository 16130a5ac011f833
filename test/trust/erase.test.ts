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

test('the ledger stays without a person and still adds up', async () => {
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

test('tokens are dead at once, on every door', async () => {
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

test('the same person signing in again gets a fresh account, and the old tokens do not fit it', async () => {
  const child = await livelyChild();
  await ok(user, child.openid, 'erase', { confirm });
  const again = await ok(login, child.openid, 'login');
  expect(again).toMatchObject({ isNewUser: true, userInfo: { nickname: '', points: 0 } });
  expect(again.userInfo.id).not.toBe(child.id);
  expect(await ok(diary, child.openid, 'list')).toMatchObject({ diaries: [], total: 0 });
  expect(await refused(user, null, 'profile', {}, { token: child.token })).toMatchObject({ code: 'UNAUTHENTICATED' });
  await ok(user, null, 'profile', {}, { token: again.token });
});

test('after an erasure Redis keeps one key of the person: the count of erasures', async () => {
  const child = await livelyChild();
  const keysOf = async () => (await openCache().run((redis) => redis.keys(`*{${subjectOf(child.openid)}}*`))) ?? [];
  expect((await keysOf()).length).toBeGreaterThan(1);
  await ok(user, child.openid, 'erase', { confirm });
  expect((await keysOf()).map((key) => key.split(':').at(2))).toEqual(['erase']);
});

test('writes that race with the end of an account leave nothing behind', async () => {
  const child = await livelyChild();
  const writes = Array.from({ length: 20 }, (_, index) =>
    send(diary, child.openid, 'create', { date: `2024-05-${String(index + 1).padStart(2, '0')}`, content: child.secret }),
  );
  await Promise.all([...writes, ok(user, child.openid, 'erase', { confirm })]);
  const counts = await countRows(child.id);
  for (const [name, count] of Object.entries(counts)) if (!KEPT.includes(name)) expect([name, count]).toEqual([name, 0]);
});

test('two erasures at once are one', async () => {
  const child = await livelyChild();
  const answers = await Promise.all([1, 2, 3].map(() => send(user, child.openid, 'erase', { confirm })));
  expect(answers.some(({ success }) => success)).toBe(true);
  expect(await select('SELECT user_id FROM erasures WHERE user_id = ?', [child.id])).toHaveLength(1);
});

test('a living account cannot be emptied by mistake', async () => {
  const child = await livelyChild();
  await expect(select('CALL post_erase_rows(?, 100, 0, NOW(3))', [child.id])).rejects.toThrow('FORBIDDEN');
});
