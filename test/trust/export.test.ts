import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeCloud, startFakeCloud } from '../../dev/fakes/storage';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as lottery } from '../../functions/lottery/index';
import { main as monitor } from '../../functions/monitor/index';
import { main as points } from '../../functions/points/index';
import { main as sync } from '../../functions/sync/index';
import { main as task } from '../../functions/task/index';
import { main as user } from '../../functions/user/index';
import { config } from '../../shared/runtime/config';
import type { Export } from '../../shared/user/contract';
import { guardianOf, newGuarded } from '../family';
import { fire, grant, newOpenid, ok, refused, select, TODAY, withoutRateLimits, withSettings } from '../harness';

withoutRateLimits();

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
  Object.assign(process.env, {
    TENCENTCLOUD_SECRETID: 'id',
    TENCENTCLOUD_SECRETKEY: 'key',
    TENCENTCLOUD_RUNENV: 'SCF',
    TENCENTCLOUD_REGION: 'ap-shanghai',
    TCB_ENV: 'test',
    TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${cloud.url}/admin` }),
  });
  config().cloud = { environmentId: 'test' };
});
afterEach(async () => {
  config().cloud = null;
  await cloud.stop();
});

const read = async (openid: string): Promise<Export> => ok(user, openid, 'export');

test('an export holds everything of the user, nothing of another, no openid and no secret', async () => {
  const [openid, other] = [newOpenid(), newOpenid()];
  const { userInfo, token } = await ok(login, openid, 'login');
  await ok(login, other, 'login');
  await ok(diary, other, 'create', { date: TODAY, content: '别人的日记' });
  await ok(user, openid, 'update', { nickname: '小明' });
  const { diary: kept } = await ok(diary, openid, 'create', { date: TODAY, content: '今天😀', tags: ['a'] });
  const { diary: gone } = await ok(diary, openid, 'create', { date: '2025-01-03', content: '删掉的' });
  await ok(diary, openid, 'delete', { id: gone.id });
  const { task: own } = await ok(task, openid, 'create', { title: '练琴', pointsReward: 5, repeat: { kind: 'weekly', weekdays: [1, 3] } });
  await ok(task, openid, 'list');
  await grant(userInfo.id, 100);
  await ok(points, openid, 'deduct', { amount: 7, source: '电影' });
  await ok(lottery, openid, 'draw');

  const document = await read(openid);
  expect(document.profile).toMatchObject({ id: userInfo.id, nickname: '小明', totalDiaries: 1 });
  expect(document.diaries).toEqual([(await ok(diary, openid, 'get', { id: kept.id })).diary]);
  expect(document.tasks).toContainEqual(own);
  expect(document.tasks.length).toBe(6);
  expect(document.taskRules).toEqual([expect.objectContaining({ title: '练琴', weekdays: [1, 3], endedAt: null })]);
  expect(document.pointRecords.map(({ id }) => id)).toEqual(document.pointRecords.map((_, index) => index + 1));
  expect(document.pointRecords.reduce((sum, { amount }) => sum + amount, 0)).toBe(document.profile.points);
  expect(document.lotteryRecords).toHaveLength(1);
  expect(document.revisions).toMatchObject([{ reason: 'deleted', content: '删掉的' }]);
  const text = JSON.stringify(document);
  for (const secret of [openid, other, token, '别人的日记', 'test-session', 'operator-token']) expect(text).not.toContain(secret);
});

test('an export holds consents, the family’s prizes, the log of guardians, and how and when tasks repeat', async () => {
  const child = await newGuarded();
  const { openid } = child;
  const guardian = await guardianOf(child);
  const prizes = [{ name: '去动物园', emoji: '🦁', kind: 'physical', weight: 1, stockType: 'limited', stock: 2 }];
  const wheel = await ok(lottery, openid, 'savePrizes', { version: 0, prizes }, child);
  const consent = { version: '2025-01', relation: 'parent', items: { diary: true, ai: false, pictures: true } };
  await withSettings({ consentVersion: '2025-01' }, () => ok(user, openid, 'consent', consent, child));
  for (const [title, repeat] of [
    ['交房租', { kind: 'monthly', day: 15 }],
    ['练琴', { kind: 'daily' }],
    ['游泳', { kind: 'weekly', weekdays: [2, 6] }],
  ] as const)
    await ok(task, openid, 'create', { title, pointsReward: 5, repeat, remindAt: '18:30' });

  const document: Export = await ok(user, openid, 'export', {}, child);
  expect(document.wheel).toEqual(wheel);
  expect(document.consents).toEqual([{ ...consent, createdAt: expect.any(String) }]);
  expect(document.familyLog).toMatchObject([{ guardianId: guardian.userId, action: 'family.join', date: TODAY, times: 1 }]);
  expect(document.guardianNotes).toEqual([]);
  expect(document.taskRules).toMatchObject([
    { title: '交房租', weekdays: [], monthDay: 15, remindAt: '18:30', byGuardian: false },
    { title: '练琴', weekdays: [1, 2, 3, 4, 5, 6, 7], monthDay: null, remindAt: '18:30' },
    { title: '游泳', weekdays: [2, 6], monthDay: null, remindAt: '18:30' },
  ]);
});

test('a newcomer’s export is empty and complete', async () => {
  const openid = newOpenid();
  await ok(login, openid, 'login');
  expect(await read(openid)).toMatchObject({ profile: { totalDiaries: 0 }, diaries: [], pointRecords: [] });
});

test('an export can be imported by a fresh account, with the same days, texts and repeating tasks', async () => {
  const openid = newOpenid();
  await ok(login, openid, 'login');
  for (let day = 1; day <= 25; day += 1) {
    const date = `2024-12-${String(day).padStart(2, '0')}`;
    await ok(diary, openid, 'create', { date, content: `第 ${day} 天\n😀`, mood: 'happy', tags: ['t'], isDraft: day === 25 });
  }
  await ok(task, openid, 'create', { title: '练琴', pointsReward: 5, repeat: { kind: 'daily' } });
  await ok(task, openid, 'create', { title: '理发', pointsReward: 5, repeat: { kind: 'monthly', day: 31 } });
  const { tasks } = await ok(task, openid, 'list');
  await ok(task, openid, 'complete', { id: tasks[0].id });
  const from = await read(openid);

  const fresh = newOpenid();
  await ok(login, fresh, 'login');
  const days = from.diaries.map(({ date, content, mood, weather, images, tags, isDraft, updatedAt }) => ({
    ...{ date, content, mood, weather, images, tags, isDraft },
    modifiedAt: updatedAt,
  }));
  const rules = from.taskRules.map(({ id, title, description, category, pointsReward, weekdays, monthDay }) => ({
    ...{ key: String(id), title, description, category, weekdays, monthDay },
    points: pointsReward,
  }));
  const done = from.tasks
    .filter((each) => each.isCompleted)
    .map(({ id, date, title, description, category, pointsReward }) => ({
      key: String(id),
      date,
      title,
      description,
      category,
      points: pointsReward,
    }));
  const statuses: string[] = [];
  for (let at = 0; at < days.length; at += 20) {
    const report = await ok(sync, fresh, 'import', { days: days.slice(at, at + 20), ...(at === 0 && { rules, tasks: done }) });
    statuses.push(...[...report.days, ...report.rules, ...report.tasks].map((each: { status: string }) => each.status));
  }
  expect(new Set(statuses)).toEqual(new Set(['imported']));

  const to = await read(fresh);
  const texts = ({ diaries }: Export) => diaries.map(({ date, content, mood, tags, isDraft }) => ({ date, content, mood, tags, isDraft }));
  const byDate = (a: { date: string }, b: { date: string }) => a.date.localeCompare(b.date);
  expect(texts(to).sort(byDate)).toEqual(texts(from).sort(byDate));
  expect(to.profile).toMatchObject({ totalDiaries: from.profile.totalDiaries, longestStreak: from.profile.longestStreak });
  const rulesOf = ({ taskRules }: Export) => taskRules.map(({ title, weekdays, monthDay }) => ({ title, weekdays, monthDay }));
  expect(rulesOf(to)).toEqual(rulesOf(from));
  expect(to.tasks.filter((each) => each.isCompleted).map(({ title }) => title)).toEqual(done.map(({ title }) => title));
});

test('a large export answers a link, and its file is removed when the link expires', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  const content = '长'.repeat(10_000);
  for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-10-${day}`, content });
  for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-11-${day}`, content });
  const answer = await ok(user, openid, 'export');
  expect(answer).toEqual({ fileUrl: expect.stringContaining('http'), expiresAt: '2025-01-22T05:00:00.000Z' });
  const document = (await (await fetch(answer.fileUrl)).json()) as Export;
  expect(document.diaries).toHaveLength(38);
  expect([...cloud.files.keys()].join()).toMatch(new RegExp(`users/${userInfo.id}/exports/[0-9a-f]{32}\\.json`));

  await fire(monitor, 'collect', '2025-01-22T04:59:00Z');
  expect(cloud.files.size).toBe(1);
  await fire(monitor, 'collect', '2025-01-22T05:01:00Z');
  expect(cloud.files.size).toBe(0);
  expect(await select('SELECT 1 FROM erased_files WHERE user_id = ?', [userInfo.id])).toEqual([]);
});

test('an export of much is refused as unavailable, not cut, while storage is down', async () => {
  const openid = newOpenid();
  await ok(login, openid, 'login');
  for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-10-${day}`, content: '长'.repeat(10_000) });
  for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-11-${day}`, content: '长'.repeat(10_000) });
  cloud.behave('failing');
  expect((await refused(user, openid, 'export')).code).toBe('UNAVAILABLE');
});

test('the file of an export is noted for removal before it is stored, so that none is left when a step fails', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-10-${day}`, content: '长'.repeat(10_000) });
  for (let day = 10; day <= 28; day += 1) await ok(diary, openid, 'create', { date: `2024-11-${day}`, content: '长'.repeat(10_000) });
  cloud.behave('failing uploads');
  expect((await refused(user, openid, 'export')).code).toBe('UNAVAILABLE');
  const noted = await select<{ file_id: string }>('SELECT file_id FROM erased_files WHERE user_id = ?', [userInfo.id]);
  expect(noted).toEqual([{ file_id: expect.stringContaining(`users/${userInfo.id}/exports/`) }]);
  cloud.behave('well');
  await fire(monitor, 'collect', '2025-01-22T05:01:00Z');
  expect(await select('SELECT 1 FROM erased_files WHERE user_id = ?', [userInfo.id])).toEqual([]);
});

