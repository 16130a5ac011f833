import * as call from '../database/procedures';
import type { Request } from '../request';
import type { Database } from '../runtime/mysql';

export interface ProfileRow {
  id: number;
  openid: string;
  nickname: string;
  avatar: string;
  points: number;
  total_diaries: number;
  continuous_days: number;
  longest_days: number;
  last_diary_date: string | null;
  settings: { aiEnabled?: boolean };
  created_at: Date | string;
}

export const selectProfile = async (db: Database, userId: number): Promise<ProfileRow | null> => {
  const [row] = await db.rows<ProfileRow>(
    'user.profile',
    `SELECT id, openid, nickname, avatar_url AS avatar, points, total_diaries, continuous_days, longest_days, last_diary_date, settings, created_at
       FROM users WHERE id = ? AND status = 1`,
    [userId],
  );
  return row ?? null;
};

export const selectOpenid = async (db: Database, userId: number): Promise<string | null> => {
  const [row] = await db.rows<{ openid: string | null }>('user.openid', 'SELECT openid FROM users WHERE id = ?', [userId]);
  return row?.openid ?? null;
};

export const postProfile = (
  db: Database,
  userId: number,
  request: Request,
  {
    nickname,
    avatar,
    settings,
    isUnchecked,
  }: { nickname: string | null; avatar: string | null; settings: object | null; isUnchecked: boolean },
  now: Date,
): Promise<ProfileRow> => call.postProfile(db, { userId, ...request, nickname, avatar, settings, isUnchecked, now });
