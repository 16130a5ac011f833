import * as z from 'zod';
import { contract, id, instant, line, Page, paging, text, title } from '../contract';
import { cursor } from '../paging';

const probability = z
  .number()
  .min(0)
  .max(1)
  .refine((value) => Number(value.toFixed(4)) === value, { error: '最多四位小数' });

export const Prize = z.strictObject({
  id,
  name: z.string(),
  description: z.string(),
  imageUrl: z.string(),
  probability,
  stock: z.int().min(-1).describe('-1: unlimited'),
  points: z.int().describe('credited to the winner'),
  isActive: z.boolean(),
});
export type Prize = z.infer<typeof Prize>;

export const Draw = z.strictObject({
  id,
  isWinner: z.boolean(),
  prize: z.strictObject({ id: id.nullable(), name: z.string(), imageUrl: z.string() }).nullable(),
  costPoints: z.int(),
  pointsWon: z.int(),
  createdAt: instant,
});
export type Draw = z.infer<typeof Draw>;

export const prizes = contract({
  summary: '奖品与公布的中奖概率；已抽完的奖品 stock 为 0，其概率计入未中奖',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/lottery/prizes',
  input: z.strictObject({}),
  output: z.strictObject({ cost: z.int(), prizes: z.array(Prize), noPrizeProbability: probability }),
  example: {},
});

export const draw = contract({
  summary: '抽一次奖；同一个 requestId 只抽一次',
  access: 'user',
  limit: 'draw',
  rest: 'POST /api/lottery/draw',
  input: z.strictObject({}),
  output: z.strictObject({ draw: Draw, points: z.int() }),
  example: {},
});

export const records = contract({
  summary: '抽奖记录，新的在前；page 或 cursor 翻页',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/lottery/records',
  input: z.strictObject({ ...paging(20), cursor }),
  output: z.strictObject({ records: z.array(Draw), ...Page }),
  example: { limit: 20 },
});

export const savePrize = contract({
  summary: '新增奖品，或按 id 修改，仅限运营人员；没有给出的保持不变。上架奖品的概率之和不能超过 1',
  access: 'operator',
  limit: 'operator',
  rest: 'POST /api/lottery/prizes',
  input: z.strictObject({
    id: id.max(2 ** 32 - 1).optional(),
    name: title(200).optional(),
    description: text(2_000).optional(),
    imageUrl: line(500)
      .refine((url) => /^($|https:|cloud:|cos:)/.test(url), { error: '图片地址应以 https://、cloud:// 或 cos:// 开头' })
      .optional(),
    probability: probability.optional(),
    stock: z.int().min(-1).max(1_000_000_000).optional(),
    points: z.int().min(0).max(100_000).optional(),
    isActive: z.boolean().optional(),
  }),
  output: z.strictObject({ prize: Prize }),
  example: { name: '电影票', description: '周末和爸爸妈妈一起看', probability: 0.01, stock: 20, isActive: false },
});
