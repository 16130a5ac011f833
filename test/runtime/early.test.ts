import { describe, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary';
import { main as task } from '../../functions/task';
import { main as user } from '../../functions/user';
import { subjectOf } from '../../shared/runtime/identity';
import { sessionKey } from '../../shared/runtime/rate-limit';
import { openCache } from '../../shared/runtime/redis';
import { configure, newChild, ok, refused, select } from '../harness';

const DAYS = ['2025-01-22', '2025-01-23', '2025-01-24'];
const noonOf = (day: string) => `${day}T04:00:00.000Z`;

describe('a read begins before it is known whether its caller may come in', () => {
  describe('with too little room to be let in ahead', () => {
    configure({ rateLimitFactor: 4 / 120 });

    test('and is done again when the caller turns out to be somebody else than before', async () => {
      const { openid } = await newChild();
      const before = await ok(user, openid, 'profile');
      await select('UPDATE users SET openid = NULL WHERE id = ?', [before.id]);
      await select('INSERT INTO users (openid, nickname, created_at, updated_at) VALUES (?, ?, NOW(3), NOW(3))', [openid, '新来的']);
      await openCache().run((redis) => redis.del(sessionKey(subjectOf(openid))));

      const after = await ok(user, openid, 'profile');
      expect(after.id).toBeGreaterThan(before.id);
      expect(after.nickname).toBe('新来的');
    });

    test('what lies in Redis for another child makes nobody that child', async () => {
      const [mine, other] = [await newChild(), await newChild()];
      for (const { openid } of [mine, other]) await ok(user, openid, 'profile');
      const [mineKey, otherKey] = [mine, other].map(({ openid }) => sessionKey(subjectOf(openid)));
      await openCache().run(async (redis) => redis.set(mineKey ?? '', (await redis.get(otherKey ?? '')) ?? ''));
      expect((await ok(user, mine.openid, 'profile')).id).toBe(mine.userId);
      await ok(diary, mine.openid, 'create', { date: DAYS[0], content: '我的' }, { now: noonOf('2025-01-24') });
      expect(await select('SELECT user_id FROM diaries WHERE user_id IN (?, ?)', [mine.userId, other.userId])).toEqual([
        { user_id: mine.userId },
      ]);
    });
  });

  describe('with room for two reads', () => {
    configure({ rateLimitFactor: 2 / 120 });

    test('and posts nothing for a caller who may not', async () => {
      const { openid } = await newChild();
      const [first = '', second = '', third = ''] = DAYS;
      await ok(task, openid, 'list', {}, { now: noonOf(first) });
      await ok(task, openid, 'list', {}, { now: noonOf(second) });
      expect((await refused(task, openid, 'list', {}, { now: noonOf(third) })).code).toBe('RATE_LIMITED');

      const days = await select<{ day: string }>(
        'SELECT DISTINCT task_date AS day FROM tasks JOIN users ON users.id = tasks.user_id WHERE openid = ? ORDER BY 1',
        [openid],
      );
      expect(days.map(({ day }) => day)).toEqual([first, second]);
    });

    test('nor writes what they wrote', async () => {
      const { openid, userId } = await newChild();
      await ok(user, openid, 'profile');
      await ok(diary, openid, 'create', { date: DAYS[0], content: '今天' }, { now: noonOf('2025-01-24') });
      expect((await refused(diary, openid, 'create', { date: DAYS[1], content: '明天' }, { now: noonOf('2025-01-24') })).code).toBe(
        'RATE_LIMITED',
      );
      expect(await select('SELECT diary_date FROM diaries WHERE user_id = ?', [userId])).toEqual([{ diary_date: DAYS[0] }]);
    });
  });
});
