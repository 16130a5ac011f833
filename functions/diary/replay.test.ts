import { describe, expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import { newChild, ok, refused, select, send, TODAY, withoutRateLimits } from '../../test/harness';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();

const requestId = 'the-request-of-this-test';
const write = { date: TODAY, content: '今天' };
const countOf = async (userId: number): Promise<object> => {
  const [row] = await select<object>(
    `SELECT (SELECT COUNT(*) FROM diaries WHERE user_id = ? AND deleted_at IS NULL) AS diaries,
            (SELECT COUNT(*) FROM point_records WHERE user_id = ?) AS records, (SELECT points FROM users WHERE id = ?) AS points`,
    [userId, userId, userId],
  );
  return row ?? {};
};
const ONCE = { diaries: 1, records: 1, points: 5 };

describe('a request asked again', () => {
  test('answers the same and writes once', async () => {
    const { openid, userId } = await newChild();
    const first = await send(main, openid, 'create', write, { requestId });
    expect(first).toMatchObject({ success: true, requestId });
    expect(await send(main, openid, 'create', write, { requestId })).toEqual(first);
    expect(await send(main, openid, 'create', { content: '今天', date: TODAY }, { requestId })).toEqual(first);
    expect(await countOf(userId)).toEqual(ONCE);
  });

  test('with another body, or for another action, is refused and writes nothing', async () => {
    const { openid, userId } = await newChild();
    const { diary } = await ok(main, openid, 'create', write, { requestId });
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH' };
    expect(await refused(main, openid, 'create', { ...write, content: '改' }, { requestId })).toMatchObject(mismatch);
    expect(await refused(main, openid, 'delete', { id: diary.id }, { requestId })).toMatchObject(mismatch);
    expect(await refused(user, openid, 'update', { nickname: 'x' }, { requestId })).toMatchObject(mismatch);
    expect(await countOf(userId)).toEqual(ONCE);
  });

  test('by another child is a request of its own', async () => {
    const [a, b] = [await newChild(), await newChild()];
    await ok(main, a.openid, 'create', write, { requestId });
    expect((await ok(main, b.openid, 'create', { ...write, content: '我的' }, { requestId })).diary.content).toBe('我的');
    expect([await countOf(a.userId), await countOf(b.userId)]).toEqual([ONCE, ONCE]);
  });

  test('in other letters is another request', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'create', write, { requestId: 'Request-A' });
    expect((await refused(main, openid, 'create', { ...write, content: 'x' }, { requestId: 'request-a' })).code).toBe('DIARY_EXISTS');
  });

  test('answers the reward of the first time with the diary as it is now', async () => {
    const { openid, userId } = await newChild();
    const first = await ok(main, openid, 'create', write, { requestId });
    const { id, version } = first.diary;
    const change = { id, version, content: '改' };
    const changed = await ok(main, openid, 'update', change, { requestId: 'r2' });
    await ok(main, openid, 'create', { date: addDays(TODAY, -1), content: '昨天' });
    const stats = { ...first.stats, totalDiaries: 2, continuousDays: 2, longestStreak: 2 };
    expect(await ok(main, openid, 'create', write, { requestId })).toEqual({ diary: changed.diary, stats, reward: first.reward });
    expect(first.reward).toEqual({ points: 5, balance: 5 });
    expect(await ok(main, openid, 'update', change, { requestId: 'r2' })).toEqual({ ...changed, stats });
    expect(await countOf(userId)).toEqual({ diaries: 2, records: 2, points: 10 });
  });

  test('answers NOT_FOUND once the diary is deleted; the deletion answers that it is done', async () => {
    const { openid, userId } = await newChild();
    const { diary } = await ok(main, openid, 'create', write, { requestId });
    const change = { id: diary.id, version: diary.version, content: '改' };
    await ok(main, openid, 'update', change, { requestId: 'r2' });
    const removed = await ok(main, openid, 'delete', { id: diary.id }, { requestId: 'r3' });
    expect((await refused(main, openid, 'create', write, { requestId })).code).toBe('NOT_FOUND');
    expect((await refused(main, openid, 'update', change, { requestId: 'r2' })).code).toBe('NOT_FOUND');
    expect(await ok(main, openid, 'delete', { id: diary.id }, { requestId: 'r3' })).toEqual(removed);
    expect(await countOf(userId)).toEqual({ diaries: 0, records: 1, points: 5 });
  });

  test('after a refusal may succeed: refusals are not remembered', async () => {
    const { openid } = await newChild();
    const { diary } = await ok(main, openid, 'create', write);
    expect((await refused(main, openid, 'create', write, { requestId })).code).toBe('DIARY_EXISTS');
    await ok(main, openid, 'delete', { id: diary.id });
    await ok(main, openid, 'create', write, { requestId });
  });

  test('32 times at once writes once and gives every call the same answer', async () => {
    const { openid, userId } = await newChild();
    const answers = await Promise.all(Array.from({ length: 32 }, () => send(main, openid, 'create', write, { requestId })));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ success: true });
    expect(await countOf(userId)).toEqual(ONCE);
  });

  test('at once with two bodies: one is written, the other is refused', async () => {
    const { openid, userId } = await newChild();
    const answers = await Promise.all(['一', '二'].map((content) => send(main, openid, 'create', { date: TODAY, content }, { requestId })));
    const codes = answers.map((answer) => (answer.success ? 'OK' : answer.error.code)).sort();
    expect(codes).toEqual(['IDEMPOTENCY_MISMATCH', 'OK']);
    expect(await countOf(userId)).toEqual(ONCE);
  });
});

