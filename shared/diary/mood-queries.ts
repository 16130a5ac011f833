import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Posted, Request } from '../request';
import type { Database } from '../runtime/mysql';

interface MoodReceipt {
  isFirst: boolean;
  awarded: number;
  balance: number;
}

export const postMood = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  { date, mood, reward }: { date: string; mood: string; reward: number },
  now: Date,
): Promise<Posted<MoodReceipt>> => call.postMood(db, { userId, epoch, ...request, date, mood, reward, now });

/** The mood of a day as it is now; null when none is recorded. */
export const selectMood = async (db: Database, account: Account, date: string): Promise<string | null> => {
  const rows = await db.rows<{ mood: string | null }>(
    'diary.mood',
    `SELECT m.mood FROM users u LEFT JOIN moods m ON m.user_id = u.id AND m.mood_date = ? WHERE ${guard('u')}`,
    [date, ...guardValues(account)],
  );
  return requireAccount(rows).mood;
};
