import type * as z from 'zod';
import { addDays, startOfDay, sundayOf } from '../clock';
import { AppError, instead } from '../errors';
import { cutPage, windowOf } from '../paging';
import { operatorRequestOf, type Request, requestOf } from '../request';
import type { OperatorContext, UserContext } from '../runtime/context';
import { type add, type bonus, type deduct, FIRST_DAY, type Posted, type records, type stats } from './contract';
import { type PointsPosting, postBonus, postPoints, selectBalance, selectFilteredRecords, selectRecords, selectSums } from './queries';
import { type RecordRow, toRecord } from './row';

export async function getBalance(ctx: UserContext): Promise<{ points: number }> {
  return { points: await selectBalance(ctx.db, ctx) };
}

export async function listRecords(ctx: UserContext, input: z.output<typeof records.input>): Promise<z.input<typeof records.output>> {
  const { type = null, source = null, keyword = null, from, to } = input;
  const window = windowOf(input);
  const isFiltered = type !== null || source !== null || keyword !== null || from !== undefined || to !== undefined;
  const filter = {
    type,
    source,
    keyword,
    from: from !== undefined && from > FIRST_DAY ? startOfDay(from) : null,
    until: to !== undefined && to < ctx.today ? startOfDay(addDays(to, 1)) : null,
  };
  const found = isFiltered ? await selectFilteredRecords(ctx.db, ctx, filter, window) : await selectRecords(ctx.db, ctx, window);
  const { rows, info } = cutPage(found.rows, found.total, window, (row) => row.seq);
  return { records: rows.map(toRecord), ...info };
}

export async function getPointStats(ctx: UserContext): Promise<z.output<typeof stats.output>> {
  const { today } = ctx;
  return selectSums(ctx.db, ctx, {
    today: startOfDay(today),
    week: startOfDay(sundayOf(today)),
    month: startOfDay(`${today.slice(0, 7)}-01`),
  });
}

const toPosted = (row: RecordRow): Posted => ({ record: toRecord(row), points: row.balance_after });

interface Reason {
  source: string;
  description?: string | undefined;
  relatedId?: number | undefined;
  relatedType?: string | undefined;
}

const reasonOf = ({ source, description, relatedId, relatedType }: Reason): Omit<PointsPosting, 'amount' | 'actor'> => ({
  source,
  description: description ?? '',
  relatedId: relatedId ?? null,
  relatedType: relatedType ?? null,
});

/** The user spends their own points. */
export async function deductPoints(
  ctx: UserContext,
  input: z.output<typeof deduct.input>,
  request: Request = requestOf(ctx, input),
): Promise<Posted> {
  return toPosted(await postPoints(ctx.db, ctx, request, { ...reasonOf(input), amount: -input.amount, actor: null }, ctx.now));
}

/** An operator gives points to a user; the ledger row names the operator. All other income follows from the server's rules. */
export async function addPoints(ctx: OperatorContext, input: z.output<typeof add.input>): Promise<Posted> {
  const { userId, amount } = input;
  const posting = { ...reasonOf(input), amount, actor: ctx.actor };
  const row = await postPoints(ctx.db, { userId, epoch: null }, operatorRequestOf(ctx, input), posting, ctx.now).catch(
    instead('UNAUTHENTICATED', () => new AppError('NOT_FOUND', { message: '没有这个用户' })),
  );
  return toPosted(row);
}

/** Cap of a guardian's bonuses per day, given and taken together. */
const MOST_BONUS = 500;

/** A guardian gives or takes points. The ledger row names the guardian as the actor. */
export async function giveBonus(ctx: UserContext, input: z.output<typeof bonus.input>): Promise<Posted> {
  const { amount, reason } = input;
  const given = { amount, source: amount > 0 ? '家长奖励' : '家长扣除', reason, mostBonus: MOST_BONUS };
  const row = await postBonus(ctx.db, ctx, requestOf(ctx, input), given, ctx).catch(
    instead('QUOTA_EXCEEDED', () => new AppError('QUOTA_EXCEEDED', { message: `每天奖励和扣除合计不超过 ${MOST_BONUS} 分` })),
  );
  return toPosted(row);
}
