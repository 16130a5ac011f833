import * as z from 'zod';
import { childId, contract, day, id, instant, line, userId } from '../contract';
import { Task } from '../task/contract';
import { pin } from './pin-schema';

export { Consent, consent, consents } from './consent-contract';

/** Of the gate on the phone that a child and a guardian share. */
export const Gate = z.strictObject({
  hasPin: z.boolean(),
  resetAt: instant.nullable().describe('a forgotten PIN stops counting then'),
});
export type Gate = z.infer<typeof Gate>;

export const setPin = contract({
  summary: '设置家长密码；已有密码时须给出原密码。此前的家长凭证全部失效',
  access: 'user',
  limit: 'pin',
  rest: 'POST /api/family/pin',
  input: z.strictObject({ pin, old: pin.optional() }),
  output: Gate,
  example: { pin: '482915' },
});

export const unlock = contract({
  summary: '输入家长密码，得到 15 分钟有效的家长凭证；连错 5 次锁 15 分钟，之后每次加倍，最长 24 小时',
  access: 'user',
  limit: 'pin',
  rest: 'POST /api/family/unlock',
  input: z.strictObject({ pin }),
  output: z.strictObject({ token: z.string().describe('send it as guardianToken, over HTTP as X-Guardian-Token'), expiresAt: instant }),
  example: { pin: '482915' },
});

export const lock = contract({
  summary: '退出家长模式，家长凭证立即失效',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/family/lock',
  input: z.strictObject({}),
  output: z.strictObject({ locked: z.literal(true) }),
  example: {},
});

export const resetPin = contract({
  summary: '忘记家长密码：24 小时后清除，期间首页会显示，知道密码的人可以取消',
  access: 'user',
  limit: 'pin',
  rest: 'POST /api/family/pin/reset',
  input: z.strictObject({}),
  output: Gate,
  example: {},
});

export const cancelReset = contract({
  summary: '取消清除家长密码，须给出密码',
  access: 'user',
  limit: 'pin',
  rest: 'POST /api/family/pin/keep',
  input: z.strictObject({ pin }),
  output: Gate,
  example: { pin: '482915' },
});

export const invite = contract({
  summary: '邀请另一位家长：一个 15 分钟内有效、只能用一次的邀请码；新的邀请码使旧的失效',
  access: 'guardian',
  limit: 'invite',
  rest: 'POST /api/family/invite',
  forChild: 'write',
  input: z.strictObject({ childId }),
  output: z.strictObject({ code: z.string(), expiresAt: instant }),
  example: {},
});

export const join = contract({
  summary: '用邀请码成为孩子的家长',
  access: 'user',
  limit: 'join',
  rest: 'POST /api/family/join',
  input: z.strictObject({ code: line(20).describe('letter case and spaces do not matter') }),
  output: z.strictObject({ childId: id, nickname: z.string() }),
  example: { code: 'K7M2-PQ9X' },
});

export const members = contract({
  summary: '孩子有哪些家长，谁能看日记；以及我是哪些孩子的家长',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/family/members',
  forChild: 'read',
  input: z.strictObject({ childId }),
  output: z.strictObject({
    guardians: z.array(z.strictObject({ id, nickname: z.string(), joinedAt: instant, canReadDiary: z.boolean() })),
    children: z.array(z.strictObject({ id, nickname: z.string(), joinedAt: instant, sharesDiary: z.boolean() })),
  }),
  example: {},
});

export const leave = contract({
  summary: '不再做这个孩子的家长',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/family/leave',
  forChild: 'read',
  input: z.strictObject({ childId: userId }),
  output: z.strictObject({ left: z.literal(true) }),
  example: { childId: 2 },
});

export const remove = contract({
  summary: '移除一位家长，立即生效',
  access: 'guardian',
  limit: 'write',
  rest: 'POST /api/family/remove',
  forChild: 'write',
  input: z.strictObject({ guardianId: userId, childId }),
  output: z.strictObject({ removed: z.literal(true) }),
  example: { guardianId: 2 },
});

export const LogEntry = z.strictObject({
  date: day,
  guardianId: id,
  nickname: z.string().describe('empty: the account is erased'),
  action: z.string(),
  times: z.int(),
  lastAt: instant,
});
export type LogEntry = z.infer<typeof LogEntry>;

export const log = contract({
  summary: '其他账号的家长做过什么，按天与操作计数，新的在前',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/family/log',
  forChild: 'read',
  input: z.strictObject({ from: day.optional().describe('30 days ago unless given'), childId }),
  output: z.strictObject({ entries: z.array(LogEntry) }),
  example: {},
});

/** Why a guardian should talk with the child; never what the child wrote. */
export const GuardianNote = z.strictObject({ kind: z.enum(['self-harm']), date: day });
export type GuardianNote = z.infer<typeof GuardianNote>;

export const inbox = contract({
  summary: '等待家长确认的任务，以及最近 30 天提醒家长留意的日子',
  access: 'guardian',
  limit: 'read',
  rest: 'GET /api/family/inbox',
  forChild: 'write',
  input: z.strictObject({ childId }),
  output: z.strictObject({
    tasks: z.array(Task).describe('approve or reject them; oldest day first'),
    notes: z.array(GuardianNote).describe('newest first'),
  }),
  example: {},
});
