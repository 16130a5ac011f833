import { describe, expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import { type Child, newChild, ok, refused, select, withoutRateLimits } from '../../test/harness';
import { main } from './index';

withoutRateLimits();

const write = (child: Child, date: string, content: string, more: object = {}) =>
  ok(main, child.openid, 'create', { date, content, ...more });

const find = async (child: Child, input: object) => (await ok(main, child.openid, 'search', input)) as Found;

interface Found {
  diaries: { date: string; content: string; match: { excerpt: string; start: number; length: number } }[];
  hasMore: boolean;
  nextCursor: string | null;
}

const dates = ({ diaries }: { diaries: { date: string }[] }): string[] => diaries.map(({ date }) => date);
const marked = ({ diaries: [first] }: Found): string =>
  first?.match.excerpt.slice(first.match.start, first.match.start + first.match.length) ?? '';

describe('search', () => {
  test('finds words of any length inside Chinese sentences, newest first, and marks the place', async () => {
    const child = await newChild();
    await write(child, '2025-01-10', '今天和妈妈去公园放风筝，风筝飞得很高。');
    await write(child, '2025-01-12', '公园里有小鸭子。');
    await write(child, '2025-01-14', '在家看书。');
    const found = await find(child, { q: '公园' });
    expect(dates(found)).toEqual(['2025-01-12', '2025-01-10']);
    expect(marked(found)).toBe('公园');
    expect(found).toMatchObject({ hasMore: false, nextCursor: null });
    expect(dates(await find(child, { q: '园' }))).toHaveLength(2);
  });

  test.each([
    ['100%', '考了100%分', '考了100分'],
    ['a_b', '变量 a_b 好玩', '变量 acb 好玩'],
    ["it's", "it's fine", 'its fine'],
    ['🐶', '小狗🐶来了', '小猫🐱来了'],
    ['c:\\d', '路径 c:\\d 在这', '路径 c:d 在这'],
  ])('takes %s literally', async (q, hit, miss) => {
    const child = await newChild();
    await write(child, '2025-01-10', hit);
    await write(child, '2025-01-11', miss);
    const found = await find(child, { q });
    expect(dates(found)).toEqual(['2025-01-10']);
    expect(marked(found)).toBe(q);
  });

  test('folds case and width', async () => {
    const child = await newChild();
    await write(child, '2025-01-10', '我学会了Ｈｅｌｌｏ这个词');
    const found = await find(child, { q: 'hello' });
    expect(marked(found)).toBe('Ｈｅｌｌｏ');
  });

  test('filters by mood, tag and days, and finds the caller’s own diaries only', async () => {
    const [child, other] = [await newChild(), await newChild()];
    await write(child, '2025-01-10', '公园', { mood: 'happy', tags: ['周末'] });
    await write(child, '2025-01-11', '公园', { mood: 'sad' });
    await write(other, '2025-01-12', '公园');
    expect(dates(await find(child, { q: '公园', mood: 'happy' }))).toEqual(['2025-01-10']);
    expect(dates(await find(child, { q: '公园', tag: '周末' }))).toEqual(['2025-01-10']);
    expect(dates(await find(child, { q: '公园', from: '2025-01-11', to: '2025-01-12' }))).toEqual(['2025-01-11']);
  });

  test('looks at 500 diaries a call and goes on from the cursor without gap or repetition', async () => {
    const child = await newChild();
    const now = new Date();
    await select(
      `INSERT INTO diaries (user_id, id, diary_date, content, images, tags, rev, content_rev, modified_at, created_at, updated_at)
       WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900)
       SELECT ?, 1000 + i, DATE('2025-01-20') - INTERVAL i DAY, IF(i % 100 = 0, '找到公园', '别的'), '[]', '[]', 1, 1, ?, ?, ? FROM n`,
      [child.userId, now, now, now],
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    let calls = 0;
    do {
      const found: Found = await find(child, { q: '公园', limit: 2, ...(cursor !== null && { cursor }) });
      seen.push(...dates(found));
      cursor = found.nextCursor;
      calls += 1;
    } while (cursor !== null && calls < 20);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((hundred) => addDays('2025-01-20', -100 * hundred)));
    await select('DELETE FROM diaries WHERE user_id = ?', [child.userId]);
  });

  test.each([[''], ['   '], ['字'.repeat(201)]])('refuses the words "%s" and names the field', async (q) => {
    const child = await newChild();
    expect(await refused(main, child.openid, 'search', { q })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'q' }] });
  });
});

test('on this day shows the published diaries of earlier years; 29 February is the 28th in other years', async () => {
  const child = await newChild();
  await write(child, '2024-01-22', '去年的今天');
  await write(child, '2022-01-22', '三年前的今天');
  await write(child, '2023-01-22', '草稿', { isDraft: true });
  await write(child, '2023-02-28', '平年的最后一天');
  await write(child, '2020-02-29', '闰日');
  const { diaries } = await ok(main, child.openid, 'onThisDay');
  expect(diaries).toMatchObject([
    { date: '2024-01-22', yearsAgo: 1 },
    { date: '2022-01-22', yearsAgo: 3 },
  ]);
  expect(dates(await ok(main, child.openid, 'onThisDay', { date: '2024-02-29' }))).toEqual(['2023-02-28', '2020-02-29']);
  expect(dates(await ok(main, child.openid, 'onThisDay', { date: '2001-05-05' }))).toEqual([]);
});

test('neighbours are the nearest diaries before and after a day', async () => {
  const child = await newChild();
  for (const date of ['2025-01-02', '2025-01-05', '2025-01-09']) await write(child, date, date);
  expect(await ok(main, child.openid, 'neighbours', { date: '2025-01-05' })).toMatchObject({
    previous: { date: '2025-01-02' },
    next: { date: '2025-01-09' },
  });
  expect(await ok(main, child.openid, 'neighbours', { date: '2025-01-01' })).toMatchObject({
    previous: null,
    next: { date: '2025-01-02' },
  });
  expect(await ok(main, child.openid, 'neighbours', { date: '2025-01-20' })).toMatchObject({
    previous: { date: '2025-01-09' },
    next: null,
  });
});

test('related diaries share the mood or a tag; a diary of another child answers NOT_FOUND', async () => {
  const [child, other] = [await newChild(), await newChild()];
  const { diary } = await write(child, '2025-01-10', '一', { mood: 'happy', tags: ['周末', '公园'] });
  await write(child, '2025-01-11', '二', { mood: 'happy' });
  await write(child, '2025-01-12', '三', { mood: 'sad', tags: ['公园'] });
  await write(child, '2025-01-13', '四', { mood: 'sad' });
  expect(dates(await ok(main, child.openid, 'related', { id: diary.id }))).toEqual(['2025-01-12', '2025-01-11']);
  expect(dates(await ok(main, child.openid, 'related', { id: diary.id, limit: 1 }))).toEqual(['2025-01-12']);
  expect(await refused(main, other.openid, 'related', { id: diary.id })).toMatchObject({ code: 'NOT_FOUND' });
});
