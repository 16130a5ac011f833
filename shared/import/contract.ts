import * as z from 'zod';
import { contract, day, instant, month, Stats } from '../contract';
import { maxImportDays, maxImportItems, maxImportPrizes, maxVerifyDays, maxVerifyMonths } from '../sync/limits';

const text = z.string();
const shortText = z.string().max(2_000);

/** One day of the phone's diary, one text per day, normalised as in content-hash.ts. Each day is validated by itself. */
export const ImportDay = z.strictObject({
  date: text,
  content: text,
  mood: text,
  weather: text,
  images: z.array(text).describe('uploaded files and allowed links'),
  tags: z.array(text),
  isDraft: z.boolean(),
  aiComment: text.optional().describe('what the AI had said of the day; its first 2,000 characters are kept'),
  aiCommentAt: instant.optional(),
  aiLiked: z.boolean().optional(),
  createdAt: instant.optional().describe('when its first text was written'),
  modifiedAt: instant.optional().describe('when its last text was written'),
  originals: z.array(text).max(50).optional().describe('where several texts were joined into one: each as it was'),
});
export type ImportDay = z.infer<typeof ImportDay>;

/**
 * A completed task of a day. `key` tells it from others of that day (the phone's id). It pays nothing; its points justify the grant. One of today is
 * today's task of the template with that key, or of the system task with that title.
 */
export const ImportTask = z.strictObject({
  date: text,
  key: z.string().min(1).max(64),
  isOpen: z.boolean().optional().describe('a task of one day that is still to be done'),
  time: z.string().max(20).optional().describe('HH:MM becomes remindAt'),
  title: shortText,
  description: shortText.optional(),
  category: shortText.optional(),
  points: z.number().optional(),
});
export type ImportTask = z.infer<typeof ImportTask>;

/** A template of the phone, as a repeating task. It takes the place of a system task of the same title. Up to 50 points are kept. */
export const ImportRule = z.strictObject({
  key: z.string().min(1).max(64),
  title: shortText,
  description: shortText.optional(),
  category: shortText.optional(),
  points: z.number().optional(),
  time: z.string().max(20).optional().describe('HH:MM becomes remindAt; anything else is written in front of the description'),
  weekdays: z.array(z.int().min(1).max(7)).max(7).optional().describe('1 Monday … 7; absent: every day'),
  monthDay: z.int().min(1).max(31).nullish().describe('every month on that day; weekdays do not count then'),
});
export type ImportRule = z.infer<typeof ImportRule>;

export const ImportDraw = z.strictObject({
  key: z.string().min(1).max(64),
  prizeName: shortText,
  prizeImage: z.string().max(500).optional(),
  prizeEmoji: z.string().max(100).optional(),
  prizeDescription: shortText.optional(),
  drawnAt: instant,
});
export type ImportDraw = z.infer<typeof ImportDraw>;

/** The mood of a day. It counts as paid. `isRewarded`: the phone paid it, which justifies the grant. */
export const ImportMood = z.strictObject({ key: z.string().min(1).max(64), date: text, mood: text, isRewarded: z.boolean().optional() });
export type ImportMood = z.infer<typeof ImportMood>;

/** A prize of the phone's wheel. The list waits until a guardian saves it. */
export const ImportPrize = z.strictObject({
  key: z.string().min(1).max(64),
  name: shortText,
  description: shortText.optional(),
  emoji: z.string().max(100).optional(),
  image: z.string().max(500).optional(),
  weight: z.number(),
});
export type ImportPrize = z.infer<typeof ImportPrize>;

const loose = (max: number) => z.array(z.record(z.string(), z.unknown())).max(max).default([]);

/**
 * - `imported`     stored on the server by this call
 * - `same`         already stored
 * - `kept-server`  the server has another text (or a deletion) of that day; the phone's text is kept as a revision
 * - `invalid`      refused; `reason` says why; the phone keeps it
 */
const ImportStatus = z.enum(['imported', 'same', 'kept-server', 'invalid']);

