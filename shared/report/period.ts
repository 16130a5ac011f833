import { addDays, dayOf, isCalendarDay, monthBounds, sundayOf } from '../clock';
import { fieldError } from '../errors';

/** A stretch of Beijing days, both ends included. */
export interface Period {
  from: string;
  to: string;
}

/** The week that holds `day`, from Sunday to Saturday. */
export const weekOf = (day: string): Period => {
  const from = sundayOf(day);
  return { from, to: addDays(from, 6) };
};

export const weekBefore = ({ from }: Period): Period => ({ from: addDays(from, -7), to: addDays(from, -1) });

export const monthOf = (month: string): Period => monthBounds(month);

export const monthBefore = ({ from }: Period): Period => monthBounds(addDays(from, -1).slice(0, 7));

export const yearOf = (year: number): Period => ({ from: `${year}-01-01`, to: `${year}-12-31` });

/** The week after it would end in a year of five digits. */
const LAST_START = '9999-12-24';

/** A day as `YYYY-MM-DD`, or the Beijing day of an ISO instant. Throws INVALID_INPUT at `start`. */
export const dayFrom = (start: string): string => {
  if (isCalendarDay(start) && start <= LAST_START) return start;
  const instant = new Date(start);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(start) || Number.isNaN(instant.getTime())) throw fieldError('start', '日期应为 YYYY-MM-DD');
  return dayOf(instant);
};

/** Every day of a period, oldest first. */
export const daysOf = ({ from, to }: Period): string[] => {
  const days: string[] = [];
  // Not to the day after the last: that of 9999-12-31 is written with a sign and sorts before all others.
  for (let day = from; day < to; day = addDays(day, 1)) days.push(day);
  return [...days, to];
};
