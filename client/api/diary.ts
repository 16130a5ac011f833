import type { Here } from '../account/here';
import { GrowthDiaryError, invalid, refusal, requirePage } from '../platform/error';
import { given, isDay, isText, toInstant } from '../platform/text';
import type { Shown } from '../sync/diary-view';
import { moodsOf } from '../sync/mood-view';
import type { Outcome } from '../sync/waiters';
import type { Diary, DiaryFilter, DiaryKey, DiaryText, GrowthDiary, Page, Pending, PointRecord, Seen, Stats, WrittenDiary } from '../types';

const MAX_CONTENT = 10_000;
const TEMPORARY = /^(wxfile:\/\/|data:|https?:\/\/(tmp|usr|store)\/)/i;

/** What would be refused in any case is refused while the editor is still open. */
function requireWritable({ date, content, images, isDraft }: DiaryText): void {
  if (!isDay(date)) throw invalid('date', '日期应为 YYYY-MM-DD');
  if (!isText(content)) throw invalid('content', '内容应为文本');
  if (content.length > MAX_CONTENT && [...content].length > MAX_CONTENT) throw invalid('content', `最多 ${MAX_CONTENT} 个字`);
  if (!isDraft && content.trim() === '') throw invalid('content', '写点内容再发布吧');
  if (!Array.isArray(images)) throw invalid('images', '应为列表');
  images.forEach((url, index) => {
    if (TEMPORARY.test(url)) throw invalid(`images.${index}`, '这是临时文件，请先上传图片');
  });
}

const textOf = ({ date, content, mood, weather, images, tags, isDraft }: Diary): DiaryText => ({
  date,
  content,
  mood,
  weather,
  images,
  tags,
  isDraft,
});

export const NO_STATS: Stats = { totalDiaries: 0, continuousDays: 0, longestStreak: 0, lastDiaryDate: null };

const statsIn = ({ user: { totalDiaries, continuousDays, longestStreak, lastDiaryDate } }: Outcome): Stats => ({
  totalDiaries,
  continuousDays,
  longestStreak,
  lastDiaryDate,
});

/** What a change earned (sign 1) or gave back (−1), as the ledger's row says that came with the answer. */
export const amountOf = ({ cache }: Here, sign: 1 | -1, relatedType: string, relatedId: number, balance: number | undefined): number => {
  const record = cache
    .rows<PointRecord>('record')
    .reverse()
    .find(
      (each) => each.relatedType === relatedType && each.relatedId === relatedId && each.balanceAfter === balance && each.amount * sign > 0,
    );
  return record ? record.amount * sign : 0;
};

/** Throws what the server refused with; a conflict is a refusal whose text is kept in `sync.conflicts()`. */
export function requireApplied({ result: { status, code = 'INTERNAL', message, details, row } }: Outcome): void {
  if (status === 'applied') return;
  if (status === 'conflict') throw new GrowthDiaryError('VERSION_CONFLICT', { details: { current: row ?? null } });
  throw new GrowthDiaryError(code, { message, details });
}

/** The row as the server wrote it; a replayed answer may come without, then as it is shown here. */
export function appliedRow<Row>(outcome: Outcome, shown: Row | null): Row {
  requireApplied(outcome);
  // The contract says which kind of row answers which mutation.
  const row = (outcome.result.row ?? shown) as Row | null;
  if (row === null) throw refusal('NOT_FOUND');
  return row;
}

function requireFilter(filter: DiaryFilter): void {
  requirePage(filter);
  const { month, from, to } = filter;
  if (month !== undefined && !isDay(`${month}-01`)) throw invalid('month', '月份应为 YYYY-MM');
  if (from !== undefined && !isDay(from)) throw invalid('from', '日期应为 YYYY-MM-DD');
  if (to !== undefined && !isDay(to)) throw invalid('to', '日期应为 YYYY-MM-DD');
}

function matches(row: Diary, { month, from, to, mood, tag, isDraft }: DiaryFilter): boolean {
  return (
    (month === undefined || row.date.startsWith(`${month}-`)) &&
    (from === undefined || row.date >= from) &&
    (to === undefined || row.date <= to) &&
    (mood === undefined || row.mood === mood) &&
    (tag === undefined || row.tags.indexOf(tag) >= 0) &&
    (isDraft === undefined || row.isDraft === isDraft)
  );
}

