import { addDays } from '../clock';

/*
 * The streak is computed in two places. SQL counts what is stored, because only a posting holds the lock: sql/parts/count_streak.sql for a day after all
 * others, sql/procedures/recount_streak.sql for any other change. Here is what the stored numbers mean on a given day. One property test runs both
 * against a naive count: functions/diary/streak.test.ts, "after any history".
 */

/** What is stored of a user's published days. It holds as days pass, so that no job has to touch every row. */
export interface Streak {
  total: number;
  /** Length of the run that ends on `last`. */
  run: number;
  longest: number;
  last: string | null;
}

/** Consecutive days up to today, or up to yesterday while today's diary is not yet written. */
export const currentStreak = ({ run, last }: Pick<Streak, 'run' | 'last'>, today: string): number =>
  last !== null && last >= addDays(today, -1) ? run : 0;
