import { describe, expect, test } from 'vitest';
import type { ImportDay, ImportOutput } from '../../shared/import/contract';
import { bucketOf } from '../../shared/login/migration-mode';
import { contentHash, hashText, xorHashes } from '../../shared/sync/content-hash';
import {
  type Child,
  configure,
  NOON,
  newChild,
  newOpenid,
  ok,
  refused,
  select,
  TODAY,
  withoutRateLimits,
  withSettings,
} from '../../test/harness';
import { mismatches } from '../../test/reconcile';
import { main as diary } from '../diary/index';
import { main as login } from '../login/index';
import { main as lottery } from '../lottery/index';
import { main as points } from '../points/index';
import { main as task } from '../task/index';
import { main } from './index';

withoutRateLimits();

const day = (date: string, content: string, more: Partial<ImportDay> = {}): ImportDay => ({
  date,
  content,
  mood: '',
  weather: '',
  images: [],
  tags: [],
  isDraft: false,
  ...more,
});

const bring = (child: Child, chunk: object, now = NOON): Promise<ImportOutput> => ok(main, child.openid, 'import', chunk, { now });

const statusesOf = (report: ImportOutput) => report.days.map(({ date, status }) => [date, status]);

const diariesOf = ({ userId }: Child) =>
  select<{ diary_date: string; content: string }>(
    'SELECT diary_date, content FROM diaries WHERE user_id = ? AND deleted_at IS NULL ORDER BY diary_date',
    [userId],
  );

const keptBy = ({ userId }: Child) =>
  select<{ diary_date: string; reason: string; content: string }>(
    "SELECT diary_date, reason, content FROM diary_revisions WHERE user_id = ? AND reason = 'imported' ORDER BY id",
    [userId],
  );

const consistent = async ({ userId }: Child) => expect((await mismatches()).filter(({ subject }) => subject === userId)).toEqual([]);

