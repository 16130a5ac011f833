import { describe, expect, test } from 'vitest';
import { addDays, dayOf } from '../../shared/clock';
import { guardianOf, newGuarded } from '../../test/family';
import { type Child, newChild, ok, refused, select, TODAY, withoutRateLimits } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as points } from '../points/index';
import { main as task } from '../task/index';
import { main as user } from '../user/index';
import { main as report } from './index';

withoutRateLimits();

interface History {
  moodDays: string[];
  diaries: { date: string; mood: string; content: string }[];
  tasks: { date: string; category: string; done: boolean }[];
  records: { day: string; amount: number }[];
}

/** The child's rows, read behind the functions. */
async function historyOf({ userId }: Child): Promise<History> {
  const [diaries, moods, tasks, records] = await Promise.all([
    select<{ date: string; mood: string; content: string }>(
      'SELECT diary_date AS date, mood, content FROM diaries WHERE user_id = ? AND deleted_at IS NULL AND NOT is_draft ORDER BY diary_date',
      [userId],
    ),
    select<{ date: string }>('SELECT mood_date AS date FROM moods WHERE user_id = ?', [userId]),
    select<{ date: string; category: string; is_completed: number }>(
      'SELECT task_date AS date, category, is_completed FROM tasks WHERE user_id = ? AND deleted_at IS NULL',
      [userId],
    ),
    select<{ created_at: Date; amount: number }>('SELECT created_at, amount FROM point_records WHERE user_id = ?', [userId]),
  ]);
  const moodDays = new Set([...moods, ...diaries.filter(({ mood }) => mood !== '')].map(({ date }) => date));
  return {
    moodDays: [...moodDays],
    diaries,
    tasks: tasks.map(({ date, category, is_completed }) => ({ date, category, done: is_completed === 1 })),
    records: records.map(({ created_at, amount }) => ({ day: dayOf(created_at), amount })),
  };
}

const total = (numbers: number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** Counted one by one, the way a reader of the report would check it. */
function countByHand({ diaries, tasks, records }: History, from: string, to: string, today: string) {
  const isInside = (day: string): boolean => day >= from && day <= to;
  const written = diaries.filter(({ date }) => isInside(date));
  const due = tasks.filter(({ date }) => isInside(date) && date <= today);
  const done = due.filter((each) => each.done).length;
  const amounts = records.filter(({ day }) => isInside(day)).map(({ amount }) => amount);
  const earned = total(amounts.filter((amount) => amount > 0));
  const spent = Math.abs(total(amounts.filter((amount) => amount < 0)));
  const end = to < today ? to : today;
  const days = new Set(diaries.map(({ date }) => date));
  let streakDays = 0;
  for (let day = days.has(end) ? end : addDays(end, -1); days.has(day); day = addDays(day, -1)) streakDays += 1;
  return {
    diaryCount: written.length,
    taskCount: done,
    completedTasks: done,
    totalTasks: due.length,
    completionRate: due.length === 0 ? 0 : Math.round((done / due.length) * 100),
    pointsEarned: earned,
    pointsSpent: spent,
    pointsNet: earned - spent,
    streakDays: from > today ? 0 : streakDays,
  };
}

const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(Math.random() * values.length)] as Value;

/** Beijing times around the turn of a day, on the UTC clock of the server. */
const instantOf = (day: string): string => {
  const time = pick(['00:00:00', '07:30:00', '12:00:00', '23:59:59']);
  return new Date(`${day}T${time}+08:00`).toISOString();
};

/** Some weeks of a child's life, lived through the functions. */
async function live(child: Child, first: string, days: number): Promise<void> {
  for (let index = 0; index < days; index += 1) {
    const day = addDays(first, index);
    const now = instantOf(day);
    const at = { now };
    const tasks = (await ok(task, child.openid, 'list', {}, at)).tasks as { id: number }[];
    for (const { id } of tasks) {
      if (Math.random() < 0.5) continue;
      await ok(task, child.openid, 'complete', { id }, at);
      if (Math.random() < 0.2) await ok(task, child.openid, 'uncomplete', { id }, at);
    }
    if (Math.random() < 0.3) await ok(diary, child.openid, 'recordMood', { mood: pick(['calm', 'angry']) }, at);
    if (Math.random() < 0.3) continue;
    const content = pick(['今天和妈妈去公园放风筝', '读了一本恐龙的书', '公园里的风筝飞得很高']).repeat(pick([1, 5, 20]));
    const { diary: written } = await ok(
      diary,
      child.openid,
      'create',
      { date: day, content, mood: pick(['', 'happy', 'sad']), isDraft: Math.random() < 0.2 },
      at,
    );
    if (Math.random() < 0.15) await ok(diary, child.openid, 'delete', { id: written.id }, at);
    else if (Math.random() < 0.1) {
      const date = addDays(day, -days);
      await ok(diary, child.openid, 'update', { id: written.id, version: written.version, date }, at).catch(() => {});
    }
    if (Math.random() < 0.2) await ok(points, child.openid, 'deduct', { amount: 3, source: '换贴纸' }, at).catch(() => {});
  }
}

