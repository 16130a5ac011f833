import { normaliseLine } from '../../shared/sync/content-hash';
import type { Here } from '../account/here';
import { invalid, isNoAnswer, requirePage } from '../platform/error';
import { isDay, toInstant } from '../platform/text';
import type { DayFilter, Shown } from '../sync/diary-view';
import { moodsOf } from '../sync/mood-view';
import { addDays } from '../sync/streak';
import type { CalendarDay, Diary, DiaryFilter, GrowthDiary, Page, ReadOptions, Seen } from '../types';
import { refill } from './diary-find';

type Api = GrowthDiary['diary'];
type Answer<Name extends keyof Api> = Awaited<ReturnType<Api[Name]>>;

function requireFilter(filter: DiaryFilter): void {
  requirePage(filter);
  const { month, from, to, cursor } = filter;
  if (month !== undefined && !isDay(`${month}-01`)) throw invalid('month', '月份应为 YYYY-MM');
  if (from !== undefined && !isDay(from)) throw invalid('from', '日期应为 YYYY-MM-DD');
  if (to !== undefined && !isDay(to)) throw invalid('to', '日期应为 YYYY-MM-DD');
  if (cursor !== undefined && !isDay(cursor)) throw invalid('cursor', '日期应为 YYYY-MM-DD');
}

const later = (a: string, b = a): string => (a > b ? a : b);
const earlier = (a: string, b = a): string => (a < b ? a : b);

/** The range of days of a filter. */
function daysIn({ month, from, to, cursor, isDraft }: DiaryFilter): DayFilter {
  const first = month === undefined ? (from ?? '') : later(`${month}-01`, from);
  const last = month === undefined ? (to ?? '9999') : earlier(`${month}-31`, to);
  return { from: first, to: cursor === undefined ? last : earlier(last, addDays(cursor, -1)), isDraft };
}

interface DiaryPage extends Page {
  diaries: Shown[];
}

interface LocalPage {
  page: DiaryPage;
  /** A part of the answer is not on this phone. */
  hasGaps: boolean;
}

/** Of the given days, those whose row has the mood and the tag. */
function narrowed({ diaries }: Here, days: readonly string[], { mood, tag }: DiaryFilter): string[] {
  const wantedMood = mood === undefined ? undefined : normaliseLine(mood);
  const wantedTag = tag === undefined ? undefined : normaliseLine(tag);
  return days.filter((date) => {
    const row = diaries.on(date);
    if (row === null || row === 'evicted') return false;
    return (wantedMood === undefined || row.mood === wantedMood) && (wantedTag === undefined || row.tags.indexOf(wantedTag) >= 0);
  });
}

/** One page of the cached diaries, in the server's form. Reads the rows of the page; reads the whole range only for a mood or a tag. */
function localPage(here: Here, filter: DiaryFilter): LocalPage {
  const { diaries } = here;
  const { page = 1, limit = 10, cursor, mood, tag } = filter;
  const range = daysIn(filter);
  const isNarrowed = mood !== undefined || tag !== undefined;
  const inRange = diaries.days(range);
  const days = isNarrowed ? narrowed(here, inRange, filter) : inRange;
  const rest = cursor === undefined ? days.slice((page - 1) * limit) : days;
  const shown = rest.slice(0, limit);
  const rows = shown.map((date) => diaries.on(date)).filter((row): row is Shown => row !== null && row !== 'evicted');
  const hasMore = rest.length > limit;
  const hasGaps =
    !diaries.isComplete() || rows.length < shown.length || diaries.hasUnknown(range) || (isNarrowed && diaries.hasMissing(range));
  const nextCursor = hasMore ? (shown[shown.length - 1] ?? null) : null;
  return { page: { diaries: rows, limit, hasMore, nextCursor, ...(cursor === undefined && { page, total: days.length }) }, hasGaps };
}

/** The server's answer where rows are missing on this phone. */
const direct = async <Given extends object>(here: Here, action: string, input: object): Promise<Given & Seen> => ({
  ...(await here.call<Given>('diary', action, input)),
  source: 'network',
  at: toInstant(here.phone.now()),
});

