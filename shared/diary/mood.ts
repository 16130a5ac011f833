import type * as z from 'zod';
import { addDays } from '../clock';
import { fieldError } from '../errors';
import { type Request, requestOf } from '../request';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import type { recordMood as recordMoodContract } from './contract';
import { postMood, selectMood } from './mood-queries';

/** A phone that was offline sends the moods of the days it missed. */
const DAYS_BACK = 7;

/** Records the mood of a day, or changes it. The first mood of a date is paid for; changing it pays nothing. */
export async function recordMood(
  ctx: UserContext,
  input: z.output<typeof recordMoodContract.input>,
  request: Request = requestOf(ctx, input),
): Promise<z.input<typeof recordMoodContract.output>> {
  const { date = ctx.today, mood } = input;
  if (date > ctx.today) throw fieldError('date', '不能记录未来的心情');
  if (date < addDays(ctx.today, -DAYS_BACK)) throw fieldError('date', `最多补 ${DAYS_BACK} 天前的心情`);
  const posted = await postMood(ctx.db, ctx, request, { date, mood, reward: config().moodReward }, ctx.now);
  const { isFirst, awarded, balance } = posted;
  const now = posted.replayed ? await selectMood(ctx.db, ctx, date) : mood;
  return { date, mood: now ?? mood, isFirstRecord: isFirst, points: awarded > 0 ? { awarded, balance } : null };
}
