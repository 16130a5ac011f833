import { expect, test } from 'vitest';
import { grant, newChild, ok } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main } from './index';

test('statistics are the sums of today, of the week from Sunday, of the month, and by source', async () => {
  const child = await newChild();
  await grant(child.userId, 50);
  const spend = (amount: number, source: string, now: string) => ok(main, child.openid, 'deduct', { amount, source }, { now });
  await spend(7, '看电影', '2025-02-28T15:59:59.000Z');
  await spend(5, '看电影', '2025-03-01T16:00:00.000Z');
  await spend(3, '贴纸', '2025-03-05T04:00:00.000Z');
  await ok(diary, child.openid, 'create', { date: '2025-03-05', content: '今天' }, { now: '2025-03-05T15:59:00.000Z' });
  const stats = await ok(main, child.openid, 'stats', {}, { now: '2025-03-05T15:59:30.000Z' });
  expect(stats).toMatchObject({
    today: { earned: 5, spent: 3 },
    week: { earned: 5, spent: 8 },
    month: { earned: 5, spent: 8 },
    total: 40,
  });
  expect(stats.bySource).toEqual([
    { source: '测试', earned: 50, spent: 0 },
    { source: '看电影', earned: 0, spent: 12 },
    { source: '写日记', earned: 5, spent: 0 },
    { source: '贴纸', earned: 0, spent: 3 },
  ]);
});

test('a keyword finds part of the source or of the description, taken literally', async () => {
  const child = await newChild();
  await grant(child.userId, 50);
  await ok(main, child.openid, 'deduct', { amount: 1, source: '看电影', description: '100%好看' });
  await ok(main, child.openid, 'deduct', { amount: 2, source: '贴纸', description: '100张' });
  const ids = async (keyword: string) =>
    (await ok(main, child.openid, 'records', { keyword })).records.map(({ amount }: { amount: number }) => amount);
  expect(await ids('电影')).toEqual([-1]);
  expect(await ids('100%')).toEqual([-1]);
  expect(await ids('100')).toEqual([-2, -1]);
  expect(await ids("'")).toEqual([]);
});
