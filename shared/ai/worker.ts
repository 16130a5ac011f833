import { createHash, randomUUID } from 'node:crypto';
import { AppError, type ErrorCode } from '../errors';
import { config } from '../runtime/config';
import type { SystemContext } from '../runtime/context';
import { logLine } from '../runtime/log';
import { checkText, isChecking, submitPicture, type Verdict } from '../safety/check';
import { remove, temporaryUrls, upload } from '../storage/storage';
import { admitted, failed, succeeded } from './breaker';
import { coze } from './coze';
import { fetchPicture } from './picture';
import { type Provider, ProviderError } from './provider';
import { claimJob, type End, endJob, holdJob, type Lease, type Outcome } from './queries';

/*
 * queued ──claim──► running ──post_job_end──► done, or failed
 *    ▲                 │
 *    └──post_job_hold──┘   not ready yet, or worth another attempt
 *
 * A worker that dies leaves a lease that runs out; the job is then due again. At most two calls are paid for: a comment that was begun is
 * gone on with by its reference, and whoever claims a job without one counts the call before making it.
 */
const MAX_ATTEMPTS = 2;
const RETRY_MS = 2_000;
/** After this a job that cannot be finished fails, and its quota is given back. */
const PATIENCE_MS = 5 * 60_000;
/** WeChat answers within half an hour. */
const PICTURE_CHECK_MS = 30 * 60_000;
const LEASE_MARGIN_MS = 5_000;
/** Kept back of a call's time for writing down how a job ended. */
export const ENDING_MS = 1_000;
const MEDIA = 'media:';

const provider: Provider = coze;

export interface Desk {
  ctx: SystemContext;
  /** Work until then, epoch milliseconds; what is not ready is left to be gone on with. */
  until: number;
  /** The business time: the call's clock, moving. */
  now(): Date;
}

export function deskOf(ctx: SystemContext, until: number): Desk {
  const startedAt = Date.now();
  return { ctx, until, now: () => new Date(ctx.now.getTime() + Date.now() - startedAt) };
}

const after = (desk: Desk, ms: number): Date => new Date(desk.now().getTime() + ms);
/** What was found unfit stays so for this version of the diary; anything else may be asked for again. */
const failure = (errorCode: ErrorCode): Outcome => ({ errorCode, mayRepeat: errorCode !== 'CONTENT_REJECTED' });

/** Why a job ends before anything leaves for the provider; null when it may go on. */
function endedAlready(lease: Lease): ErrorCode | null {
  if (lease.diaryIs === 'gone' || lease.openid === null) return 'NOT_FOUND';
  if (lease.diaryIs === 'changed') return 'VERSION_CONFLICT';
  if (!lease.aiEnabled) return 'AI_DISABLED';
  const isSpent = lease.reference === null && lease.attempts > MAX_ATTEMPTS;
  const isTooOld = lease.ageMs > (lease.fileId === null ? PATIENCE_MS : PICTURE_CHECK_MS);
  if (!isSpent && !isTooOld) return null;
  return lease.errorCode === 'UNAVAILABLE' ? 'UNAVAILABLE' : 'PROVIDER_ERROR';
}

/** Someone else holds the lease now, and goes on alone. */
class LeaseLost extends Error {}

/** No verdict on a text: it is neither sent nor shown until there is one. */
class Undecided extends Error {
  readonly isUnpaid: boolean;

  constructor(isUnpaid: boolean) {
    super('undecided');
    this.isUnpaid = isUnpaid;
  }
}

function requirePassed(verdict: Verdict, isUnpaid: boolean, mayReview: boolean): void {
  if (verdict === 'unknown') throw new Undecided(isUnpaid);
  if (verdict === 'risky' || (verdict === 'review' && !mayReview)) throw new AppError('CONTENT_REJECTED');
}

const person = (userId: number): string => createHash('sha256').update(`growth-diary:${userId}`).digest('base64url').slice(0, 22);

/** Calls the provider unless it is known to be ill, and takes note of how it does. */
async function call<T>({ ctx: { cache } }: Desk, work: () => Promise<T>): Promise<T> {
  if (!(await admitted(cache))) throw new ProviderError('down', 'breaker');
  try {
    const answer = await work();
    await succeeded(cache);
    return answer;
  } catch (error) {
    if (error instanceof ProviderError && error.isIllness) await failed(cache);
    throw error;
  }
}

async function hold(desk: Desk, lease: Lease, note: Parameters<typeof holdJob>[2]): Promise<void> {
  if (!(await holdJob(desk.ctx.db, lease, note))) throw new LeaseLost();
}

/** Pays for a comment, and writes down how to ask for it before waiting for it. */
async function begin(desk: Desk, lease: Lease): Promise<void> {
  requirePassed(await checkText(lease.content, 'diary', { openid: lease.openid, deadline: desk.until }), true, true);
  lease.reference = await call(desk, () => provider.beginComment(lease, person(lease.userId), desk.ctx.deadline - ENDING_MS));
  await hold(desk, lease, { reference: lease.reference, dueAt: after(desk, leaseMs(desk)), isReleased: false });
}

/** The text of a comment, or null when it has to be asked for again later. */
async function comment(desk: Desk, lease: Lease): Promise<Outcome | null> {
  if (lease.reference === null) await begin(desk, lease);
  const reference = lease.reference ?? '';
  const text = await call(desk, () => provider.finishComment(reference, desk.until));
  if (text === null) {
    await hold(desk, lease, { reference, dueAt: desk.now(), isReleased: true });
    return null;
  }
  requirePassed(await checkText(text, 'ai', { openid: lease.openid, deadline: desk.ctx.deadline }), false, false);
  return { text };
}

