import * as z from 'zod';
import { childId, contract, day, id, instant, line, Page, paging, text, title } from '../contract';
import { cursor } from '../paging';

const probability = z
  .number()
  .min(0)
  .max(1)
  .refine((value) => Number(value.toFixed(4)) === value, { error: '最多四位小数' });

const Kind = z.enum(['physical', 'virtual', 'badge']).describe('physical: handed over by a guardian; virtual: points');

export const Prize = z.strictObject({
  id,
  name: z.string(),
  description: z.string(),
  imageUrl: z.string(),
  emoji: z.string(),
  kind: Kind,
  probability,
  stock: z.int().min(-1).describe('-1: unlimited'),
  points: z.int().describe('credited to the winner'),
  isActive: z.boolean(),
});
export type Prize = z.infer<typeof Prize>;

export const Draw = z.strictObject({
  id,
  isWinner: z.boolean(),
  prize: z
    .strictObject({
      id: id.nullable(),
      name: z.string(),
      imageUrl: z.string(),
      emoji: z.string(),
      description: z.string(),
      kind: Kind,
    })
    .nullable()
    .describe('as it was when it was won'),
  given: z.boolean().nullable().describe('whether a guardian has handed it over; null: there is nothing to hand over'),
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
  forChild: 'read',
  input: z.strictObject({ childId }),
  output: z.strictObject({
    cost: z.int(),
    prizes: z.array(Prize),
    noPrizeProbability: probability,
    isFamily: z.boolean().describe("the family's own prizes"),
  }),
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
  forChild: 'read',
  input: z.strictObject({
    ...paging(20),
    cursor,
    type: z.enum(['win', 'all']).default('all'),
    from: day.optional(),
    to: day.optional(),
    childId,
  }),
  output: z.strictObject({
    records: z.array(Draw),
    ...Page,
    totalDraws: z.int().optional().describe('from…to, won or not; absent with cursor, as are the next two'),
    totalWins: z.int().optional(),
    winRate: z.number().min(0).max(1).optional(),
  }),
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

const emoji = line(16).default('');
const image = line(500)
  .refine((url) => /^($|https:|cloud:|cos:)/.test(url), { error: '图片地址应以 https://、cloud:// 或 cos:// 开头' })
  .default('');

/** One prize of a family's own list. */
export const FamilyPrize = z.strictObject({
  id,
  name: z.string(),
  description: z.string(),
  emoji: z.string(),
  image: z.string(),
  kind: Kind,
  value: z.int().describe('points, of a virtual one'),
  weight: z.int(),
  stockType: z.enum(['unlimited', 'limited']),
  stock: z.int(),
  isActive: z.boolean(),
});
export type FamilyPrize = z.infer<typeof FamilyPrize>;

export const Wheel = z.strictObject({
  source: z.enum(['system', 'family']),
  cost: z.int(),
  dailyLimit: z.int(),
  version: z.int().describe('give it back with savePrizes'),
  blankWeight: z.int(),
  prizes: z.array(FamilyPrize).describe("the family's own list, also while the system's prizes are drawn"),
});
export type Wheel = z.infer<typeof Wheel>;

export const config = contract({
  summary: '抽奖设置：奖品来源、花费、每天次数，以及家庭奖品',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/lottery/config',
  forChild: 'read',
  input: z.strictObject({ childId }),
  output: Wheel,
  example: {},
});

export const setConfig = contract({
  summary: '家长设置抽奖花费与每天次数；用系统奖品时花费不低于系统的',
  access: 'guardian',
  limit: 'write',
  rest: 'PUT /api/lottery/config',
  forChild: 'write',
  input: z.strictObject({ cost: z.int().min(1).max(1_000).optional(), dailyLimit: z.int().min(1).max(100).optional(), childId }),
  output: Wheel,
  example: { cost: 20, dailyLimit: 5 },
});

export const savePrizes = contract({
  summary: '家长保存家庭奖品，替换整个列表；概率为权重在上架奖品中的占比',
  access: 'guardian',
  limit: 'write',
  rest: 'PUT /api/lottery/family-prizes',
  forChild: 'write',
  needsConsent: true,
  input: z.strictObject({
    version: z.int().min(0),
    prizes: z
      .array(
        z.strictObject({
          id: id.optional().describe('of the list; absent: a new prize'),
          name: title(50),
          description: line(200).default(''),
          emoji,
          image,
          kind: Kind,
          value: z.int().min(0).max(50).default(0).describe('points, of a virtual one only'),
          weight: z.int().min(1).max(100),
          stockType: z.enum(['unlimited', 'limited']).default('unlimited'),
          stock: z.int().min(0).max(9_999).default(0),
          isActive: z.boolean().default(true),
        }),
      )
      .max(30),
    blankWeight: z.int().min(0).max(1_000).optional().describe('share of not winning; 0 as it comes'),
    childId,
  }),
  output: Wheel,
  example: { version: 0, prizes: [{ name: '去动物园', emoji: '🦁', kind: 'physical', weight: 1, stockType: 'limited', stock: 1 }] },
});

export const resetPrizes = contract({
  summary: '家长改回系统奖品；家庭奖品留着，保存后再启用',
  access: 'guardian',
  limit: 'write',
  rest: 'POST /api/lottery/reset',
  forChild: 'write',
  input: z.strictObject({ childId }),
  output: Wheel,
  example: {},
});

export const redeem = contract({
  summary: '家长标记实物奖品已兑现；given: false 撤回',
  access: 'guardian',
  limit: 'write',
  rest: 'POST /api/lottery/redeem',
  forChild: 'write',
  input: z.strictObject({ id, given: z.boolean(), childId }),
  output: z.strictObject({ draw: Draw }),
  example: { id: 1, given: true },
});