interface DiaryPage extends Page {
  diaries: Shown[];
}

/** One page of what is here, in the form the server answers. */
function pageOf(rows: readonly Shown[], { page = 1, limit = 10, cursor }: DiaryFilter): DiaryPage {
  const rest = cursor === undefined ? rows.slice((page - 1) * limit) : rows.filter(({ date }) => date < cursor);
  const diaries = rest.slice(0, limit);
  const hasMore = rest.length > limit;
  const nextCursor = hasMore ? (diaries[diaries.length - 1]?.date ?? null) : null;
  return { diaries, limit, hasMore, nextCursor, ...(cursor === undefined && { page, total: rows.length }) };
}

/** Writes one day as its author wants it, on top of what they saw. */
export async function writeDay(here: Here, text: DiaryText, version: number, conflictId?: string): Promise<WrittenDiary> {
  requireWritable(text);
  const { date } = text;
  const outcome = await here.submit({
    type: 'diary.put',
    args: { ...text },
    baseRev: version,
    prev: here.outbox.lastChangeOf(date),
    ...(conflictId !== undefined && { replaces: ['conflict', conflictId] }),
  });
  if (outcome === null) {
    const diary = here.diaries.on(date);
    if (diary === null || diary === 'evicted') throw refusal('INTERNAL');
    return { diary, stats: here.diaries.stats(here.today()) ?? NO_STATS, reward: null, pending: true };
  }
  const shown = here.diaries.on(date);
  const diary = appliedRow<Diary>(outcome, shown === 'evicted' ? null : shown);
  const points = amountOf(here, 1, 'diary', diary.id, outcome.result.points);
  return { diary, stats: statsIn(outcome), reward: points > 0 ? { points, balance: outcome.result.points ?? 0 } : null };
}

