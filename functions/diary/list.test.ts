import { beforeAll, describe, expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import { type Child, http, NOON, newChild, ok, refused, select, TODAY, withoutRateLimits } from '../../test/harness';
import { main } from './index';

withoutRateLimits();

interface Diary {
  id: number;
  date: string;
  mood: string;
  tags: string[];
  isDraft: boolean;
}

const dates = ({ diaries }: { diaries: Diary[] }): string[] => diaries.map(({ date }) => date);
const fieldsOf = async (openid: string, input: object, action = 'list') => {
  const { code, details } = await refused(main, openid, action, input);
  return { code, paths: Array.isArray(details) ? details.map(({ path }) => path) : details };
};

describe('25 diaries', () => {
  let child: Child;
  let all: Diary[];
  const list = (input: object = {}) => ok(main, child.openid, 'list', input);

  beforeAll(async () => {
    child = await newChild();
    for (let index = 0; index < 25; index += 1) {
      await ok(main, child.openid, 'create', {
        date: addDays(TODAY, -2 * index),
        content: `${index}`,
        mood: index % 2 === 0 ? 'happy' : 'sad',
        tags: index % 5 === 0 ? ['五', '100%'] : ['其他'],
        isDraft: index % 7 === 3,
      });
    }
    ({ diaries: all } = await list({ limit: 100 }));
  });

  test('come newest first, whole', () => {
    expect(all.map(({ date }) => date)).toEqual(Array.from({ length: 25 }, (_, index) => addDays(TODAY, -2 * index)));
  });

  test('D4: pages hold each once and say how many there are', async () => {
    const pages = [await list({ page: 1 }), await list({ page: 2 }), await list({ page: 3 }), await list({ page: 4 })];
    expect(pages.flatMap(({ diaries }) => diaries)).toEqual(all);
    expect(pages.map(({ page, limit, total, hasMore }) => ({ page, limit, total, hasMore }))).toEqual([
      { page: 1, limit: 10, total: 25, hasMore: true },
      { page: 2, limit: 10, total: 25, hasMore: true },
      { page: 3, limit: 10, total: 25, hasMore: false },
      { page: 4, limit: 10, total: 25, hasMore: false },
    ]);
    expect(pages[2]).toMatchObject({ nextCursor: null });
  });

  test('D4: a cursor leaves no gap and no overlap when newer and older days are written and deleted between pages', async () => {
    const { openid } = await newChild();
    for (let index = 0; index < 25; index += 1) await ok(main, openid, 'create', { date: addDays(TODAY, -2 * index), content: 'x' });
    const before = dates(await ok(main, openid, 'list', { limit: 100 }));
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await ok(main, openid, 'list', cursor === undefined ? {} : { cursor });
      seen.push(...dates(page));
      // A day between those already seen, while there are any.
      const [newest = TODAY] = seen.slice(-1);
      await ok(main, openid, 'create', { date: addDays(newest, 1), content: '新' });
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(before);
  });

  test('D4: pages by number are those by cursor, with drafts and deleted days among them', async () => {
    const { openid } = await newChild();
    for (let index = 0; index < 60; index += 1) {
      const { diary } = await ok(main, openid, 'create', { date: addDays(TODAY, -index), content: 'x', isDraft: index % 7 === 3 });
      if (index % 5 === 0) await ok(main, openid, 'delete', { id: diary.id });
    }
    for (const filter of [{}, { from: addDays(TODAY, -50) }, { isDraft: false }]) {
      const first = await ok(main, openid, 'list', { ...filter, page: 1, limit: 4 });
      const seen = dates(first);
      for (let page = 2, cursor = first.nextCursor; cursor !== null; page += 1) {
        const byCursor = await ok(main, openid, 'list', { ...filter, cursor, limit: 4 });
        expect(await ok(main, openid, 'list', { ...filter, page, limit: 4 })).toEqual({ ...byCursor, page, total: first.total });
        seen.push(...dates(byCursor));
        cursor = byCursor.nextCursor;
      }
      expect(seen).toHaveLength(first.total);
    }
  });

  test.each([
    ['mood', { mood: 'sad' }, (diary: Diary) => diary.mood === 'sad'],
    ['tag', { tag: '五' }, (diary: Diary) => diary.tags.includes('五')],
    ['tag with wildcards', { tag: '100%' }, (diary: Diary) => diary.tags.includes('100%')],
    ['tag that is a pattern', { tag: '%' }, () => false],
    ['month', { month: '2025-01' }, (diary: Diary) => diary.date.startsWith('2025-01')],
    ['an older month', { month: '2024-12' }, (diary: Diary) => diary.date.startsWith('2024-12')],
    ['from', { from: '2025-01-10' }, (diary: Diary) => diary.date >= '2025-01-10'],
    ['to', { to: '2025-01-10' }, (diary: Diary) => diary.date <= '2025-01-10'],
    ['one day', { from: '2025-01-20', to: '2025-01-20' }, (diary: Diary) => diary.date === '2025-01-20'],
    ['from after to', { from: '2025-01-20', to: '2025-01-10' }, () => false],
    ['drafts', { isDraft: true }, (diary: Diary) => diary.isDraft],
    ['published', { isDraft: false }, (diary: Diary) => !diary.isDraft],
    [
      'all at once',
      { month: '2025-01', from: '2025-01-04', to: '2025-01-21', mood: 'happy', tag: '其他', isDraft: false },
      (diary: Diary) =>
        diary.date >= '2025-01-04' && diary.date <= '2025-01-21' && diary.mood === 'happy' && diary.tags.includes('其他') && !diary.isDraft,
    ],
  ])('filtered by %s are those and so many', async (_, filter, wanted) => {
    const expected = all.filter(wanted);
    const answer = await list({ ...filter, limit: 100 });
    expect(answer).toMatchObject({ diaries: expected, total: expected.length, hasMore: false });
    const pages = [
      await list({ ...filter, limit: 2, page: 1 }),
      await list({ ...filter, limit: 2, page: 2 }),
      await list({ ...filter, limit: 2, page: 99 }),
    ];
    expect(pages.map(({ total }) => total)).toEqual([expected.length, expected.length, expected.length]);
    expect([pages[0], pages[1]].flatMap(({ diaries }) => diaries)).toEqual(expected.slice(0, 4));
    const [, last] = expected;
    if (last) expect((await list({ ...filter, limit: 100, cursor: last.date })).diaries).toEqual(expected.slice(2));
  });

  test('the calendar lists each day of its month with mood, draft and pictures', async () => {
    const { days } = await ok(main, child.openid, 'calendar', { month: '2025-01' });
    const expected = all.filter(({ date }) => date.startsWith('2025-01')).reverse();
    expect(days).toEqual(
      expected.map(({ id, date, mood, isDraft }) => ({
        date,
        diaryId: id,
        mood,
        moodOfDay: null,
        isDraft,
        hasImages: false,
        tasksDone: 0,
        tasksTotal: 0,
      })),
    );
  });

  test('another child sees none of them', async () => {
    const { openid } = await newChild();
    expect(await ok(main, openid, 'list')).toMatchObject({ diaries: [], total: 0, hasMore: false, nextCursor: null });
    expect(await ok(main, openid, 'calendar', { month: '2025-01' })).toEqual({ month: '2025-01', days: [] });
    expect(await ok(main, openid, 'list', { page: 7 })).toMatchObject({ diaries: [], total: 0 });
  });

  test('over HTTP the same query gives the same answer', async () => {
    const { token } = child;
    const { status, body } = await http(main, 'GET', '/api/diary/list?page=2&limit=5&isDraft=false&month=2025-01', { token });
    expect(status).toBe(200);
    expect(body.data).toEqual(await list({ page: 2, limit: 5, isDraft: false, month: '2025-01' }));
  });
});

test.each([0, -1, 1e6, 'abc', 1.5, null, '1'])('page %j is a field error', async (page) => {
  const { openid } = await newChild();
  expect(await fieldsOf(openid, { page })).toEqual({ code: 'INVALID_INPUT', paths: ['page'] });
});

test.each([0, -1, 101, 'abc', null])('limit %j is a field error', async (limit) => {
  const { openid } = await newChild();
  expect(await fieldsOf(openid, { limit })).toEqual({ code: 'INVALID_INPUT', paths: ['limit'] });
});

test.each(['2025-13', '2025-1', '2025', '0000-01', '', '2025-01-01', "2025-01' OR 1"])('month %j is a field error', async (month) => {
  const { openid } = await newChild();
  expect(await fieldsOf(openid, { month })).toEqual({ code: 'INVALID_INPUT', paths: ['month'] });
  expect(await fieldsOf(openid, { month }, 'calendar')).toEqual({ code: 'INVALID_INPUT', paths: ['month'] });
});

test.each(['9999-12', '1000-01', '2024-02', '2025-12'])('month %s has an end and is listed', async (month) => {
  const { openid } = await newChild();
  expect(await ok(main, openid, 'calendar', { month })).toEqual({ month, days: [] });
  expect(await ok(main, openid, 'list', { month })).toMatchObject({ diaries: [], total: 0 });
});

test.each(['0000-01-01', '2025-02-30', 'abc', "' OR 1=1 -- "])('cursor, from, to and date %j are field errors', async (value) => {
  const { openid } = await newChild();
  for (const field of ['cursor', 'from', 'to'])
    expect(await fieldsOf(openid, { [field]: value })).toEqual({ code: 'INVALID_INPUT', paths: [field] });
  expect(await fieldsOf(openid, { date: value }, 'get')).toEqual({ code: 'INVALID_INPUT', paths: ['date'] });
});

test('page and cursor together are a field error, as are id and date, or neither', async () => {
  const { openid } = await newChild();
  expect(await fieldsOf(openid, { page: 1, cursor: TODAY })).toEqual({ code: 'INVALID_INPUT', paths: ['page'] });
  expect(await fieldsOf(openid, { id: 1, date: TODAY }, 'get')).toEqual({ code: 'INVALID_INPUT', paths: ['id'] });
  expect(await fieldsOf(openid, {}, 'get')).toEqual({ code: 'INVALID_INPUT', paths: ['id'] });
});

test('the calendar shows tasks done beside the diary of a day, and days that have only tasks', async () => {
  const { openid, userId } = await newChild();
  const { diary } = await ok(main, openid, 'create', { date: TODAY, content: 'x', mood: 'calm', images: ['https://mmbiz.qpic.cn/a.png'] });
  const task = (id: number, day: string, done: boolean) =>
    select(
      `INSERT INTO tasks (user_id, id, task_date, task_key, title, is_completed, rev, created_at, updated_at) VALUES (?, ?, ?, CONCAT('own:', ?), 't', ?, 1, ?, ?)`,
      [userId, id, day, id, done ? 1 : 0, new Date(NOON), new Date(NOON)],
    );
  await task(901, TODAY, true);
  await task(902, TODAY, false);
  await task(903, '2025-01-03', false);
  expect((await ok(main, openid, 'calendar', { month: '2025-01' })).days).toEqual([
    { date: '2025-01-03', diaryId: null, mood: '', moodOfDay: null, isDraft: false, hasImages: false, tasksDone: 0, tasksTotal: 1 },
    { date: TODAY, diaryId: diary.id, mood: 'calm', moodOfDay: null, isDraft: false, hasImages: true, tasksDone: 1, tasksTotal: 2 },
  ]);
});
