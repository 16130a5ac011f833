import { randomUUID } from 'node:crypto';
import { AppError, type ErrorCode } from '../errors';
import { config } from '../runtime/config';
import { logLine } from '../runtime/log';
import type { Verdict } from '../safety/check';
import { remove } from '../storage/storage';
import { after, type Desk, hold, LeaseLost, leaseMs, SETTLING_MS } from './desk';
import { MAX_ATTEMPTS, makeComment, makePicture, PICTURE_CHECK_MS, Undecided } from './make';
import { isBegun, ProviderError } from './provider';
import { findProvider } from './providers';
import { type End, type Lease, type Outcome, postJobClaim, postJobEnd, postJobHold } from './queries';

/*
 * queued ──claim──► running ──post_job_end──► done, or failed
 *    ▲                 │
 *    └──post_job_hold──┘   not ready yet, or worth a retry
 *
 * The lease of a worker that dies expires; the job is then due again. No job is paid for twice without a check:
 * - A comment that the provider keeps (Coze): its conversation is stored before the question is sent. After a lost answer the same or the next
 *   worker looks there before it asks again. A new chat in a new conversation follows only one that failed at Coze or that Coze lost.
 * - A single call (a picture, or a comment of the other providers): it is stored before it is sent. When its outcome is unknown, the job fails,
 *   its quota is returned, and the child may ask again. Only a call that was provably not carried out is retried, once.
 */
/** A job that is not finished after this time fails, and its quota is returned. */
const PATIENCE_MS = 5 * 60_000;

/** Final for this version of the diary; after any other failure the child may ask again. */
const failure = (errorCode: ErrorCode): Outcome => ({ errorCode, mayRepeat: errorCode !== 'CONTENT_REJECTED' });

/** Whether a worker stored that it began a call. */
const hasBegun = ({ place, isSent, traceId }: Lease): boolean => place !== null || isSent || traceId !== null;

/** The reason to end a job before anything is sent to the provider; null to continue. */
function endedAlready(lease: Lease): ErrorCode | null {
  if (lease.diaryIs === 'gone' || lease.openid === null) return 'NOT_FOUND';
  if (lease.diaryIs === 'changed') return 'VERSION_CONFLICT';
  if (!lease.aiEnabled) return 'AI_DISABLED';
  const { consentVersion } = config();
  const isAgreed = lease.consent?.version === consentVersion && lease.consent?.ai === 1;
  if (consentVersion !== null && !isAgreed) return 'CONSENT_REQUIRED';
  const isSpent = !hasBegun(lease) && lease.attempts > MAX_ATTEMPTS;
  const isLost = lease.isSent && lease.text === null;
  const isTooOld = lease.ageMs > (lease.fileId === null ? PATIENCE_MS : PICTURE_CHECK_MS);
  if (!isSpent && !isLost && !isTooOld) return null;
  return lease.errorCode === 'UNAVAILABLE' ? 'UNAVAILABLE' : 'PROVIDER_ERROR';
}

/** Ends a job. Deletes the file of a picture that came too late or was replaced. */
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
    end = await postJobEnd(db, job, outcome, now);
  } catch (error) {
    // The account was erased meanwhile.
    if (!(error instanceof AppError && error.code === 'UNAUTHENTICATED')) throw error;
    end = { isMine: true, status: 'failed', errorCode: null, replaced: null };
  }
  const unwanted = [end.isMine && end.status === 'failed' ? orphan : null, end.replaced === orphan ? null : end.replaced];
  await remove(unwanted.filter((file) => file !== null));
}

/** The error that the child sees. */
function codeOf({ trouble }: ProviderError): ErrorCode {
  if (trouble === 'misconfigured') return 'INTERNAL';
  return trouble === 'refused' ? 'CONTENT_REJECTED' : 'PROVIDER_ERROR';
}

