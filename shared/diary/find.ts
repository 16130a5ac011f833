import type * as z from 'zod';
import { addDays, earliest, isCalendarDay, latest } from '../clock';
import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import { FIRST_DAY, type neighbours, type onThisDay, type related, type search } from './contract';
import { selectDays, selectMatches, selectNeighbours, selectRelated } from './find-queries';
import { withImageUrls } from './image-urls';
import { matchIn } from './match';
import { type DiaryRow, toDiary } from './row';

const shown = (ctx: UserContext, rows: readonly DiaryRow[]) => withImageUrls(ctx, rows.map(toDiary));

/** Looks at 500 diaries at most; the caller goes on with `nextCursor` until `hasMore` is false. */
export async function searchDiaries(ctx: UserContext, input: z.output<typeof search.input>): Promise<z.input<typeof search.output>> {
  const { q, mood = null, tag = null, cursor, limit } = input;
  const from = latest(FIRST_DAY, input.from ?? FIRST_DAY);
  const to = earliest(ctx.today, input.to ?? ctx.today, cursor === undefined ? ctx.today : addDays(cursor, -1));
  const { rows, floor } = await selectMatches(ctx.db, ctx, { words: q, mood, tag, from, to, limit });
  const page = rows.slice(0, limit);
  const diaries = await shown(ctx, page);
  const nextCursor = rows.length > limit ? (page.at(-1)?.diary_date ?? null) : floor;
  return {
    diaries: diaries.map((diary) => ({ ...diary, match: matchIn(diary.content, q) })),
    hasMore: nextCursor !== null,
    nextCursor,
  };
}

/** The same day of earlier years; 29 February is 28 February where the year has no 29th. */
const sameDays = (date: string): string[] => {
  const [year = '', month, day] = date.split('-');
  const years = Array.from({ length: Number(year) - Number(FIRST_DAY.slice(0, 4)) }, (_, index) => Number(year) - 1 - index);
  return years.map((each) => {
    const same = `${each}-${month}-${day}`;
    return isCalendarDay(same) ? same : `${each}-02-28`;
  });
};

export async function getOnThisDay(
  ctx: UserContext,
  { date = ctx.today }: z.output<typeof onThisDay.input>,
): Promise<z.input<typeof onThisDay.output>> {
  const diaries = await shown(ctx, await selectDays(ctx.db, ctx, sameDays(date)));
  const year = Number(date.slice(0, 4));
  return { date, diaries: diaries.map((diary) => ({ ...diary, yearsAgo: year - Number(diary.date.slice(0, 4)) })) };
}

export async function getNeighbours(
  ctx: UserContext,
  { date }: z.output<typeof neighbours.input>,
): Promise<z.input<typeof neighbours.output>> {
  const diaries = await shown(ctx, await selectNeighbours(ctx.db, ctx, date));
  return {
    previous: diaries.find((diary) => diary.date < date) ?? null,
    next: diaries.find((diary) => diary.date > date) ?? null,
  };
}

export async function getRelated(ctx: UserContext, { id, limit }: z.output<typeof related.input>): Promise<z.input<typeof related.output>> {
  const rows = await selectRelated(ctx.db, ctx, id, limit);
  if (rows === null) throw new AppError('NOT_FOUND');
  return { diaries: await shown(ctx, rows) };
}
