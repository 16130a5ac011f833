import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Posted, Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { Mood } from './contract';

/** As the table has it, or as JSON_OBJECT writes it. */
export interface MoodRow {
  mood_date: string;
  mood: string;
  created_at: Date | string;
  updated_at: Date | string;
}

export const toMood = (row: MoodRow): Mood => ({
  date: row.mood_date,
  mood: row.mood,
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
});

/** A row of `moods` as JSON, for statements that read several kinds in one trip. */
export const moodJson = `JSON_OBJECT('mood_date', mood_date, 'mood', mood,
  'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'updated_at', DATE_FORMAT(updated_at, '%Y-%m-%dT%H:%i:%s.%fZ'))`;

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
