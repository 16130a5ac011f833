import * as z from 'zod';
import { isCalendarDay } from './clock';

/**
 * Who may call: anyone; a signed-in child; a guardian who has unlocked the gate on the phone; a child until a PIN stands, then a guardian only
 * (`gated`); an operator; the platform's timer.
 */
export type Access = 'public' | 'user' | 'gated' | 'guardian' | 'operator' | 'system';

/** Signed-in callers. Of these `guardian` and `gated` are decided by the guardian token as well (family/guardian.ts). */
const account = ['user', 'gated', 'guardian'] as const;

/** What each proof of who is calling opens; what stands in no row stays shut. An operator's token is nobody's diary. */
export const rights = {
  nobody: ['public'],
  token: ['public', ...account],
  openid: ['public', ...account],
  operatorOpenid: ['public', ...account, 'operator'],
  operator: ['public', 'operator'],
  system: ['public', 'system'],
} as const satisfies Record<string, readonly Access[]>;

interface Window {
  max: number;
  windowSeconds: number;
}

interface Limit {
  windows: readonly Window[];
  /** The work costs money or cannot be undone: a call is counted before it runs, not beside it in a block. */
  countedFirst: boolean;
}

const perMinute = (max: number): Window => ({ max, windowSeconds: 60 });
const perHour = (max: number): Window => ({ max, windowSeconds: 3_600 });
const perDay = (max: number): Window => ({ max, windowSeconds: 86_400 });

const inBlocks = (...windows: Window[]): Limit => ({ windows, countedFirst: false });
const countedFirst = (...windows: Window[]): Limit => ({ windows, countedFirst: true });

/** Calls allowed per user. Counted in Redis; without it in the memory of each process, at half. */
export const limits = {
  read: inBlocks(perMinute(120)),
  write: inBlocks(perMinute(60), perDay(500)),
  sync: inBlocks(perMinute(30)),
  draw: inBlocks(perMinute(10), perDay(100)),
  points: inBlocks(perMinute(20)),
  login: inBlocks(perMinute(60)),
  loginByAddress: countedFirst(perMinute(10)),
  loginByOpenid: countedFirst(perMinute(5)),
  comment: countedFirst(perMinute(10)),
  picture: countedFirst(perMinute(3)),
  upload: countedFirst(perMinute(30), perDay(200)),
  import: countedFirst(perHour(120)),
  export: countedFirst(perDay(2)),
  // A mistyped phrase is counted too; the limit leaves room for the right one.
  erase: countedFirst(perDay(5)),
  // The gate counts wrong PINs itself; this bounds the work of comparing.
  pin: countedFirst(perMinute(10)),
  invite: countedFirst(perHour(20)),
  join: countedFirst(perMinute(5), perDay(30)),
  operator: inBlocks(perMinute(60)),
  system: inBlocks(),
} satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One action as every door sees it. */
export interface Contract<A extends Access = Access, In extends z.ZodObject = z.ZodObject, Out extends z.ZodType = z.ZodType> {
  summary: string;
  access: A;
  limit: LimitName;
  rest?: `${Method} /api/${string}`;
  input: In;
  output: Out;
  /**
   * A guardian may call it for a child, named by `childId`: `read` as a member of the family, `diary` only while the child shares its diary,
   * `write` with a guardian token.
   */
  forChild?: 'read' | 'diary' | 'write';
  /** It stores words or pictures: refused with CONSENT_REQUIRED until a guardian has agreed to the present text. */
  needsConsent?: true;
  /** Input that a reader can send as it stands. */
  example: z.input<In>;
}

export const contract = <A extends Access, In extends z.ZodObject, Out extends z.ZodType>(
  definition: Contract<A, In, Out>,
): Contract<A, In, Out> => definition;

/** Also what turns the direction of the text around it, so that a name looks like another one, and what breaks a line. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const VISIBLE = /[^\s\p{Cf}]/u;

const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

/** Free text of at most `max` code points, kept as it was typed. */
export const text = (max: number) =>
  z
    .string()
    .refine((value) => value.length <= max || codePoints(value) <= max, { error: `最多 ${max} 个字` })
    .meta({ maxLength: max });

/** One line people read (a title, a tag): trimmed, NFC, without control characters. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .normalize()
    .refine((value) => !CONTROL_CHARACTERS.test(value), { error: '不能包含控制字符' })
    .refine((value) => codePoints(value) <= max, { error: `最多 ${max} 个字` })
    .meta({ maxLength: max });

export const title = (max: number) => line(max).refine((value) => VISIBLE.test(value), { error: '不能为空' });

export const day = z
  .string()
  .refine(isCalendarDay, { error: '日期应为 YYYY-MM-DD', abort: true })
  .meta({ format: 'date', example: '2025-01-18' });

export const month = z
  .string()
  .regex(/^[1-9]\d{3}-(0[1-9]|1[0-2])$/, { error: '月份应为 YYYY-MM' })
  .meta({ example: '2025-01' });

export const id = z.int().min(1);
/** Of an account: an INT UNSIGNED. */
export const userId = id.max(2 ** 32 - 1);
/** Of an action with `forChild`. */
export const childId = userId.optional().describe('for a guardian with an account of their own: the child that is meant');
export const instant = z.iso.datetime();

/** `page` (with a total) or `cursor` (keyset; for endless lists). */
export const paging = (limit: number) => ({
  page: z.int().min(1).max(100_000).optional(),
  limit: z.int().min(1).max(100).default(limit),
});

export const Page = {
  page: z.int().optional(),
  limit: z.int(),
  total: z.int().optional(),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
};

export const Stats = z.strictObject({
  totalDiaries: z.int(),
  continuousDays: z.int().describe('consecutive days with a published diary ending today or yesterday, else 0'),
  longestStreak: z.int(),
  lastDiaryDate: day.nullable(),
});
export type Stats = z.infer<typeof Stats>;
