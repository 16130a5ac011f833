import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import { newChild, ok, refused, select, withoutRateLimits } from '../../test/harness';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();

const D = (day: number) => `2025-01-${String(day).padStart(2, '0')}`;
const beijing = (day: string, time: string) => new Date(`${day}T${time}:00+08:00`).toISOString();

interface Written {
  diary: { id: number; version: number };
  stats: object;
}

/** A child who wrote on these days of January 2025, oldest first, and whose present is the evening of `today`. */
async function writer(today: string, ...days: number[]) {
  const { openid, userId } = await newChild();
  const now = beijing(today, '20:00');
  const written = new Map<number, Written>();
  for (const day of days) written.set(day, await ok(main, openid, 'create', { date: D(day), content: `第${day}天` }, { now }));
  const remove = (day: number) => ok(main, openid, 'delete', { id: written.get(day)?.diary.id }, { now });
  const stats = (at = now) => ok(main, openid, 'stats', {}, { now: at });
  return { openid, userId, now, written, remove, stats };
}

test('S1: three days in a row count three; without the newest they count two, ending yesterday', async () => {
  const { stats, remove } = await writer(D(22), 20, 21, 22);
  expect(await stats()).toMatchObject({ continuousDays: 3, longestStreak: 3, totalDiaries: 3, lastDiaryDate: D(22) });
  expect((await remove(22)).stats).toMatchObject({ continuousDays: 2, longestStreak: 2, totalDiaries: 2, lastDiaryDate: D(21) });
  expect(await stats()).toMatchObject({ continuousDays: 2, lastDiaryDate: D(21) });
});

test('S2: a gap starts a new run', async () => {
  const { stats } = await writer(D(23), 20, 21, 23);
  expect(await stats()).toMatchObject({ continuousDays: 1, longestStreak: 2 });
});

test('S3: without its first day a run is one shorter', async () => {
  const { stats, remove } = await writer(D(22), 20, 21, 22);
  await remove(20);
  expect(await stats()).toMatchObject({ continuousDays: 2, longestStreak: 2 });
});

test('S5: of runs of three, four and one the longest is four and the current one', async () => {
  const { stats } = await writer(D(22), 10, 11, 12, 14, 15, 16, 17, 22);
  expect(await stats()).toMatchObject({ continuousDays: 1, longestStreak: 4, totalDiaries: 8, thisMonth: 8 });
});

test('S6: without its middle a run of three is one', async () => {
  const { stats, remove } = await writer(D(22), 20, 21, 22);
  await remove(21);
  expect(await stats()).toMatchObject({ continuousDays: 1, longestStreak: 1 });
});

test('back-filling the gap between two runs joins them', async () => {
  const { openid, stats, now } = await writer(D(22), 18, 19, 21, 22);
  await ok(main, openid, 'create', { date: D(20), content: '补写' }, { now });
  expect(await stats()).toMatchObject({ continuousDays: 5, longestStreak: 5 });
});

test('S7: a draft never counts; publishing counts it once, un-publishing takes it back', async () => {
  const { openid, stats, now } = await writer(D(22));
  const draft = await ok(main, openid, 'create', { date: D(22), content: '草稿', isDraft: true }, { now });
  expect(draft).toMatchObject({ stats: { totalDiaries: 0, continuousDays: 0, lastDiaryDate: null }, reward: null });
  const { id, version } = draft.diary;
  const published = await ok(main, openid, 'update', { id, version, isDraft: false }, { now });
  expect(published.stats).toMatchObject({ totalDiaries: 1, continuousDays: 1 });
  const again = await ok(main, openid, 'update', { id, version: published.diary.version, content: '改了' }, { now });
  expect(again.stats).toMatchObject({ totalDiaries: 1, continuousDays: 1 });
  const withdrawn = await ok(main, openid, 'update', { id, version: again.diary.version, isDraft: true }, { now });
  expect(withdrawn.stats).toMatchObject({ totalDiaries: 0, continuousDays: 0, lastDiaryDate: null });
  expect(await stats()).toMatchObject({ totalDiaries: 0, continuousDays: 0, longestStreak: 0, thisMonth: 0 });
});

test('S10: the run holds through the next day and lapses at the midnight after', async () => {
  const { openid, stats } = await writer(D(20), 19, 20);
  expect(await stats(beijing(D(21), '07:00'))).toMatchObject({ continuousDays: 2 });
  expect(await stats(beijing(D(21), '23:59'))).toMatchObject({ continuousDays: 2 });
  expect(await stats(beijing(D(22), '00:00'))).toMatchObject({ continuousDays: 0, longestStreak: 2, lastDiaryDate: D(20) });
  expect(await ok(user, openid, 'profile', {}, { now: beijing(D(22), '00:30') })).toMatchObject({ continuousDays: 0, longestStreak: 2 });
});

test('S15: 07:00 and 09:00 Beijing are one day, the next 09:00 is another, and January holds its 31st', async () => {
  const { openid } = await newChild();
  await ok(main, openid, 'create', { date: D(30), content: '早' }, { now: beijing(D(30), '07:00') });
  expect(await refused(main, openid, 'create', { date: D(30), content: '晚' }, { now: beijing(D(30), '09:00') })).toMatchObject({
    code: 'DIARY_EXISTS',
  });
  await ok(main, openid, 'create', { date: D(31), content: '第二天' }, { now: beijing(D(31), '09:00') });
  const now = beijing('2025-02-01', '00:30');
  expect(await ok(main, openid, 'stats', {}, { now })).toMatchObject({ continuousDays: 2, totalDiaries: 2, thisMonth: 0 });
  const { diaries } = await ok(main, openid, 'list', { month: '2025-01' }, { now });
  expect(diaries.map(({ date }: { date: string }) => date)).toEqual([D(31), D(30)]);
});

