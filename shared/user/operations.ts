import type * as z from 'zod';
import { requireOwnImage } from '../diary/images';
import { currentStreak } from '../diary/streak';
import { AppError } from '../errors';
import { requestOf } from '../request';
import type { UserContext } from '../runtime/context';
import type { Profile, update } from './contract';
import { type ProfileRow, postProfile, selectProfile } from './queries';

export const toProfile = (row: ProfileRow, today: string): Profile => ({
  id: row.id,
  openid: row.openid,
  nickname: row.nickname,
  avatar: row.avatar,
  points: row.points,
  totalDiaries: row.total_diaries,
  continuousDays: currentStreak({ run: row.continuous_days, last: row.last_diary_date }, today),
  longestStreak: row.longest_days,
  lastDiaryDate: row.last_diary_date,
  settings: { aiEnabled: row.settings.aiEnabled ?? true },
  createdAt: new Date(row.created_at).toISOString(),
});

export async function getProfile(ctx: UserContext): Promise<Profile> {
  const row = await selectProfile(ctx.db, ctx.userId);
  if (row === null) throw new AppError('UNAUTHENTICATED');
  return toProfile(row, ctx.today);
}

export async function updateProfile(ctx: UserContext, input: z.output<typeof update.input>): Promise<Profile> {
  if (input.avatar) requireOwnImage(ctx.userId, input.avatar, 'avatar');
  const { nickname = null, avatar = null, settings = null } = input;
  const row = await postProfile(ctx.db, ctx.userId, requestOf(ctx, input), { nickname, avatar, settings }, ctx.now);
  return toProfile(row, ctx.today);
}
