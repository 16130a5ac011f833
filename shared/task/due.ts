import { isDue, repeatOf } from './recurrence';

/** The data that decide which tasks of a day are missing. */
export interface DayPlan {
  /** Keys of the day's existing rows; null for none. */
  keys: string[] | null;
  /** Ids of the active templates; null for none. */
  templates: string[] | null;
  /** The user's rules that begin by that day; null for none. */
  rules: { id: number; weekdays: number; is_weekly: number }[] | null;
}

/** Templates and rules that are due on a day and have no row yet. */
export interface Missing {
  templates: string[];
  rules: number[];
}

/** Null when the day has all its tasks. */
export function missingOn(date: string, { keys, templates, rules }: DayPlan): Missing | null {
  const present = new Set(keys);
  const missing = {
    templates: (templates ?? []).filter((id) => !present.has(`sys:${id}`)),
    rules: (rules ?? [])
      .filter(({ id, weekdays, is_weekly }) => isDue(repeatOf(weekdays, is_weekly === 1), date) && !present.has(`rule:${id}`))
      .map(({ id }) => id),
  };
  return missing.templates.length + missing.rules.length > 0 ? missing : null;
}
