import type { UserContext } from '../runtime/context';
import { layOutDay } from '../task/operations';
import { toProfile } from '../user/operations';
import type { Home } from './contract';
import { selectHome } from './queries';

/** The data of the start page, in one round trip; the first call of a day needs a second one to create the day's tasks. */
export async function getHome(ctx: UserContext): Promise<Home> {
  const { profile, tasks, plan, diaries, mood, gate, waitingTasks, openPrizes, conflicts } = await selectHome(ctx.db, ctx, ctx);
  return {
    profile: toProfile(profile, ctx.today),
    tasks: await layOutDay(ctx, ctx.today, { rows: tasks, plan }),
    diaries,
    mood,
    family: { hasPin: gate !== null, pinResetAt: gate?.resetAt ? new Date(gate.resetAt).toISOString() : null, waitingTasks, openPrizes },
    unread: { conflicts },
  };
}