describe('days', () => {
  test('come over as diaries, count in totals and streaks, and pay nothing', async () => {
    const child = await newChild();
    const report = await bring(child, {
      days: [
        day('2025-01-08', '八'),
        day('2025-01-09', '谢谢妈妈。', { mood: 'grateful', tags: ['家'] }),
        day(TODAY, '今天'),
        day('2025-01-11', '草稿', { isDraft: true }),
      ],
    });
    expect(statusesOf(report)).toEqual([
      ['2025-01-08', 'imported'],
      ['2025-01-09', 'imported'],
      [TODAY, 'imported'],
      ['2025-01-11', 'imported'],
    ]);
    expect(report.stats).toEqual({ totalDiaries: 3, continuousDays: 1, longestStreak: 2, lastDiaryDate: TODAY });
    expect((await ok(diary, child.openid, 'get', { date: '2025-01-09' })).diary).toMatchObject({
      mood: 'grateful',
      tags: ['家'],
      isDraft: false,
    });
    expect((await ok(diary, child.openid, 'get', { date: '2025-01-11' })).diary).toMatchObject({ isDraft: true });
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 0 });
    await consistent(child);
  });

  test('bring along what the AI had said of them, at most 2,000 characters', async () => {
    const child = await newChild();
    await bring(child, {
      days: [day('2025-01-08', '八', { aiComment: '继续加油' }), day('2025-01-09', '九', { aiComment: '好'.repeat(2_001) })],
    });
    const { diaries } = await ok(diary, child.openid, 'list');
    expect(diaries.map(({ aiComment }: { aiComment: string | null }) => aiComment)).toEqual(['好'.repeat(2_000), '继续加油']);
  });

  test('do not pay later either, when they are taken back and published again', async () => {
    const child = await newChild();
    await bring(child, { days: [day(TODAY, '今天')] });
    const { diary: imported } = await ok(diary, child.openid, 'get', { date: TODAY });
    await ok(diary, child.openid, 'delete', { id: imported.id });
    expect((await ok(diary, child.openid, 'create', { date: TODAY, content: '又写' })).reward).toBeNull();
  });

  test('sent again in any grouping change nothing', async () => {
    const child = await newChild();
    const days = ['2025-01-08', '2025-01-09', '2025-01-10'].map((date) => day(date, date, { originals: ['早', '晚'] }));
    await bring(child, { days });
    const rev = await select('SELECT rev FROM users WHERE id = ?', [child.userId]);
    expect(statusesOf(await bring(child, { days: days.slice(1) })).map(([, status]) => status)).toEqual(['same', 'same']);
    expect(statusesOf(await bring(child, { days: days.toReversed() })).map(([, status]) => status)).toEqual(['same', 'same', 'same']);
    expect(await select('SELECT rev FROM users WHERE id = ?', [child.userId])).toEqual(rev);
    expect((await keptBy(child)).length).toBe(6);
  });

  test('that the server has already keep the server’s text; the phone’s is kept beside it, once', async () => {
    const child = await newChild();
    await ok(diary, child.openid, 'create', { date: '2025-01-09', content: '云上的' });
    await ok(diary, child.openid, 'create', { date: '2025-01-10', content: '一样' });
    const chunk = { days: [day('2025-01-09', '手机上的'), day('2025-01-10', '一样')] };
    for (let time = 0; time < 2; time += 1) {
      expect(statusesOf(await bring(child, chunk))).toEqual([
        ['2025-01-09', 'kept-server'],
        ['2025-01-10', 'same'],
      ]);
    }
    expect(await keptBy(child)).toEqual([{ diary_date: '2025-01-09', reason: 'imported', content: '手机上的' }]);
    expect((await diariesOf(child)).map(({ content }) => content)).toEqual(['云上的', '一样']);
  });

  test('that were deleted on the server stay deleted; the phone’s text is kept', async () => {
    const child = await newChild();
    const { diary: written } = await ok(diary, child.openid, 'create', { date: '2025-01-09', content: 'x' });
    await ok(diary, child.openid, 'delete', { id: written.id });
    expect(statusesOf(await bring(child, { days: [day('2025-01-09', '手机上的')] }))).toEqual([['2025-01-09', 'kept-server']]);
    expect(await diariesOf(child)).toEqual([]);
    expect((await keptBy(child)).map(({ content }) => content)).toEqual(['手机上的']);
  });

  test('twice in one chunk: the second text is kept beside the first', async () => {
    const child = await newChild();
    const report = await bring(child, { days: [day('2025-01-09', '一'), day('2025-01-09', '二'), day('2025-01-09', '一')] });
    expect(report.days.map(({ status }) => status)).toEqual(['imported', 'kept-server', 'same']);
  });

  test('that cannot be read are named with the reason; the others come over', async () => {
    const child = await newChild();
    const report = await bring(child, {
      days: [
        day('2025-1-8', '没有补零'),
        day('1999-12-31', '太早'),
        day('2025-01-23', '明天'),
        day('2025-01-09', ''),
        day('2025-01-09', '长'.repeat(10_001)),
        day('2025-01-09', 'x', { images: ['http://tmp/aBcD1.jpg'] }),
        { date: '2025-01-09', content: 5 },
        {},
        day('2025-01-10', '好\u0000的\u0007', { mood: ' 开心\n', tags: ['a', 'a', ''] }),
      ],
    });
    expect(report.days.map(({ status, reason }) => [status, typeof reason])).toEqual([
      ...Array.from({ length: 8 }, () => ['invalid', 'string']),
      ['imported', 'undefined'],
    ]);
    expect((await ok(diary, child.openid, 'get', { date: '2025-01-10' })).diary).toMatchObject({
      content: '好的',
      mood: '开心',
      tags: ['a'],
    });
  });

  test('brought by two phones at once stand once, and every text is kept', async () => {
    const child = await newChild();
    const dates = Array.from({ length: 20 }, (_, index) => `2025-01-${String(index + 1).padStart(2, '0')}`);
    const chunks = ['甲', '乙', '甲', '乙'].map((name) => ({ days: dates.map((date) => day(date, `${name} ${date}`)) }));
    await Promise.all(chunks.map((chunk) => bring(child, chunk)));
    expect((await diariesOf(child)).length).toBe(20);
    expect((await keptBy(child)).length).toBe(20);
    const texts = [...(await diariesOf(child)), ...(await keptBy(child))].map(({ content }) => content);
    expect(new Set(texts)).toEqual(new Set(dates.flatMap((date) => [`甲 ${date}`, `乙 ${date}`])));
    await consistent(child);
  });
});

