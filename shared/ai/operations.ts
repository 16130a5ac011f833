import type * as z from 'zod';
import type { Diary } from '../diary/contract';
import { getDiary } from '../diary/operations';
import { AppError, fieldError, instead } from '../errors';
import { requestOf } from '../request';
import { config } from '../runtime/config';
import { requireConsentToAi } from '../runtime/consent';
import type { PublicContext, SystemContext, UserContext } from '../runtime/context';
import { checkPictures, decideOwnPicture } from '../safety/pictures';
import { recheckTexts } from '../safety/recheck';
import { isStoredFile, temporaryUrls } from '../storage/storage';
import { requireDone } from '../upkeep/chores';
import { personHash } from '../user/erase';
import type { commentDiary, generateImage, Job, likeComment as likeContract, pictureChecked } from './contract';
import { deskOf, ENDING_MS } from './desk';
import { handOver } from './hand-over';
import { findProvider } from './providers';
import { postCommentLike, postJob, selectJob, selectJobByTrace } from './queries';
import { toJob } from './row';
import { askAgain, decidePicture, requireConfigured, workOnce } from './worker';

/** How long a caller waits for a comment that may be ready quickly. */
const PATIENCE_MS = 3_000;
/** Jobs that one worker runs in parallel: they mostly wait for the provider. */
const LANES = 4;
/** With less time left no job is begun: a call that our own deadline cuts off may have been paid for. */
const RESERVE_MS = 15_000;

const endOf = (ctx: SystemContext, most = Number.POSITIVE_INFINITY): number => Math.min(Date.now() + most, ctx.deadline - ENDING_MS);

async function requireJob(ctx: UserContext, id: number) {
  const row = await selectJob(ctx.db, ctx, id);
  if (row === null) throw new AppError('NOT_FOUND');
  return row;
}

async function answer(ctx: UserContext, id: number): Promise<{ job: Job }> {
  const job = toJob(await requireJob(ctx, id));
  const fileId = job.result?.imageUrl;
  if (job.result === null || fileId === undefined || !isStoredFile(fileId)) return { job };
  const temporaryUrl = (await temporaryUrls(ctx, [fileId])).get(fileId);
  return { job: { ...job, result: { ...job.result, ...(temporaryUrl !== undefined && { temporaryUrl }) } } };
}

/**
 * Works for a few seconds, while the caller waits, on a comment that the provider keeps. A call that cannot be continued later runs in a function of
 * its own, or here where no function can be started.
 */
async function goOn(ctx: UserContext, kind: Job['kind'], id: number): Promise<void> {
  const isSingleCall = kind === 'image' || findProvider()?.comments?.isKept === false;
  if (isSingleCall && (await handOver(ctx))) return;
  const until = isSingleCall ? endOf(ctx) : endOf(ctx, PATIENCE_MS);
  await workOnce(deskOf(ctx, until), { userId: ctx.userId, id });
}

const nothingWritten = instead('INVALID_INPUT', () => fieldError('diaryId', '这篇日记还没有内容'));

/** Requests a comment on the current version of a diary. A repeated request answers the same job, unless another comment is asked for. */
export async function commentOnDiary(ctx: UserContext, input: z.output<typeof commentDiary.input>): Promise<{ job: Job }> {
  requireConfigured('comment');
  await requireConsentToAi(ctx);
  const { diaryId, again = false } = input;
  const wish = {
    kind: 'comment',
    diaryId,
    input: null,
    isAgain: again,
    day: ctx.today,
    quota: config().aiQuota.comment,
    personHash: personHash(ctx.subject),
  } as const;
  const { id } = await postJob(ctx.db, ctx, requestOf(ctx, input), wish, ctx.now).catch(nothingWritten);
  return getJob(ctx, { id });
}

const noComment = instead('NOT_FOUND', () => new AppError('NOT_FOUND', { message: '这篇日记还没有评语' }));

/** Stores whether the child likes the comment of a diary; a new comment starts without a like. */
export async function likeComment(ctx: UserContext, input: z.output<typeof likeContract.input>): Promise<{ diary: Diary }> {
  const { diaryId, liked } = input;
  const { id } = await postCommentLike(ctx.db, ctx, requestOf(ctx, input), { diaryId, isLiked: liked }, ctx.now).catch(noComment);
  return getDiary(ctx, { id });
}

/** Requests a picture of a diary, or of a text that is in none. */
export async function drawImage(ctx: UserContext, input: z.output<typeof generateImage.input>): Promise<{ job: Job }> {
  requireConfigured('image');
  await requireConsentToAi(ctx);
  const { diaryId, content, mood = '', weather = '' } = input;
  if ((diaryId === undefined) === (content === undefined)) throw fieldError('diaryId', 'diaryId 与 content 请给出其中一个');
  if (content !== undefined && content.trim() === '') throw fieldError('content', '不能为空');
  if (diaryId !== undefined && (input.mood ?? input.weather) !== undefined) {
    throw fieldError(input.mood === undefined ? 'weather' : 'mood', '日记自己的心情和天气已经算在内');
  }
  const text = content === undefined ? null : { content, mood, weather };
  const wish = {
    kind: 'image',
    diaryId: diaryId ?? null,
    input: text,
    isAgain: false,
    day: ctx.today,
    quota: config().aiQuota.image,
    personHash: personHash(ctx.subject),
  } as const;
  const { id } = await postJob(ctx.db, ctx, requestOf(ctx, input), wish, ctx.now).catch(nothingWritten);
  return getJob(ctx, { id });
}

/** The status of a job. A job without a worker is continued here, so that the caller does not wait for the timer. */
export async function getJob(ctx: UserContext, { id }: { id: number }): Promise<{ job: Job }> {
  const { kind, due_at: dueAt, status } = await requireJob(ctx, id);
  const isWaiting = status === 'queued' || status === 'running';
  if (isWaiting && dueAt !== null && dueAt <= ctx.now && config().ai !== null) await goOn(ctx, kind, id);
  return answer(ctx, id);
}

/** Works through the queue while time is left, then re-checks texts that could not be checked. */
export async function workThrough(ctx: SystemContext): Promise<{ worked: number; rechecked: number }> {
  const desk = deskOf(ctx, endOf(ctx));
  let worked = 0;
  const lane = async () => {
    while (Date.now() < desk.deadline - RESERVE_MS && (await workOnce(desk, null))) worked += 1;
  };
  if (config().ai !== null) await Promise.all(Array.from({ length: LANES }, lane));
  const { rechecked, failed } = await recheckTexts(ctx);
  const pictures = await checkPictures(ctx);
  requireDone(failed > 0 ? ['recheck'] : []);
  return { worked, rechecked: rechecked + pictures };
}

/** Receives WeChat's verdict on a submitted picture. */
export async function takeVerdict(
  ctx: PublicContext,
  { traceId, suggest }: z.output<typeof pictureChecked.input>,
): Promise<{ known: boolean }> {
  const job = await selectJobByTrace(ctx.db, traceId);
  if (job === null) return { known: await decideOwnPicture(ctx, traceId, suggest) };
  const desk = deskOf(ctx, ctx.deadline);
  await (suggest === null ? askAgain(desk, job) : decidePicture(desk, job, suggest));
  return { known: true };
}