test.each(['00:30', '07:00', '23:59'])("S16: at %s Beijing today's diary is taken and pays, tomorrow's is refused", async (time) => {
  const { openid } = await newChild();
  const now = beijing(D(22), time);
  expect(await refused(main, openid, 'create', { date: D(23), content: '明天' }, { now })).toMatchObject({
    code: 'INVALID_INPUT',
    details: [{ path: 'date', message: '不能写未来的日记' }],
  });
  expect((await ok(main, openid, 'create', { date: D(22), content: '今天' }, { now })).reward).toEqual({ points: 5, balance: 5 });
  expect((await ok(main, openid, 'create', { date: D(21), content: '昨天' }, { now })).reward).toEqual({ points: 5, balance: 10 });
  expect((await ok(main, openid, 'create', { date: D(20), content: '前天' }, { now })).reward).toBeNull();
  expect(await ok(main, openid, 'stats', {}, { now })).toMatchObject({ continuousDays: 3, thisMonth: 3 });
});

interface Move {
  kind: 'create' | 'draft' | 'publish' | 'withdraw' | 'redate' | 'delete' | 'sleep';
  day: number;
  to: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('create', 'create', 'create', 'draft', 'publish', 'withdraw', 'redate', 'delete', 'sleep'),
  day: fc.nat({ max: 12 }),
  to: fc.nat({ max: 12 }),
});

/** What product.md says of published days, counted the slow way. */
function naive(published: Set<string>, today: string) {
  const days = [...published].sort();
  let longest = 0;
  let run = 0;
  for (const [index, day] of days.entries()) {
    run = index > 0 && addDays(days[index - 1] ?? '', 1) === day ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  let current = 0;
  for (let day = published.has(today) ? today : addDays(today, -1); published.has(day); day = addDays(day, -1)) current += 1;
  return { totalDiaries: days.length, continuousDays: current, longestStreak: longest, lastDiaryDate: days.at(-1) ?? null, run };
}

test('after any history totals, runs and rewards are what a recount of the rows says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 8, maxLength: 25 }), async (moves) => {
      const { openid, userId } = await newChild();
      const diaries = new Map<string, { id: number; version: number; isDraft: boolean }>();
      const rewarded = new Set<string>();
      let today = D(13);
      for (const { kind, day, to } of moves) {
        const date = addDays(today, -day);
        const target = addDays(today, -to);
        const now = beijing(today, '12:00');
        const known = diaries.get(date);
        const pays = (published: string) => published >= addDays(today, -1) && !rewarded.has(published);
        const write = async (action: string, data: object, published: string | null) => {
          const { diary, reward, stats } = await ok(main, openid, action, data, { now });
          expect(reward === null).toBe(published === null || !pays(published));
          if (reward !== null && published !== null) rewarded.add(published);
          diaries.set(diary.date, { id: diary.id, version: diary.version, isDraft: diary.isDraft });
          return stats;
        };
        let stats: object | null = null;
        if (kind === 'sleep') today = addDays(today, 1);
        else if (kind === 'create' || kind === 'draft') {
          const isDraft = kind === 'draft';
          if (known && !known.isDraft) {
            expect(await refused(main, openid, 'create', { date, content: 'x', isDraft }, { now })).toMatchObject({
              code: 'DIARY_EXISTS',
              details: { diary: { id: known.id, version: known.version } },
            });
          } else stats = await write('create', { date, content: 'x', isDraft }, isDraft ? null : date);
        } else if (known) {
          const { id, version } = known;
          if (kind === 'delete') {
            diaries.delete(date);
            ({ stats } = await ok(main, openid, 'delete', { id, version }, { now }));
          } else if (kind !== 'redate') {
            const isDraft = kind === 'withdraw';
            stats = await write('update', { id, version, isDraft }, known.isDraft && !isDraft ? date : null);
          } else if (target !== date && diaries.has(target)) {
            expect((await refused(main, openid, 'update', { id, version, date: target }, { now })).code).toBe('DIARY_EXISTS');
          } else {
            diaries.delete(date);
            stats = await write('update', { id, version, date: target }, null);
          }
        }
        const { run, ...expected } = naive(new Set([...diaries].filter(([, { isDraft }]) => !isDraft).map(([key]) => key)), today);
        if (stats !== null) expect(stats).toEqual(expected);
      }
      const published = await select<{ day: string }>(
        'SELECT diary_date AS day FROM diaries WHERE user_id = ? AND deleted_at IS NULL AND NOT is_draft',
        [userId],
      );
      const { run, ...expected } = naive(new Set(published.map(({ day }) => day)), today);
      expect(await ok(user, openid, 'profile', {}, { now: beijing(today, '12:00') })).toMatchObject({
        ...expected,
        points: 5 * rewarded.size,
      });
      const [stored] = await select(
        'SELECT total_diaries, total_drafts, continuous_days, longest_days, last_diary_date FROM users WHERE id = ?',
        [userId],
      );
      expect(stored).toEqual({
        total_diaries: expected.totalDiaries,
        total_drafts: [...diaries.values()].filter(({ isDraft }) => isDraft).length,
        continuous_days: run,
        longest_days: expected.longestStreak,
        last_diary_date: expected.lastDiaryDate,
      });
    }),
    { numRuns: 50 },
  );
}, 60_000);
