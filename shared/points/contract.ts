import * as z from 'zod';
import { childId, contract, day, id, instant, line, Page, paging, title, userId } from '../contract';
import { cursor } from '../paging';

/** Upper bound for positions in the ledger. */
export const FIRST_DAY = '2000-01-01';

export const Record = z.strictObject({
  id,
  amount: z.int().describe('positive: earned; negative: spent'),
  balanceAfter: z.int(),
  source: z.string(),
  description: z.string(),
  relatedId: id.nullable(),
  relatedType: z.string().nullable(),
  createdAt: instant,
});
export type Record = z.infer<typeof Record>;

const Posted = z.strictObject({ record: Record, points: z.int() });
export type Posted = z.infer<typeof Posted>;

const reason = {
  source: title(100).describe('the reason'),
  description: line(500).optional(),
  relatedId: id.optional(),
  relatedType: title(50).optional(),
};

export const balance = contract({
  summary: '积分余额',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/points/balance',
  forChild: 'read',
  input: z.strictObject({ childId }),
  output: z.strictObject({ points: z.int() }),
  example: {},
});

export const records = contract({
  summary: '积分记录，新的在前；page 或 cursor 翻页',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/points/records',
  forChild: 'read',
  input: z.strictObject({
    ...paging(20),
    cursor,
    type: z.enum(['earn', 'spend']).optional(),
    source: title(100).optional(),
    keyword: line(100).optional().describe('part of the source or of the description, taken literally'),
    from: day.optional(),
    to: day.optional(),
    childId,
  }),
  output: z.strictObject({ records: z.array(Record), ...Page }),
  example: { limit: 20, type: 'earn' },
});

export const add = contract({
  summary: '给用户加积分，仅限运营人员；记下是谁加的',
  access: 'operator',
  limit: 'operator',
  rest: 'POST /api/points/add',
  input: z.strictObject({ userId, amount: z.int().min(1).max(100_000), ...reason }),
  output: Posted,
  example: { userId: 1, amount: 50, source: '活动奖励', description: '读书月' },
});

export const deduct = contract({
  summary: '花掉自己的积分，例如兑换家庭奖励',
  access: 'user',
  limit: 'points',
  rest: 'POST /api/points/deduct',
  needsConsent: true,
  input: z.strictObject({ amount: z.int().min(1).max(999_999_999), ...reason }),
  output: Posted,
  example: { amount: 30, source: '家庭奖励', description: '周末看电影' },
});

const Sums = z.strictObject({ earned: z.int(), spent: z.int() });

export const stats = contract({
  summary: '积分统计：今天、本周（周日起）、本月，以及各来源的合计',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/points/stats',
  input: z.strictObject({}),
  output: z.strictObject({
    today: Sums,
    week: Sums,
    month: Sums,
    total: z.int().describe('the balance'),
    bySource: z.array(z.strictObject({ source: z.string(), ...Sums.shape })).describe('of all time, the largest sums first'),
  }),
  example: {},
});

export const bonus = contract({
  summary: '家长奖励或扣除积分，写明原因；每天合计不超过 500 分，余额不会低于零',
  access: 'guardian',
  limit: 'points',
  rest: 'POST /api/points/bonus',
  forChild: 'write',
  needsConsent: true,
  input: z.strictObject({
    amount: z
      .int()
      .min(-200)
      .max(200)
      .refine((value) => value !== 0, { error: '不能为 0' }),
    reason: title(100),
    childId,
  }),
  output: Posted,
  example: { amount: 20, reason: '主动洗碗' },
});
