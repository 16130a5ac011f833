import type * as z from 'zod';
import { addDays, earliest, latest, monthBounds } from '../clock';
import type { Stats } from '../contract';
import { AppError, fieldError } from '../errors';
import { requestOf } from '../request';
import type { UserContext } from '../runtime/context';
import { changeDiary, contentOf, type DiaryState, isAlive, statsOf } from './change';
import { type calendar, type create, type Diary, FIRST_DAY, type get, type list, type remove, type update, type Written } from './contract';
import { withImageUrls } from './image-urls';
import { selectCalendar, selectDiaryByDate, selectDiaryById, selectDiaryPage, selectStats } from './queries';
import { toDiary } from './row';
import { requireWritable } from './writable';
import { writtenOf } from './written';

export { recordMood } from './mood';

/**
 * Writes the diary of a day. A draft of that day is continued: what is not given stays as the draft had it. What is published without a mood
 * takes the mood of the day.
 */
export async function createDiary(ctx: UserContext, input: z.output<typeof create.input>): Promise<Written> {
  requireWritable(ctx, input);
  const { date, content, isDraft = false, ...others } = input;
  const written = { ...given(others), date, content, isDraft };
  const fresh = { mood: null, weather: '', images: [], tags: [], ...written };
  const decide = ({ byDate, moodOfDay }: DiaryState) => {
    const usualMood = (isDraft ? null : moodOfDay) ?? '';
    const draft = isAlive(byDate) ? byDate : null;
    if (draft && draft.is_draft === 0) {
      throw new AppError('DIARY_EXISTS', { details: { diary: { id: draft.id, version: draft.content_rev } } });
    }
    if (draft === null) return { row: null, next: { ...fresh, mood: fresh.mood ?? usualMood }, isDeleted: false };
    // The draft came from a phone, and this writer has not read it.
    const isConflict = draft.last_client !== null && draft.content.trim() !== '' && draft.content !== content;
    return { row: draft, next: { ...contentOf(draft), mood: draft.mood || usualMood, ...written }, isDeleted: false, isConflict };
  };
  const outcome = await changeDiary(ctx, requestOf(ctx, input), { date }, decide, fresh);
  return writtenOf(ctx, outcome);
}

/** Changes what is given, on top of the version the writer saw. */
export async function updateDiary(ctx: UserContext, input: z.output<typeof update.input>): Promise<Written> {
  requireWritable(ctx, input);
  const { id, version, ...fields } = input;
  const target = input.date === undefined ? { id } : { id, date: input.date };
  const outcome = await changeDiary(ctx, requestOf(ctx, input), target, ({ byId, byDate }) => {
    if (!isAlive(byId)) throw new AppError('NOT_FOUND');
    if (byId.content_rev !== version) throw new AppError('VERSION_CONFLICT', { details: { current: toDiary(byId) } });
    if (isAlive(byDate) && byDate.id !== id) {
      throw new AppError('DIARY_EXISTS', { details: { diary: { id: byDate.id, version: byDate.content_rev } } });
    }
    return { row: byId, next: { ...contentOf(byId), ...given(fields) }, isDeleted: false };
  });
  return writtenOf(ctx, outcome);
}

export async function deleteDiary(
  ctx: UserContext,
  input: z.output<typeof remove.input>,
): Promise<{ id: number; deleted: true; stats: Stats }> {
  const { id, version } = input;
  const outcome = await changeDiary(ctx, requestOf(ctx, input), { id }, ({ byId }) => {
    if (!isAlive(byId)) throw new AppError('NOT_FOUND');
    if (version !== undefined && byId.content_rev !== version) {
      throw new AppError('VERSION_CONFLICT', { details: { current: toDiary(byId) } });
    }
    return { row: byId, next: contentOf(byId), isDeleted: true };
  });
  return { id, deleted: true, stats: 'receipt' in outcome ? statsOf(outcome.state, ctx.today) : outcome.stats };
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** The fields that were given: absent means unchanged. */
const given = <Fields extends object>(fields: Fields): Given<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;

export async function getDiary(ctx: UserContext, { id, date }: z.output<typeof get.input>): Promise<{ diary: Diary }> {
  if ((id === undefined) === (date === undefined)) throw fieldError('id', 'id 与 date 请给出其中一个');
  const row = id === undefined ? await selectDiaryByDate(ctx.db, ctx, date ?? '') : await selectDiaryById(ctx.db, ctx, id);
  if (row === null) throw new AppError('NOT_FOUND');
  const [diary = toDiary(row)] = await withImageUrls(ctx, [toDiary(row)]);
  return { diary };
}

export async function listDiaries(ctx: UserContext, input: z.output<typeof list.input>): Promise<z.input<typeof list.output>> {
  const { limit, cursor, page = 1, month, mood = null, tag = null, isDraft = null } = input;
  if (cursor !== undefined && input.page !== undefined) throw fieldError('page', 'page 与 cursor 请给出其中一个');
  const bounds = month === undefined ? { from: FIRST_DAY, to: ctx.today } : monthBounds(month);
  const from = latest(bounds.from, input.from ?? FIRST_DAY);
  const to = earliest(bounds.to, input.to ?? ctx.today, cursor === undefined ? ctx.today : addDays(cursor, -1));
  const filter = { from, to, mood, tag, isDraft };
  const isFiltered =
    month !== undefined || input.from !== undefined || input.to !== undefined || mood !== null || tag !== null || isDraft !== null;
  const numbered = cursor === undefined;
  const count = numbered ? (isFiltered ? 'counted' : 'stored') : 'none';

  const offset = numbered ? (page - 1) * limit : 0;
  const { rows, total } = await selectDiaryPage(ctx.db, ctx, filter, { limit: limit + 1, offset, count });
  const shown = rows.slice(0, limit);
  const hasMore = rows.length > limit;
  const paging = { limit, hasMore, nextCursor: hasMore ? (shown.at(-1)?.diary_date ?? null) : null };
  const diaries = await withImageUrls(ctx, shown.map(toDiary));
  return total === null ? { diaries, ...paging } : { diaries, page, total, ...paging };
}

export async function getCalendar(ctx: UserContext, { month }: z.output<typeof calendar.input>): Promise<z.input<typeof calendar.output>> {
  const { from, to } = monthBounds(month);
  const days = new Map<string, z.input<typeof calendar.output>['days'][number]>();
  for (const row of await selectCalendar(ctx.db, ctx, from, to)) {
    const known = days.get(row.date);
    const moodOfDay = row.mood_of_day ?? known?.moodOfDay ?? null;
    days.set(row.date, {
      date: row.date,
      diaryId: row.diary_id ?? known?.diaryId ?? null,
      mood: row.mood || known?.mood || moodOfDay || '',
      moodOfDay,
      isDraft: row.is_draft === 1 || known?.isDraft === true,
      hasImages: row.has_images === 1 || known?.hasImages === true,
      tasksDone: row.tasks_done + (known?.tasksDone ?? 0),
      tasksTotal: row.tasks_total + (known?.tasksTotal ?? 0),
    });
  }
  return { month, days: [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1)) };
}

export async function getStats(ctx: UserContext): Promise<Stats & { thisMonth: number }> {
  const { from, to } = monthBounds(ctx.today.slice(0, 7));
  const row = await selectStats(ctx.db, ctx, from, to);
  return { ...statsOf(row, ctx.today), thisMonth: row.this_month };
}

export { appendToDiary } from './append';
export { getNeighbours, getOnThisDay, getRelated, searchDiaries } from './find';
export { getHistory, getTrash, restoreDiary } from './history';