/** Decides about a job whose attempt failed: how it ends, or null when it was put back into the queue. */
async function afterTrouble(desk: Desk, lease: Lease, error: unknown): Promise<Outcome | null> {
  if (error instanceof LeaseLost) return null;
  if (error instanceof AppError && error.code === 'CONTENT_REJECTED') return failure('CONTENT_REJECTED');
  // Storage is down, so that the picture cannot be stored.
  if (error instanceof AppError && error.code === 'UNAVAILABLE' && lease.kind === 'image') return failure('UNAVAILABLE');
  if (error instanceof Undecided) {
    const { isUnpaid } = error;
    if (!isUnpaid && lease.kind === 'image') return failure('UNAVAILABLE');
    await hold(desk, lease, { dueAt: after(desk, 4 * SETTLING_MS), isReleased: true, isUnpaid, errorCode: 'UNAVAILABLE' });
    return null;
  }
  if (!(error instanceof ProviderError)) throw error;
  logLine('warning', { what: 'ai', trouble: error.trouble, code: error.code, job: lease.kind, attempt: lease.attempts });
  const isSingleCall = lease.isSent;
  const isOver = error.code === 'breaker' || !error.isWorthRetrying || (error.trouble === 'failed' && lease.attempts >= MAX_ATTEMPTS);
  if (isOver || (isSingleCall && error.mayHavePaid)) return failure(codeOf(error));
  // The question may have been accepted: its conversation is looked up before the job fails.
  const mayBeFound = error.isOutage || error.trouble === 'occupied' || isBegun(lease.place);
  const isOpen = !isSingleCall && hasBegun(lease) && mayBeFound;
  if (lease.attempts >= MAX_ATTEMPTS && !isOpen) return failure(codeOf(error));
  const pauseMs = Math.max(error.retryAfterMs, SETTLING_MS * lease.attempts * (1 + Math.random() / 2));
  const isWorthKeeping = error.trouble !== 'failed' && !isSingleCall;
  await hold(desk, lease, {
    ...(!isWorthKeeping && { begun: null }),
    dueAt: after(desk, pauseMs),
    isReleased: true,
    errorCode: 'PROVIDER_ERROR',
  });
  return null;
}

const makers: Record<Lease['kind'], typeof makeComment> = { comment: makeComment, image: makePicture };

async function work(desk: Desk, lease: Lease): Promise<void> {
  const ended = endedAlready(lease);
  let outcome: Outcome | null;
  try {
    outcome = ended === null ? await makers[lease.kind](desk, lease) : failure(ended);
  } catch (error) {
    outcome = await afterTrouble(desk, lease, error).catch((later: unknown) => {
      if (later instanceof LeaseLost) return null;
      throw later;
    });
  }
  if (outcome) await finish(desk, lease, outcome, lease.fileId, desk.now());
}

/** Claims and runs one job: the given one, or the one that waited longest. False when none is due. */
export async function workOnce(desk: Desk, only: { userId: number; id: number } | null): Promise<boolean> {
  const lease = await postJobClaim(desk.ctx.db, only, randomUUID(), after(desk, leaseMs(desk)), desk.now());
  if (lease === null) return false;
  await work(desk, lease);
  return true;
}

/** Applies WeChat's verdict to a picture that waits unseen. */
export async function decidePicture(
  desk: Desk,
  { userId, id, fileId }: { userId: number; id: number; fileId: string },
  verdict: Verdict,
): Promise<void> {
  const outcome: Outcome = verdict === 'pass' ? { fileId } : failure('CONTENT_REJECTED');
  await finish(desk, { userId, id, worker: null }, outcome, fileId, desk.now());
}

const RECHECK_PAUSE_MS = 60_000;

/** WeChat could not check a picture: it is submitted again soon, within half an hour of the first time. */
export async function askAgain(desk: Desk, { userId, id }: { userId: number; id: number }): Promise<void> {
  await postJobHold(desk.ctx.db, { userId, id, worker: null }, { dueAt: after(desk, RECHECK_PAUSE_MS), isReleased: true });
}

/** Whether the settings allow this kind of job. */
export function requireConfigured(kind: 'comment' | 'image'): void {
  const provider = findProvider();
  const isReady = kind === 'comment' ? provider?.comments : provider?.draw && config().cloud !== null;
  if (!isReady) throw new AppError('PROVIDER_ERROR', { message: 'AI 功能尚未配置' });
}
