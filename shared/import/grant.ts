/** A phone keeps its own score; what it can show for it bounds what is believed. */
const PER_DIARY = 5;
const TASK_POINTS_PER_DIARY = 60;
const MOST = 3_000;

/** What a phone's history is worth: its claim, as far as imported diaries and tasks explain it, less what the account held before. */
export function worthOf({
  claimed,
  diaries,
  taskPoints,
  held,
}: {
  claimed: number;
  diaries: number;
  taskPoints: number;
  held: number;
}): number {
  const explained = PER_DIARY * diaries + Math.min(taskPoints, TASK_POINTS_PER_DIARY * diaries);
  return Math.max(0, Math.min(claimed, explained, MOST) - held);
}

/** A number of points as a phone may have left it; anything but a whole number from 0 is nothing. */
export const wholePoints = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0);
