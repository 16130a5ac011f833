import { addDays } from '../clock';
import type { Repeat } from './contract';

/*
 * The only place that decides when a task repeats; SQL stores the columns and never evaluates them. A new kind of repetition needs a case in
 * columnsOf, repeatOf and isDue, and a column in tasks and task_rules.
 */

/** How a task of more than one day repeats. */
export type Recurrence = Exclude<Repeat, { kind: 'once' }>;

/** A recurrence in the columns of tasks and task_rules. */
export interface RecurrenceColumns {
  /** Bits: bit 0 is Monday. Or 128 + n: day n of the month. */
  weekdays: number;
  isWeekly: boolean;
}

const EVERY_DAY = 0b111_1111;
/** In place of bits: 128 + the day of the month. */
const MONTHLY = 128;

export function columnsOf(recurrence: Recurrence): RecurrenceColumns {
  switch (recurrence.kind) {
    case 'daily':
      return { weekdays: EVERY_DAY, isWeekly: false };
    case 'weekly':
      return { weekdays: recurrence.weekdays.reduce((bits, weekday) => bits | (1 << (weekday - 1)), 0), isWeekly: true };
    case 'monthly':
      return { weekdays: MONTHLY + recurrence.day, isWeekly: false };
  }
}

/** `weekdays` null: a task of one day. */
export function repeatOf(weekdays: number | null, isWeekly: boolean): Repeat {
  if (weekdays === null) return { kind: 'once' };
  if (weekdays > MONTHLY) return { kind: 'monthly', day: weekdays - MONTHLY };
  if (!isWeekly) return { kind: 'daily' };
  return { kind: 'weekly', weekdays: [1, 2, 3, 4, 5, 6, 7].filter((weekday) => weekdays & (1 << (weekday - 1))) };
}

/** 1 Monday … 7 Sunday. */
const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7;

const dayOfMonth = (day: string): number => Number(day.slice(-2));

/** In a month that is too short for its day, a monthly task is due on the last day. */
export function isDue(repeat: Repeat, day: string): boolean {
  switch (repeat.kind) {
    case 'once':
      return false;
    case 'daily':
      return true;
    case 'weekly':
      return repeat.weekdays.includes(weekdayOf(day));
    case 'monthly':
      return repeat.day === dayOfMonth(day) || (repeat.day > dayOfMonth(day) && dayOfMonth(addDays(day, 1)) === 1);
  }
}

/** The first day from `day` on that the task is due. */
export function firstDue(recurrence: Recurrence, day: string): string {
  let due = day;
  while (!isDue(recurrence, due)) due = addDays(due, 1);
  return due;
}
