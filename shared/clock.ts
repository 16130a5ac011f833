/** Asia/Shanghai, the only zone whose days count: UTC+8 without daylight saving since 1991. */
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** The calendar day in Beijing at an instant, `YYYY-MM-DD`. */
export const dayOf = (instant: Date): string => new Date(instant.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 10);

/** The time of day in Beijing, `HH:mm`. */
export const clockTimeOf = (instant: Date): string => new Date(instant.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(11, 16);

/** The instant at which a Beijing day begins. */
export const startOfDay = (day: string): Date => new Date(Date.parse(`${day}T00:00:00Z`) - SHANGHAI_OFFSET_MS);

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** The Sunday that a week begins with. */
export const sundayOf = (day: string): string => addDays(day, -new Date(`${day}T00:00:00Z`).getUTCDay());

/** First and last day of a month `YYYY-MM`. */
export const monthBounds = (month: string): { from: string; to: string } => {
  const last = new Date(`${month}-01T00:00:00Z`);
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  return { from: `${month}-01`, to: last.toISOString().slice(0, 10) };
};

/** True for `YYYY-MM-DD` of a day that exists and that a DATE column holds (from the year 1000 on). */
export const isCalendarDay = (text: string): boolean => {
  if (!/^[1-9]\d{3}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

export const earliest = (first: string, ...days: string[]): string => days.reduce((found, day) => (day < found ? day : found), first);

export const latest = (first: string, ...days: string[]): string => days.reduce((found, day) => (day > found ? day : found), first);

/** When a call is answered, and the Beijing day of that. */
export interface Moment {
  now: Date;
  today: string;
}