export function diaryApi(enter: () => Promise<Here>): Omit<GrowthDiary['diary'], 'recordMood'> {
  const fetch = async (here: Here, key: DiaryKey): Promise<Shown | null> => {
    const { diary } = await here.call<{ diary: Diary }>('diary', 'get', key);
    return here.diaries.over(diary);
  };

  /** The diary a page speaks of; from the server where this phone does not have it. */
  const locate = async (here: Here, key: DiaryKey): Promise<Shown> => {
    const date = 'date' in key ? key.date : here.diaries.dateOf(key.id);
    const known = date === null ? null : here.diaries.on(date);
    if (known !== null && known !== 'evicted') return known;
    const isGone = known === null && (here.diaries.isComplete() || ('id' in key && key.id < 0));
    const row = isGone ? null : await fetch(here, 'id' in key && key.id > 0 ? key : { date: date ?? '' });
    if (row === null) throw refusal('NOT_FOUND');
    return row;
  };

  const remove = async (here: Here, diary: Shown, version: number): Promise<{ stats: Stats } & Pending> => {
    const { date } = diary;
    const outcome = await here.submit({
      type: 'diary.put',
      args: { date, deleted: true },
      baseRev: version,
      prev: here.outbox.lastChangeOf(date),
    });
    if (outcome === null) return { stats: here.diaries.stats(here.today()) ?? NO_STATS, pending: true };
    requireApplied(outcome);
    return { stats: statsIn(outcome) };
  };

  /** The server's answer where rows are missing here. */
  const direct = async <Answer extends object>(here: Here, action: string, input: object): Promise<Answer & Seen> => ({
    ...(await here.call<Answer>('diary', action, input)),
    source: 'network',
    at: toInstant(here.phone.now()),
  });

  return {
    create: async ({ date, content, ...fields }) => {
      const here = await enter();
      if (!here.diaries.isComplete()) await here.refresh();
      const known = here.diaries.on(date);
      const there = known === 'evicted' ? await fetch(here, { date }) : known;
      if (there && !there.isDraft) throw refusal('DIARY_EXISTS', { diary: { id: there.id, version: there.version } });
      const blank = { mood: moodsOf(here).get(date) ?? '', weather: '', images: [], tags: [] };
      const text = { ...blank, ...(there && textOf(there)), isDraft: false, ...given(fields), date, content };
      return writeDay(here, text, there?.version ?? here.diaries.baseOf(date));
    },

    update: async ({ version, ...input }) => {
      const here = await enter();
      const there = await locate(here, 'id' in input ? { id: input.id } : input);
      const { id: _, ...fields } = { id: 0, ...input };
      const text: DiaryText = { ...textOf(there), ...given(fields) };
      if (text.date === there.date) return writeDay(here, text, version ?? there.version);
      const target = here.diaries.on(text.date);
      if (target) throw refusal('DIARY_EXISTS', { diary: target === 'evicted' ? {} : { id: target.id, version: target.version } });
      const written = await writeDay(here, text, here.diaries.baseOf(text.date));
      await remove(here, there, version ?? there.version);
      return written;
    },

    delete: async ({ version, ...key }) => {
      const here = await enter();
      const there = await locate(here, key);
      return { id: there.id, deleted: true, ...(await remove(here, there, version ?? there.version)) };
    },

    get: async (key, options) => {
      const here = await enter();
      const seen = await here.refresh(options);
      return { diary: await locate(here, key), ...seen };
    },

    list: async (filter = {}, options) => {
      requireFilter(filter);
      const here = await enter();
      const seen = await here.refresh(options);
      const rows = here.diaries.all();
      const isWhole = here.diaries.isComplete();
      const page = pageOf(
        rows.filter((row): row is Shown => 'id' in row && matches(row, filter)),
        filter,
      );
      if (isWhole && rows.every((row) => 'id' in row)) return { ...page, ...seen };
      try {
        const answer = await direct<DiaryPage>(here, 'list', filter);
        const known = new Set(answer.diaries.map(({ date }) => date));
        const drawn = answer.diaries.map((row) => here.diaries.over(row)).filter((row): row is Shown => row !== null);
        const unsent = page.diaries.filter(({ date, pending }) => pending && !known.has(date));
        return { ...answer, diaries: [...drawn, ...unsent].sort((a, b) => (a.date < b.date ? 1 : -1)) };
      } catch (error) {
        if (page.diaries.length === 0) throw error;
        // How many there are in all is not known here.
        const { total: _, ...known } = page;
        return { ...known, ...seen, source: 'cache', partial: true };
      }
    },

    calendar: async ({ month }, options) => {
      requireFilter({ month });
      const here = await enter();
      const seen = await here.refresh(options);
      const rows = here.diaries.all().filter(({ date }) => date.startsWith(`${month}-`));
      if (!here.diaries.isComplete() || !rows.every((row) => 'id' in row)) return direct(here, 'calendar', { month });
      const days = new Map<string, GrowthDiaryDay>();
      const dayOf = (date: string): GrowthDiaryDay => {
        const blank = { date, diaryId: null, mood: '', moodOfDay: null, isDraft: false, hasImages: false, tasksDone: 0, tasksTotal: 0 };
        const day = days.get(date) ?? blank;
        days.set(date, day);
        return day;
      };
      for (const row of rows) {
        if (!('id' in row)) continue;
        Object.assign(dayOf(row.date), { diaryId: row.id, mood: row.mood, isDraft: row.isDraft, hasImages: row.images.length > 0 });
      }
      for (const [date, mood] of moodsOf(here)) {
        if (!date.startsWith(`${month}-`)) continue;
        const day = dayOf(date);
        Object.assign(day, { moodOfDay: mood, mood: day.mood || mood });
      }
      for (const { date, isCompleted } of here.tasks.all()) {
        if (!date.startsWith(`${month}-`)) continue;
        const day = dayOf(date);
        day.tasksTotal += 1;
        if (isCompleted) day.tasksDone += 1;
      }
      return { month, days: [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1)), ...seen };
    },

    stats: async (options) => {
      const here = await enter();
      const seen = await here.refresh(options);
      const today = here.today();
      const stats = here.diaries.stats(today);
      if (!stats) return direct(here, 'stats', {});
      const thisMonth = here.diaries
        .all()
        .filter((row) => row.date.startsWith(today.slice(0, 8)) && !('isDraft' in row && row.isDraft)).length;
      return { ...stats, thisMonth, ...seen };
    },
  };
}

type GrowthDiaryDay = Awaited<ReturnType<GrowthDiary['diary']['calendar']>>['days'][number];
