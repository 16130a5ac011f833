import type * as z from 'zod';
import { AppError, fieldError } from '../errors';
import { requestOf } from '../request';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import type { Database } from '../runtime/mysql';
import { changeDiary, isAlive } from './change';
import type { history, Revision, restore, trash, Written } from './contract';
import { postRevisionSweep, selectHistory, selectOldRevisions, selectRevision, selectTrash } from './history-queries';
import { writtenOf } from './written';

/** Revisions from before this instant are past their keeping time. */
const oldest = (now: Date): Date => new Date(now.getTime() - config().historyDays * 86_400_000);

export async function getHistory(ctx: UserContext, input: z.output<typeof history.input>): Promise<{ revisions: Revision[] }> {
  if ((input.id === undefined) === (input.date === undefined)) throw fieldError('id', 'id 与 date 请给出其中一个');
  const revisions = await selectHistory(ctx.db, ctx, input, oldest(ctx.now));
  if (revisions === null) throw new AppError('NOT_FOUND');
  return { revisions };
}

export async function getTrash(ctx: UserContext, input: z.output<typeof trash.input>): Promise<z.input<typeof trash.output>> {
  const { page = 1, limit } = input;
  const { revisions, total } = await selectTrash(ctx.db, ctx, { since: oldest(ctx.now), limit, offset: (page - 1) * limit });
  return { diaries: revisions, page, limit, total, hasMore: page * limit < total, nextCursor: null };
}

/** Brings a revision back as the diary of its day. The current text becomes a revision; a draft stays a draft. */
export async function restoreDiary(ctx: UserContext, input: z.output<typeof restore.input>): Promise<Written> {
  const revision = await selectRevision(ctx.db, ctx, input.revisionId);
  if (revision === null) throw new AppError('NOT_FOUND');
  const { id: restoredId, date, content, mood, weather, images, tags } = revision;
  const outcome = await changeDiary(ctx, requestOf(ctx, input), { date }, ({ byDate }) => {
    const row = isAlive(byDate) ? byDate : null;
    const isDraft = row === null ? revision.isDraft : row.is_draft === 1;
    return { row, next: { date, content, mood, weather, images, tags, isDraft }, isDeleted: false, restoredId };
  });
  return writtenOf(ctx, outcome);
}

const SWEPT_USERS = 100;
const SWEPT_ROWS = 500;

/** Removes what is past HISTORY_DAYS, a bounded part of it per call. For the timer. */
export async function sweepHistory(db: Database, now: Date): Promise<number> {
  const before = oldest(now);
  let swept = 0;
  for (const userId of await selectOldRevisions(db, before, SWEPT_USERS)) {
    swept += (await postRevisionSweep(db, userId, before, SWEPT_ROWS)).swept;
  }
  return swept;
}
