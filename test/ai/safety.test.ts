import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { main as sync } from '../../functions/sync/index';
import { main as user } from '../../functions/user/index';
import { postCheck, postCheckClaim, postNicknameRemoval } from '../../shared/database/procedures';
import { config } from '../../shared/runtime/config';
import { minuteKey, minuteOf, reportCalls } from '../../shared/runtime/metrics';
import { openCache } from '../../shared/runtime/redis';
import { piecesOf } from '../../shared/safety/check';
import { type Child, fire, NOON, newChild, ok, refused, select, send, TODAY, testDatabase, withoutRateLimits } from '../harness';
import { outgoing, useServices } from './services';

withoutRateLimits();
const services = useServices(ai);

const at = (minutes: number): string => new Date(Date.parse(NOON) + minutes * 60_000).toISOString();

const statusOf = async ({ userId }: Child): Promise<string | undefined> => {
  const [row] = await select<{ check_status: string }>('SELECT check_status FROM diaries WHERE user_id = ?', [userId]);
  return row?.check_status;
};

const create = ({ openid }: Child, content: string, others: object = {}) =>
  send(diary, openid, 'create', { date: TODAY, content, ...others });
const today = async ({ openid }: Child) => (await ok(diary, openid, 'get', { date: TODAY })).diary;

