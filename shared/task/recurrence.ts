import { addDays } from '../clock';
import type { Repeat } from './contract';

/** Days of the week as bits: bit 0 is Monday, as MySQL's WEEKDAY() counts. */
const EVERY_DAY = 0b111_1111;

/** A repetition as it is stored; null for a task of one day. */
export interface Recurrence {
  weekdays: number;
  isWeekly: boolean;
}

/** Of a task that is to repeat no longer. */
export const NEVER: Recurrence = { weekdays: 0, isWeekly: false };

export function recurrenceOf(repeat: Repeat): Recurrence | null {
  switch (repeat.kind) {
    case 'once':
      return null;
    case 'daily':
      return { weekdays: EVERY_DAY, isWeekly: false };
    case 'weekly':
      return { weekdays: repeat.weekdays.reduce((bits, weekday) => bits | (1 << (weekday - 1)), 0), isWeekly: true };
  }
}

export function repeatOf(weekdays: number | null, isWeekly: boolean): Repeat {
  if (weekdays === null) return { kind: 'once' };
  if (!isWeekly) return { kind: 'daily' };
  return { kind: 'weekly', weekdays: [1, 2, 3, 4, 5, 6, 7].filter((weekday) => weekdays & (1 << (weekday - 1))) };
}

const mondayIs0 = (day: string): number => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;

/** The first day from `day` on that falls on one of the weekdays. */
export function firstMatch({ weekdays }: Recurrence, day: string): string {
  let match = day;
  while ((weekdays & (1 << mondayIs0(match))) === 0) match = addDays(match, 1);
  return match;
}