const DayReport = z.strictObject({ date: z.string(), status: ImportStatus, hash: z.string().optional(), reason: z.string().optional() });
const ItemReport = z.strictObject({ key: z.string(), status: ImportStatus, reason: z.string().optional() });

export const Grant = z.strictObject({
  claimed: z.int().describe('what was asked for; anything but a whole number from 0 counts as 0'),
  explained: z.int().describe('5 per rewarded mood, 10 per diary day, the points of each done task; all of them imported'),
  days: z.int().describe('imported days with an entry; each allows 100 points'),
  granted: z.int(),
  waiting: z.int().describe('the part above 3,000, which a guardian has to accept'),
  balance: z.int(),
  isFirst: z.boolean().describe('false: granted before, on this phone or another; nothing more was given'),
});
export type Grant = z.infer<typeof Grant>;

const importContract = contract({
  summary: '导入手机上的旧数据：每次至多 20 天，可随时中断、重来',
  access: 'user',
  limit: 'import',
  rest: 'POST /api/sync/import',
  needsConsent: true,
  input: z.strictObject({
    days: loose(maxImportDays).describe('ImportDay'),
    tasks: loose(maxImportItems).describe('ImportTask'),
    rules: loose(maxImportItems).describe('ImportRule'),
    draws: loose(maxImportItems).describe('ImportDraw'),
    moods: loose(maxImportItems).describe('ImportMood'),
    prizes: loose(maxImportPrizes).describe('ImportPrize; the whole list in one call. Taken when the family has none'),
    lotteryCost: z.unknown().optional().describe('cost of a draw on the phone; waits with the prizes'),
    grant: z
      .strictObject({ claimed: z.unknown() })
      .optional()
      .describe(
        'once everything has been imported: the balance of the phone, paid out once per account as far as the imported days, moods and tasks explain it',
      ),
  }),
  output: z.strictObject({
    days: z.array(DayReport).describe('in the order sent, as are the next five'),
    tasks: z.array(ItemReport),
    rules: z.array(ItemReport),
    draws: z.array(ItemReport),
    moods: z.array(ItemReport),
    prizes: z.array(ItemReport),
    grant: Grant.optional(),
    stats: Stats,
  }),
  example: {
    days: [{ date: '2025-01-09', content: '谢谢妈妈。', mood: 'grateful', weather: 'foggy', images: [], tags: [], isDraft: false }],
  },
});

export { importContract as import };
export type ImportInput = z.input<typeof importContract.input>;
export type ImportOutput = z.infer<typeof importContract.output>;

const hash = z.string().regex(/^[0-9a-f]{16}$/, { error: '校验值格式不正确' });

/**
 * Compares by month first. Where a month is not `same` (the server may have more days than the phone), compares the days of that month.
 * A day is verified when it is `same` or `kept-server` (its text is kept as a revision).
 */
export const verify = contract({
  summary: '核对导入的数据：按月比对篇数与校验值，不一致的月份再逐日比对',
  access: 'user',
  limit: 'sync',
  rest: 'POST /api/sync/verify',
  input: z.strictObject({
    months: z
      .array(z.strictObject({ month, count: z.int().min(0), xor: hash }))
      .max(maxVerifyMonths)
      .default([])
      .describe('number of days and xorHashes of their contentHash'),
    days: z
      .array(z.strictObject({ date: day, hash }))
      .max(maxVerifyDays)
      .default([]),
  }),
  output: z.strictObject({
    months: z.array(z.strictObject({ month, count: z.int(), xor: z.string(), same: z.boolean() })),
    days: z.array(z.strictObject({ date: day, status: z.enum(['same', 'kept-server', 'different', 'missing']) })),
  }),
  example: { months: [{ month: '2025-01', count: 1, xor: '0000000000000000' }] },
});
export type VerifyInput = z.input<typeof verify.input>;
export type VerifyOutput = z.infer<typeof verify.output>;