/** An unreadable row that the server does not list was a deleted diary. */
function dropVanished({ diaries, cache }: Here, filter: DiaryFilter, { diaries: answered, hasMore }: Answer<'list'>): void {
  const { page = 1, cursor, mood, tag, isDraft } = filter;
  if (page > 1 || mood !== undefined || tag !== undefined || isDraft !== undefined) return;
  const listed = new Set(answered.map(({ date }) => date));
  const oldest = hasMore ? answered[answered.length - 1]?.date : undefined;
  const range = daysIn(cursor === undefined ? filter : { ...filter, cursor });
  for (const date of diaries.days({ ...range, from: later(range.from ?? '', oldest) })) if (!listed.has(date)) cache.dropUnknown(date);
}

export async function listDays(here: Here, filter: DiaryFilter, options?: ReadOptions): Promise<Answer<'list'>> {
  requireFilter(filter);
  const seen = await here.refresh(options);
  const { page, hasGaps } = localPage(here, filter);
  if (!hasGaps) return { ...page, ...seen };
  try {
    const answer = await direct<DiaryPage>(here, 'list', filter);
    refill(here, answer.diaries);
    dropVanished(here, filter, answer);
    const known = new Set(answer.diaries.map(({ date }) => date));
    const drawn = answer.diaries.map((row: Diary) => here.diaries.over(row)).filter((row): row is Shown => row !== null);
    const unsent = page.diaries.filter(({ date, pending }) => pending && !known.has(date));
    return { ...answer, diaries: [...drawn, ...unsent].sort((a, b) => (a.date < b.date ? 1 : -1)) };
  } catch (error) {
    if (page.diaries.length === 0) throw error;
    // The total is not known on this phone.
    const { total: _, ...known } = page;
    return { ...known, ...seen, source: 'cache', partial: true };
  }
}

/** Null when a row of the month is not on this phone. */
function localCalendar(here: Here, month: string): CalendarDay[] | null {
  const days = new Map<string, CalendarDay>();
  const dayOf = (date: string): CalendarDay => {
    const blank = { date, diaryId: null, mood: '', moodOfDay: null, isDraft: false, hasImages: false, tasksDone: 0, tasksTotal: 0 };
    const day = days.get(date) ?? blank;
    days.set(date, day);
    return day;
  };
  for (const date of here.diaries.days(daysIn({ month }))) {
    const row = here.diaries.on(date);
    if (row === 'evicted') return null;
    if (row === null) continue;
    Object.assign(dayOf(date), { diaryId: row.id, mood: row.mood, isDraft: row.isDraft, hasImages: row.images.length > 0 });
  }
  for (const { date, isCompleted } of here.tasks.all()) {
    if (!date.startsWith(`${month}-`)) continue;
    const day = dayOf(date);
    day.tasksTotal += 1;
    if (isCompleted) day.tasksDone += 1;
  }
  for (const [date, mood] of moodsOf(here)) {
    if (!date.startsWith(`${month}-`)) continue;
    const day = dayOf(date);
    Object.assign(day, { moodOfDay: mood, mood: day.mood || mood });
  }
  return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
}

export async function calendarOf(here: Here, { month }: { month: string }, options?: ReadOptions): Promise<Answer<'calendar'>> {
  requireFilter({ month });
  const seen = await here.refresh(options);
  const days = here.diaries.isComplete() ? localCalendar(here, month) : null;
  return days ? { month, days, ...seen } : direct(here, 'calendar', { month });
}

/** Counted from the days on this phone. Where a row cannot be read, the server's numbers, if it answers. */
export async function statsOf(here: Here, options?: ReadOptions): Promise<Answer<'stats'>> {
  const seen = await here.refresh(options);
  const { diaries, meta } = here;
  const today = here.today();
  const local = { ...diaries.stats(today), thisMonth: diaries.publishedIn(today.slice(0, 7)) };
  if (diaries.isComplete() && !diaries.hasUnknown()) return { ...local, ...seen };
  try {
    return await direct(here, 'stats', {});
  } catch (error) {
    const { user } = meta.get();
    if (!user || !isNoAnswer(error)) throw error;
    const { totalDiaries, continuousDays, longestStreak, lastDiaryDate } = user;
    return { ...local, totalDiaries, continuousDays, longestStreak, lastDiaryDate, ...seen, source: 'cache' };
  }
}
