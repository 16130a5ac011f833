import * as z from 'zod';
import { contract, day, id, instant, line, text, title } from '../contract';

const weekdays = z
  .array(z.int().min(1).max(7))
  .min(1)
  .max(7)
  .transform((given) => [...new Set(given)].sort())
  .describe('1 = Monday … 7 = Sunday');

export const Repeat = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('once') }),
  z.strictObject({ kind: z.literal('daily') }),
  z.strictObject({ kind: z.literal('weekly'), weekdays }),
]);
export type Repeat = z.output<typeof Repeat>;

export const Task = z.strictObject({
  id,
  title: z.string(),
  description: z.string(),
  category: z.string(),
  pointsReward: z.int(),
  isSystem: z.boolean(),
  isCompleted: z.boolean(),
  completedAt: instant.nullable(),
  date: day,
  repeat: Repeat,
});
export type Task = z.output<typeof Task>;

export const TaskDay = z.strictObject({ date: day, tasks: z.array(Task), completed: z.int(), total: z.int() });
export type TaskDay = z.output<typeof TaskDay>;

const fields = {
  description: text(2_000).optional(),
  category: line(50).optional(),
  pointsReward: z.int().min(1).optional().describe('the most is set by the server: 20 as it comes'),
  date: day.optional().describe('from 7 days ago to 7 days ahead'),
  repeat: Repeat.optional(),
};

export const list = contract({
  summary: '一天的任务，默认今天；最多看到 7 天后',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/task/list',
  input: z.strictObject({ date: day.optional() }),
  output: TaskDay,
  example: {},
});

export const create = contract({
  summary: '新建自己的任务，一次或重复；重复的任务返回接下来的那一次',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/task/create',
  needsConsent: true,
  input: z.strictObject({ title: title(200), ...fields }),
  output: z.strictObject({ task: Task }),
  example: { title: '练琴30分钟', pointsReward: 10, repeat: { kind: 'weekly', weekdays: [1, 3, 5] } },
});

export const update = contract({
  summary: '修改自己的任务；重复的任务从今天起都改，也可改为重复、改星期或不再重复；已完成的积分不变',
  access: 'user',
  limit: 'write',
  rest: 'PUT /api/task/:id',
  needsConsent: true,
  input: z.strictObject({ id, title: title(200).optional(), ...fields }),
  output: z.strictObject({ task: Task }),
  example: { id: 1, title: '练琴40分钟' },
});

export const remove = contract({
  summary: '删除自己的任务；重复的任务从今天起不再出现，做过的留着',
  access: 'user',
  limit: 'write',
  rest: 'DELETE /api/task/:id',
  input: z.strictObject({ id }),
  output: z.strictObject({ id, deleted: z.literal(true) }),
  example: { id: 1 },
});

export const Completed = z.strictObject({
  task: Task,
  points: z.strictObject({
    awarded: z.int(),
    balance: z.int(),
    capped: z.boolean().describe("less than promised was paid: the day's limit for own tasks is reached"),
  }),
});
export type Completed = z.output<typeof Completed>;

export const complete = contract({
  summary: '完成今天的任务；补记七天内的任务请带上那天的日期',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/task/:id/complete',
  input: z.strictObject({ id, doneOn: day.optional().describe("the task's own date, for a completion queued offline") }),
  output: Completed,
  example: { id: 1 },
});

export const Reopened = z.strictObject({ task: Task, points: z.strictObject({ returned: z.int(), balance: z.int() }) });
export type Reopened = z.output<typeof Reopened>;

export const uncomplete = contract({
  summary: '取消完成，退回所得积分',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/task/:id/uncomplete',
  input: z.strictObject({ id }),
  output: Reopened,
  example: { id: 1 },
});
