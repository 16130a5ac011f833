import type { UserContext } from '../runtime/context';
import { layOutDay, toTaskDay } from '../task/operations';
import { toProfile } from '../user/operations';
import type { Home } from './contract';
import { selectHome } from './queries';

/** What the start page needs, in one trip; the first call of a day takes a second one to lay out the day's tasks. */
export async function getHome(ctx: UserContext): Promise<Home> {
  const { profile, tasks, hasTasksToLayOut, diaries, mood, conflicts } = await selectHome(ctx.db, ctx, ctx.today);
  return {
    profile: toProfile(profile, ctx.today),
    tasks: hasTasksToLayOut ? await layOutDay(ctx, ctx.today) : toTaskDay(ctx.today, tasks),
    diaries,
    mood,
    unread: { conflicts },
  };
}