describe('reports count what a child would count by hand', () => {
  test('over random weeks around the turn of a year, with drafts, deletions, moved days and times at midnight', async () => {
    const child = await newChild();
    const first = '2024-12-20';
    await live(child, first, 40);
    const today = addDays(first, 39);
    const now = `${today}T04:00:00.000Z`;
    const history = await historyOf(child);
    for (let sunday = '2024-12-15'; sunday <= '2025-02-02'; sunday = addDays(sunday, 7)) {
      const week = await ok(report, child.openid, 'week', { start: addDays(sunday, Math.floor(Math.random() * 7)) }, { now });
      expect(week).toMatchObject({ from: sunday, to: addDays(sunday, 6), ...countByHand(history, sunday, addDays(sunday, 6), today) });
      expect(total(week.pointsByDay)).toBe(week.pointsEarned);
      const before = countByHand(history, addDays(sunday, -7), addDays(sunday, -1), today);
      expect(week.change).toEqual({
        diaries: week.diaryCount - before.diaryCount,
        tasks: week.completedTasks - before.completedTasks,
        points: week.pointsEarned - before.pointsEarned,
      });
      expect(total(week.taskCategories.map(({ total: all }: { total: number }) => all))).toBe(week.totalTasks);
    }
    for (const month of ['2024-11', '2024-12', '2025-01']) {
      const { from, to, ...monthly } = await ok(report, child.openid, 'month', { month }, { now });
      expect(monthly).toMatchObject(countByHand(history, from, to, today));
      expect(total(monthly.mood.distribution.map(({ count }: { count: number }) => count))).toBe(
        history.moodDays.filter((date) => date.startsWith(month)).length,
      );
    }
    for (const year of [2024, 2025]) {
      const yearly = await ok(report, child.openid, 'year', { year }, { now });
      expect(yearly).toMatchObject(countByHand(history, `${year}-01-01`, `${year}-12-31`, today));
      expect(total(yearly.months.map(({ pointsEarned }: { pointsEarned: number }) => pointsEarned))).toBe(yearly.pointsEarned);
    }
  });

  test('the streak and the balance of the running week are those of the profile', async () => {
    const child = await newChild();
    await live(child, '2025-01-06', 14);
    const now = '2025-01-19T04:00:00.000Z';
    const profile = await ok(user, child.openid, 'profile', {}, { now });
    expect(await ok(report, child.openid, 'week', {}, { now })).toMatchObject({ streakDays: profile.continuousDays });
    expect(await ok(report, child.openid, 'month', {}, { now })).toMatchObject({ totalPoints: profile.points });
  });
});

test('an empty account and the future answer zeros', async () => {
  const { openid } = await newChild();
  const zeros = { diaryCount: 0, taskCount: 0, totalTasks: 0, completionRate: 0, pointsEarned: 0, pointsSpent: 0, streakDays: 0 };
  expect(await ok(report, openid, 'week')).toMatchObject({ ...zeros, moods: [], diaries: [], goals: [] });
  expect(await ok(report, openid, 'month', { month: '2031-02' })).toMatchObject({ ...zeros, totalPoints: 0, keywords: [], maxStreak: 0 });
  expect(await ok(report, openid, 'year', { year: 2099 })).toMatchObject({ ...zeros, mood: { dominant: null, distribution: [] } });
});

test('a week begins on the Sunday of the Beijing day of an instant', async () => {
  const { openid } = await newChild();
  const saturdayEveningInUtc = '2025-01-18T16:30:00.000Z';
  expect(await ok(report, openid, 'week', { start: saturdayEveningInUtc })).toMatchObject({ from: '2025-01-19', to: '2025-01-25' });
});

test('keywords are whole words of the diaries, without stop words and without the name of the child', async () => {
  const { openid } = await newChild();
  await ok(user, openid, 'update', { nickname: '小明' });
  await ok(diary, openid, 'create', { date: '2025-01-20', content: '小明今天去公园放风筝，风筝飞得很高，因为风很大。' });
  const { keywords } = await ok(report, openid, 'month', { month: '2025-01' });
  expect(keywords[0]).toEqual({ text: '风筝', count: 2 });
  const texts = keywords.map(({ text }: { text: string }) => text);
  expect(texts).toContain('公园');
  for (const absent of ['小明', '今天', '因为']) expect(texts).not.toContain(absent);
});

test('a poster is an SVG that loads nothing and escapes what the child wrote', async () => {
  const { openid } = await newChild();
  await ok(user, openid, 'update', { nickname: '<b>"&' });
  const { svg } = await ok(report, openid, 'poster', { month: '2025-01' });
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain('&lt;b&gt;&quot;&amp;');
  expect(svg).not.toMatch(/href|url\(|<image|<b>/);
});

test.each([
  ['week', { start: '2025-02-30' }, 'start'],
  ['week', { start: 'soon' }, 'start'],
  ['month', { month: '2025-13' }, 'month'],
  ['year', { year: 1999 }, 'year'],
])('%s refuses %o and names the field', async (action, input, path) => {
  const { openid } = await newChild();
  expect(await refused(report, openid, action, input)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
});

test('a guardian reads the reports of a child; words of the diary only while the child shares it', async () => {
  const child = await newGuarded();
  const guardian = await guardianOf(child);
  const childId = child.userId;
  await ok(diary, child.openid, 'create', { date: TODAY, content: '今天和妈妈去公园放风筝，公园里的风筝很高', mood: 'happy' });
  const read = async (action: string) => JSON.stringify(await ok(report, guardian.openid, action, { childId }));
  expect(await ok(report, guardian.openid, 'week', { childId })).toMatchObject({ diaryCount: 1, highlights: [], diaries: [] });
  expect(await ok(report, guardian.openid, 'month', { childId })).toMatchObject({ diaryCount: 1, keywords: [] });
  for (const action of ['week', 'month', 'year', 'poster']) expect(await read(action)).not.toContain('风筝');
  await ok(user, child.openid, 'update', { settings: { shareDiary: true } });
  expect(await ok(report, guardian.openid, 'week', { childId })).toMatchObject({ diaries: [{ date: TODAY }] });
  for (const action of ['week', 'month', 'year']) expect(await read(action)).toContain('风筝');
});
