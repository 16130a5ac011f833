import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import { type DiaryReceipt, type Outcome, type Replay, rewardIn, statsOf } from './change';
import type { Written } from './contract';
import { selectDiaryById } from './queries';
import { toDiary } from './row';

/** A text that did not pass the content check is refused, and the refusal says where it is kept. */
const contentRejected = ({ id, version }: { id: number; version: number }) =>
  new AppError('CONTENT_REJECTED', { details: { diary: { id, version } } });

/** A repeated write: the reward it brought, with the diary and the totals as they are now. */
async function writtenBefore(ctx: UserContext, { receipt, state }: Replay<DiaryReceipt>): Promise<Written> {
  if (receipt.isRejected) throw contentRejected(receipt);
  const row = await selectDiaryById(ctx.db, ctx, receipt.id);
  if (row === null) throw new AppError('NOT_FOUND');
  return { diary: toDiary(row), stats: statsOf(state, ctx.today), reward: rewardIn(receipt) };
}

/** What create, update, append and restore answer. */
export async function writtenOf(ctx: UserContext, outcome: Outcome | Replay<DiaryReceipt>): Promise<Written> {
  if ('receipt' in outcome) return writtenBefore(ctx, outcome);
  const { diary, stats, reward, isRejected } = outcome;
  if (isRejected) throw contentRejected(diary);
  return { diary, stats, reward };
}
