import * as z from 'zod';
import { childId, contract, day, id, instant, line, text, title } from '../contract';

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
  z.strictObject({
    kind: z.literal('monthly'),
    day: z.int().min(1).max(31).describe('of the month; the last one where the month is shorter'),
  }),
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
  status: z.enum(['open', 'waiting', 'done']).describe('waiting: completed, and a guardian has to approve it'),
  remindAt: z.string().nullable().describe('HH:MM in Beijing'),
  byGuardian: z.boolean().describe('only a guardian can change it'),
  rejectedReason: z.string().nullable().describe('why the last completion was not approved'),
});
export type Task = z.output<typeof Task>;

export const TaskDay = z.strictObject({ date: day, tasks: z.array(Task), completed: z.int(), total: z.int() });
export type TaskDay = z.output<typeof TaskDay>;

const fields = {
  description: text(2_000).optional(),
  category: line(50).optional(),
  pointsReward: z.int().min(1).optional().describe('at most 20, by a guardian 50, as the server is set'),
  date: day.optional().describe('from 7 days ago to 7 days ahead'),
  repeat: Repeat.optional(),
  remindAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: '时间应为 HH:MM' })
    .nullable()
    .optional(),
};

export const list = contract({
  summary: '一天的任务，默认今天；最多看到 7 天后',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/task/list',
  forChild: 'read',
  input: z.strictObject({ date: day.optional(), childId }),
  output: TaskDay,
  example: {},
});

export const get = contract({
  summary: '一个任务',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/task/:id',
  forChild: 'read',
  input: z.strictObject({ id, childId }),
  output: z.strictObject({ task: Task }),
  example: { id: 1 },
});

export const create = contract({
  summary: '新建自己的任务，一次或重复；重复的任务返回接下来的那一次',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/task/create',
  needsConsent: true,
  forChild: 'write',
  input: z.strictObject({ title: title(200), ...fields, childId }),
  output: z.strictObject({ task: Task }),
  example: { title: '练琴30分钟', pointsReward: 10, repeat: { kind: 'weekly', weekdays: [1, 3, 5] } },
});

export const update = contract({
  summary: '修改自己的任务；重复的任务从今天起都改，也可改为重复、改星期或不再重复；已完成的积分不变',
  access: 'user',
  limit: 'write',
  rest: 'PUT /api/task/:id',
  needsConsent: true,
  forChild: 'write',
  input: z.strictObject({ id, title: title(200).optional(), ...fields, childId }),
  output: z.strictObject({ task: Task }),
  example: { id: 1, title: '练琴40分钟' },
});

export const remove = contract({
  summary: '删除自己的任务；重复的任务从今天起不再出现，做过的留着',
  access: 'user',
  limit: 'write',
  rest: 'DELETE /api/task/:id',
  forChild: 'write',
  input: z.strictObject({ id, childId }),
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

/** One task or several. */
const some = { id: id.optional(), ids: z.array(id).min(1).max(50).optional() };

export const approve = contract({
  summary: '家长认可等待中的任务并发放积分，可加奖励；给出 id 或 ids',
  access: 'guardian',
  limit: 'write',
  rest: 'POST /api/task/approve',
  forChild: 'write',
  input: z.strictObject({ ...some, bonus: z.int().min(0).max(20).default(0).describe('for each of them'), childId }),
  output: z.strictObject({ tasks: z.array(Task), points: z.strictObject({ awarded: z.int(), bonus: z.int(), balance: z.int() }) }),
  example: { id: 1, bonus: 5 },
});

export const reject = contract({
  summary: '家长退回等待中的任务，说明原因；给出 id 或 ids',
  access: 'guardian',
  limit: 'write',
  rest: 'POST /api/task/reject',
  forChild: 'write',
  needsConsent: true,
  input: z.strictObject({ ...some, reason: line(200), childId }),
  output: z.strictObject({ tasks: z.array(Task) }),
  example: { id: 1, reason: '书桌还没有收拾' },
});

export const hideSystem = contract({
  summary: '不再出现的系统任务，替换此前的设置；空列表恢复全部',
  access: 'guardian',
  limit: 'write',
  rest: 'POST /api/task/hide-system',
  forChild: 'write',
  input: z.strictObject({
    templateIds: z
      .array(z.string().regex(/^[a-z0-9-]{1,32}$/, { error: '没有这个系统任务' }))
      .max(50)
      .describe('diary, reading, sport, tidy, sleep'),
    childId,
  }),
  output: z.strictObject({ templateIds: z.array(z.string()) }),
  example: { templateIds: ['sport'] },
});
