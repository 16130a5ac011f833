import { randomUUID } from 'node:crypto';
import { changeDiary, contentOf, isAlive } from '../diary/change';
import { AppError } from '../errors';
import { requestOf, systemRequestId } from '../request';
import type { SystemContext, UserContext } from '../runtime/context';
import { subjectOf } from '../runtime/identity';
import { noteFailure } from '../upkeep/chores';
import { checkText, isChecking } from './check';
import { claimDueChecks, type PendingCheck, postCheck, postNicknameRemoval } from './queries';

/** Texts per run. WeChat takes 4,000 a minute, and children who are writing need most of them. */
const MOST_PER_RUN = 2_000;
const BATCH = 100;
const LANES = 8;
/** Rows that are read to choose a batch fairly. */
const WINDOW = 20_000;
/** Length of a lease: longer than a run of the timer. */
const LEASE_MS = 2 * 60_000;
const MARGIN_MS = 3_000;
/** WeChat gives no verdict on a user who was not in the app for two hours, so re-checks are unhurried and never given up. */
const MAX_PAUSE_MS = 6 * 3_600_000;

const pauseMs = (tries: number): number => Math.min(60_000 * 2 ** tries, MAX_PAUSE_MS);
const after = (now: Date, ms: number): Date => new Date(now.getTime() + ms);

/**
 * Checks stored texts that are unchecked. A diary that fails becomes a draft; a nickname that fails is removed. When the check of a text throws,
 * the error is logged and the text waits longer; the others go on.
 */
export async function recheckTexts(ctx: SystemContext): Promise<{ rechecked: number; failed: number }> {
  const sum = { rechecked: 0, failed: 0 };
  if (!isChecking()) return sum;
  const worker = randomUUID();
  const hasTime = () => Date.now() < ctx.deadline - MARGIN_MS;
  const lease = { now: ctx.now, until: after(ctx.now, LEASE_MS), window: WINDOW, limit: BATCH };
  while (hasTime() && sum.rechecked + sum.failed < MOST_PER_RUN) {
    const batch = await claimDueChecks(ctx.db, worker, lease);
    const waiting = batch.values();
    const lane = async () => {
      for (const check of waiting) {
        if (!hasTime()) return;
        sum[(await attempt(ctx, check)) ? 'rechecked' : 'failed'] += 1;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (batch.length < BATCH) break;
  }
  return sum;
}

/** False when the check failed for a reason that is not WeChat's: the text then waits longer. */
async function attempt(ctx: SystemContext, check: PendingCheck): Promise<boolean> {
  try {
    await recheck(ctx, check);
    return true;
  } catch (error) {
    noteFailure(ctx, 'recheck', error);
    const dueAt = after(ctx.now, pauseMs(check.tries));
    await postCheck(ctx.db, check, dueAt).catch((again: unknown) => noteFailure(ctx, 'recheck', again));
    return false;
  }
}

async function recheck(ctx: SystemContext, check: PendingCheck): Promise<void> {
  const { text, openid, diaryId, tries } = check;
  if (text === null || openid === null) return void (await postCheck(ctx.db, check, null));
  const verdict = await checkText(text, diaryId === 0 ? 'profile' : 'diary', openid, ctx);
  if (verdict === 'unknown') return void (await postCheck(ctx.db, check, after(ctx.now, pauseMs(tries))));
  if (verdict === 'risky') await withdraw(ctx, check, text, openid);
  await postCheck(ctx.db, check, null);
}

async function withdraw(ctx: SystemContext, { userId, diaryId, version }: PendingCheck, text: string, openid: string): Promise<void> {
  if (diaryId === 0) return void (await postNicknameRemoval(ctx.db, userId, text, ctx.now));
  // The system acts for the user. The request id depends on the text, so that a second timer's withdrawal is a replay.
  const account = { userId, epoch: null };
  const child: UserContext = { ...ctx, ...account, caller: account, guardianToken: null, openid, subject: subjectOf(openid) };
  const request = requestOf({ action: 'safety.withdraw', requestId: systemRequestId(`check:${diaryId}:${version}`) }, {});
  await changeDiary(child, request, { id: diaryId }, ({ byId }) => {
    if (!isAlive(byId) || byId.content_rev !== version) throw new AppError('NOT_FOUND');
    return { row: byId, next: contentOf(byId), isDeleted: false, isUnfit: true };
  }).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'NOT_FOUND')) throw error;
  });
}
