import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import { type createGrowthDiary, GrowthDiaryError } from '../../client/index';
import type * as declared from '../../client/types';
import { buildClient } from '../../scripts/build/client';
import type * as ai from '../../shared/ai/contract';
import type { Stats } from '../../shared/contract';
import type * as diary from '../../shared/diary/contract';
import { type ErrorCode, errorKinds } from '../../shared/errors';
import type * as family from '../../shared/family/contract';
import type * as login from '../../shared/login/contract';
import type * as lottery from '../../shared/lottery/contract';
import type * as points from '../../shared/points/contract';
import type * as sync from '../../shared/sync/contract';
import type * as task from '../../shared/task/contract';
import type * as user from '../../shared/user/contract';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Flattens intersections and interfaces, so that only what is in them counts. */
type Plain<T> = T extends readonly (infer Each)[] ? Plain<Each>[] : T extends object ? { [Name in keyof T]: Plain<T[Name]> } : T;
type Same<A, B> = Equal<Plain<A>, Plain<B>>;
type Fits<Given, Wanted> = Given extends Wanted ? true : false;
type In<C extends { input: z.ZodType }> = z.input<C['input']>;
type Api = declared.GrowthDiary;
type Argument<F extends (...args: never[]) => unknown> = NonNullable<Parameters<F>[0]>;

/** The SDK takes ids as strings, too, and sends numbers. */
type WithNumber<Input> = { [Name in keyof Input]: Name extends 'id' ? number : Input[Name] };

/** Does not compile when one of them differs. */
const proofs: Record<string, true> = {
  diary: true satisfies Same<declared.Diary, diary.Diary>,
  stats: true satisfies Same<declared.Stats, Stats>,
  userInfo: true satisfies Same<declared.UserInfo, login.UserInfo>,
  loginAnswer: true satisfies Same<declared.LoginAnswer, z.infer<typeof login.login.output>>,
  profile: true satisfies Same<declared.Profile, user.Profile>,
  task: true satisfies Same<declared.Task, task.Task>,
  record: true satisfies Same<declared.PointRecord, points.Record>,
  prize: true satisfies Same<declared.Prize, lottery.Prize>,
  wheel: true satisfies Same<declared.Wheel, lottery.Wheel>,
  savePrizes: true satisfies Fits<Argument<Api['lottery']['savePrizes']>, In<typeof lottery.savePrizes>>,
  draw: true satisfies Same<declared.Draw, lottery.Draw>,
  calendar: true satisfies Same<declared.CalendarDay, z.infer<typeof diary.calendar.output>['days'][number]>,
  mood: true satisfies Same<declared.MoodOfDay, diary.Mood>,
  recordMood: true satisfies Same<Argument<Api['diary']['recordMood']>, In<typeof diary.recordMood>>,
  gate: true satisfies Same<declared.Gate, family.Gate>,
  consent: true satisfies Same<declared.Consent, family.Consent>,
  inbox: true satisfies Same<Awaited<ReturnType<Api['family']['inbox']>>, z.infer<typeof family.inbox.output>>,
  consentInput: true satisfies Same<declared.ConsentInput, In<typeof family.consent>>,
  revision: true satisfies Same<declared.Revision, diary.Revision>,
  pointStats: true satisfies Same<declared.PointStats, z.infer<typeof points.stats.output>>,
  search: true satisfies Same<declared.DiarySearch, In<typeof diary.search>>,
  page: true satisfies Same<declared.Page, Omit<z.infer<typeof diary.list.output>, 'diaries'>>,
  policy: true satisfies Same<declared.ConflictPolicy, sync.ConflictPolicy>,
  mode: true satisfies Same<declared.MigrationMode, login.MigrationMode>,
  codes: true satisfies Same<declared.GrowthDiaryErrorCode, ErrorCode | 'STORAGE_FULL' | 'OUTBOX_FULL' | 'ACCOUNT_CHANGED'>,
  job: true satisfies Fits<ai.Job, declared.Job>,
  factory: true satisfies Same<typeof createGrowthDiary, typeof declared.createGrowthDiary>,
  error: true satisfies Fits<GrowthDiaryError, declared.GrowthDiaryError>,
  // What the SDK takes, the contract takes.
  create: true satisfies Fits<Argument<Api['diary']['create']>, In<typeof diary.create>>,
  filter: true satisfies Same<declared.DiaryFilter, Omit<In<typeof diary.list>, 'childId'>>,
  taskCreate: true satisfies Fits<Argument<Api['task']['create']>, In<typeof task.create>>,
  taskUpdate: true satisfies Fits<WithNumber<Argument<Api['task']['update']>>, In<typeof task.update>>,
  complete: true satisfies Same<WithNumber<Argument<Api['task']['complete']>>, In<typeof task.complete>>,
  deduct: true satisfies Same<Argument<Api['points']['deduct']>, In<typeof points.deduct>>,
  records: true satisfies Same<declared.RecordFilter, Omit<In<typeof points.records>, 'childId'>>,
  update: true satisfies Fits<Argument<Api['user']['update']>, In<typeof user.update>>,
};

test('the published types are the contracts’', () => {
  expect(Object.values(proofs).every(Boolean)).toBe(true);
});

test('the retryable codes are those of the server', () => {
  for (const [code, { retryable }] of Object.entries(errorKinds))
    expect([code, new GrowthDiaryError(code).retryable]).toEqual([code, retryable]);
  expect(new GrowthDiaryError('A_CODE_OF_TOMORROW')).toMatchObject({
    code: 'A_CODE_OF_TOMORROW',
    retryable: false,
    message: expect.stringMatching(/./),
  });
});

test('the type declaration is self-contained: a strict project without our sources compiles against it', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const folder = await mkdtemp(join(root, 'node_modules/.declaration-'));
  try {
    await buildClient({ outDir: join(folder, 'growth') });
    await writeFile(
      join(folder, 'app.ts'),
      `import { createGrowthDiary, GrowthDiaryError } from './growth/growth-diary';
       const app = createGrowthDiary({ conflictPolicy: 'ask' });
       export async function save(): Promise<string> {
         try {
           const { diary, pending } = await app.diary.create({ date: '2025-01-18', content: '今天', tags: ['周末'] });
           const { diaries, source, at } = await app.diary.list({ month: '2025-01' });
           return [diary.version + 1, pending === true, diaries[0]?.content, source, at].join();
         } catch (error) {
           return error instanceof GrowthDiaryError && error.code === 'OUTBOX_FULL' ? error.message : '';
         }
       }
       // @ts-expect-error a date is a text
       export const wrong = app.diary.create({ date: 20250118, content: '' });
       // @ts-expect-error there is no such call
       export const missing = app.points.add({ amount: 1 });`,
    );
    const flags = [
      '--ignoreConfig',
      '--strict',
      '--noEmit',
      '--target',
      'es2017',
      '--lib',
      'es2017',
      '--module',
      'preserve',
      '--types',
      '',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, 'app.ts'], {
      cwd: folder,
    }).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