describe('other things', () => {
  test('completed tasks, templates and draws come over once, and pay nothing', async () => {
    const child = await newChild();
    const chunk = {
      tasks: [
        { date: '2025-01-08', key: '1', title: '早起打卡', category: '生活习惯', points: 10 },
        { date: '2025-01-08', key: '1736300000123', title: '练琴', points: 15 },
        { date: '2025-01-08', key: '99' },
        { date: '2025-01-23', key: '1', title: '明天' },
      ],
      rules: [
        { key: '1', title: '早起打卡', category: '生活习惯', points: 10, time: '07:00' },
        { key: '1736300000123', title: '练琴', description: '20分钟', points: 150, time: '19:30', weekdays: [3] },
      ],
      draws: [
        { key: 'l1', prizeName: '💰 金币奖励', prizeImage: 'http://tmp/x.png', drawnAt: '2025-01-09T12:00:00.000Z' },
        { key: 'l2', prizeName: '', drawnAt: '2025-01-09T12:00:00.000Z' },
      ],
    };
    const report = await bring(child, chunk);
    expect([report.tasks, report.rules, report.draws].map((items) => items.map(({ status }) => status))).toEqual([
      ['imported', 'imported', 'invalid', 'invalid'],
      ['imported', 'imported'],
      ['imported', 'invalid'],
    ]);
    const again = await bring(child, chunk);
    expect([again.tasks, again.rules, again.draws].flat().filter(({ status }) => status === 'imported')).toEqual([]);

    expect((await ok(task, child.openid, 'list', { date: '2025-01-08' })).tasks).toMatchObject([
      { title: '早起打卡', isCompleted: true, category: '生活习惯' },
      { title: '练琴', isCompleted: true },
    ]);
    expect((await ok(task, child.openid, 'list')).tasks.slice(5)).toMatchObject([
      { title: '早起打卡', remindAt: '07:00', pointsReward: 10, repeat: { kind: 'daily' } },
      { title: '练琴', description: '20分钟', remindAt: '19:30', pointsReward: 50, repeat: { kind: 'weekly', weekdays: [3] } },
    ]);
    expect((await ok(lottery, child.openid, 'records')).records).toMatchObject([
      {
        isWinner: true,
        prize: { id: null, name: '💰 金币奖励', imageUrl: '' },
        costPoints: 0,
        pointsWon: 0,
        createdAt: '2025-01-09T12:00:00.000Z',
      },
    ]);
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 0 });
    await consistent(child);
  });

  test('an imported task of today earns nothing when it is opened and done again', async () => {
    const child = await newChild();
    await bring(child, { tasks: [{ date: TODAY, key: '1', title: '早起打卡', points: 10 }] });
    const [imported] = (await ok(task, child.openid, 'list')).tasks.filter(({ title }: { title: string }) => title === '早起打卡');
    await ok(task, child.openid, 'uncomplete', { id: imported.id });
    await ok(task, child.openid, 'complete', { id: imported.id });
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 0 });
    await consistent(child);
  });

  test('a done task of today is done in today’s list of its template or of the system task with its title, once and for 0 points', async () => {
    const child = await newChild();
    await bring(child, { rules: [{ key: '7', title: '练琴', points: 30 }] });
    await ok(task, child.openid, 'list');
    await bring(child, {
      tasks: [
        { date: TODAY, key: '7', title: '练琴', points: 30 },
        { date: TODAY, key: '5', title: '整理房间', points: 10 },
      ],
    });
    const { tasks } = await ok(task, child.openid, 'list');
    for (const title of ['练琴', '整理房间']) {
      const [found, ...others] = tasks.filter((each: { title: string }) => each.title === title);
      expect(others).toEqual([]);
      expect(found).toMatchObject({ isCompleted: true, pointsReward: 0 });
      await ok(task, child.openid, 'uncomplete', { id: found.id });
      await ok(task, child.openid, 'complete', { id: found.id });
    }
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 0 });
    await consistent(child);
  });

  test('a template with the title of a system task takes its place; a monthly one stays monthly', async () => {
    const child = await newChild();
    await ok(task, child.openid, 'list');
    await bring(child, {
      rules: [
        { key: '1', title: '整理房间', points: 5 },
        { key: '2', title: '大扫除', monthDay: 22 },
      ],
    });
    const { tasks } = await ok(task, child.openid, 'list');
    expect(tasks.filter(({ title }: { title: string }) => title === '整理房间')).toMatchObject([{ isSystem: false, pointsReward: 5 }]);
    expect(tasks.find(({ title }: { title: string }) => title === '大扫除')).toMatchObject({ repeat: { kind: 'monthly', day: 22 } });
  });

  test('a mood is that day’s, pays nothing, and counts as paid; one that the account has stays', async () => {
    const child = await newChild();
    await ok(diary, child.openid, 'recordMood', { date: '2025-01-21', mood: 'happy' });
    const moods = [
      { key: 'mood_2025-1-20', date: '2025-01-20', mood: 'sad', isRewarded: true },
      { key: 'mood_2025-1-21', date: '2025-01-21', mood: 'calm', isRewarded: true },
      { key: 'mood_2035-1-1', date: '2035-01-01', mood: 'calm' },
    ];
    expect((await bring(child, { moods })).moods.map(({ status }) => status)).toEqual(['imported', 'kept-server', 'invalid']);
    const before = await ok(points, child.openid, 'balance');
    expect(await ok(diary, child.openid, 'recordMood', { date: '2025-01-20', mood: 'happy' })).toMatchObject({
      isFirstRecord: false,
      points: null,
    });
    expect(await ok(points, child.openid, 'balance')).toEqual(before);
    await consistent(child);
  });

  test('prizes and the cost of a draw wait for a guardian; draws show emoji and description', async () => {
    const child = await newChild();
    const chunk = {
      prizes: [{ key: '8', name: '周末去游乐园', emoji: '🍭', description: '说话算数', weight: 300 }],
      lotteryCost: 5,
      draws: [{ key: 'l1', prizeName: '看电影', prizeEmoji: '🍭', prizeDescription: '说话算数', drawnAt: '2025-01-09T12:00:00.000Z' }],
    };
    expect((await bring(child, chunk)).prizes.map(({ status }) => status)).toEqual(['imported']);
    expect((await bring(child, chunk)).prizes.map(({ status }) => status)).toEqual(['same']);
    expect(await ok(lottery, child.openid, 'config')).toMatchObject({
      source: 'system',
      cost: 10,
      prizes: [{ name: '周末去游乐园', emoji: '🍭', weight: 100 }],
    });
    expect((await ok(lottery, child.openid, 'records')).records).toMatchObject([{ prize: { emoji: '🍭', description: '说话算数' } }]);
  });

  test('a day keeps when it was written, and what the AI said with its time and whether it was liked', async () => {
    const child = await newChild();
    const times = { createdAt: '2025-01-08T04:00:00.000Z', modifiedAt: '2025-01-08T09:00:00.000Z' };
    await bring(child, {
      days: [day('2025-01-08', '八', { ...times, aiComment: '好', aiCommentAt: '2025-01-08T10:00:00.000Z', aiLiked: true })],
    });
    expect((await ok(diary, child.openid, 'get', { date: '2025-01-08' })).diary).toMatchObject({
      createdAt: times.createdAt,
      updatedAt: times.modifiedAt,
      aiCommentInfo: { at: '2025-01-08T10:00:00.000Z', liked: true },
    });
  });

  test('all of it reaches other phones by the feed', async () => {
    const child = await newChild();
    await bring(child, {
      days: [day('2025-01-08', '八')],
      tasks: [{ date: '2025-01-08', key: '1', title: 't' }],
      draws: [{ key: '1', prizeName: 'p', drawnAt: NOON }],
    });
    const { changes } = await ok(main, child.openid, 'sync', { clientId: 'another-phone' });
    expect(changes.map(({ kind }: { kind: string }) => kind)).toEqual(['diary', 'task', 'draw', 'profile']);
    expect(new Set(changes.slice(0, 3).map(({ rev }: { rev: number }) => rev)).size).toBe(3);
  });
});

