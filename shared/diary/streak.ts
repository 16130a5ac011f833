import { addDays } from '../clock';

/** What is stored of a user's published days; it stays true as days pass, without a job touching every row. */
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