/** A picture in our own storage, or null when it waits for WeChat's verdict, unseen. */
async function picture(desk: Desk, lease: Lease): Promise<Outcome | null> {
  const { openid } = lease;
  requirePassed(await checkText(lease.content, 'diary', { openid, deadline: desk.until }), true, true);
  const link = await call(desk, () => provider.drawPicture(lease, desk.until));
  const { bytes, extension } = await fetchPicture(link, desk.until);
  const fileId = await upload(`users/${lease.userId}/ai/${lease.id}.${extension}`, bytes);
  if (!isChecking()) return { fileId };
  const urls = await temporaryUrls({ cache: desk.ctx.cache, subject: `ai:${lease.userId}` }, [fileId]);
  const trace = await submitPicture(urls.get(fileId) ?? link, { openid, deadline: desk.ctx.deadline });
  if (trace === null) {
    await remove([fileId]);
    throw new Undecided(false);
  }
  await hold(desk, lease, { reference: MEDIA + trace, fileId, dueAt: after(desk, PICTURE_CHECK_MS), isReleased: true });
  return null;
}

const leaseMs = ({ until, ctx }: Desk): number => Math.max(until, ctx.deadline) - Date.now() + LEASE_MARGIN_MS;

/** Ends a job; a picture that came too late, or that another took the place of, is not kept. */
async function finish(
  { ctx: { db } }: Desk,
  job: { userId: number; id: number; worker: string | null },
  outcome: Outcome,
  fileId: string | null,
  now: Date,
): Promise<void> {
  const orphan = 'fileId' in outcome ? outcome.fileId : fileId;
  let end: End;
  try {
    end = await endJob(db, job, outcome, now);
  } catch (error) {
    // The account was erased meanwhile.
    if (!(error instanceof AppError && error.code === 'UNAUTHENTICATED')) throw error;
    end = { isMine: true, status: 'failed', errorCode: null, replaced: null };
  }
  const unwanted = [end.isMine && end.status === 'failed' ? orphan : null, end.replaced === orphan ? null : end.replaced];
  await remove(unwanted.filter((file) => file !== null));
}

/** What is to become of a job whose attempt came to nothing: an end, or null when it was put back. */
async function afterTrouble(desk: Desk, lease: Lease, error: unknown): Promise<Outcome | null> {
  if (error instanceof LeaseLost) return null;
  if (error instanceof AppError && error.code === 'CONTENT_REJECTED') return failure('CONTENT_REJECTED');
  if (error instanceof Undecided) {
    const { isUnpaid } = error;
    if (!isUnpaid && lease.kind === 'image') return failure('UNAVAILABLE');
    await hold(desk, lease, { reference: null, dueAt: after(desk, 10 * RETRY_MS), isReleased: true, isUnpaid, errorCode: 'UNAVAILABLE' });
    return null;
  }
  if (!(error instanceof ProviderError)) throw error;
  logLine('warning', { what: 'coze', trouble: error.trouble, code: error.code, kind: lease.kind, attempt: lease.attempts });
  const isOver = error.code === 'breaker' || !error.isWorthRetrying || (error.trouble === 'failed' && lease.attempts >= MAX_ATTEMPTS);
  const isSpent = lease.attempts >= MAX_ATTEMPTS && lease.reference === null;
  if (isOver || isSpent) return failure(error.trouble === 'misconfigured' ? 'INTERNAL' : 'PROVIDER_ERROR');
  const pauseMs = Math.max(error.retryAfterMs, RETRY_MS * lease.attempts * (1 + Math.random() / 2));
  const reference = error.trouble === 'failed' ? '' : null;
  await hold(desk, lease, { reference, dueAt: after(desk, pauseMs), isReleased: true, errorCode: 'PROVIDER_ERROR' });
  return null;
}

async function work(desk: Desk, lease: Lease): Promise<void> {
  const ended = endedAlready(lease);
  let outcome: Outcome | null;
  try {
    if (ended !== null) outcome = failure(ended);
    else outcome = await (lease.kind === 'comment' ? comment(desk, lease) : picture(desk, lease));
  } catch (error) {
    outcome = await afterTrouble(desk, lease, error).catch((later: unknown) => {
      if (later instanceof LeaseLost) return null;
      throw later;
    });
  }
  if (outcome) await finish(desk, lease, outcome, lease.fileId, desk.now());
}

/** Takes up one job, the given one or the one that waited longest; false when none is due. */
export async function workOnce(desk: Desk, only: { userId: number; id: number } | null): Promise<boolean> {
  const lease = await claimJob(desk.ctx.db, only, randomUUID(), after(desk, leaseMs(desk)), desk.now());
  if (lease === null) return false;
  await work(desk, lease);
  return true;
}

/** WeChat's word on a picture that waits unseen. */
export async function decidePicture(
  desk: Desk,
  { userId, id, fileId }: { userId: number; id: number; fileId: string },
  verdict: Verdict,
): Promise<void> {
  const outcome: Outcome = verdict === 'pass' ? { fileId } : failure('CONTENT_REJECTED');
  await finish(desk, { userId, id, worker: null }, outcome, fileId, desk.now());
}

export const referenceOfTrace = (traceId: string): string => MEDIA + traceId;

/** Whether this kind of job can be done at all with the settings there are. */
export function requireConfigured(kind: 'comment' | 'image'): void {
  const { coze: settings, cloud } = config();
  const isReady = settings !== null && (kind === 'comment' ? settings.botId !== '' : settings.workflowId !== '' && cloud !== null);
  if (!isReady) throw new AppError('PROVIDER_ERROR', { message: 'AI 功能尚未配置' });
}