describe('points', () => {
  const history = {
    days: [day('2025-01-08', '八'), day('2025-01-09', '九')],
    tasks: [{ date: '2025-01-08', key: '1', title: 't', points: 15 }],
  };

  test('are granted as far as the imported days and tasks explain them', async () => {
    const child = await newChild();
    await bring(child, history);
    expect((await bring(child, { grant: { claimed: 95 } })).grant).toEqual({
      claimed: 95,
      explained: 35,
      days: 2,
      granted: 35,
      waiting: 0,
      balance: 35,
      isFirst: true,
    });
    const [record] = (await ok(points, child.openid, 'records')).records;
    expect(record).toMatchObject({ amount: 35, source: '历史积分', description: '手机上 95 分，认可 35 分' });
    await consistent(child);
  });

  test('are granted once per account for ever, however many phones ask at once', async () => {
    const child = await newChild();
    await bring(child, history);
    const grants = (await Promise.all(Array.from({ length: 10 }, () => bring(child, { grant: { claimed: 95 } })))).map(
      ({ grant }) => grant,
    );
    expect(grants.filter((grant) => grant?.isFirst === true).length).toBe(1);
    expect(new Set(grants.map((grant) => grant?.granted))).toEqual(new Set([35]));
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 35 });
    await select('DELETE FROM requests WHERE user_id = ?', [child.userId]);
    expect((await bring(child, { days: [day('2025-01-10', '十')], grant: { claimed: 500 } })).grant).toMatchObject({
      granted: 35,
      isFirst: false,
    });
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 35 });
  });

  test('that the account held when its first import began are not counted again', async () => {
    const child = await newChild(10);
    await bring(child, history);
    await ok(diary, child.openid, 'create', { date: TODAY, content: '今天' });
    expect((await bring(child, { grant: { claimed: 95 } })).grant).toMatchObject({ granted: 25, balance: 40 });
  });

  test.each([['95'], [-5], [1.5], [null], [{ much: 1 }], [9_999_999]])('claimed as %j are capped or refused', async (claimed) => {
    const child = await newChild();
    await bring(child, history);
    const { grant } = await bring(child, { grant: { claimed } });
    expect(grant).toMatchObject(claimed === 9_999_999 ? { claimed, granted: 35 } : { claimed: 0, granted: 0 });
    await consistent(child);
  });

  test('are not lost to a phone that asked before it had anything to show', async () => {
    const child = await newChild();
    expect((await bring(child, { grant: { claimed: 95 } })).grant).toMatchObject({ granted: 0 });
    expect((await bring(child, { ...history, grant: { claimed: 95 } })).grant).toMatchObject({ granted: 35, isFirst: true });
  });

  test('days that stood on the server already explain nothing', async () => {
    const child = await newChild();
    await ok(diary, child.openid, 'create', { date: '2025-01-08', content: '八' });
    expect((await bring(child, { days: [day('2025-01-08', '八')], grant: { claimed: 95 } })).grant).toMatchObject({ granted: 0 });
  });
});