describe.each(['https', 'openapi'] as const)('over %s', (way) => {
  beforeAll(() => {
    config().contentCheck = way;
  });

  /** How often WeChat was asked about a text. */
  const asked = (): number =>
    way === 'https' ? (services.wechat.calls['/wxa/msg_sec_check'] ?? 0) : (services.cloud.actions['wx.openApi'] ?? 0);

  test('a published text that passes is stored as passed, in two trips to the database', async () => {
    const child = await newChild();
    // The first call of an openid in a process has a trip more.
    await today(child).catch(() => {});
    const lines: string[] = [];
    const writing = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const before = asked();
    const answer = await create(child, '今天很开心');
    writing.mockRestore();
    expect(answer.success).toBe(true);
    expect(asked()).toBe(before + 1);
    expect(await statusOf(child)).toBe('passed');
    const access = lines.map((line) => JSON.parse(line)).find(({ kind }) => kind === 'access');
    expect(access.mysql.trips).toBe(2);
  });

  test('a text that does not pass is kept as a draft and says where', async () => {
    const child = await newChild();
    const answer = await create(child, '这里有违规的话', { mood: '生气', tags: ['今天'] });
    const kept = await today(child);
    expect(answer).toMatchObject({
      success: false,
      error: { code: 'CONTENT_REJECTED', details: { diary: { id: kept.id, version: kept.version } } },
    });
    expect(kept).toMatchObject({ content: '这里有违规的话', mood: '生气', tags: ['今天'], isDraft: true });
    expect(await statusOf(child)).toBe('rejected');
    const profile = await ok(user, child.openid, 'profile');
    expect(profile).toMatchObject({ totalDiaries: 0, points: 0 });
    const published = await ok(diary, child.openid, 'update', { id: kept.id, version: kept.version, content: '改好了', isDraft: false });
    expect(published).toMatchObject({ diary: { isDraft: false }, reward: { points: 5 } });
  });

  test('a text that does not pass and takes the place of a published one leaves that one as a copy', async () => {
    const child = await newChild();
    await create(child, '好好的一天');
    const { id, version } = await today(child);
    expect(await refused(diary, child.openid, 'update', { id, version, content: '违规' })).toMatchObject({ code: 'CONTENT_REJECTED' });
    expect(await today(child)).toMatchObject({ content: '违规', isDraft: true });
    expect(await select('SELECT content, is_draft FROM diary_revisions WHERE user_id = ?', [child.userId])).toEqual([
      { content: '好好的一天', is_draft: 0 },
    ]);
  });

  test('a repeated request is refused again with the same details, and WeChat is not asked again', async () => {
    const child = await newChild();
    const input = { date: TODAY, content: '违规' };
    const first = await refused(diary, child.openid, 'create', input, { requestId: 'rejected-twice-1' });
    const before = asked();
    expect(await refused(diary, child.openid, 'create', input, { requestId: 'rejected-twice-1' })).toEqual(first);
    expect(asked()).toBe(before);
  });

  test('a repeated create of a text that passed answers the same, and WeChat is not asked again', async () => {
    const child = await newChild();
    const input = { date: TODAY, content: '写了两遍' };
    const first = await ok(diary, child.openid, 'create', input, { requestId: 'passed-twice-01' });
    const before = asked();
    expect(await ok(diary, child.openid, 'create', input, { requestId: 'passed-twice-01' })).toEqual(first);
    expect(asked()).toBe(before);
  });

  test('a tag is looked at like the text, and a mood too', async () => {
    const child = await newChild();
    expect(await create(child, '好', { tags: ['违规'] })).toMatchObject({ error: { code: 'CONTENT_REJECTED' } });
    expect(await create(await newChild(), '好', { mood: '违规' })).toMatchObject({ error: { code: 'CONTENT_REJECTED' } });
  });

  test('a draft is not shown to anyone and not checked, until it is published', async () => {
    const child = await newChild();
    const before = asked();
    await create(child, '违规的草稿', { isDraft: true });
    expect(asked()).toBe(before);
    expect(await create(child, '违规的草稿', { isDraft: false })).toMatchObject({ error: { code: 'CONTENT_REJECTED' } });
    expect(await today(child)).toMatchObject({ isDraft: true });
  });

  test('a published text is not checked again for a change that leaves its words alone', async () => {
    const child = await newChild();
    await create(child, '没有变');
    const { id, version } = await today(child);
    const before = asked();
    await ok(diary, child.openid, 'update', { id, version, images: ['https://mmbiz.qpic.cn/a.png'] });
    expect(asked()).toBe(before);
    expect(await statusOf(child)).toBe('passed');
  });

  test('a long text is checked whole, also where it is cut', async () => {
    const child = await newChild();
    const before = asked();
    expect(await create(child, `${'好'.repeat(2_499)}违规${'好'.repeat(7_000)}`)).toMatchObject({ error: { code: 'CONTENT_REJECTED' } });
    expect(asked() - before).toBe(4);
  });

  test.each([
    ['the child was not in the app for two hours', '不活跃'],
    ['the check is down', '检查坏了'],
    ['the check is slow', '检查超时'],
  ])('when %s the text is published, marked as pending, and checked again', async (_, marker) => {
    const child = await newChild();
    expect(await create(child, marker)).toMatchObject({ success: true, data: { diary: { isDraft: false }, reward: { points: 5 } } });
    expect(await statusOf(child)).toBe('pending');
    await fire(ai, 'work', at(2));
    expect(await statusOf(child)).toBe('pending');
    await select("UPDATE diaries SET content = '好了' WHERE user_id = ?", [child.userId]);
    await fire(ai, 'work', at(10));
    expect(await statusOf(child)).toBe('passed');
    expect(await select('SELECT 1 FROM content_checks WHERE user_id = ?', [child.userId])).toEqual([]);
    await create(await newChild(), '检查又好了');
  });

  test('a pending text that turns out unfit becomes a draft, its day no longer counts, and nothing of it is lost', async () => {
    const child = await newChild();
    await create(child, '不活跃');
    await select("UPDATE diaries SET content = '其实违规' WHERE user_id = ?", [child.userId]);
    await Promise.all([fire(ai, 'work', at(5)), fire(ai, 'work', at(5))]);
    expect(await today(child)).toMatchObject({ content: '其实违规', isDraft: true });
    expect(await statusOf(child)).toBe('rejected');
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ totalDiaries: 0, continuousDays: 0 });
    expect(await select('SELECT 1 FROM content_checks WHERE user_id = ?', [child.userId])).toEqual([]);
  });

  test('a caller’s request id that looks like the system’s does not keep a risky text public', async () => {
    const child = await newChild();
    await create(child, '不活跃');
    const { id, version } = await today(child);
    for (const requestId of [`check:${id}:${version}`, `~check:${id}:${version}`]) {
      await send(user, child.openid, 'update', { nickname: '小明' }, { requestId });
    }
    await select("UPDATE diaries SET content = '其实违规' WHERE user_id = ?", [child.userId]);
    await fire(ai, 'work', at(5));
    expect(await today(child)).toMatchObject({ content: '其实违规', isDraft: true });
  });

  test('one text that cannot be withdrawn keeps no other from being checked; the timer answers INTERNAL and tries it again', async () => {
    const [first, second] = [await newChild(), await newChild()];
    for (const child of [first, second]) await create(child, '不活跃');
    const { id, version } = await today(first);
    await select("UPDATE diaries SET content = '其实违规' WHERE user_id = ?", [first.userId]);
    await select("UPDATE diaries SET content = '好了' WHERE user_id = ?", [second.userId]);
    await select("INSERT INTO requests (user_id, request_id, hash, created_at) VALUES (?, ?, REPEAT('x', 32), NOW(3))", [
      first.userId,
      `~check:${id}:${version}`,
    ]);
    const work = (minutes: number) => fire(ai, 'work', at(minutes));
    expect(await work(5)).toMatchObject({ success: false, error: { code: 'INTERNAL', details: [{ path: 'recheck' }] } });
    expect([await statusOf(first), await statusOf(second)]).toEqual(['pending', 'passed']);
    await select('DELETE FROM requests WHERE user_id = ? AND request_id LIKE ?', [first.userId, '~check:%']);
    expect(await work(30)).toMatchObject({ success: true });
    expect(await statusOf(first)).toBe('rejected');
  });

  test('one child’s many texts do not delay another child’s, and imported ones come last', async () => {
    const [busy, other, moved] = [await newChild(), await newChild(), await newChild()];
    await select('DELETE FROM content_checks');
    for (const child of [moved, busy, other]) await create(child, '不活跃');
    await select('UPDATE content_checks SET priority = 1 WHERE user_id = ?', [moved.userId]);
    await select(
      `INSERT INTO content_checks (user_id, diary_id, due_at) WITH RECURSIVE numbers AS (SELECT 100 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 399)
       SELECT ?, n, ? FROM numbers`,
      [busy.userId, new Date(NOON)],
    );
    const { claimed } = await postCheckClaim<{ claimed: number }>(testDatabase(), {
      worker: 'test',
      until: new Date(at(7)),
      window: 20_000,
      limit: 3,
      now: new Date(at(5)),
    });
    expect(claimed).toBe(3);
    const rows = await select<{ user_id: number }>("SELECT user_id FROM content_checks WHERE worker = 'test'");
    expect(rows.map(({ user_id }) => user_id).toSorted()).toEqual([busy.userId, busy.userId, other.userId].toSorted());
    await select('DELETE FROM content_checks');
  });

  test('imported days are published unchecked, and checked again at low priority', async () => {
    const child = await newChild();
    const day = { date: '2025-01-03', content: '从手机来', mood: '', weather: '', images: [], tags: [], isDraft: false };
    await ok(sync, child.openid, 'import', { days: [day, { ...day, date: '2025-01-04', content: '其实违规' }] });
    expect(await select('SELECT DISTINCT priority FROM content_checks WHERE user_id = ?', [child.userId])).toEqual([{ priority: 1 }]);
    await fire(ai, 'work', at(5));
    expect(
      await select('SELECT check_status AS status, is_draft AS isDraft FROM diaries WHERE user_id = ? ORDER BY diary_date', [child.userId]),
    ).toEqual([
      { status: 'passed', isDraft: 0 },
      { status: 'rejected', isDraft: 1 },
    ]);
  });

  test('a long text of which one piece cannot be checked is pending, though all others pass', async () => {
    const child = await newChild();
    await create(child, `${'好'.repeat(5_000)}不活跃`);
    expect(await statusOf(child)).toBe('pending');
  });

  test('the text that a worker has leased is given to no other until the lease ends', async () => {
    await select('DELETE FROM content_checks');
    await create(await newChild(), '不活跃');
    const claim = (worker: string, minutes: number) =>
      postCheckClaim<{ claimed: number }>(testDatabase(), {
        worker,
        until: new Date(at(minutes + 2)),
        window: 20_000,
        limit: 100,
        now: new Date(at(minutes)),
      });
    expect((await claim('first', 5)).claimed).toBe(1);
    expect((await claim('second', 6)).claimed).toBe(0);
    expect((await claim('second', 8)).claimed).toBe(1);
    await select('DELETE FROM content_checks');
  });

  test('a nickname or a diary that is changed during its check keeps its place in the queue, and the verdict on the old text does not count', async () => {
    const child = await newChild();
    await select('DELETE FROM content_checks');
    await ok(user, child.openid, 'update', { nickname: '不活跃' });
    const [{ userId, diaryId }, lease] = [
      { userId: child.userId, diaryId: 0 },
      { window: 20_000, limit: 100 },
    ];
    await postCheckClaim(testDatabase(), { worker: 'slow', until: new Date(at(7)), ...lease, now: new Date(at(5)) });
    await ok(user, child.openid, 'update', { nickname: '不活跃二' });
    await postCheck(testDatabase(), { userId, diaryId, version: null, worker: 'slow', dueAt: null });
    await postNicknameRemoval(testDatabase(), { userId, nickname: '不活跃', now: new Date(at(6)) });
    expect(await select('SELECT diary_id FROM content_checks WHERE user_id = ?', [userId])).toEqual([{ diary_id: 0 }]);
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ nickname: '不活跃二' });
  });

  test('a nickname that does not pass is refused, one that cannot be checked is taken away later if it must be', async () => {
    const child = await newChild();
    await ok(user, child.openid, 'update', { nickname: '小明' });
    expect(await refused(user, child.openid, 'update', { nickname: '违规' })).toMatchObject({
      code: 'CONTENT_REJECTED',
      details: [{ path: 'nickname' }],
    });
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ nickname: '小明' });
    await ok(user, child.openid, 'update', { nickname: '不活跃' });
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ nickname: '不活跃' });
    await select("UPDATE users SET nickname = '违规' WHERE id = ?", [child.userId]);
    await fire(ai, 'work', at(5));
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ nickname: '' });
  });

  test('87014 is a verdict: the text is refused like any risky one', async () => {
    const child = await newChild();
    expect(await create(child, '返回码87014')).toMatchObject({ error: { code: 'CONTENT_REJECTED' } });
  });

  test('odd answers about one child’s text leave the check of all others on', async () => {
    const child = await newChild();
    for (const [day, code] of [
      ['19', 40003],
      ['20', 45002],
      ['21', 61010],
      ['18', 40129],
    ] as const) {
      await ok(diary, child.openid, 'create', { date: `2025-01-${day}`, content: `返回码${code}` });
    }
    expect(await select('SELECT DISTINCT check_status FROM diaries WHERE user_id = ?', [child.userId])).toEqual([
      { check_status: 'pending' },
    ]);
    const other = await newChild();
    expect(await create(other, '违规')).toMatchObject({ error: { code: 'CONTENT_REJECTED' } });
    const before = asked();
    await create(await newChild(), '照常检查');
    expect(asked()).toBe(before + 1);
  });

  test.each([40164, -604101, 48001])(
    'a refusal of our own set-up (%s) is held as pending, asked on and counted for the monitor',
    async (code) => {
      const before = asked();
      for (let each = 0; each < 4; each += 1) await create(await newChild(), `返回码${code}`);
      expect(asked()).toBe(before + 4);
      await reportCalls(true);
      const counts = await openCache().run((redis) => redis.hgetall(minuteKey(minuteOf(new Date()))));
      expect(Number(counts?.[`safety.check event:setup:${code}`])).toBeGreaterThan(0);
    },
  );

  describe('the AI', () => {
    const comment = async (child: Child, content: string) => {
      await create(child, content);
      return (await ok(ai, child.openid, 'commentDiary', { diaryId: (await today(child)).id })).job;
    };

    test('gets no text that fails the check', async () => {
      const child = await newChild();
      await create(child, '违规', { isDraft: true });
      const sent = { ...services.coze.calls };
      const { job } = await ok(ai, child.openid, 'commentDiary', { diaryId: (await today(child)).id });
      expect(job).toMatchObject({ status: 'failed', error: { code: 'CONTENT_REJECTED', retryable: false } });
      expect(services.coze.calls).toEqual(sent);
    });

    test('gets no mood or weather that fails the check', async () => {
      const child = await newChild();
      const sent = { ...services.coze.calls };
      await create(child, '草稿', { isDraft: true, mood: '违规' });
      const { job } = await ok(ai, child.openid, 'commentDiary', { diaryId: (await today(child)).id });
      const picture = (await ok(ai, child.openid, 'generateImage', { content: '公园', weather: '违规' })).job;
      for (const { status, error } of [job, (await ok(ai, child.openid, 'job', { id: picture.id })).job]) {
        expect([status, error]).toEqual(['failed', expect.objectContaining({ code: 'CONTENT_REJECTED' })]);
      }
      expect(services.coze.calls).toEqual(sent);
    });

    test('is not heard when what it says does not pass, and is not paid again for the same text', async () => {
      const child = await newChild();
      const job = await comment(child, `说错话${child.userId} #risky`);
      expect(job).toMatchObject({ status: 'failed', result: null, error: { code: 'CONTENT_REJECTED', retryable: false } });
      expect(await today(child)).toMatchObject({ aiComment: null });
      expect(await ok(ai, child.openid, 'commentDiary', { diaryId: (await today(child)).id })).toMatchObject({ job: { id: job.id } });
      expect(services.coze.paid(`说错话${child.userId}`)).toBe(1);
    });

    test('gets no text while it cannot be checked', async () => {
      const child = await newChild();
      const sent = { ...services.coze.calls };
      const job = await comment(child, `不活跃${child.userId}`);
      expect(job).toMatchObject({ status: 'queued', result: null });
      await fire(ai, 'work', at(1));
      await fire(ai, 'work', at(6));
      expect((await ok(ai, child.openid, 'job', { id: job.id })).job).toMatchObject({
        status: 'failed',
        error: { code: 'UNAVAILABLE', retryable: true },
      });
      expect(services.coze.calls).toEqual(sent);
    });
  });
});

describe('switched off', () => {
  beforeAll(() => {
    config().contentCheck = 'off';
  });

  test('nothing is asked and nothing is marked', async () => {
    const child = await newChild();
    const before = outgoing(services);
    expect(await create(child, '违规')).toMatchObject({ success: true });
    await ok(user, child.openid, 'update', { nickname: '违规' });
    expect(await statusOf(child)).toBe('unchecked');
    expect(outgoing(services)).toBe(before);
  });
});

test('a text is cut into pieces that one check takes, every cut overlapped', () => {
  expect(piecesOf('短')).toEqual(['短']);
  const text = Array.from({ length: 10_000 }, (_, index) => String.fromCodePoint(0x20000 + index)).join('');
  const pieces = piecesOf(text);
  for (const piece of pieces) expect([...piece].length).toBeLessThanOrEqual(2_500);
  for (let at = 0; at < 10_000 - 50; at += 49) {
    const word = [...text].slice(at, at + 50).join('');
    expect(pieces.some((piece) => piece.includes(word))).toBe(true);
  }
});

afterEach(() => vi.restoreAllMocks());
