import { expect, test } from 'vitest';
import { newOpenid, ok, TODAY } from '../../test/harness';
import { main as login } from '../login/index';
import { main as user } from '../user/index';
import { main } from './index';

test('a diary written today is read back as it was written and pays its reward', async () => {
  const openid = newOpenid();
  await ok(login, openid, 'login');
  const written = await ok(main, openid, 'create', { date: TODAY, content: '今天😀', mood: 'happy', tags: ['a', 'a ', 'b'] });
  expect(written).toMatchObject({
    diary: { content: '今天😀', tags: ['a', 'b'], images: [] },
    stats: { totalDiaries: 1, continuousDays: 1 },
    reward: { points: 5, balance: 5 },
  });
  expect(await ok(main, openid, 'get', { id: written.diary.id })).toEqual({ diary: written.diary });
  expect(await ok(main, openid, 'list')).toEqual({
    diaries: [written.diary],
    page: 1,
    limit: 10,
    total: 1,
    hasMore: false,
    nextCursor: null,
  });
  expect(await ok(main, openid, 'calendar', { month: '2025-01' })).toMatchObject({ days: [{ date: TODAY, diaryId: written.diary.id }] });
  expect(await ok(main, openid, 'stats')).toMatchObject({ thisMonth: 1 });
  const updated = await ok(main, openid, 'update', { id: written.diary.id, version: written.diary.version, content: 'x' });
  expect(updated.reward).toBeNull();
  expect(await ok(user, openid, 'profile')).toMatchObject({ points: 5, totalDiaries: 1, continuousDays: 1 });
  expect(await ok(main, openid, 'delete', { id: written.diary.id })).toMatchObject({
    stats: { totalDiaries: 0, continuousDays: 0, longestStreak: 0, lastDiaryDate: null },
  });
});
