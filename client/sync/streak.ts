import type { Stats } from '../types';

const DAY_MS = 86_400_000;

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** Streak of consecutive days, by the rules of shared/diary/streak.ts. `dates`: of published diaries, oldest first. */
export function statsOf(dates: readonly string[], today: string): Stats {
  let run = 0;
  let longest = 0;
  let lastMs = 0;
  for (const date of dates) {
    const ms = Date.parse(date);
    run = ms - lastMs === DAY_MS ? run + 1 : 1;
    longest = Math.max(longest, run);
    lastMs = ms;
  }
  const last = dates[dates.length - 1] ?? null;
  const isAlive = last !== null && last >= addDays(today, -1);
  return { totalDiaries: dates.length, continuousDays: isAlive ? run : 0, longestStreak: longest, lastDiaryDate: last };
}
