import { expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as monitor } from '../../functions/monitor/index';
import { main as sync } from '../../functions/sync/index';
import { main as user } from '../../functions/user/index';
import { afterRestore } from '../../scripts/after-restore';
import { db, fire, newOpenid, ok, refused, select, TODAY, withoutRateLimits } from '../harness';

withoutRateLimits();

const newUser = async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  await ok(diary, openid, 'create', { date: TODAY, content: `日记 ${openid}` });
  return { openid, id: userInfo.id as number };
};

/** The rows of two children, copied aside and put back: what a restore does to them. */
async function backUp(ids: number[]): Promise<() => Promise<void>> {
  const copies: Record<string, string> = {
    users: 'id',
    diaries: 'user_id',
    point_records: 'user_id',
    requests: 'user_id',
    tasks: 'user_id',
  };
  const columns = async (table: string) => {
    const rows = await select<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND generation_expression = '' ORDER BY ordinal_position",
      [table],
    );
    return rows.map(({ name }) => `\`${name}\``).join(', ');
  };
  const elsewhere = `${process.env.DB_NAME}_backup`;
  await select(`DROP DATABASE IF EXISTS ${elsewhere}`);
  await select(`CREATE DATABASE ${elsewhere}`);
  for (const [table, key] of Object.entries(copies)) {
    await select(`CREATE TABLE ${elsewhere}.${table} AS SELECT ${await columns(table)} FROM ${table} WHERE ${key} IN (${ids.join()})`);
  }
  return async () => {
    await select(`DELETE FROM erasures WHERE user_id IN (${ids.join()})`);
    for (const [table, key] of Object.entries(copies)) {
      await select(`DELETE FROM ${table} WHERE ${key} IN (${ids.join()})`);
      await select(`INSERT INTO ${table} (${await columns(table)}) SELECT ${await columns(table)} FROM ${elsewhere}.${table}`);
    }
    await select(`DROP DATABASE ${elsewhere}`);
  };
}

test('after a restore, accounts erased since the backup are erased again, others stay, and phones read everything again', async () => {
  const [gone, stays] = [await newUser(), await newUser()];
  const page = await ok(sync, stays.openid, 'sync', { clientId: 'phone-of-this-test', ack: 0, cursor: null, mutations: [] });
  const restore = await backUp([gone.id, stays.id]);
  await ok(user, gone.openid, 'erase', { confirm: '注销账号' });
  await restore();
  expect(await select('SELECT 1 FROM diaries WHERE user_id = ?', [gone.id])).toHaveLength(1);

  const connection = await db().getConnection();
  const done = await afterRestore(connection, [gone.id, 4_000_000_000], new Date());
  connection.release();
  expect(done.erased).toEqual([gone.id]);
  await fire(monitor, 'collect');
  expect(await select('SELECT 1 FROM diaries WHERE user_id = ?', [gone.id])).toEqual([]);
  expect(await refused(user, gone.openid, 'profile')).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await ok(user, stays.openid, 'profile')).toMatchObject({ id: stays.id, totalDiaries: 1 });
  const again = await ok(sync, stays.openid, 'sync', { clientId: 'phone-of-this-test', ack: 0, cursor: page.cursor, mutations: [] });
  expect(again.reset).toBe(true);
});
