import { addDays } from '../clock';
import type { Month, Week } from './contract';
import { daysOf, type Period } from './period';
import type { DiaryFacts, ReportFacts, TaskFacts } from './queries';

const PREVIEW_CHARACTERS = 80;

const firstCharacters = (text: string, count: number): string => [...text].slice(0, count).join('');

/** Longer texts, pictures, a mood and tags make a diary worth showing again. */
const scoreOf = ({ characters, images, mood, tags }: DiaryFacts): number =>
  Math.min(characters, 200) / 5 + (images.length > 0 ? 20 : 0) + (mood === '' ? 0 : 20) + (tags.length > 0 ? 10 : 0);

/** The three diaries of a week that are most worth showing again, the best first. */
export const bestDiaries = (diaries: readonly DiaryFacts[]): Week['diaries'] =>
  [...diaries]
    .sort((a, b) => scoreOf(b) - scoreOf(a) || (a.date < b.date ? 1 : -1))
    .slice(0, 3)
    .map(({ id, date, mood, excerpt, characters, images }) => ({
      id,
      date,
      mood,
      preview: firstCharacters(excerpt, PREVIEW_CHARACTERS),
      wordCount: characters,
      images,
    }));

const completedByDay = (tasks: readonly TaskFacts[]): Map<string, { completed: number; total: number }> => {
  const days = new Map<string, { completed: number; total: number }>();
  for (const { at, completed, total } of tasks) {
    const known = days.get(at) ?? { completed: 0, total: 0 };
    days.set(at, { completed: known.completed + completed, total: known.total + total });
  }
  return days;
};

/** How much was done on each day: a diary counts 2, one completed task 1, three or more 2. */
export function levelsOf({ diaries, tasks }: ReportFacts, period: Period): Month['days'] {
  const written = new Set(diaries.map(({ date }) => date));
  const done = completedByDay(tasks);
  return daysOf(period).map((date) => {
    const completed = done.get(date)?.completed ?? 0;
    return { date, level: (written.has(date) ? 2 : 0) + (completed >= 3 ? 2 : completed >= 1 ? 1 : 0) };
  });
}

type Moment = Month['timeline'][number];

const MILESTONES = new Set([3, 7, 14, 21, 30]);

function milestonesIn(diaries: readonly DiaryFacts[]): Moment[] {
  let run = 0;
  let before = '';
  return diaries.flatMap(({ date }) => {
    run = before !== '' && addDays(before, 1) === date ? run + 1 : 1;
    before = date;
    return MILESTONES.has(run)
      ? [{ date, type: 'streak' as const, title: `这个月连续写了${run}天`, description: '一天都没有落下', icon: '🔥' }]
      : [];
  });
}

/** The highlights of a month, newest first; at most ten. */
export function timelineOf({ diaries, tasks }: ReportFacts): Moment[] {
  const long = diaries
    .filter(({ characters, images }) => characters > 200 || images.length > 0)
    .map(({ date, excerpt, images }) => ({
      date,
      type: 'diary' as const,
      title: images.length > 0 ? '一篇有照片的日记' : '一篇长日记',
      description: firstCharacters(excerpt, 30),
      icon: images.length > 0 ? '📷' : '📝',
    }));
  const full = [...completedByDay(tasks)]
    .filter(([, { completed, total }]) => total >= 3 && completed === total)
    .map(([date, { total }]) => ({
      date,
      type: 'tasks' as const,
      title: '任务全部完成',
      description: `完成了${total}个任务`,
      icon: '✅',
    }));
  return [...long, ...full, ...milestonesIn(diaries)].sort((a, b) => (a.date < b.date ? 1 : -1)).slice(0, 10);
}
