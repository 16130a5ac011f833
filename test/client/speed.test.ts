import { expect, test } from 'vitest';
import { select, withoutRateLimits } from '../harness';
import { newWorld } from './world';

withoutRateLimits();

const syncCalls = (calls: { name: string }[]): number => calls.filter(({ name }) => name === 'sync').length;

test('50 queued writes are sent in one call, 1,000 changes arrive in at most three', async () => {
  const world = newWorld();
  const phone = world.phone();
  const app = phone.start();
  const { userInfo } = await app.login();
  await app.sync.now();
  app.network(false);
  for (let number = 0; number < 50; number += 1) await app.task.create({ title: `任务${number}` });
  app.network(true);
  phone.calls.length = 0;
  await app.sync.now();
  expect(app.sync.status().pending).toBe(0);
  expect(syncCalls(phone.calls)).toBeLessThanOrEqual(2);

  // Without the pipeline: 1,000 rows as a year of tasks leaves them.
  const values = Array.from(
    { length: 1_000 },
    (_, index) => `(${userInfo.id}, ${1_000_000 + index}, '2024-12-01', '任务', ${10_000 + index})`,
  );
  const columns = await select<{ Field: string }>('SHOW COLUMNS FROM tasks');
  expect(columns.map(({ Field }) => Field)).toEqual(expect.arrayContaining(['user_id', 'id', 'task_date', 'title', 'rev']));
  await select(`INSERT INTO tasks (user_id, id, task_date, title, rev) VALUES ${values.join()}`).catch(() => undefined);
  await select('UPDATE users SET rev = 20000 WHERE id = ?', [userInfo.id]);
  const next = world.phone();
  const fresh = next.start();
  await fresh.login();
  next.calls.length = 0;
  await fresh.sync.now();
  expect(syncCalls(next.calls)).toBeLessThanOrEqual(3);
});

test('with 10,000 cached diaries nothing reads all rows: not the start, not a page of a list, not the statistics', async () => {
  const phone = newWorld().phone();
  const app = phone.start();
  await app.login();
  await app.sync.now();
  app.kill();
  const root = [...phone.storage.keys()].find((key) => key.endsWith(':meta'))?.slice(0, -'meta'.length) ?? '';
  const { generation } = JSON.parse(String(phone.storage.get(`${root}meta`)));
  for (let index = 0; index < 10_000; index += 1) {
    const date = new Date(Date.parse('2025-01-22') - index * 86_400_000).toISOString().slice(0, 10);
    const row = { id: index + 1, date, content: '今天', mood: '', weather: '', images: [], tags: [], isDraft: false, version: 1 };
    phone.storage.set(`${root}row:diary:${date}`, JSON.stringify({ rev: 1, generation, row }));
  }
  phone.isOnline = false;
  let reads = 0;
  phone.onRead = (key) => {
    if (key.includes(':row:')) reads += 1;
  };
  const next = phone.start();
  next.network(false);
  expect(await next.diary.list({ limit: 10 }, { prefer: 'cache' })).toMatchObject({ total: 10_000, hasMore: true });
  expect(await next.diary.stats({ prefer: 'cache' })).toMatchObject({ totalDiaries: 10_000, longestStreak: 10_000 });
  expect(reads).toBeLessThan(50);
});
