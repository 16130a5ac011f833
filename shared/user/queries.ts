import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Posted, Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { ProfileRow } from './row';

export const selectProfile = async (db: Database, account: Account): Promise<ProfileRow> => {
  const rows = await db.rows<ProfileRow>(
    'user.profile',
    `SELECT id, openid, nickname, avatar_url AS avatar, points, total_diaries, continuous_days, longest_days, last_diary_date, settings, created_at
       FROM users WHERE ${guard('users')}`,
    guardValues(account),
  );
  return requireAccount(rows);
};

export const selectOpenid = async (db: Database, account: Account): Promise<string> => {
  const rows = await db.rows<{ openid: string }>('user.openid', `SELECT openid FROM users WHERE ${guard('users')}`, guardValues(account));
  return requireAccount(rows).openid;
};

export const postProfile = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  {
    nickname,
    avatar,
    settings,
    isUnchecked,
    checksAvatar,
  }: { nickname: string | null; avatar: string | null; settings: object | null; isUnchecked: boolean; checksAvatar: boolean },
  now: Date,
): Promise<Posted<object, ProfileRow>> =>
  call.postProfile(db, { userId, epoch, ...request, nickname, avatar, settings, isUnchecked, checksAvatar, now });