describe('verification', () => {
  const hashOf = (written: ImportDay) => contentHash(written);
  const monthOf = (month: string, days: ImportDay[]) => ({ month, count: days.length, xor: xorHashes(days.map(hashOf)) });

  test('agrees month by month when everything arrived', async () => {
    const child = await newChild();
    const january = [day('2025-01-08', '八😀\n'), day('2025-01-09', '九', { isDraft: true, mood: 'x', tags: ['a', 'b'] })];
    const december = [day('2024-12-31', '去年')];
    await bring(child, { days: [...january, ...december] });
    const asked = [monthOf('2025-01', january), monthOf('2024-12', december), { month: '2024-11', count: 0, xor: '0000000000000000' }];
    expect((await ok(main, child.openid, 'verify', { months: asked })).months.map(({ same }: { same: boolean }) => same)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('finds what is missing, what differs and what is kept beside', async () => {
    const child = await newChild();
    await ok(diary, child.openid, 'create', { date: '2025-01-09', content: '云上的' });
    await ok(diary, child.openid, 'create', { date: '2025-01-12', content: '云上的' });
    const days = [day('2025-01-08', '八'), day('2025-01-09', '手机上的')];
    await bring(child, { days });
    const absent = day('2025-01-10', '没有送到');
    const [month] = (await ok(main, child.openid, 'verify', { months: [monthOf('2025-01', [...days, absent])] })).months;
    expect(month).toMatchObject({ count: 3, same: false });
    const asked = [...days, absent, day('2025-01-12', '不一样')].map((each) => ({ date: each.date, hash: hashOf(each) }));
    expect((await ok(main, child.openid, 'verify', { days: asked })).days).toEqual([
      { date: '2025-01-08', status: 'same' },
      { date: '2025-01-09', status: 'kept-server' },
      { date: '2025-01-10', status: 'missing' },
      { date: '2025-01-12', status: 'different' },
    ]);
  });

  test('shows nobody another child’s days', async () => {
    const [alice, bob] = [await newChild(), await newChild()];
    await bring(alice, { days: [day('2025-01-08', '八')] });
    const answer = await ok(main, bob.openid, 'verify', {
      months: [monthOf('2025-01', [day('2025-01-08', '八')])],
      days: [{ date: '2025-01-08', hash: hashOf(day('2025-01-08', '八')) }],
    });
    expect(answer).toMatchObject({ months: [{ count: 0, same: false }], days: [{ status: 'missing' }] });
  });

  test.each([{ months: [{ month: '2025-13', count: 0, xor: '0000000000000000' }] }, { days: [{ date: '2025-01-08', hash: "' OR 1=1" }] }])(
    'refuses %j',
    async (input) => {
      expect((await refused(main, (await newChild()).openid, 'verify', input)).code).toBe('INVALID_INPUT');
    },
  );
});

describe('a user whom MIGRATION_MODE leaves out', () => {
  const invented = { days: [day('2025-01-08', '编的')], grant: { claimed: 3_000 } };

  test('imports nothing, verifies nothing and is granted nothing, whatever calls are made up', async () => {
    const child = await newChild();
    await withSettings({ migration: { mode: 'off', percent: 100, salt: 'test' } }, async () => {
      expect(await refused(main, child.openid, 'import', invented)).toMatchObject({ code: 'FORBIDDEN' });
      expect(await refused(main, null, 'import', invented, { token: child.token })).toMatchObject({ code: 'FORBIDDEN' });
      expect(await refused(main, child.openid, 'verify', { months: [] })).toMatchObject({ code: 'FORBIDDEN' });
    });
    await withSettings({ migration: { mode: 'cloud', percent: 0, salt: 'test' } }, async () => {
      expect(await refused(main, child.openid, 'import', invented)).toMatchObject({ code: 'FORBIDDEN' });
    });
    expect(await diariesOf(child)).toEqual([]);
    expect(await select('SELECT 1 FROM point_records WHERE user_id = ?', [child.userId])).toEqual([]);
  });

  test('in shadow mode texts come over and no points are granted', async () => {
    const child = await newChild();
    await withSettings({ migration: { mode: 'shadow', percent: 100, salt: 'test' } }, async () => {
      await bring(child, { days: invented.days });
      expect(await refused(main, child.openid, 'import', { grant: { claimed: 3_000 } })).toMatchObject({ code: 'FORBIDDEN' });
    });
    expect(await diariesOf(child)).toHaveLength(1);
  });
});

describe('who migrates', () => {
  configure({ migration: { mode: 'dual', percent: 30, salt: 'test' } });

  test('is said at login, the same at every login', async () => {
    const openids = Array.from({ length: 40 }, newOpenid);
    const modes = await Promise.all(openids.map(async (openid) => (await ok(login, openid, 'login')).migration.mode));
    expect(new Set(modes)).toEqual(new Set(['dual', 'off']));
    for (const [index, openid] of openids.entries()) expect((await ok(login, openid, 'login')).migration.mode).toBe(modes[index]);
  });

  test('is a fair part of everybody, and a higher percentage only adds', () => {
    const buckets = Array.from({ length: 20_000 }, (_, index) => bucketOf('salt', hashText(String(index))));
    const share = buckets.filter((bucket) => bucket < 3_000).length / buckets.length;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.02);
    expect(Math.max(...buckets)).toBeLessThan(10_000);
  });
});
