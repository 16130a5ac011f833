import { addDays, earliest } from '../clock';
import type { Period } from './period';
import type { MoodFacts, ReportFacts, TaskFacts } from './queries';

const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 100));

export const sum = <Row>(rows: readonly Row[], of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);

/** Days in a row that end on `end` or the day before; 0 when neither has a published diary. */
const streakAt = ({ lastDay, runStart }: ReportFacts['account'], end: string): number =>
  lastDay === null || runStart === null || lastDay < addDays(end, -1) ? 0 : (Date.parse(lastDay) - Date.parse(runStart)) / 86_400_000 + 1;

/** The counts that every report opens with. */
export function figuresOf(facts: ReportFacts, period: Period, today: string) {
  const completedTasks = sum(facts.tasks, ({ completed }) => completed);
  const totalTasks = sum(facts.tasks, ({ total }) => total);
  const pointsEarned = sum(facts.points, ({ earned }) => earned);
  const pointsSpent = sum(facts.points, ({ spent }) => spent);
  return {
    ...period,
    diaryCount: facts.diaries.length,
    taskCount: completedTasks,
    completedTasks,
    totalTasks,
    completionRate: percentOf(completedTasks, totalTasks),
    pointsEarned,
    pointsSpent,
    pointsNet: pointsEarned - pointsSpent,
    badgeCount: 0,
    streakDays: period.from > today ? 0 : streakAt(facts.account, earliest(period.to, today)),
  };
}
export type Figures = ReturnType<typeof figuresOf>;

/** How the period differs from the one before it. */
export const changeOf = ({ account }: ReportFacts, { diaryCount, completedTasks, pointsEarned }: Figures) => ({
  diaries: diaryCount - account.previousDiaries,
  tasks: completedTasks - account.previousTasks,
  points: pointsEarned - account.previousEarned,
});

/** Counted values, the most frequent first; equal counts in the order of their text. */
export const tally = (values: readonly string[]): [value: string, count: number][] => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
};

export const moodsOf = (moods: readonly MoodFacts[]) => tally(moods.map(({ mood }) => mood)).map(([mood, count]) => ({ mood, count }));

export function categoriesOf(tasks: readonly TaskFacts[]) {
  const byName = new Map<string, { completed: number; total: number }>();
  for (const { category, completed, total } of tasks) {
    const known = byName.get(category) ?? { completed: 0, total: 0 };
    byName.set(category, { completed: known.completed + completed, total: known.total + total });
  }
  return [...byName]
    .map(([name, { completed, total }]) => ({ name, completed, total, progress: percentOf(completed, total) }))
    .sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
}

/** The longest run of consecutive days among `days`, which are ordered. */
export function longestRun(days: readonly string[]): number {
  let longest = 0;
  let run = 0;
  let before = '';
  for (const day of days) {
    run = before !== '' && addDays(before, 1) === day ? run + 1 : 1;
    longest = Math.max(longest, run);
    before = day;
  }
  return longest;
}

/** How well a mood feels, 1 good to −1 bad; moods that are not known count as 0. */
const feelings: Readonly<Record<string, number>> = {
  happy: 1,
  excited: 1,
  grateful: 1,
  calm: 0.5,
  surprised: 0.5,
  tired: -0.5,
  confused: -0.5,
  sad: -1,
  angry: -1,
  worried: -1,
};

const average = (moods: readonly MoodFacts[]): number =>
  moods.length === 0 ? 0 : sum(moods, ({ mood }) => feelings[mood] ?? 0) / moods.length;

/** The moods of a period; `trend` compares the second half of its mood days with the first. */
export function moodOf(moods: readonly MoodFacts[]) {
  const distribution = moodsOf(moods).map(({ mood, count }) => ({ mood, count, percentage: percentOf(count, moods.length) }));
  const half = Math.ceil(moods.length / 2);
  const difference = average(moods.slice(half)) - average(moods.slice(0, half));
  const trend = moods.length < 4 || Math.abs(difference) < 0.25 ? 'steady' : difference > 0 ? 'up' : 'down';
  return { dominant: distribution[0]?.mood ?? null, distribution, trend } as const;
}
