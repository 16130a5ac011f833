import * as z from 'zod';
import { contract, id, instant } from '../contract';

export const UserInfo = z.strictObject({
  id,
  openid: z.string(),
  nickname: z.string(),
  avatar: z.string(),
  points: z.int(),
});
export type UserInfo = z.infer<typeof UserInfo>;

/** Whether a phone's old data are to be imported, and which data the app reads; decided per user. */
export const MigrationMode = z
  .enum(['off', 'shadow', 'dual', 'cloud'])
  .describe('off: phone only; shadow: copied, phone is read; dual: cloud is read, the old keys are written too; cloud: cloud only');
export type MigrationMode = z.infer<typeof MigrationMode>;

const Token = { token: z.string(), expiresAt: instant };

export const login = contract({
  summary: '登录；首次登录即注册。小程序内不需要 code，HTTP 需要 wx.login 的 code',
  access: 'public',
  limit: 'login',
  rest: 'POST /api/auth/login',
  input: z.strictObject({
    code: z.string().min(1).max(128).optional(),
    expect: id.optional().describe('the account that this phone knows: when it has been erased, ACCOUNT_ERASED, and no new one is made'),
  }),
  output: z.strictObject({
    ...Token,
    userInfo: UserInfo,
    isNewUser: z.boolean(),
    migration: z.strictObject({ mode: MigrationMode }).optional(),
  }),
  example: { code: 'dev-alice' },
});

export const refresh = contract({
  summary: '换取新的登录凭证',
  access: 'user',
  limit: 'login',
  rest: 'POST /api/auth/refresh',
  input: z.strictObject({}),
  output: z.strictObject(Token),
  example: {},
});

export const logout = contract({
  summary: '退出登录，此前的凭证全部失效',
  access: 'user',
  limit: 'login',
  rest: 'POST /api/auth/logout',
  input: z.strictObject({}),
  output: z.strictObject({ loggedOut: z.literal(true) }),
  example: {},
});