test('an erased account’s exports still count: the third one of a day is refused to the new account too', async () => {
  const openid = newOpenid();
  await withSettings({ rateLimitFactor: 1 }, async () => {
    await ok(login, openid, 'login');
    for (const _ of [1, 2]) await ok(user, openid, 'export');
    await ok(user, openid, 'erase', { confirm: '注销账号' });
    await ok(login, openid, 'login');
    expect(await refused(user, openid, 'export')).toMatchObject({ code: 'RATE_LIMITED' });
  });
});

test('the picture of an imported draw leaves storage with the account; one of the operators’ prizes stays', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  const own = `cloud://test.bucket/users/${userInfo.id}/prize.jpg`;
  const operators = 'cloud://test.bucket/prizes/flower.jpg';
  for (const file of [own, operators]) (cloud.files as Map<string, Buffer>).set(file, Buffer.from('x'));
  const drawnAt = '2024-12-01T00:00:00Z';
  await ok(sync, openid, 'import', { draws: [{ key: 'd1', prizeName: '爸爸的拥抱', prizeImage: own, drawnAt }] });
  await select('UPDATE users SET rev = 20 WHERE id = ?', [userInfo.id]);
  await select(
    "INSERT INTO lottery_records (user_id, id, prize_id, prize_name, prize_image, cost_points, roll, rev, created_at) VALUES (?, 9, 1, '小红花', ?, 0, 1, 9, NOW(3))",
    [userInfo.id, operators],
  );
  await ok(user, openid, 'erase', { confirm: '注销账号' });
  expect([...cloud.files.keys()]).toEqual([operators]);
  expect(await select('SELECT DISTINCT prize_name, prize_image FROM lottery_records WHERE user_id = ?', [userInfo.id])).toEqual([
    { prize_name: '', prize_image: '' },
  ]);
});

test('pictures of an erased account leave storage; while storage is down the texts go and the pictures wait', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  const picture = (name: string) => `cloud://test.bucket/users/${userInfo.id}/${name}.jpg`;
  for (const name of ['a', 'b', 'avatar', 'A']) (cloud.files as Map<string, Buffer>).set(picture(name), Buffer.from('x'));
  await ok(diary, openid, 'create', { date: TODAY, content: '有图', images: [picture('a'), picture('b'), picture('A')] });
  await ok(user, openid, 'update', { avatar: picture('avatar') });
  cloud.behave('failing');
  await ok(user, openid, 'erase', { confirm: '注销账号' });
  expect(await select('SELECT 1 FROM diaries WHERE user_id = ?', [userInfo.id])).toEqual([]);
  expect(cloud.files.size).toBe(4);
  cloud.behave('well');
  await fire(monitor, 'collect', '2025-01-22T04:02:00Z');
  expect(cloud.files.size).toBe(0);
  await fire(monitor, 'collect', '2025-01-22T04:03:00Z');
  expect(await select('SELECT 1 FROM erasures WHERE user_id = ? AND finished_at IS NOT NULL', [userInfo.id])).toHaveLength(1);
});
