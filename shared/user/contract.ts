import * as z from 'zod';
import { contract, instant, line, Stats } from '../contract';
import { UserInfo } from '../login/contract';

const Settings = z.strictObject({ aiEnabled: z.boolean() });

export const Profile = z.strictObject({
  ...UserInfo.shape,
  ...Stats.shape,
  settings: Settings,
  createdAt: instant,
});
export type Profile = z.infer<typeof Profile>;

export const profile = contract({
  summary: '我的资料',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/user/profile',
  input: z.strictObject({}),
  output: Profile,
  example: {},
});

export const update = contract({
  summary: '修改昵称、头像、设置；没有给出的保持不变',
  access: 'user',
  limit: 'write',
  rest: 'PUT /api/user/profile',
  input: z.strictObject({
    nickname: line(50).optional(),
    avatar: z.string().max(500).optional(),
    settings: Settings.partial().optional(),
  }),
  output: Profile,
  example: { nickname: '小明' },
});

export const CONFIRMATION = '注销账号';

export const erase = contract({
  summary: '注销账号，不可恢复；confirm 须为“注销账号”四个字',
  access: 'user',
  limit: 'erase',
  rest: 'DELETE /api/user',
  input: z.strictObject({ confirm: z.literal(CONFIRMATION) }),
  output: z.strictObject({ erased: z.literal(true) }),
  example: { confirm: CONFIRMATION },
});