describe('at the same time', () => {
  test('64 creates of one date: one wins, the others answer with the existing diary', async () => {
    const { openid, userId } = await newChild();
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) => send(main, openid, 'create', { date: TODAY, content: `${index}` })),
    );
    const winners = answers.filter((answer) => answer.success);
    expect(winners).toHaveLength(1);
    const { diary } = await ok(main, openid, 'get', { date: TODAY });
    for (const answer of answers) {
      if (answer.success) continue;
      expect(answer.error).toMatchObject({ code: 'DIARY_EXISTS', details: { diary: { id: diary.id, version: diary.version } } });
    }
    expect(await countOf(userId)).toEqual(ONCE);
  });

  test('64 creates of 64 days are all written and counted in totals, streak and rewards', async () => {
    const { openid, userId } = await newChild();
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) => send(main, openid, 'create', { date: addDays(TODAY, -index), content: `${index}` })),
    );
    expect(answers.filter((answer) => !answer.success)).toEqual([]);
    expect(await countOf(userId)).toEqual({ diaries: 64, records: 2, points: 10 });
    expect(await ok(main, openid, 'stats')).toMatchObject({
      totalDiaries: 64,
      continuousDays: 64,
      longestStreak: 64,
      lastDiaryDate: TODAY,
    });
    const ids = await select<{ id: number; content_rev: number }>('SELECT id, content_rev FROM diaries WHERE user_id = ? ORDER BY id', [
      userId,
    ]);
    expect(ids.map(({ id }) => id)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
  });

  test('updates and deletions of one diary: each version is used once, and the end is consistent', async () => {
    const { openid, userId } = await newChild();
    const { diary } = await ok(main, openid, 'create', write);
    const { id, version } = diary;
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        index % 3 === 0
          ? send(main, openid, 'delete', { id, version })
          : send(main, openid, 'update', { id, version, content: `${index}` }),
      ),
    );
    expect(answers.filter((answer) => answer.success)).toHaveLength(1);
    const codes = new Set(answers.flatMap((answer) => (answer.success ? [] : [answer.error.code])));
    expect([...codes].every((code) => code === 'VERSION_CONFLICT' || code === 'NOT_FOUND')).toBe(true);
    const [{ alive } = { alive: 0 }] = await select<{ alive: number }>(
      'SELECT COUNT(*) AS alive FROM diaries WHERE user_id = ? AND deleted_at IS NULL',
      [userId],
    );
    expect(await ok(main, openid, 'stats')).toMatchObject({ totalDiaries: alive, continuousDays: alive });
  });

  test('64 deletions without a version: one answers, the others find nothing', async () => {
    const { openid, userId } = await newChild();
    const { diary } = await ok(main, openid, 'create', write);
    const answers = await Promise.all(Array.from({ length: 64 }, () => send(main, openid, 'delete', { id: diary.id })));
    expect(answers.filter((answer) => answer.success)).toHaveLength(1);
    expect(new Set(answers.flatMap((answer) => (answer.success ? [] : [answer.error.code])))).toEqual(new Set(['NOT_FOUND']));
    expect(await countOf(userId)).toEqual({ diaries: 0, records: 1, points: 5 });
  });
});
