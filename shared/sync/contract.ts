import * as z from 'zod';
import { Job } from '../ai/contract';
import { contract, day, instant, Stats } from '../contract';
import { create as createDiary, Diary, Mood } from '../diary/contract';
import { Draw } from '../lottery/contract';
import { Record } from '../points/contract';
import { Task } from '../task/contract';
import { Profile } from '../user/contract';
import { maxChanges, maxMutations } from './limits';

/** One installation; it picks a random id. Its mutation `mid` is the request `<clientId>:<mid, ten digits>`; direct calls use other ids. */
const clientId = z.string().regex(/^[A-Za-z0-9_-]{8,40}$/, { error: '设备编号格式不正确' });

/** An instant of the device's clock, which may be set to any year: JavaScript writes those after 9999 as `+010000-01-01T00:00:00.000Z`. */
const deviceInstant = z
  .string()
  .max(40)
  .refine((text) => !Number.isNaN(Date.parse(text)));

/**
 * The content of `args` by type:
 * - `diary.put`      `{ date, content, mood, weather, images, tags, isDraft, movedFrom? }`, the whole diary of a day, or `{ date, deleted: true }`
 * - `diary.append`  the input of diary.append, with its `date`
 * - `diary.recordMood`  the input of diary.recordMood, with its `date`
 * - `task.create`    the input of task.create
 * - `task.update` · `task.complete` · `task.uncomplete` · `task.delete`  the input of that action. While the answer to the mutation that made the
 *                    task is unknown, `ref: <mid of that mutation>` replaces `id`.
 * - `points.deduct`  the input of points.deduct
 * - `user.update`    the input of user.update
 * Each mutation is validated by itself: an invalid one is `rejected`, the others are applied.
 */
export type MutationType =
  | 'diary.put'
  | 'diary.append'
  | 'diary.recordMood'
  | 'task.create'
  | 'task.update'
  | 'task.complete'
  | 'task.uncomplete'
  | 'task.delete'
  | 'points.deduct'
  | 'user.update';

/**
 * Every field of the diary is required, because a missing field could not be told from an emptied one. `movedFrom` is the date that the diary
 * is moved away from, to `date`; `baseRev` and `prev` then refer to the diary of that date.
 */
export const DiaryText = createDiary.input.required().extend({ movedFrom: createDiary.input.shape.date.optional() });
export const DiaryDeletion = z.strictObject({ date: createDiary.input.shape.date, deleted: z.literal(true) });
export type DiaryPut = z.output<typeof DiaryText> | z.output<typeof DiaryDeletion>;

/**
 * Which text wins when another client wrote the same day meanwhile. `newest`: the text with the later modifiedAt. `server`: the stored text.
 * `ask`: the stored text, until the user has chosen (then the client sends another `diary.put` based on the stored version). The losing text is
 * always kept as a revision. In every policy a deletion loses to an edit that its author had not seen, and an edit revives a day that was
 * deleted elsewhere.
 */
export const ConflictPolicy = z.enum(['newest', 'server', 'ask']);
export type ConflictPolicy = z.infer<typeof ConflictPolicy>;

export const Mutation = z.strictObject({
  mid: z.int().min(1).max(4_294_967_295).describe('counts the mutations of this client from 1, without gaps'),
  type: z.string().max(40),
  args: z.record(z.string(), z.unknown()),
  baseRev: z
    .int()
    .min(0)
    .default(0)
    .describe('diary.put: `version` of the diary its author saw, `rev` of the deletion they saw, 0 for neither'),
  prev: z
    .int()
    .min(0)
    .default(0)
    .describe('diary.put: mid of this client’s own latest mutation of that day its author saw applied or queued, else 0'),
  policy: ConflictPolicy.default('newest'),
  modifiedAt: deviceInstant.describe('when it was written, by the device’s clock'),
});
export type Mutation = z.input<typeof Mutation>;

export type ChangeKind = 'diary' | 'task' | 'record' | 'draw' | 'mood' | 'profile' | 'job';

const living = <Kind extends ChangeKind, Row extends z.ZodType>(kind: Kind, row: Row) =>
  z.strictObject({ kind: z.literal(kind), key: z.string(), rev: z.int(), row });

/** `key`: the date of a diary or a mood, `me` for the profile, otherwise the id. */
export const Change = z.union([
  living('diary', Diary),
  living('task', Task),
  living('record', Record),
  living('draw', Draw),
  living('mood', Mood),
  living('profile', Profile),
  living('job', Job),
  z.strictObject({ kind: z.enum(['diary', 'task']), key: z.string(), rev: z.int(), deleted: z.literal(true) }),
]);
export type Change = z.infer<typeof Change>;

