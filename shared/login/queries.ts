import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';
import type { UserInfo } from './contract';

interface SignedIn extends UserInfo {
  epoch: number;
}

/**
 * Null before the first login; only a first login writes. One INSERT … ON DUPLICATE KEY UPDATE for every login writes each time and ran at 0.3 to
 * 0.6 of the speed.
 */
export const selectAccount = async (db: Database, openid: string): Promise<SignedIn | null> => {
  const [row] = await db.rows<SignedIn>(
    'login.account',
    `SELECT id, openid, nickname, avatar_url AS avatar, points, token_epoch AS epoch
       FROM users WHERE openid = ? AND status = 1`,
    [openid],
  );
  return row ?? null;
};

export const selectIsActive = async (db: Database, userId: number): Promise<boolean> => {
  const rows = await db.rows<{ id: number }>('login.is-active', 'SELECT id FROM users WHERE id = ? AND status = 1', [userId]);
  return rows.length > 0;
};

/** The account of an openid, created here unless a concurrent login created it first. */
export const postLogin = async (db: Database, openid: string, now: Date): Promise<SignedIn & { isNewUser: boolean }> => {
  const account = await call.postLogin<SignedIn & { isNewUser: number }>(db, { openid, now });
  return { ...account, isNewUser: account.isNewUser === 1 };
};

export const postLogout = (db: Database, { userId, epoch }: Account, now: Date): Promise<{ loggedOut: true }> =>
  call.postLogout(db, { userId, epoch, now });

/** The epoch of new tokens. */
export const selectEpoch = async (db: Database, account: Account): Promise<number> => {
  const rows = await db.rows<{ epoch: number }>(
    'login.epoch',
    `SELECT token_epoch AS epoch FROM users WHERE ${guard('users')}`,
    guardValues(account),
  );
  return requireAccount(rows).epoch;
};
