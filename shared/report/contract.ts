import * as z from 'zod';
import { childId, contract, day, id, month } from '../contract';

const count = z.int().min(0);
const percent = z.int().min(0).max(100);

const Moods = z.array(z.strictObject({ mood: z.string(), count }));

const Category = z.strictObject({ name: z.string(), completed: count, total: count, progress: percent });

const Highlight = z.strictObject({ id: z.string(), icon: z.string(), title: z.string(), description: z.string(), date: day });

const DiaryPick = z.strictObject({
  id,
  date: day,
  mood: z.string(),
  preview: z.string().describe('the first 80 characters'),
  wordCount: count.describe('characters, white space not counted'),
  images: z.array(z.string()),
});

export const Goal = z.strictObject({ id: z.string(), text: z.string(), points: count, completed: z.boolean() });
export type Goal = z.output<typeof Goal>;

/** What every report counts of its period. */
const figures = {
  from: day,
  to: day,
  diaryCount: count.describe('published diaries'),
  taskCount: count.describe('completed tasks'),
  completedTasks: count,
  totalTasks: count.describe('tasks of days up to today'),
  completionRate: percent,
  pointsEarned: count,
  pointsSpent: count,
  pointsNet: z.int(),
  badgeCount: count.describe('badges earned in the period'),
  streakDays: count.describe('days in a row as they stood on the last day of the period, or today'),
};

export const Week = z.strictObject({
  ...figures,
  pointsByDay: z.array(count).length(7).describe('points earned, Sunday first'),
  moods: Moods,
  taskCategories: z.array(Category),
  highlights: z.array(Highlight).max(3),
  diaries: z.array(DiaryPick).max(3),
  suggestions: z.array(z.string()).max(5),
  goals: z.array(Goal),
  change: z.strictObject({ diaries: z.int(), tasks: z.int(), points: z.int() }).describe('against the week before'),
});
export type Week = z.output<typeof Week>;

const Keywords = z.array(z.strictObject({ text: z.string(), count }));

const Mood = z.strictObject({
  dominant: z.string().nullable(),
  distribution: z.array(z.strictObject({ mood: z.string(), count, percentage: percent })),
  trend: z.enum(['up', 'steady', 'down']).describe('moods of the second half against the first'),
});

const Moment = z.strictObject({
  date: day,
  type: z.enum(['diary', 'streak', 'tasks', 'badge', 'prize']),
  title: z.string(),
  description: z.string(),
  icon: z.string(),
});

const longReport = {
  ...figures,
  totalPoints: count.describe('balance at the end of the period'),
  mood: Mood,
  categories: z.array(Category),
  keywords: Keywords.max(15).describe('words of the published diaries; of a diary the first 2,000 characters count'),
  maxStreak: count.describe('longest run of days with a diary inside the period'),
  achievements: z.array(Highlight),
  diaryChange: z.int(),
  taskChange: z.int(),
  pointsChange: z.int(),
};

export const Month = z.strictObject({
  month,
  ...longReport,
  timeline: z.array(Moment).max(10),
  days: z.array(z.strictObject({ date: day, level: z.int().min(0).max(4) })).describe('how much was done on each day'),
});
export type Month = z.output<typeof Month>;

export const Year = z.strictObject({
  year: z.int(),
  ...longReport,
  months: z
    .array(z.strictObject({ month, diaryCount: count, completedTasks: count, totalTasks: count, pointsEarned: count, pointsSpent: count }))
    .length(12),
});
export type Year = z.output<typeof Year>;

export const week = contract({
  summary: '周报：周日到周六；start 是这一周里的任意一天，默认本周',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/report/week',
  forChild: 'read',
  input: z.strictObject({
    start: z.string().max(40).optional().describe('a day, or an ISO instant that is taken as its Beijing day'),
    childId,
  }),
  output: Week,
  example: {},
});

export const monthly = contract({
  summary: '月报，默认本月',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/report/month',
  forChild: 'read',
  input: z.strictObject({ month: month.optional(), childId }),
  output: Month,
  example: { month: '2025-01' },
});

export const yearly = contract({
  summary: '年报，默认今年',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/report/year',
  forChild: 'read',
  input: z.strictObject({ year: z.int().min(2000).max(2100).optional(), childId }),
  output: Year,
  example: { year: 2025 },
});

export const poster = contract({
  summary: '一个月的海报（SVG），可保存为图片',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/report/poster',
  forChild: 'read',
  input: z.strictObject({ month: month.optional(), childId }),
  output: z.strictObject({ month, svg: z.string() }),
  example: { month: '2025-01' },
});
