import type * as z from 'zod';
import { requireOwnImage } from '../diary/images';
import { currentStreak } from '../diary/streak';
import { AppError, fieldError } from '../errors';
import { type Request, requestOf } from '../request';
import { requireConsent, requireConsentToAi } from '../runtime/consent';
import type { UserContext } from '../runtime/context';
import { requireGuardian, requireGuardianOncePinned } from '../runtime/guardian';
import { type CheckStatus, isChecking, statusOf } from '../safety/check';
import type { Profile, update } from './contract';
import { postProfile, selectOpenid, selectProfile } from './queries';
import type { ProfileRow } from './row';

export { eraseAccount } from './erase';
export { signUpload } from './upload';

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
  settings: {
    aiEnabled: row.settings.aiEnabled ?? true,
    taskApproval: row.settings.taskApproval ?? 'none',
    shareDiary: row.settings.shareDiary ?? false,
  },
  createdAt: new Date(row.created_at).toISOString(),
});

export async function getProfile(ctx: UserContext): Promise<Profile> {
  return toProfile(await selectProfile(ctx.db, ctx), ctx.today);
}

/** Nicknames are visible to others: one that fails the check is refused, one that cannot be checked now is queued for a re-check. */
async function requireFitName(ctx: UserContext, nickname: string): Promise<CheckStatus> {
  if (!isChecking()) return 'unchecked';
  const status = await statusOf(nickname, 'profile', await selectOpenid(ctx.db, ctx), ctx);
  if (status === 'rejected') throw new AppError('CONTENT_REJECTED', { details: [{ path: 'nickname', message: '这个昵称不能使用' }] });
  return status;
}

/** Settings that need a guardian: the AI once a PIN is set, and approvals, which need a PIN. Sharing diaries with guardians is the child's choice. */
async function requireMayDecide(
  ctx: UserContext,
  { aiEnabled, taskApproval }: NonNullable<z.output<typeof update.input>['settings']>,
): Promise<void> {
  if (taskApproval !== undefined) await requireGuardian(ctx);
  else if (aiEnabled !== undefined) await requireGuardianOncePinned(ctx);
  if (aiEnabled === true) await requireConsentToAi(ctx);
}

/** The openid of the caller's account; throws UNAUTHENTICATED as every guarded read does. */
export const readOpenid = (ctx: UserContext): Promise<string> => selectOpenid(ctx.db, ctx);

export async function updateProfile(
  ctx: UserContext,
  input: z.output<typeof update.input>,
  request: Request = requestOf(ctx, input),
): Promise<Profile> {
  if (input.avatar) requireOwnImage(ctx.userId, input.avatar, 'avatar');
  const { nickname = null, avatar = null, settings = null } = input;
  if (ctx.caller.userId !== ctx.userId && (nickname !== null || avatar !== null || settings?.shareDiary !== undefined)) {
    throw fieldError(nickname !== null ? 'nickname' : avatar !== null ? 'avatar' : 'settings.shareDiary', '只能由孩子自己修改');
  }
  if (nickname !== null || avatar !== null) await requireConsent(ctx, input);
  if (settings !== null) await requireMayDecide(ctx, settings);
  const isUnchecked = nickname !== null && (await requireFitName(ctx, nickname)) === 'pending';
  const posted = await postProfile(ctx.db, ctx, request, { nickname, avatar, settings, isUnchecked, checksAvatar: isChecking() }, ctx.now);
  return posted.replayed ? getProfile(ctx) : toProfile(posted, ctx.today);
}
