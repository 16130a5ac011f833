import * as z from 'zod';
import { Job } from '../ai/contract';
import { childId, contract, day, id, instant, line, Stats } from '../contract';
import { Diary, Mood } from '../diary/contract';
import { Consent, GuardianNote, LogEntry } from '../family/contract';
import { UserInfo } from '../login/contract';
import { Draw, Wheel } from '../lottery/contract';
import { Record } from '../points/contract';
import { Task } from '../task/contract';

const TaskApproval = z.enum(['none', 'own', 'all']);

const Settings = z.strictObject({
  aiEnabled: z.boolean(),
  taskApproval: TaskApproval.describe("completed tasks that wait for a guardian: none, the child's own, all"),
  shareDiary: z.boolean().describe('guardians with accounts of their own may read the diary'),
});

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
  forChild: 'write',
  input: z.strictObject({
    nickname: line(50).optional(),
    avatar: z.string().max(500).optional(),
    settings: Settings.partial().optional().describe('aiEnabled and taskApproval: a guardian, once a PIN is set; taskApproval: only then'),
    childId,
  }),
  output: Profile,
  example: { nickname: '小明' },
});

const CONFIRMATION = '注销账号';

export const erase = contract({
  summary: '注销账号，不可恢复；confirm 须为“注销账号”四个字',
  access: 'gated',
  limit: 'erase',
  rest: 'DELETE /api/user',
  input: z.strictObject({ confirm: z.literal(CONFIRMATION) }),
  output: z.strictObject({ erased: z.literal(true) }),
  example: { confirm: CONFIRMATION },
});

const MAX_UPLOAD_BYTES = 10 * 1_024 * 1_024;

export const UploadUrl = z.union([
  z.strictObject({ storage: z.literal('cloudbase'), folder: z.string().describe('upload with wx.cloud.uploadFile, below this path') }),
  z.strictObject({
    storage: z.literal('cos'),
    fileId: z.string().describe('what to name as a picture once the upload has succeeded'),
    url: z.string().describe('takes one PUT of exactly this type and size'),
    headers: z.record(z.string(), z.string()).describe('send these with the PUT'),
    expiresAt: instant,
  }),
]);
export type UploadUrl = z.infer<typeof UploadUrl>;

export const uploadUrl = contract({
  summary: '上传一张图片的地址：只能放进自己的文件夹，不超过 10 MB',
  access: 'user',
  limit: 'upload',
  rest: 'POST /api/user/uploadUrl',
  input: z.strictObject({
    contentType: z.enum(['image/jpeg', 'image/png', 'image/webp', 'image/gif'], { error: '只支持 jpg、png、gif、webp 图片' }),
    bytes: z.int().min(1).max(MAX_UPLOAD_BYTES, { error: '图片不能超过 10 MB' }),
  }),
  output: UploadUrl,
  example: { contentType: 'image/jpeg', bytes: 204_800 },
});

/** A text that is kept as a revision only: it lost a conflict, or was merged with another text during the import of a phone. */
const Revision = z.strictObject({
  id,
  date: day,
  reason: z.string(),
  content: z.string(),
  mood: z.string(),
  weather: z.string(),
  images: z.array(z.string()),
  tags: z.array(z.string()),
  isDraft: z.boolean(),
  modifiedAt: instant,
});

/** A rule of a repeating task; its days are among the tasks. */
const Rule = z.strictObject({
  id,
  title: z.string(),
  description: z.string(),
  category: z.string(),
  pointsReward: z.int(),
  weekdays: z.array(z.int()).describe('1 = Monday … 7 = Sunday; empty for a monthly task'),
  monthDay: z.int().nullable().describe('of a monthly task'),
  remindAt: z.string().nullable().describe('HH:MM in Beijing'),
  byGuardian: z.boolean(),
  endedAt: instant.nullable(),
});

/** All data of the user. diaries, completed tasks, taskRules and lotteryRecords can be imported again by sync.import. */
export const Export = z.strictObject({
  exportedAt: instant,
  profile: Profile.omit({ openid: true }),
  diaries: z.array(Diary),
  revisions: z.array(Revision),
  tasks: z.array(Task),
  taskRules: z.array(Rule),
  pointRecords: z.array(Record),
  lotteryRecords: z.array(Draw),
  moods: z.array(Mood),
  aiJobs: z.array(Job),
  wheel: Wheel.describe("settings of the family's lottery and its own prizes"),
  consents: z.array(Consent),
  familyLog: z.array(LogEntry).describe('what guardians did from accounts of their own'),
  guardianNotes: z.array(GuardianNote),
});
export type Export = z.infer<typeof Export>;

const exportContract = contract({
  summary: '导出我的全部数据；数据较多时给出一小时内有效的下载链接',
  access: 'gated',
  limit: 'export',
  rest: 'POST /api/user/export',
  input: z.strictObject({}),
  output: z.union([Export, z.strictObject({ fileUrl: z.string(), expiresAt: instant })]),
  example: {},
});

export { exportContract as export };