/**
 * - `applied`   done, by this call or an earlier one (`replayed`). With code CONTENT_REJECTED: stored as a draft.
 * - `conflict`  the stored diary won and is in `row` (or `deleted`); the sent text is kept as a revision. Final.
 * - `rejected`  refused with `code`. Final. TASK_ALREADY_COMPLETED: another device completed the task first; nothing is lost.
 * - `retry`     an unexpected failure, or (CONSENT_REQUIRED) a guardian has to agree first: send it again later. The third failure is answered
 *               `rejected`, INTERNAL.
 * - `stale`     this mid was used with other content, or so long ago that its request was removed: take a new clientId and send this mutation and
 *               the following ones again from mid 1. A mutation that was done and acknowledged is `applied` again, without its row.
 * - `gap`       the mid should have been `expected`
 * After `retry`, `stale` and `gap` the batch stops: mutations without a result were not processed. It also stops when time runs out.
 */
const MutationStatus = z.enum(['applied', 'conflict', 'rejected', 'retry', 'stale', 'gap']);

export const MutationResult = z.strictObject({
  mid: z.int(),
  status: MutationStatus,
  replayed: z
    .literal(true)
    .optional()
    .describe('the answer of the first time: the row may have changed since; `changes` has the present one'),
  code: z.string().optional(),
  message: z.string().optional(),
  details: z.unknown().optional(),
  expected: z.int().optional(),
  retryAfter: z.int().optional().describe('seconds, beside `retry` of a day whose allowance is spent'),
  row: z
    .union([Diary, Task, Record, Profile])
    .optional()
    .describe('as it stood then, for whoever waits for this mutation; what is cached changes by `changes` alone'),
  deleted: z.literal(true).optional().describe('in place of row'),
  points: z.int().optional().describe('balance after it, where it moved points'),
});
export type MutationResult = z.infer<typeof MutationResult>;

export const sync = contract({
  summary: '同步：上传离线修改，取回变化，一次完成',
  access: 'user',
  limit: 'sync',
  rest: 'POST /api/sync',
  input: z.strictObject({
    clientId,
    contractVersion: z.int().min(0).optional().describe('too low: UPGRADE_REQUIRED; the client keeps its queue'),
    ack: z.int().min(0).default(0).describe('results up to this mid are safely stored by the client; the server forgets them'),
    cursor: z.string().max(60).nullable().default(null).describe('of the last answer whose changes are stored; null reads everything'),
    mutations: z.array(Mutation).max(maxMutations).default([]),
    limit: z.int().min(1).max(maxChanges).default(maxChanges),
    sentAt: deviceInstant.optional().describe('the device’s clock as it sends: a wrong clock is taken off every modifiedAt'),
    conflictsSeen: z.int().min(0).optional().describe('the user has seen the conflicts up to this serverRev'),
  }),
  output: z.strictObject({
    results: z.array(MutationResult),
    changes: z
      .array(Change)
      .describe('in rev order; one rev is never split over two pages. A change counts when its rev is above that of the stored row'),
    cursor: z.string(),
    hasMore: z.boolean().describe('call again with the cursor, without waiting'),
    reset: z
      .literal(true)
      .optional()
      .describe('the cursor was of no use: `changes` begin from the beginning. What has not come by the page without hasMore is gone'),
    user: z.strictObject({ points: z.int(), ...Stats.shape }),
    serverRev: z.int().describe('the count of the user’s changes as of this answer'),
    serverTime: instant,
  }),
  example: {
    clientId: 'phone-4f2a9c',
    cursor: null,
    mutations: [
      {
        mid: 1,
        type: 'diary.put',
        args: { date: '2025-01-18', content: '在车上写的日记', mood: 'happy', weather: 'sunny', images: [], tags: [], isDraft: false },
        modifiedAt: '2025-01-18T10:00:00.000Z',
      },
    ],
  },
});
export type SyncInput = z.input<typeof sync.input>;
export type SyncOutput = z.infer<typeof sync.output>;

export const home = contract({
  summary: '首页所需：资料、今天的任务、最近十篇日记、未看过的冲突数',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/sync/home',
  input: z.strictObject({}),
  output: z.strictObject({
    profile: Profile,
    tasks: z.strictObject({ date: day, tasks: z.array(Task), completed: z.int(), total: z.int() }),
    diaries: z.array(Diary),
    mood: Mood.nullable().describe('of today'),
    family: z.strictObject({
      hasPin: z.boolean(),
      pinResetAt: instant.nullable().describe('when a PIN that somebody forgot stops counting'),
      waitingTasks: z.int().describe('completions that wait for a guardian'),
      openPrizes: z.array(Draw).describe('physical prizes not handed over yet, the ten newest'),
    }),
    unread: z.strictObject({ conflicts: z.int() }),
  }),
  example: {},
});
export type Home = z.infer<typeof home.output>;
